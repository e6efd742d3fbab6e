""" "Mark all as read": one row a person and activity, which truly zeroes, and what comes later is new."""

from __future__ import annotations

from datetime import timedelta

import pytest

from companion import clock
from companion.threads import api as threads
from companion.threads.models import ReadMark
from tests.people import outsider

NOON = clock.now()


@pytest.fixture
def talk(course):
    """Two threads of Ben's; each story is told by somebody who has opened neither."""
    with clock.at(NOON):
        return [
            threads.start_thread(viewer=course.ben, activity_uid=course.activity.uid, title=title, body="Text")
            for title in ("First", "Second")
        ]


def rows(course, viewer, **how) -> list[tuple[str, int, bool]]:
    listed = threads.list_threads(viewer=viewer, activity=course.activity, **how)
    return [(row.title, max(row.unread, 0), row.is_new) for row in listed.pinned + listed.rows]


def test_it_works(course, talk):
    _first, second = talk
    for _twice in range(2):
        threads.mark_all_seen(viewer=course.chen, activity=course.activity)
    assert ReadMark.objects.count() == 1
    assert rows(course, course.chen) == [("Second", 0, False), ("First", 0, False)]
    assert rows(course, course.chen, only=threads.Only.UNREAD) == []
    assert threads.list_recent(viewer=course.chen) == []
    with clock.at(NOON + timedelta(minutes=5)):
        for text in ("Later", "Later still"):
            threads.add_reply(viewer=course.ana, thread_id=second.pk, body=text)
        threads.start_thread(viewer=course.ben, activity_uid=course.activity.uid, title="Third", body="Text")
    assert rows(course, course.chen, only=threads.Only.UNREAD) == [("Third", 1, True), ("Second", 2, False)]
    assert [row.title for row in threads.list_recent(viewer=course.chen)] == ["Third", "Second"]
    found = threads.get_thread(viewer=course.chen, thread_id=second.pk)
    assert [post.number for post in threads.read_thread(viewer=course.chen, thread=found).posts if post.is_new] == [
        2,
        3,
    ]


def test_it_is_ones_own(course, talk):
    threads.mark_all_seen(viewer=course.chen, activity=course.activity)
    assert len(rows(course, course.ana, only=threads.Only.UNREAD)) == 2


def test_it_survives_edits_and_deletions(course, talk):
    first, _second = talk
    with clock.at(NOON + timedelta(minutes=1)):
        threads.add_reply(viewer=course.ben, thread_id=first.pk, body="Soon gone")
    threads.mark_all_seen(viewer=course.chen, activity=course.activity)
    threads.edit_post(viewer=course.ben, thread_id=first.pk, number=1, title="First", body="Another text")
    threads.delete_post(viewer=course.ben, thread_id=first.pk, number=2)
    assert rows(course, course.chen, only=threads.Only.UNREAD) == []


def test_what_was_read_since_is_not_brought_back(course, talk):
    first, _second = talk
    threads.mark_all_seen(viewer=course.chen, activity=course.activity)
    with clock.at(NOON + timedelta(minutes=5)):
        threads.add_reply(viewer=course.ana, thread_id=first.pk, body="Later")
    found = threads.get_thread(viewer=course.chen, thread_id=first.pk)
    threads.mark_seen(viewer=course.chen, thread=found)
    assert {unread for _title, unread, _new in rows(course, course.chen)} == {0}


def test_where_there_is_nothing_to_read_nothing_is_kept(course):
    threads.mark_all_seen(viewer=course.ana, activity=course.activity)
    threads.mark_all_seen(viewer=outsider(), activity=course.activity)
    assert not ReadMark.objects.exists()


def test_the_button_is_there_while_something_is_unread(course, talk, reader):
    chen = reader(course.chen)
    assert "Mark all as read" in chen.get("thread-list", course.activity.uid).content.decode()
    assert chen.post("list-seen", course.activity.uid).status_code == 303
    assert "Mark all as read" not in chen.get("thread-list", course.activity.uid).content.decode()
    assert chen.get("list-seen", course.activity.uid).status_code == 405
