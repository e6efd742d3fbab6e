"""A thread goes to another activity, with its posts and their links; a pointer stays where it was."""

from __future__ import annotations

import pytest

from companion import events
from companion.errors import Conflict, NotAllowed, NotFound
from companion.spaces import api as spaces
from companion.threads import api as threads
from tests.companion.threads.stories import (
    another_activity,
    check_counts,
    configure,
    numbers,
    png,
    read,
    reply,
    rows,
    start,
)
from tests.people import Course
from tests.people import course as make_course


@pytest.fixture
def talk(course: Course) -> threads.Thread:
    """Ana asks, Ben answers, Chen answers him."""
    thread = start(course)
    reply(course.ben, thread, "You do.")
    reply(course.chen, thread, "Why?", to=2)
    return thread


def move(course: Course, thread, to: spaces.Activity) -> threads.Thread:
    return threads.move_thread(viewer=course.ben, thread_id=thread.pk, to_uid=to.uid)


def merge(course: Course, thread, into) -> threads.Thread:
    return threads.merge_threads(viewer=course.ben, thread_id=thread.pk, into_id=into.pk)


def test_it_works(course, talk, heard):
    second = another_activity(course)
    threads.pin_thread(viewer=course.ben, thread_id=talk.pk, pinned=True)
    with heard() as facts:
        move(course, talk, second)
    (pointer,) = rows(course, course.ana)
    assert (pointer.title, pointer.is_moved, pointer.is_pinned, pointer.unread) == ("Who declares?", True, False, 0)
    (row,) = rows(course, course.ana, second)
    assert (row.id, row.is_moved, row.is_pinned, row.reply_count) == (talk.pk, False, False, 2)
    ways = [threads.find_moved(viewer=course.ana, thread_id=pk, number=1) for pk in (talk.pk, pointer.id)]
    assert ways == [None, (talk.pk, 1)]
    assert numbers(course.ana, talk) == [1, 2, 3]
    assert [(type(fact), fact.activity_id, fact.to_activity_id, fact.pointer_id) for fact in facts] == [
        (events.ThreadMoved, course.activity.pk, second.pk, pointer.id)
    ]
    check_counts(talk)


def test_a_pointer_says_no_more_than_the_thread(course, talk):
    move(course, talk, another_activity(course))
    threads.edit_post(viewer=course.ana, thread_id=talk.pk, number=1, title="Better", body="Is it me?")
    assert [row.title for row in rows(course, course.chen)] == ["Better"]
    threads.hide_post(viewer=course.ben, thread_id=talk.pk, number=1, reason="r")
    assert rows(course, course.chen) == []
    threads.restore_post(viewer=course.ben, thread_id=talk.pk, number=1)
    threads.delete_post(viewer=course.ana, thread_id=talk.pk, number=1)
    assert [row.title for row in rows(course, course.chen)] == ["(taken back by its author)"]


def test_a_thread_that_comes_back_needs_no_pointer(course, talk):
    second = another_activity(course)
    move(course, talk, second)
    move(course, talk, course.activity)
    assert [(row.id, row.is_moved) for row in rows(course, course.ana)] == [(talk.pk, False)]
    assert [row.is_moved for row in rows(course, course.ana, second)] == [True]


def test_a_place_in_a_video_means_nothing_elsewhere(course):
    configure(course, video="https://example.com/talk.mp4")
    thread, other = start(course, second=92), start(course, second=7)
    reply(course.ben, thread, second=95)
    second = another_activity(course)
    target = threads.start_thread(viewer=course.ana, activity_uid=second.uid, title="T", body="B")
    move(course, thread, second)
    merge(course, other, target)
    assert rows(course, course.ana, second)[0].second is None
    assert [post.second for moved in (thread, target) for post in read(course.ana, moved).posts] == [None] * 4


@pytest.mark.parametrize("how", ["move", "merge"])
def test_pictures_are_kept_by_an_edit_elsewhere(course, how):
    taken = threads.add_picture(viewer=course.ana, activity_uid=course.activity.uid, file=png(), size=100)
    thread = start(course, body=f"![it]({taken.markdown})")
    second = another_activity(course)
    if how == "move":
        move(course, thread, second)
        place = (thread.pk, 1)
    else:
        target = threads.start_thread(viewer=course.ben, activity_uid=second.uid, title="T", body="B")
        merge(course, thread, target)
        place = (target.pk, 2)
    body = f"Look: ![it]({taken.markdown})"
    threads.edit_post(viewer=course.ana, thread_id=place[0], number=place[1], title="T", body=body)
    assert "<img" in threads.get_post(viewer=course.chen, thread_id=place[0], number=place[1]).html
    with threads.open_picture(viewer=course.chen, token=taken.token) as file:
        assert file.read(4) == b"RIFF"


def test_where_a_thread_does_not_go(course, talk):
    with pytest.raises(Conflict, match="there already"):
        move(course, talk, course.activity)
    with pytest.raises(NotFound):
        move(course, talk, make_course(context="c2").activity)
    with pytest.raises(NotAllowed):
        threads.move_thread(viewer=course.ana, thread_id=talk.pk, to_uid=another_activity(course).uid)
    assert numbers(course.ana, talk) == [1, 2, 3]
