"""What the course staff does is on record: once an act, with its reason, and for its own space alone."""

from __future__ import annotations

import pytest

from companion.errors import CompanionError, NotAllowed
from companion.moderation import api as moderation
from companion.moderation.api import Outcome
from companion.spaces import api as spaces
from companion.spaces.audit import ACTS as WORDS
from companion.threads import api as threads
from tests.people import Course
from tests.people import course as make_course


@pytest.fixture
def thread(course: Course) -> threads.Thread:
    thread = threads.start_thread(viewer=course.ana, activity_uid=course.activity.uid, title="T", body="Opening")
    threads.add_reply(viewer=course.chen, thread_id=thread.pk, body="A reply")
    return thread


def close(course: Course, thread, outcome: Outcome) -> None:
    moderation.report_post(viewer=course.ana, thread_id=thread.pk, number=2, reason="Rude")
    [row] = moderation.list_cases(viewer=course.ben)[0]
    moderation.close_case(viewer=course.ben, case_id=row.id, outcome=outcome, reason="why")


def hide_and_restore(course: Course, thread) -> None:
    threads.hide_post(viewer=course.ben, thread_id=thread.pk, number=2, reason="why")
    threads.restore_post(viewer=course.ben, thread_id=thread.pk, number=2)


def mute_and_unmute(course: Course, thread) -> None:
    threads.mute_author(viewer=course.ben, thread_id=thread.pk, number=2, days=1, reason="why")
    spaces.unmute_person(viewer=course.ben, person_id=course.chen.person_id)


def merge(course: Course, thread) -> None:
    into = threads.start_thread(viewer=course.ben, activity_uid=course.activity.uid, title="U", body="B")
    threads.merge_threads(viewer=course.ben, thread_id=thread.pk, into_id=into.pk)


def move(course: Course, thread) -> None:
    other = spaces.create_activity(viewer=course.ben, title="Other", external_id="second")
    threads.move_thread(viewer=course.ben, thread_id=thread.pk, to_uid=other.uid)


def pin_and_unpin_twice(course: Course, thread) -> None:
    for pinned in (True, True, False, False):
        threads.pin_thread(viewer=course.ben, thread_id=thread.pk, pinned=pinned)


def lock_and_unlock_twice(course: Course, thread) -> None:
    for locked in (True, True, False, False):
        threads.lock_thread(viewer=course.ben, thread_id=thread.pk, locked=locked)


def accept_and_unaccept(course: Course, thread) -> None:
    """For Ana, who never came back."""
    asked = threads.start_thread(
        viewer=course.ana, activity_uid=course.activity.uid, title="Q", body="B", kind=threads.Kind.QUESTION
    )
    answer = threads.add_reply(viewer=course.chen, thread_id=asked.pk, body="An answer")
    for accepted in (True, True, False):
        threads.accept_answer(viewer=course.ben, thread_id=asked.pk, number=answer.number, accepted=accepted)


# What the staff does, and the lines it leaves, the newest first.
ACTS = {
    "pin": (pin_and_unpin_twice, ["unpinned a thread", "pinned a thread"]),
    "lock": (lock_and_unlock_twice, ["unlocked a thread", "locked a thread"]),
    "hide": (hide_and_restore, ["restored a post", "hid a post: why"]),
    "return": (
        lambda course, thread: threads.return_post(viewer=course.ben, thread_id=thread.pk, number=2, reason="why"),
        ["sent a post back to its author: why"],
    ),
    "edit": (
        lambda course, thread: threads.edit_post(
            viewer=course.ben, thread_id=thread.pk, number=2, body="Better", reason="why"
        ),
        ["changed a post: why"],
    ),
    "split": (
        lambda course, thread: threads.split_thread(viewer=course.ben, thread_id=thread.pk, number=2, title="U"),
        ["split a thread"],
    ),
    "merge": (merge, ["merged a thread into another"]),
    "move": (move, ["moved a thread"]),
    "mute": (mute_and_unmute, ["let a member write again (Chen Wei)", "muted a member (Chen Wei): why"]),
    "accept": (
        accept_and_unaccept,
        ["took the acceptance of an answer back", "accepted an answer for whoever asked"],
    ),
    "hide what was reported": (lambda course, thread: close(course, thread, Outcome.HIDDEN), ["hid a post: why"]),
    "return what was reported": (
        lambda course, thread: close(course, thread, Outcome.RETURNED),
        ["sent a post back to its author: why"],
    ),
    "dismiss": (lambda course, thread: close(course, thread, Outcome.DISMISSED), ["dismissed a report: why"]),
}


def lines(viewer) -> list[str]:
    return [
        act.act + (f" ({act.person})" if act.person else "") + (f": {act.reason}" if act.reason else "")
        for act in spaces.list_acts(viewer=viewer)
    ]


