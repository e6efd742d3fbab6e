"""Whatever is sent: never an error of ours, nothing that cannot be shown is stored, and answers say what to do."""

from __future__ import annotations

import re
from typing import Any

import pytest
from companion_lti import sessions
from django.apps import apps
from django.db import connection, models
from django.test.utils import CaptureQueriesContext

from companion.moderation import api as moderation
from companion.threads import api as threads
from tests.http import LtiReader
from tests.people import Course, join
from tests.people import course as make_course

pytestmark = pytest.mark.every_database

# What a writing form is for, with one more good field for each: its arguments, its texts, what else it needs.
FORMS: dict[str, tuple[str, tuple[str, ...], dict[str, object]]] = {
    "thread-new": ("uid", ("title", "body"), {"title": "T", "body": "B", "submission": "s"}),
    "post-reply": ("thread 2", ("body",), {"body": "B"}),
    "post-edit": ("thread 2", ("body", "reason"), {"body": "Changed", "reason": "r", "version": 1}),
    "post-hide": ("thread 2", ("reason",), {"reason": "r"}),
    "post-report": ("thread 2", ("reason",), {"reason": "r"}),
    "post-mute": ("thread 2", ("reason",), {"reason": "r", "days": 1}),
    "post-split": ("thread 2", ("title",), {"title": "T"}),
    "moderation-case": ("case", ("reason",), {"reason": "r", "outcome": "dismiss"}),
    "activity-settings": (
        "uid",
        ("title", "prompt", "topic", "before_prompt", "after_prompt"),
        {"title": "T", "anonymity": "off", "starters": "staff"},
    ),
    "expert-list": ("uid", ("person",), {"person": "Chen Wei"}),
    "preview": ("", ("body",), {"body": "B"}),
}
EACH_TEXT = [(form, field) for form, (_args, fields, _good) in FORMS.items() for field in fields]
UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


@pytest.fixture
def course(db: None) -> Course:
    return make_course(topic="Incidents")


@pytest.fixture
def place(course: Course) -> dict[str, object]:
    """What the forms are about: a thread of Ana's with Chen's reply, which was reported."""
    thread = threads.start_thread(viewer=course.ana, activity_uid=course.activity.uid, title="T", body="Opening")
    threads.add_reply(viewer=course.chen, thread_id=thread.pk, body="A reply")
    moderation.report_post(viewer=course.ana, thread_id=thread.pk, number=2, reason="r")
    [case] = moderation.list_cases(viewer=course.ben)[0]
    return {"uid": course.activity.uid, "thread": thread.pk, "case": case.id}


def args_of(form: str, place: dict[str, object]) -> list[object]:
    return [place.get(name, name) for name in FORMS[form][0].split()]


def text_of(response) -> str:
    return response.content.decode()


def texts() -> list[str]:
    """Every text that is stored, of whatever."""
    found: list[str] = []
    for model in apps.get_app_config("companion").get_models():
        names = [field.name for field in model._meta.fields if isinstance(field, models.CharField | models.TextField)]
        found += [text for row in model.objects.values_list(*names) for text in row if text] if names else []
    return found


def send(reader: LtiReader, form: str, args: list[object], body: bytes):
    """A form as bytes, which no browser would send."""
    body += f"&{sessions.TOKEN_FIELD}={sessions.page_token(reader.session)}".encode()
    return reader.client.post(reader.url(form, *args), body, content_type="application/x-www-form-urlencoded")


# -- texts ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", FORMS)
def test_ten_megabytes(place, course, reader, form, request):
    before = texts()
    answer = reader(course.ben).post(form, *args_of(form, place), **{FORMS[form][1][-1]: "x" * 10_000_000})
    if request.node.callspec.params["reader"].startswith("lti"):
        assert (answer.status_code, "your text is still in the form" in text_of(answer)) == (413, True)
    else:
        # The platform's own check reads the form before we do.
        assert answer.status_code == 400
    assert texts() == before


BAD = {
    "a zero byte": b"a%00b",
    "control characters": b"a%01%1b%7f%c2%85b",
    "half a character": b"a%ED%A0%80b",
    "an override of direction": "a\u202eb\u2066c".encode(),
    "bytes that are no text": b"a%ff%feb%c0%af",
    "a character that is none": "a\uffffb\U0010ffff".encode(),
    "only a zero byte": b"%00",
    "only overrides": "\u202e\u2066".encode(),
}


@pytest.mark.parametrize("what", BAD)
@pytest.mark.parametrize(("form", "field"), EACH_TEXT)
def test_characters_that_cannot_be_shown(place, course, what, form, field):
    good = "&".join(f"{name}={value}" for name, value in FORMS[form][2].items() if name != field)
    answer = send(LtiReader(course.ben), form, args_of(form, place), f"{good}&{field}=".encode() + BAD[what])
    assert 200 <= answer.status_code < 500
    assert answer.status_code in (200, 303) or 'class="error' in text_of(answer)
    assert [text for text in texts() if UNSEEN.search(text)] == []
    assert not UNSEEN.search(text_of(answer).replace("\r", "")) or answer.status_code == 422


