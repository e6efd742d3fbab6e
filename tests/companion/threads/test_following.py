"""Following: by taking part, by choice, all of a discussion."""

from __future__ import annotations

from datetime import timedelta

import pytest

from companion import clock, events
from companion.errors import NotFound
from companion.models import ActivityFollow, ThreadFollow
from companion.threads import api as threads
from tests.companion.threads.stories import another_activity, configure, reply, rows, start
from tests.people import Course, outsider


@pytest.fixture
def thread(course: Course) -> threads.Thread:
    return start(course)


def follows(viewer, thread) -> bool:
    return threads.is_following(thread=threads.get_thread(viewer=viewer, thread_id=thread.pk))


def follow(viewer, thread, following: bool = True) -> None:
    threads.follow_thread(viewer=viewer, thread_id=thread.pk, following=following)


def follow_all(course: Course, viewer, following: bool = True) -> None:
    threads.follow_activity(viewer=viewer, uid=course.activity.uid, following=following)


def followed(course: Course, viewer) -> list[int]:
    return [row.id for row in rows(course, viewer, only=threads.Only.FOLLOWING)]


def test_it_works(course, thread, heard):
    other = start(course, course.chen)
    with heard() as facts:
        follow(course.nameless, thread)
        follow(course.nameless, other)
        follow(course.nameless, other, following=False)
    assert [(type(fact), fact.thread_id, fact.person_id, fact.following) for fact in facts] == [
        (events.ThreadFollowed, thread.pk, course.nameless.person_id, True),
        (events.ThreadFollowed, other.pk, course.nameless.person_id, True),
        (events.ThreadFollowed, other.pk, course.nameless.person_id, False),
    ]
    assert (follows(course.nameless, thread), follows(course.nameless, other)) == (True, False)
    assert followed(course, course.nameless) == [thread.pk]
    assert (followed(course, course.ben), followed(course, course.chen)) == ([], [other.pk])


@pytest.mark.parametrize("anonymous", [False, True])
def test_whoever_takes_part_follows_and_nothing_tells_of_it(course, heard, anonymous):
    with heard() as facts:
        thread = start(course, anonymous=anonymous)
        reply(course.chen, thread, anonymous=anonymous)
    assert [type(fact) for fact in facts] == [events.ThreadStarted, events.PostAdded]
    assert [follows(viewer, thread) for viewer in (course.ana, course.chen, course.ben)] == [True, True, False]


def test_whoever_chose_to_leave_stays_away_though_they_write(course, thread):
    reply(course.chen, thread)
    follow(course.chen, thread, following=False)
    reply(course.chen, thread)
    assert not follows(course.chen, thread)
    follow(course.chen, thread)
    assert follows(course.chen, thread)


def test_twice_is_once(course, thread):
    for _twice in range(2):
        follow(course.ben, thread)
        follow_all(course, course.ben)
        reply(course.ben, thread)
    assert ThreadFollow.objects.filter(person_id=course.ben.person_id).count() == 1
    assert ActivityFollow.objects.count() == 1


def test_whoever_follows_a_discussion_follows_what_is_there_and_what_comes(course, thread, heard):
    with heard() as facts:
        follow_all(course, course.ben)
    assert [(type(fact), fact.person_id, fact.following) for fact in facts] == [
        (events.ActivityFollowed, course.ben.person_id, True)
    ]
    later = start(course, course.chen)
    assert (follows(course.ben, thread), follows(course.ben, later)) == (True, True)
    assert sorted(followed(course, course.ben)) == sorted([thread.pk, later.pk])
    assert not follows(course.chen, thread)


def test_a_thread_that_one_left_stays_left_in_a_discussion_that_one_follows(course, thread):
    other = start(course, course.chen)
    follow_all(course, course.ben)
    follow(course.ben, thread, following=False)
    assert followed(course, course.ben) == [other.pk]
    assert (follows(course.ben, thread), follows(course.ben, other)) == (False, True)
    follow_all(course, course.ben, following=False)
    assert followed(course, course.ben) == []
    # What they wrote in, they follow by that.
    reply(course.ben, other)
    assert followed(course, course.ben) == [other.pk]


def test_another_discussion_is_not_followed_along(course, thread):
    second = another_activity(course)
    elsewhere = threads.start_thread(viewer=course.ana, activity_uid=second.uid, title="T", body="B")
    follow_all(course, course.ben)
    assert not follows(course.ben, elsewhere)
    assert not threads.follows_activity(viewer=course.ben, activity_id=second.pk)
    assert threads.follows_activity(viewer=course.ben, activity_id=course.activity.pk)


def test_one_may_follow_what_has_yet_to_open(course):
    configure(course, opens_at=clock.now() + timedelta(days=1))
    follow_all(course, course.ana)
    assert threads.follows_activity(viewer=course.ana, activity_id=course.activity.pk)


def test_nobody_follows_what_they_may_not_see(course, thread):
    dee = outsider()
    with pytest.raises(NotFound):
        follow(dee, thread)
    with pytest.raises(NotFound):
        follow_all(course, dee)
    threads.hide_post(viewer=course.ben, thread_id=thread.pk, number=1, reason="r")
    with pytest.raises(NotFound):
        follow(course.chen, thread)
    assert not ThreadFollow.objects.exclude(person_id=course.ana.person_id).exists()


def test_followers_go_along_when_threads_are_split_and_merged(course, thread):
    other = start(course, course.ben)
    follow(course.nameless, thread)
    follow(course.chen, thread)
    follow(course.chen, other, following=False)
    reply(course.ana, thread)
    part = threads.split_thread(viewer=course.ben, thread_id=thread.pk, number=2, title="Part")
    assert [follows(viewer, part) for viewer in (course.ana, course.chen, course.nameless)] == [True, True, True]
    threads.merge_threads(viewer=course.ben, thread_id=thread.pk, into_id=other.pk)
    # Chen had left the other one, and stays away.
    assert [follows(viewer, other) for viewer in (course.ana, course.chen, course.nameless)] == [True, False, True]


def test_a_list_of_what_one_follows_costs_the_same_with_many(course, django_assert_num_queries):
    counts = []
    for _more in range(2):
        for number in range(10):
            follow(course.ben, start(course, title=f"t{number}"))
        follow_all(course, course.chen)
        for viewer in (course.ben, course.chen):
            with django_assert_num_queries(3):
                counts.append(len(followed(course, viewer)))
    assert counts == [10, 10, 20, 20]


def test_somebody_who_leaves_for_good_follows_nothing(course, thread):
    follow_all(course, course.ana)
    threads.retire_authors(person_ids=[course.ana.person_id], delete_posts=False)
    assert not ThreadFollow.objects.filter(person_id=course.ana.person_id).exists()
    assert not ActivityFollow.objects.exists()
