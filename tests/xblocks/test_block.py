"""The discussion block: who sees what, how it follows its fields, and what it tells the platform."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import crum
import pytest
from companion_xblocks.host import WORKBENCH_COURSE
from django.db import connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from opaque_keys.edx.locator import LibraryLocatorV2
from workbench.runtime import WorkbenchRuntime
from xblock.django.request import django_to_webob_request

from companion import clock
from companion.openedx import people
from companion.openedx.people import LmsUser
from companion.spaces.models import Activity, Membership, Space
from companion.threads import api as threads
from companion.threads.models import Post, Thread


def text_of(block: Any, view: str = "student_view") -> str:
    return str(block.render(view, {}).content)


def call(block: Any, path: str = "", *, method: str = "GET", **fields: str) -> Any:
    """A request to the block's handler, as the runtime hands it over."""
    request = getattr(RequestFactory(), method.lower())(f"/handler/{path}", fields)
    return block.runtime.handle(block, "ui", django_to_webob_request(request), path)


def write(
    person: str, usage_id: str, *, title: str = "When?", body: str = "word " * 10, anonymous: bool = False
) -> None:
    viewer = people.viewer_of(LmsUser(id=person, username=person), WORKBENCH_COURSE)
    activity = WorkbenchRuntime(person).get_block(usage_id).follow(viewer)
    threads.start_thread(viewer=viewer, activity_uid=activity.uid, title=title, body=body, anonymous=anonymous)


def test_it_works(place, seen_by):
    usage_id = place(display_name="Discuss the unit", prompt="What would **you** do?")
    write("ana", usage_id)
    fragment = seen_by("chen", usage_id).render("student_view", {})
    for told in ("Discuss the unit", "<strong>you</strong>", "When?", 'shadowrootmode="open"'):
        assert told in fragment.content
    # One script of ours however many blocks there are; the runtime names a resource once.
    assert [resource.data for resource in fragment.resources if "companion" in resource.data] == [
        "/static/companion/companion.js"
    ]
    assert "data-init='CompanionBlock'" in fragment.content


def test_a_unit_names_the_script_once(db, seen_by):
    runtime = WorkbenchRuntime("ana")
    runtime.id_generator.set_scenario("ten")
    usage_id = runtime.parse_xml_string("<vertical_demo>" + "<companion_discussion/>" * 10 + "</vertical_demo>")
    page = WorkbenchRuntime("ana").get_block(usage_id).render("student_view", {})
    assert page.content.count("companion-host") == 10
    assert (page.head_html() + page.foot_html()).count("companion/companion.js") == 1


def test_ten_blocks_ask_at_most_three_queries_each(db, monkeypatch):
    runtime = WorkbenchRuntime("ana")
    runtime.id_generator.set_scenario("ten")
    one = runtime.parse_xml_string('<companion_discussion credit_replies="2"/>')
    ten = [runtime.parse_xml_string('<companion_discussion credit_replies="2"/>') for _number in range(10)]

    def queries(usages: list[str]) -> int:
        page = WorkbenchRuntime("ana")
        blocks = [page.get_block(usage) for usage in usages]
        with CaptureQueriesContext(
            connection,
        ) as asked:
            for block in blocks:
                block.render("student_view", {})
        # The workbench reads each field of a block by itself; a platform has them all before it renders.
        ours = [
            query["sql"] for query in asked if "xblockstate" not in query["sql"] and "SAVEPOINT" not in query["sql"]
        ]
        return len([sql for sql in ours if sql.split()[0] in ("SELECT", "INSERT", "UPDATE")])

    for usages in ([one], ten):
        queries(usages)
    assert (queries(ten) - queries([one])) / 9 <= 3


