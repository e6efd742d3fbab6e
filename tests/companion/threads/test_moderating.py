"""Pin, lock, hide with a reason, restore: the staff's verbs, and what each of us sees of them."""

from __future__ import annotations

import pytest

from companion import events
from companion.errors import Conflict, InvalidInput, NotAllowed, NotFound
from companion.threads import api as threads
from companion.viewer import Role
from tests.people import Course, join


@pytest.fixture
def thread(course: Course) -> threads.Thread:
    thread = threads.start_thread(viewer=course.ana, activity_uid=course.activity.uid, title="T", body="Opening")
    threads.add_reply(viewer=course.chen, thread_id=thread.pk, body="A rude reply")
    return thread


def seen_by(viewer, thread) -> list[threads.PostView]:
    found = threads.get_thread(viewer=viewer, thread_id=thread.pk)
    return threads.read_thread(viewer=viewer, thread=found).posts


def test_it_works(course, thread, heard):
    with heard() as facts:
        threads.hide_post(viewer=course.ben, thread_id=thread.pk, number=2, reason="Please stay kind")
    assert [(post.html != "", post.reason) for post in seen_by(course.ben, thread)] == [
        (True, ""),
        (True, "Please stay kind"),
    ]
    assert [(post.html != "", post.reason) for post in seen_by(course.chen, thread)][1] == (True, "Please stay kind")
    assert [(post.html != "", post.reason) for post in seen_by(course.ana, thread)][1] == (False, "")
    thread.refresh_from_db()
    assert thread.reply_count == 0
    with heard() as more:
        threads.restore_post(viewer=course.ben, thread_id=thread.pk, number=2)
    assert "A rude reply" in seen_by(course.ana, thread)[1].html
    thread.refresh_from_db()
    assert thread.reply_count == 1
    assert [type(fact) for fact in facts + more] == [events.PostHidden, events.PostRestored]


def test_pinned_threads_are_all_shown_so_there_are_not_many(course, thread):
    for number in range(20):
        other = threads.start_thread(
            viewer=course.ben, activity_uid=course.activity.uid, title=f"Pin {number}", body="Read this"
        )
        threads.pin_thread(viewer=course.ben, thread_id=other.pk, pinned=True)
    threads.pin_thread(viewer=course.ben, thread_id=other.pk, pinned=True)
    with pytest.raises(Conflict, match="20 threads are pinned already"):
        threads.pin_thread(viewer=course.ben, thread_id=thread.pk, pinned=True)
    threads.pin_thread(viewer=course.ben, thread_id=other.pk, pinned=False)
    threads.pin_thread(viewer=course.ben, thread_id=thread.pk, pinned=True)
    assert len(threads.list_threads(viewer=course.ana, activity=course.activity).pinned) == 20


def test_hiding_twice_counts_once_and_keeps_the_first_reason(course, thread, heard):
    with heard() as facts:
        for reason in ("First", "Second"):
            threads.hide_post(viewer=course.ben, thread_id=thread.pk, number=2, reason=reason)
        threads.restore_post(viewer=course.ben, thread_id=thread.pk, number=1)
    assert seen_by(course.ben, thread)[1].reason == "First"
    assert len(facts) == 1
    thread.refresh_from_db()
    assert thread.reply_count == 0


def test_hiding_the_opening_post_hides_the_thread_from_others(course, thread):
    threads.hide_post(viewer=course.ben, thread_id=thread.pk, number=1, reason="Twice")
    assert seen_by(course.ana, thread)
    with pytest.raises(NotFound):
        threads.get_thread(viewer=course.chen, thread_id=thread.pk)
    with pytest.raises(NotAllowed, match="hidden"):
        threads.add_reply(viewer=course.ana, thread_id=thread.pk, body="Why?")
    threads.restore_post(viewer=course.ben, thread_id=thread.pk, number=1)
    assert seen_by(course.chen, thread)