@pytest.mark.parametrize("what", ACTS)
def test_each_act_leaves_exactly_one_line(course, thread, what):
    act, left = ACTS[what]
    act(course, thread)
    assert lines(course.ben) == left
    assert {entry.actor for entry in spaces.list_acts(viewer=course.ben)} == {"Ben Okafor"}


def test_every_act_that_there_is_words_for_was_done_above():
    done = {line.split(":")[0].split(" (")[0] for _act, left in ACTS.values() for line in left}
    assert done == {str(words) for words in WORDS.values()}


REFUSED = {
    "pin": lambda course, pk: threads.pin_thread(viewer=course.ana, thread_id=pk, pinned=True),
    "hide": lambda course, pk: threads.hide_post(viewer=course.ben, thread_id=pk, number=2, reason=""),
    "edit": lambda course, pk: threads.edit_post(viewer=course.ben, thread_id=pk, number=2, body="x", reason=""),
    "split": lambda course, pk: threads.split_thread(viewer=course.ben, thread_id=pk, number=1, title="x"),
    "merge": lambda course, pk: threads.merge_threads(viewer=course.ben, thread_id=pk, into_id=pk),
    "move": lambda course, pk: threads.move_thread(viewer=course.ben, thread_id=pk, to_uid=course.activity.uid),
    "mute": lambda course, pk: spaces.mute_person(
        viewer=course.ben, person_id=course.ben.person_id, days=1, reason="why"
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_refused_leaves_none(course, thread, what):
    with pytest.raises(CompanionError):
        REFUSED[what](course, thread.pk)
    assert lines(course.ben) == []


def test_what_authors_do_to_their_own_posts_leaves_none(course, thread):
    threads.edit_post(viewer=course.chen, thread_id=thread.pk, number=2, body="Better")
    threads.delete_post(viewer=course.chen, thread_id=thread.pk, number=2)
    threads.undelete_post(viewer=course.chen, thread_id=thread.pk, number=2)
    bens = threads.add_reply(viewer=course.ben, thread_id=thread.pk, body="Mine").number
    threads.edit_post(viewer=course.ben, thread_id=thread.pk, number=bens, body="Mine, better")
    assert lines(course.ben) == []


def test_an_act_on_an_anonymous_post_names_nobody_but_who_acted(course, thread):
    number = threads.add_reply(viewer=course.ana, thread_id=thread.pk, body="Shy", anonymous=True).number
    threads.hide_post(viewer=course.ben, thread_id=thread.pk, number=number, reason="why")
    [act] = spaces.list_acts(viewer=course.ben)
    assert (act.actor, act.person, act.post_number) == ("Ben Okafor", "", number)


def test_entries_of_other_spaces_are_unseen(course, thread):
    hide_and_restore(course, thread)
    assert lines(make_course(context="c2").ben) == []
    assert lines(make_course(organization="Elsewhere", context="c9", issuer="other").ben) == []


def test_learners_do_not_read_the_record(course, thread):
    with pytest.raises(NotAllowed, match="Only the course staff"):
        spaces.list_acts(viewer=course.ana)


def test_a_post_s_own_record_is_that_of_the_post(course, thread):
    hide_and_restore(course, thread)
    threads.lock_thread(viewer=course.ben, thread_id=thread.pk, locked=True)
    acts = spaces.list_acts(viewer=course.ben, thread_id=thread.pk, post_number=2)
    assert [act.act for act in acts] == ["restored a post", "hid a post"]


def test_pages_of_the_record_follow_one_another(course, thread, reader):
    for _time in range(30):
        hide_and_restore(course, thread)
    first = spaces.list_acts(viewer=course.ben)
    rest = spaces.list_acts(viewer=course.ben, before=first[-1].id)
    assert (len(first), len(rest)) == (50, 10)
    assert [act.id for act in first + rest] == sorted((act.id for act in first + rest), reverse=True)
    ben = reader(course.ben)
    page = ben.get("moderation-record").content.decode()
    assert page.count("hid a post") == 25
    assert f"before={first[-1].id}" in page
    last = ben.get("moderation-record", before=first[-1].id).content.decode()
    assert (last.count("hid a post"), "Earlier" in last) == (5, False)


def test_names_go_when_people_retire(course, thread):
    mute_and_unmute(course, thread)
    for viewer, subject in ((course.ben, "ben"), (course.chen, "chen")):
        ids = spaces.forget_person(issuer=course.space.issuer, subject=subject)
        assert ids == [viewer.person_id]
    acts = spaces.list_acts(viewer=course.ben)
    assert [(act.actor, act.person, act.reason) for act in acts] == [
        ("Former participant", "", ""),
        ("Former participant", "", "why"),
    ]