@pytest.mark.parametrize(("person", "told"), [("dee", "Enrol to read"), ("stranger", "Sign in and enrol")])
def test_who_is_not_in_the_course_is_told_so_and_sees_nothing(place, seen_by, person, told):
    usage_id = place(display_name="Discuss")
    write("ana", usage_id, title="A secret matter")
    thread = Thread.objects.get()
    block = seen_by(person, usage_id)
    assert told in text_of(block)
    for path in ("", f"threads/{thread.pk}/", f"threads/{thread.pk}/posts/1/", "preview/"):
        for method in ("GET", "POST"):
            answer = call(block, path, method=method)
            assert (answer.status_code, "A secret matter" in answer.text) == (403, False)
    assert not Membership.objects.filter(person__subject=person).exists()


def test_nobody_signed_in_reads_that_there_is_something(place, seen_by):
    usage_id = place(display_name="Discuss")
    write("ana", usage_id, title="A secret matter")
    page = text_of(seen_by("", usage_id), "public_view")
    assert ("Discuss" in page, "A secret matter" in page) == (True, False)


def test_an_instructor_who_looks_as_somebody_else_sees_and_writes_nothing(place, seen_by):
    """The platform gives the block the other person's state; the request is still the instructor's."""
    usage_id = place()
    write("ana", usage_id, title="Ana's own", anonymous=True)
    ben = SimpleNamespace(pk="ben", is_staff=False, is_authenticated=True)
    with crum.impersonate(ben):
        block = seen_by("ana", usage_id)
        assert "somebody else" in text_of(block)
        assert call(block, "", method="GET").status_code == 403
        assert "Anonymous (you)" not in call(block, "").text


def test_an_instructor_who_looks_as_a_learner_has_a_learners_rights(place, seen_by, monkeypatch):
    usage_id = place(starters="staff")
    assert "New thread" in text_of(seen_by("ben", usage_id))
    monkeypatch.setattr(
        "tests.workbench_people.TestUsers.get_current_user",
        lambda self: _user("ben", staff=False),
    )
    assert "New thread" not in text_of(seen_by("ben", usage_id))


def _user(user_id: str, *, staff: bool) -> Any:
    facts = {"user_id": user_id, "username": user_id, "is_authenticated": True, "user_is_staff": staff}
    return SimpleNamespace(
        full_name="", emails=[], opt_attrs={f"edx-platform.{name}": value for name, value in facts.items()}
    )


@pytest.mark.parametrize(
    ("attributes", "sentence"),
    [
        ({"anonymity": "sometimes"}, "Choose one of the options."),
        ({"starters": "aliens"}, "Choose one of the options."),
        ({"credit_words": 100_000}, "At most 1000, please."),
        ({"display_name": "x" * 201}, "At most 200 characters"),
        ({"prompt": "x" * 5_001}, "At most 5000 characters"),
        ({"opens_at": "2026-02-01T00:00:00Z", "closes_at": "2026-01-01T00:00:00Z"}, "after the opening date"),
    ],
)
def test_a_broken_field_is_told_in_words_to_those_who_can_mend_it(place, seen_by, attributes, sentence):
    usage_id = place(**attributes)
    assert sentence in text_of(seen_by("ben", usage_id))
    assert sentence in text_of(seen_by("ben", usage_id), "author_view")
    assert [message.text for message in seen_by("ben", usage_id).validate().messages if sentence in message.text]
    learners = text_of(seen_by("ana", usage_id))
    assert ("not set up right" in learners, sentence in learners) == (True, False)
    assert not Activity.objects.exists()


@pytest.mark.parametrize(("field", "value"), [("opens_at", "yesterday"), ("credit_replies", "two"), ("weight", "x")])
def test_a_field_that_cannot_be_read_breaks_nothing_else(place, seen_by, field, value):
    """A course archive made by hand, or by a version of ours that is not this one."""
    usage_id = place()
    block = seen_by("ben", usage_id)
    block._field_data.set(block, field, value)
    broken = seen_by("ben", usage_id)
    assert "studio-form" in text_of(broken, "studio_view")
    assert (broken.has_custom_completion, broken.has_score) == (False, False)
    if field != "weight":
        assert f"This cannot be read: {field}" in text_of(broken)
        assert "not set up right" in text_of(seen_by("ana", usage_id))