def test_a_hidden_post_is_not_edited_but_may_be_taken_back(course, thread):
    threads.hide_post(viewer=course.ben, thread_id=thread.pk, number=2, reason="Rude")
    with pytest.raises(NotAllowed):
        threads.edit_post(viewer=course.chen, thread_id=thread.pk, number=2, body="Kinder")
    threads.delete_post(viewer=course.chen, thread_id=thread.pk, number=2)
    # What its author has taken back is no longer the staff's to show.
    with pytest.raises(NotFound):
        threads.restore_post(viewer=course.ben, thread_id=thread.pk, number=2)
    thread.refresh_from_db()
    assert (thread.reply_count, len(seen_by(course.ana, thread))) == (0, 1)


@pytest.mark.parametrize("reason", ["", "  \u200b ", "x" * 501])
def test_hiding_wants_a_reason_that_fits(course, thread, reason):
    with pytest.raises(InvalidInput):
        threads.hide_post(viewer=course.ben, thread_id=thread.pk, number=2, reason=reason)
    assert not seen_by(course.ana, thread)[1].is_hidden


def test_a_locked_thread_takes_replies_from_the_staff_only(course, thread, heard):
    with heard() as facts:
        threads.lock_thread(viewer=course.ben, thread_id=thread.pk, locked=True)
        threads.lock_thread(viewer=course.ben, thread_id=thread.pk, locked=True)
    assert [fact.locked for fact in facts] == [True]
    with pytest.raises(NotAllowed, match="locked"):
        threads.add_reply(viewer=course.ana, thread_id=thread.pk, body="More")
    assert threads.add_reply(viewer=course.ben, thread_id=thread.pk, body="The end").number == 3
    threads.lock_thread(viewer=course.ben, thread_id=thread.pk, locked=False)
    assert threads.add_reply(viewer=course.ana, thread_id=thread.pk, body="More").number == 4


def test_learners_moderate_nothing(course, thread):
    verbs = (
        lambda: threads.pin_thread(viewer=course.ana, thread_id=thread.pk, pinned=True),
        lambda: threads.lock_thread(viewer=course.ana, thread_id=thread.pk, locked=True),
        lambda: threads.hide_post(viewer=course.ana, thread_id=thread.pk, number=2, reason="x"),
        lambda: threads.restore_post(viewer=course.ana, thread_id=thread.pk, number=2),
    )
    for verb in verbs:
        with pytest.raises(NotAllowed, match="course staff"):
            verb()


def test_an_assistant_moderates_but_does_not_configure(course, thread):
    tia = join(course.space, "tia", "Tia Assistant", Role.ASSISTANT)
    assert threads.pin_thread(viewer=tia, thread_id=thread.pk, pinned=True).is_pinned
    assert not tia.can_configure
    found = threads.get_thread(viewer=course.ana, thread_id=thread.pk)
    assert found.is_pinned
    reply = threads.add_reply(viewer=tia, thread_id=thread.pk, body="Hello")
    assert seen_by(course.ana, thread)[reply.number - 1].author.badge == "Assistant"


def test_staff_of_another_space_find_nothing(course, thread):
    from tests.people import course as make_course

    other = make_course(context="c2")
    for verb in (threads.pin_thread, threads.lock_thread):
        with pytest.raises(NotFound):
            verb(viewer=other.ben, thread_id=thread.pk, **{"pinned" if verb is threads.pin_thread else "locked": True})
    with pytest.raises(NotFound):
        threads.hide_post(viewer=other.ben, thread_id=thread.pk, number=2, reason="x")


def test_a_post_that_is_not_there_is_not_found(course, thread):
    with pytest.raises(NotFound):
        threads.hide_post(viewer=course.ben, thread_id=thread.pk, number=77, reason="x")
    with pytest.raises(Conflict):
        threads.add_reply(viewer=course.ana, thread_id=thread.pk, parent_number=77, body="x")