@pytest.mark.parametrize("blank", ["", " ", "\u200b", "\u200d\u2060\ufeff", "\u202e", "\t\n"])
@pytest.mark.parametrize(("form", "field"), [(form, field) for form, field in EACH_TEXT if field in ("title", "body")])
def test_titles_and_texts_without_anything_to_see(place, course, form, field, blank):
    before = texts()
    answer = LtiReader(course.ben).post(form, *args_of(form, place), **FORMS[form][2] | {field: blank})
    if form == "preview":
        assert "Nothing to preview yet" in text_of(answer)
    else:
        assert (answer.status_code, 'aria-invalid="true"' in text_of(answer)) == (422, True)
    assert texts() == before


@pytest.mark.parametrize("name", ["\u200b", "\u200d\u2060", "\u202e", "\x00 "])
def test_a_name_without_anything_to_see_is_a_number(place, course, reader, name):
    ghost = join(course.space, "ghost", name)
    assert reader(ghost).post("post-reply", place["thread"], 1, body="Boo").status_code == 303
    page = text_of(reader(course.ana).get("thread-detail", place["thread"]))
    assert f"<bdi>Participant {ghost.person_id}</bdi>" in page


MARKDOWN = {
    "quotes": ">" * 2000 + " x",
    "lists": "- " * 2000 + "x",
    "numbered lists": "1. " * 2000 + "x",
    "lists, line by line": "\n".join(" " * 2 * depth + "- x" for depth in range(130)),
    "brackets": "[" * 2000 + "x" + "]" * 2000,
    "links in links": "[" * 2000 + "x" + "](u)" * 2000,
    "pictures": "![" * 2000 + "x" + "](u)" * 2000,
    "emphasis": "*a " * 2000 + "x" + "*" * 2000,
    "strong": "**" * 2000 + "x" + "**" * 2000,
    "ticks": "".join("`" * count + " " for count in range(190)),
    "footnotes": "[^a]: " * 2000,
    "mathematics": "$" + "{" * 2000 + "}" * 2000 + "$",
    "tables": "|" * 5000 + "\n" + "|-" * 5000 + "|",
    "entities": "&#1;detail&#2;7&#3;&#0;&#xd800;&#x202e;" * 100,
    "kept marks": "\x01detail\x022\x03\x01fields\x03",
}


@pytest.mark.parametrize("what", MARKDOWN)
def test_markdown_two_thousand_deep(place, course, what):
    ana = LtiReader(course.ana)
    assert ana.post("preview", body=MARKDOWN[what]).status_code == 200
    assert ana.post("post-reply", place["thread"], 1, body=MARKDOWN[what]).status_code == 303
    page = text_of(ana.get("thread-detail", place["thread"]))
    # The page is whole: the composer below the posts is there, and the posts above it.
    assert ('id="reply-form"' in page, page.count("<article"), page.count("</article>")) == (True, 3, 3)


MANY = {
    "10,000 mentions": ("@Ana Torres " * 10_000, 422, "At most 20000 characters"),
    "as many places for mentions as fit": ("@a " * 6_600, 303, ""),
    "21 people": (" ".join(f"@Person {number}" for number in range(21)), 422, "At most 20 people"),
    "one person 1,600 times": ("@Ana Torres " * 1_600, 303, ""),
    "10,000 links": ("http://a.example " * 10_000, 422, "At most 20000 characters"),
    "as many links as fit": ("http://a.b " * 1_800, 303, ""),
    "one character too many": ("x" * 20_001, 422, "this has 20001"),
    "just as many": ("x" * 20_000, 303, ""),
}


@pytest.mark.parametrize("what", MANY)
def test_very_many(place, course, what):
    for number in range(21):
        join(course.space, f"person {number}", f"Person {number}")
    body, status, said = MANY[what]
    answer = LtiReader(course.ana).post("post-reply", place["thread"], 1, body=body)
    assert (answer.status_code, said in text_of(answer)) == (status, True)
    assert status == 303 or body.strip() in text_of(answer)