@pytest.mark.parametrize("suffix", ["../", "../../admin/", "threads/../../x", "%2e%2e/", "threads/9999999999/"])
def test_a_suffix_that_leads_nowhere_is_a_page_in_words(place, seen_by, suffix):
    answer = call(seen_by("ana", place()), suffix)
    assert (answer.status_code, "There is nothing here" in answer.text) == (404, True)


def test_a_deleted_activity_is_like_one_that_never_was(place, seen_by):
    usage_id = place()
    write("ana", usage_id, title="Gone")
    thread = Thread.objects.get()
    Activity.objects.all().delete()
    assert call(seen_by("ana", usage_id), f"threads/{thread.pk}/").status_code == 404
    assert "Nobody has written yet" in text_of(seen_by("ana", usage_id))


def test_another_courses_thread_is_like_none(place, seen_by, monkeypatch):
    usage_id = place()
    write("ana", usage_id, title="Ours")
    thread = Thread.objects.get()
    monkeypatch.setattr("companion_xblocks.host.Host.course_id", "course-v1:Other+Course+1")
    answer = call(seen_by("ana", usage_id), f"threads/{thread.pk}/")
    assert (answer.status_code, "Ours" in answer.text) == (404, False)


def test_who_is_looking_is_never_read_from_the_address(place):
    """`?student=` is the workbench's own; a block asks the platform's user service alone."""
    usage_id = place()
    write("ana", usage_id, title="Mine", anonymous=True)
    block = WorkbenchRuntime("chen").get_block(usage_id)
    request = RequestFactory().get("/handler/?student=ana")
    answer = block.runtime.handle(block, "ui", django_to_webob_request(request), f"threads/{Thread.objects.get().pk}/")
    assert ("Learner 1" in answer.text, "Anonymous (you)" in answer.text) == (True, False)


def test_the_platforms_check_of_forms_lets_ours_through_and_others_not(place, seen_by):
    usage_id = place()
    text_of(seen_by("ana", usage_id))
    uid = Activity.objects.get().uid
    client = Client(enforce_csrf_checks=True)
    url = f"/workbench/handler/{usage_id}/ui/activities/{uid}/new/?student=ana"
    form = client.get(url)
    token = form.content.decode().split('name="csrfmiddlewaretoken" value="')[1].split('"')[0]
    fields = {"title": "By form", "body": "Sent without a script.", "submission": "one"}
    assert client.post(url, fields).status_code == 403
    assert client.post(url, {**fields, "csrfmiddlewaretoken": token}).status_code == 303
    assert Thread.objects.get().title == "By form"


def test_in_a_library_there_is_a_preview_and_nothing_to_open(place, seen_by, monkeypatch):
    usage_id = place(prompt="See **this**")
    library = LibraryLocatorV2.from_string("lib:Northwind:Blocks")
    monkeypatch.setattr("companion_xblocks.host.Host.is_in_course", library.is_course)
    page = text_of(seen_by("ben", usage_id))
    assert ("<strong>this</strong>" in page, " inert" in page) == (True, True)
    answer = call(seen_by("ben", usage_id), "")
    assert (answer.status_code, "stands in a course" in answer.text) == (403, True)
    assert not Activity.objects.exists()


def test_a_rerun_keeps_the_blocks_id_and_begins_empty(place, seen_by, monkeypatch):
    usage_id = place(prompt="Kept")
    write("ana", usage_id, title="Last year's")
    monkeypatch.setattr("companion_xblocks.host.Host.course_id", "course-v1:Workbench+Demo+2027")
    page = text_of(seen_by("ana", usage_id))
    assert ("Kept" in page, "Last year" in page) == (True, False)
    assert Activity.objects.count() == 2


def test_a_copy_within_the_course_begins_empty(place, seen_by):
    write("ana", place(), title="The first's")
    assert "The first" not in text_of(seen_by("ana", place()))


# -- fields ----------------------------------------------------------------------------------------------------


def test_the_activity_follows_the_fields(place, seen_by):
    usage_id = place(display_name="Old")
    text_of(seen_by("ana", usage_id))
    block = seen_by("ben", usage_id)
    block.display_name, block.anonymity = "New", "off"
    block.save()
    assert "New" in text_of(seen_by("ana", usage_id))
    assert Activity.objects.get().discussion.anonymity == "off"


