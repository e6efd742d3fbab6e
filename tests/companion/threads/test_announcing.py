"""Announcements to the whole course: above every list until their reader has met them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.cache import cache

from companion import clock
from companion.errors import InvalidInput
from companion.spaces import api as spaces
from companion.threads import api as threads
from tests.companion.threads.stories import another_activity, configure, reply, see, start
from tests.people import Course, outsider
from tests.people import course as make_course

NOW = clock.now()


@pytest.fixture
def elsewhere(course: Course) -> spaces.Activity:
    """The other discussion of the course, above whose list announcements stand."""
    return another_activity(course)


def tell(course: Course, title: str = "Exam on Friday", **more) -> threads.Thread:
    facts = {"kind": threads.Kind.ANNOUNCEMENT, "to_space": True, "title": title} | more
    return start(course, course.ben, **facts)


def told(viewer, besides: spaces.Activity | None = None) -> list[str]:
    cache.clear()
    return [row.title for row in threads.list_announcements(viewer=viewer, besides=besides)]


def test_it_works(course, elsewhere):
    thread = tell(course)
    assert (told(course.ana, elsewhere), told(course.ana)) == (["Exam on Friday"], ["Exam on Friday"])
    # In its own list it stands anyway, and whoever wrote it knows.
    assert (told(course.ana, course.activity), told(course.ben)) == ([], [])
    see(course.ana, thread)
    assert (told(course.ana), told(course.chen)) == ([], ["Exam on Friday"])


def test_only_the_staff_announces_and_only_announcements_go_to_all(course):
    kinds = threads.Kind
    with pytest.raises(InvalidInput, match="Only the course staff"):
        start(course, course.ana, kind=kinds.ANNOUNCEMENT)
    for viewer in (course.ana, course.ben):
        with pytest.raises(InvalidInput, match="Only an announcement"):
            start(course, viewer, kind=kinds.QUESTION, to_space=True)
    start(course, course.ben, kind=kinds.ANNOUNCEMENT, title="Here alone")
    assert told(course.ana) == []


def test_who_has_marked_all_as_read_has_read_it(course):
    tell(course)
    threads.mark_all_seen(viewer=course.ana, activity=course.activity)
    assert told(course.ana) == []
    tell(course, "Exam on Monday")
    assert told(course.ana) == ["Exam on Monday"]


def test_the_newest_three_of_the_last_thirty_days(course):
    for day in range(5):
        with clock.at(NOW + timedelta(days=day)):
            tell(course, f"Day {day}")
    with clock.at(NOW + timedelta(days=5)):
        assert told(course.ana) == ["Day 4", "Day 3", "Day 2"]
    with clock.at(NOW + timedelta(days=33, hours=1)):
        assert told(course.ana) == ["Day 4"]


def test_what_is_hidden_taken_back_or_gone_elsewhere_is_not_announced(course, elsewhere):
    hidden, withdrawn, deleted, merged, moved = (tell(course, title) for title in "hwdmo")
    for thread in (withdrawn, merged):
        reply(course.nameless, thread)
    assert len(told(course.ana)) == 3
    threads.hide_post(viewer=course.ben, thread_id=hidden.pk, number=1, reason="r")
    for thread in (withdrawn, deleted):
        threads.delete_post(viewer=course.ben, thread_id=thread.pk, number=1)
    threads.merge_threads(viewer=course.ben, thread_id=merged.pk, into_id=start(course).pk)
    threads.move_thread(viewer=course.ben, thread_id=moved.pk, to_uid=elsewhere.uid)
    assert told(course.ana) == []


def test_neither_in_another_course_nor_before_its_discussion_opens(course):
    tell(course)
    assert [told(viewer) for viewer in (outsider(), make_course(context="c2").ana)] == [[], []]
    configure(course, opens_at=clock.now() + timedelta(days=1))
    assert told(course.ana) == []


def test_a_list_pays_nothing_where_nothing_is_announced(course, django_assert_num_queries):
    cache.clear()
    for queries in (1, 0):
        with django_assert_num_queries(queries):
            assert threads.list_announcements(viewer=course.ana) == []


def test_a_new_one_is_told_at_once(course, django_capture_on_commit_callbacks):
    assert threads.list_announcements(viewer=course.ana) == []
    with django_capture_on_commit_callbacks(execute=True):
        tell(course)
    assert [row.title for row in threads.list_announcements(viewer=course.ana)] == ["Exam on Friday"]
