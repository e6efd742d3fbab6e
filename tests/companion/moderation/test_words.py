"""The organization's word list: a post with a watched word is shown to the staff, and never blocked."""

from __future__ import annotations

import pytest
from django.core.cache import cache

from companion import events
from companion.models import Organization
from companion.moderation import api as moderation
from companion.moderation.api import Outcome
from companion.threads import api as threads
from tests.people import Course
from tests.people import course as make_course


@pytest.fixture(autouse=True)
def _watched(course: Course) -> None:
    watch(course, "darn\nshut up")


def watch(course: Course, words: str) -> None:
    Organization.objects.filter(pk=course.space.organization_id).update(watched_words=words)
    cache.clear()


def start(course: Course, body: str = "Opening", title: str = "T") -> threads.Thread:
    return threads.start_thread(viewer=course.ana, activity_uid=course.activity.uid, title=title, body=body)


def waiting(course: Course) -> list[tuple[int, str]]:
    rows, _cursor = moderation.list_cases(viewer=course.ben)
    return [(row.number, row.reason.removeprefix("On the organization's word list: ")) for row in rows]


def close(course: Course, outcome: Outcome) -> None:
    [row] = moderation.list_cases(viewer=course.ben)[0]
    moderation.close_case(viewer=course.ben, case_id=row.id, outcome=outcome, reason="Say it kindly")


def test_it_works(course, heard):
    with heard() as facts:
        thread = start(course, "Oh, darn it. Shut  up!")
        threads.add_reply(viewer=course.chen, thread_id=thread.pk, body="A kind reply")
    assert waiting(course) == [(1, "darn, shut up")]
    assert [type(fact) for fact in facts] == [events.ThreadStarted, events.PostAdded, events.PostReported]
    # It stands where it stands, for everybody.
    assert "darn" in threads.get_post(viewer=course.nameless, thread_id=thread.pk, number=1).html
    [row] = moderation.list_cases(viewer=course.ben)[0]
    case = moderation.get_case(viewer=course.ben, case_id=row.id)
    assert case.open[0].source == "The organization's word list"