def test_before_it_opens_learners_read_the_date(place, seen_by):
    soon = (clock.now() + timezone.timedelta(days=3)).isoformat()
    usage_id = place(opens_at=soon)
    assert "This discussion opens on" in text_of(seen_by("ana", usage_id))
    assert "New thread" in text_of(seen_by("ben", usage_id))


def test_a_preview_in_studio_writes_nothing(place, seen_by):
    usage_id = place(prompt="See **this**", credit_replies=2)
    page = text_of(seen_by("ben", usage_id), "author_view")
    assert "<strong>this</strong>" in page
    assert "For credit: 2 replies" in page
    assert " inert" in page
    assert not Space.objects.exists()
    text_of(seen_by("ana", usage_id))
    block = seen_by("ben", usage_id)
    block.display_name = "Draft"
    assert "Draft" in text_of(block, "author_view")
    assert Activity.objects.get().title == "Companion discussion"


def submit(block: Any, **data: object) -> dict[str, Any]:
    body = json.dumps(data).encode()
    request = RequestFactory().post("/handler/", body, content_type="application/json")
    answer = block.runtime.handle(block, "studio_submit", django_to_webob_request(request))
    return json.loads(answer.body)


FORM = {
    "title": "Set in Studio",
    "prompt": "Why?",
    "topic": "Incidents",
    "anonymity": "default",
    "starters": "staff",
    "credit_threads": "1",
    "credit_replies": "2",
    "credit_words": "40",
    "graded_credit": "on",
    "weight": "5",
    "opens_at": "2026-01-01T08:00",
    "closes_at": "",
}


def test_an_author_sets_everything_in_studio(place, seen_by):
    usage_id = place()
    assert 'name="credit_replies"' in text_of(seen_by("ben", usage_id), "studio_view")
    block = seen_by("ben", usage_id)
    assert submit(block, **FORM) == {"result": "success"}
    block.save()
    again = seen_by("ben", usage_id)
    assert (again.display_name, again.prompt, again.topic, again.anonymity, again.starters) == (
        "Set in Studio",
        "Why?",
        "Incidents",
        "default",
        "staff",
    )
    assert (again.credit_threads, again.credit_replies, again.credit_words, again.graded_credit, again.weight) == (
        1,
        2,
        40,
        True,
        5.0,
    )
    assert again.opens_at.isoformat() == "2026-01-01T08:00:00+00:00"
    assert 'value="Set in Studio"' in text_of(again, "studio_view")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"title": " "}, "title"),
        ({"anonymity": "maybe"}, "anonymity"),
        ({"credit_replies": "many"}, "credit_replies"),
        ({"credit_replies": "-1"}, "credit_replies"),
        ({"credit_words": "5000"}, "credit_words"),
        ({"credit_threads": "0", "credit_replies": ""}, "graded_credit"),
        ({"weight": "-2"}, "weight"),
        ({"closes_at": "2025-01-01T08:00"}, "closes_at"),
        ({"opens_at": "soon"}, "opens_at"),
    ],
)
def test_what_studio_refuses_is_said_beside_its_field_and_changes_nothing(place, seen_by, changes, field):
    usage_id = place()
    block = seen_by("ben", usage_id)
    answer = submit(block, **{**FORM, **changes})
    assert list(answer["errors"]) == [field]
    assert (block.display_name, block.topic) == ("Companion discussion", "")


def test_other_nonsense_from_studio_is_refused_too(place, seen_by):
    request = RequestFactory().post("/handler/", b"[1]", content_type="application/json")
    block = seen_by("ben", place())
    answer = block.runtime.handle(block, "studio_submit", django_to_webob_request(request))
    assert "not readable" in json.loads(answer.body)["errors"]["__all__"]