def test_two_thousand_replies_each_to_the_one_before(place, course):
    thread_id, ana = place["thread"], LtiReader(course.ana)
    queries = {}
    for size in (100, 2_000):
        last = threads.get_thread(viewer=course.chen, thread_id=thread_id).last_number
        for number in range(last, size):
            threads.add_reply(viewer=course.chen, thread_id=thread_id, parent_number=number, body=f"Reply {number + 1}")
        for name, query in (("first", {}), ("last", {"last": 1}), ("middle", {"post": size // 2})):
            ana.get("thread-detail", thread_id)
            with CaptureQueriesContext(connection) as asked:
                page = text_of(ana.get("thread-detail", thread_id, **query))
            queries.setdefault(name, []).append(len(asked))
            numbers = [int(number) for number in re.findall(r'<article[^>]*id="post-(\d+)"', page)]
            start = {"first": 1, "last": size - 29, "middle": size // 2}[name]
            assert numbers == list(range(start, min(start + 30, size + 1)))
            assert f"to #{numbers[-1] - 1}" in page
            assert name == "first" or ">#1 <bdi>" in page
    assert [counts for counts in queries.values() if counts[0] != counts[1]] == []
    saved = ana.post("thread-export", thread_id, format="json").json()["posts"]
    assert [post["reply_to"] for post in saved] == [None, *range(1, 2_000)]


# -- other values --------------------------------------------------------------------------------------------------

VALUES: list[tuple[str, dict[str, Any], str]] = [
    ("thread-new", {"kind": "x"}, "Select a valid choice"),
    ("thread-new", {"second": "-5"}, "Write it as minutes and seconds"),
    ("thread-new", {"second": "1:99"}, "Write it as minutes and seconds"),
    ("thread-new", {"second": "9" * 30}, "Write it as minutes and seconds"),
    ("thread-new", {"second": "٣"}, "Write it as minutes and seconds"),
    ("thread-new", {"second": "90"}, "This discussion has no video"),
    ("thread-new", {"submission": "x" * 65}, "This form is not complete"),
    ("post-reply", {"second": "-5"}, "Write it as minutes and seconds"),
    ("post-reply", {"second": "90"}, "This discussion has no video"),
    ("post-reply", {"submission": "x" * 5_000}, "This form is not complete"),
    ("post-edit", {"version": ""}, "This form is not complete"),
    ("post-edit", {"version": "-1"}, "This form is not complete"),
    ("post-edit", {"version": "x"}, "This form is not complete"),
    ("post-edit", {"version": "9" * 5_000}, "This form is not complete"),
    ("post-edit", {"version": "9" * 30}, "changed meanwhile"),
    ("post-edit", {"version": "2"}, "changed meanwhile"),
    ("post-mute", {"days": "x"}, "Select a valid choice"),
    ("post-mute", {"days": "-1"}, "Select a valid choice"),
    ("moderation-case", {"outcome": "x"}, "Choose one of the options"),
    ("activity-settings", {"anonymity": "x"}, "Select a valid choice"),
    ("activity-settings", {"edit_minutes": "9" * 30}, "At most 525600"),
    ("expert-list", {"person": "#" + "9" * 30}, "There is nobody of this name"),
]


@pytest.mark.parametrize(("form", "change", "said"), VALUES)
def test_values_that_no_form_offers(place, course, form, change, said):
    before = texts()
    text = FORMS[form][1][-1]
    fields = FORMS[form][2] | ({text: "Typed by Ben"} if form != "expert-list" else {}) | change
    answer = LtiReader(course.ben).post(form, *args_of(form, place), **fields)
    assert (answer.status_code in (409, 422), said in text_of(answer)) == (True, True)
    assert form == "expert-list" or "Typed by Ben" in text_of(answer)
    assert texts() == before


@pytest.mark.parametrize("typed", ["", "\x00", "a\x00", "%", "_", "\\", "'", "@", "\u202e", "x" * 5_000])
def test_names_that_are_looked_up(place, course, reader, typed):
    ana = reader(course.ana)
    answer = ana.get("people", course.activity.uid, q=typed)
    found = ["Ana Torres"] if typed == "a\x00" else []
    assert (answer.status_code, [person["name"] for person in answer.json()["people"]]) == (200, found)
    for thread in ("x", "9" * 9, "9" * 30, "-1"):
        assert ana.get("people", course.activity.uid, q=typed, thread=thread).status_code == 404


def test_of_a_field_that_comes_twice_the_last_one_counts(place, course, reader):
    sent = reader(course.ana).post(
        "thread-new", course.activity.uid, title=["First", "Last"], body=["a", "b"], kind=["x", "tip"]
    )
    assert sent.status_code == 303
    [row, _other] = threads.list_threads(viewer=course.ana, activity=course.activity).rows
    assert (row.title, row.kind) == ("Last", "Tip")


def test_fields_that_are_something_else(place, course):
    ben = LtiReader(course.ben)
    for body in (b"body[]=x", b"body.x=1", b"=", b"&&&", b"body", b"%", b"body=%", b'{"body": "x"}'):
        answer = send(ben, "post-reply", [place["thread"], 1], body)
        assert (body, answer.status_code in (303, 422)) == (body, True)
    as_json = ben.client.post(
        ben.url("post-reply", place["thread"], 1),
        '{"body": "x"}',
        content_type="application/json",
        headers={sessions.TOKEN_HEADER: sessions.page_token(ben.session)},
    )
    assert (as_json.status_code, "Write something first" in text_of(as_json)) == (422, True)