def test_nothing_happens_before_the_post_is_stored(course, heard, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks() as later:
        start(course, "darn")
    assert waiting(course) == []
    for call in later:
        call()
    assert waiting(course) == [(1, "darn")]


def test_titles_replies_and_edits_count_too(course, heard):
    with heard():
        thread = start(course, title="Darn drills")
        threads.add_reply(viewer=course.chen, thread_id=thread.pk, body="darn")
        threads.add_reply(viewer=course.chen, thread_id=thread.pk, body="kind")
        threads.edit_post(viewer=course.chen, thread_id=thread.pk, number=3, body="shut up")
    assert waiting(course) == [(1, "darn"), (2, "darn"), (3, "shut up")]


def test_one_case_however_often_it_is_changed(course, heard):
    with heard():
        thread = start(course, "darn")
        for time in range(3):
            threads.edit_post(viewer=course.ana, thread_id=thread.pk, number=1, title="T", body=f"darn {time}")
    [row] = moderation.list_cases(viewer=course.ben)[0]
    assert (row.number, row.count) == (1, 1)


WATCHED = {
    "a word in another case": ("Darn", "DARN it", "darn"),
    "with marks around it": ("darn", "(darn!)", "darn"),
    "in Markdown": ("darn", "**darn**", "darn"),
    "in Markdown of another kind": ("darn", "_darn_", "darn"),
    "not inside another word": ("darn", "darning, undarned, darn2, 2darn", ""),
    "a phrase over two lines": ("shut up", "so shut\nup", "shut up"),
    "not half a phrase": ("shut up", "shut the door, up", ""),
    "the longer one of two": ("shut\nshut up", "shut up", "shut up"),
    "an accent": ("café", "le CAFÉ", "café"),
    "an accent written as two characters": ("café", "cafe\u0301", "café"),
    "another letter": ("cafe", "café cafe\u0301", ""),
    "a sharp s": ("straße", "STRASSE", "strasse"),
    "wide characters": ("darn", "ｄａｒｎ", "darn"),
    "something hidden in it": ("darn", "da\u200brn da\u00adrn", "darn"),
    "Chinese between marks": ("坏话", "「坏话」", "坏话"),
    "Arabic": ("سيئ", "كلام سيئ.", "سيئ"),
    "signs alone": ("c++\n:(", "I like c++ :(", ":(, c++"),
    "signs that mean something to a machine": (
        ".*\n(a+)+$\n[a-z]\n\\d\n^\n|\n(?i)x",
        "abc 1 aaaaaaaaaaaaaaaaaaaaaaaa!",
        "",
    ),
    "empty lines": ("\n \n\u200b\n\u00ad\n", "anything at all", ""),
}


@pytest.mark.parametrize("what", WATCHED)
def test_what_is_found(course, heard, what):
    words, body, found = WATCHED[what]
    watch(course, words)
    with heard():
        start(course, body)
    assert waiting(course) == ([(1, found)] if found else [])


def test_five_thousand_words_against_the_longest_post(course, heard):
    watch(course, "\n".join(f"{letter}{number}x" for letter in "abcdefghijklmnopqrst" for number in range(250)))
    with heard():
        start(course, "a " * 9_990 + "t249x")
        start(course, " ".join(f"a{number}x" for number in range(250)))
    (_first, one), (_second, many) = waiting(course)
    # As many as fit into a reason.
    assert (one, many.startswith("a0x, a100x, a101x"), len(many) > 400) == ("t249x", True, True)


def test_without_words_nothing_is_looked_at(course, heard):
    watch(course, "")
    with heard():
        start(course, "darn")
    assert waiting(course) == []


def test_another_organization_s_words_are_not_ours(course, heard):
    other = make_course(organization="Elsewhere", context="c9", issuer="other")
    with heard():
        start(other, "darn")
    assert waiting(other) == []


def test_a_cache_that_fails_costs_nobody_a_post(course, heard, settings, caplog):
    nobody_answers = "redis://127.0.0.1:1"
    settings.CACHES = {
        "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": nobody_answers}
    }
    with heard():
        thread = start(course, "darn")
    assert threads.get_thread(viewer=course.chen, thread_id=thread.pk).title == "T"
    assert "The cache does not answer" in caplog.text
    assert "failed" not in caplog.text


# -- what was sent back ------------------------------------------------------------------------------------------


@pytest.fixture
def returned(course, heard) -> threads.Thread:
    """Ana's thread, sent back to her because of a word."""
    with heard():
        thread = start(course, "darn")
    close(course, Outcome.RETURNED)
    return thread


def edit(course: Course, thread, body: str, viewer=None) -> None:
    reason = "Typing" if viewer else ""
    viewer = viewer or course.ana
    threads.edit_post(viewer=viewer, thread_id=thread.pk, number=1, title="T", body=body, reason=reason)


def test_an_edited_post_that_was_sent_back_comes_for_a_look(course, returned, heard):
    with heard() as facts:
        edit(course, returned, "Dear me")
    assert "Dear me" in threads.get_post(viewer=course.chen, thread_id=returned.pk, number=1).html
    assert waiting(course) == [(1, "Its author has changed it after it was sent back.")]
    assert [type(fact) for fact in facts] == [events.PostEdited, events.PostRestored, events.PostReported]


def test_so_does_one_that_was_sent_back_from_its_thread(course, heard):
    with heard():
        thread = start(course, "Opening")
        threads.return_post(viewer=course.ben, thread_id=thread.pk, number=1, reason="Say more")
        edit(course, thread, "More")
    assert waiting(course) == [(1, "Its author has changed it after it was sent back.")]


def test_it_comes_as_often_as_it_is_sent_back(course, returned, heard):
    for attempt in range(3):
        with heard():
            edit(course, returned, f"Dear me {attempt}")
            edit(course, returned, f"Dear, dear me {attempt}")
        assert len(waiting(course)) == 1
        close(course, Outcome.RETURNED)


def test_once_it_will_do_it_is_its_authors_again(course, returned, heard):
    with heard():
        edit(course, returned, "Dear me")
    close(course, Outcome.DISMISSED)
    with heard():
        edit(course, returned, "Dear me!")
        edit(course, returned, "Dear you", course.ben)
    assert waiting(course) == []