def test_apps_and_search_hear_what_the_author_wrote_and_nothing_else(place, seen_by):
    usage_id = place(display_name="Discuss", prompt="Why **so**?", topic="Incidents")
    write("ana", usage_id, title="A post of Ana's")
    data = seen_by("chen", usage_id).student_view_data()
    assert (data["title"], "<strong>so</strong>" in data["prompt"], data["topic"]) == ("Discuss", True, "Incidents")
    index = seen_by("chen", usage_id).index_dictionary()
    assert index["content"]["display_name"] == "Discuss"
    assert "Ana's" not in json.dumps([data, index])


# -- credit ----------------------------------------------------------------------------------------------------


def test_credit_goes_to_the_platform_as_it_is_earned(place, seen_by, published):
    usage_id = place(credit_threads=1, credit_replies=1, credit_words=5, graded_credit="true", weight="2")
    assert "So far: 0 of 2" in text_of(seen_by("ana", usage_id))
    assert published == []
    write("ana", usage_id)
    assert "So far: 1 of 2" in text_of(seen_by("ana", usage_id))
    assert [(event, data.get("completion", data.get("value"))) for event, data in published][:1] == [
        ("completion", 0.5)
    ]
    assert published[1][0] == "grade"


def test_a_reply_counts_in_the_same_request(place, seen_by, published):
    usage_id = place(credit_replies=1, credit_words=3)
    write("chen", usage_id)
    block = seen_by("ana", usage_id)
    thread = Thread.objects.get()
    answer = call(block, f"threads/{thread.pk}/posts/1/reply/", method="POST", body="Three good words", submission="s")
    assert (answer.status_code, published) == (303, [("completion", {"completion": 1.0})])
    block.save()
    assert "You have it." in text_of(seen_by("ana", usage_id))
    assert len(published) == 1


def test_an_anonymous_post_says_nothing_to_the_platform_when_it_is_made(place, seen_by, published):
    usage_id = place(credit_threads=1)
    write("ana", usage_id, anonymous=True)
    text_of(seen_by("ana", usage_id))
    assert published == []
    with clock.at(clock.now() + timezone.timedelta(hours=2)):
        text_of(seen_by("ana", usage_id))
    assert [event for event, _data in published] == ["completion"]


def test_credit_that_was_told_is_not_taken_back(place, seen_by, published):
    usage_id = place(credit_threads=1)
    write("ana", usage_id)
    block = seen_by("ana", usage_id)
    text_of(block)
    block.save()
    Post.objects.update(hidden_at=clock.now())
    text_of(seen_by("ana", usage_id))
    assert published == [("completion", {"completion": 1.0})]


def test_without_a_rule_the_platform_completes_it_by_itself(place, seen_by, published):
    block = seen_by("ana", place())
    assert (block.has_custom_completion, block.has_score, block.max_score()) == (False, False, None)
    text_of(block)
    assert published == []
    graded = seen_by("ana", place(credit_threads=1, graded_credit="true"))
    assert (graded.has_custom_completion, graded.has_score, graded.max_score()) == (True, True, 1.0)


def test_the_staff_gets_no_credit(place, seen_by, published):
    usage_id = place(credit_threads=1)
    page = text_of(seen_by("ben", usage_id))
    assert ("For credit: 1 thread" in page, "So far" in page) == (True, False)
    assert published == []


def test_a_rescore_counts_anew(place, seen_by, published):
    usage_id = place(credit_threads=2, graded_credit="true")
    write("ana", usage_id)
    block = seen_by("ana", usage_id)
    assert block.calculate_score() == (0.5, 1.0)
    block.set_score(block.calculate_score())
    assert (block.has_submitted_answer(), block.get_score()) == (True, (0.5, 1.0))


def test_the_report_counts_anonymous_posts_for_nobody(place, seen_by):
    usage_id = place()
    write("ana", usage_id, body="five words of her own")
    write("ana", usage_id, title="Without my name", anonymous=True)
    states = [SimpleNamespace(username=name) for name in ("ana", "chen", "nobody")]
    rows = dict(seen_by("ben", usage_id).generate_report_data(iter(states)))
    assert rows == {"ana": {"Threads": 1, "Replies": 0, "Words": 5}}
    assert list(seen_by("ben", usage_id).generate_report_data(iter(states), 0)) == []
