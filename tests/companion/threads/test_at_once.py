"""Two at once: nothing is lost, nothing doubled, counters equal counts."""

from __future__ import annotations

from threading import Event
from time import sleep

import pytest
from django.db import transaction

from companion.errors import Conflict
from companion.models import Person, Post, ReadState, Thread
from companion.spaces import api as spaces
from companion.threads import api as threads
from tests.companion.threads.stories import at_once, check_counts, reply, start, view
from tests.people import course as make_course

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def course():
    return make_course()


@pytest.fixture
def thread(course):
    return threads.start_thread(viewer=course.ana, activity_uid=course.activity.uid, title="T", body="B")


def test_numbers_have_no_gaps_and_no_doubles(course, thread):
    def write(viewer):
        return lambda: [
            threads.add_reply(viewer=viewer, thread_id=thread.pk, body="x", anonymous=True).number for _n in range(5)
        ]

    results = at_once(*(write(viewer) for viewer in (course.ana, course.ben, course.chen, course.nameless)))
    assert sorted(number for numbers in results for number in numbers) == list(range(2, 22))
    thread.refresh_from_db()
    assert (thread.last_number, thread.reply_count, thread.posts.count()) == (21, 20, 21)
    assert set(thread.posts.filter(number__gt=1).values_list("pseudonym", flat=True)) == {1, 2, 3, 4}


def test_a_double_click_makes_one_post(course, thread):
    def send():
        return threads.add_reply(viewer=course.ben, thread_id=thread.pk, body="Yes", submission="form").number

    assert set(at_once(send, send, send)) == {2}
    assert thread.posts.count() == 2


def test_a_double_click_makes_one_thread(course):
    def send():
        return threads.start_thread(
            viewer=course.ben, activity_uid=course.activity.uid, title="T", body="B", submission="form"
        ).pk

    assert len(set(at_once(send, send, send))) == 1
    assert Thread.objects.count() == 1


def test_two_who_hide_a_post_at_once_count_it_once(course, thread):
    threads.add_reply(viewer=course.ana, thread_id=thread.pk, body="x")

    def hide():
        return threads.hide_post(viewer=course.ben, thread_id=thread.pk, number=2, reason="r")

    at_once(hide, hide)
    thread.refresh_from_db()
    assert thread.reply_count == 0


def test_a_reply_and_the_deletion_of_what_it_answers(course, thread):
    threads.add_reply(viewer=course.ana, thread_id=thread.pk, body="x")
    at_once(
        lambda: threads.add_reply(viewer=course.ben, thread_id=thread.pk, parent_number=2, body="y"),
        lambda: threads.delete_post(viewer=course.ana, thread_id=thread.pk, number=2),
    )
    thread.refresh_from_db()
    shown = thread.posts.filter(number__gt=1, deleted_at=None, hidden_at=None).count()
    assert thread.reply_count == shown


def test_a_reply_that_comes_while_somebody_retires_is_counted(course, thread):
    threads.add_reply(viewer=course.ben, thread_id=thread.pk, body="x")
    replied = Event()

    def reply():
        with transaction.atomic():
            threads.add_reply(viewer=course.chen, thread_id=thread.pk, body="y")
            replied.set()
            sleep(0.3)

    def retire():
        assert replied.wait(10)
        threads.retire_authors(person_ids=[course.ben.person_id], delete_posts=True)

    at_once(reply, retire)
    thread.refresh_from_db()
    assert thread.reply_count == 1


def test_two_tabs_that_open_a_thread_are_one_reader(course, thread):
    rows = [threads.get_thread(viewer=course.chen, thread_id=thread.pk) for _tab in range(2)]
    at_once(*(lambda row=row: threads.mark_seen(viewer=course.chen, thread=row) for row in rows))
    assert ReadState.objects.filter(person_id=course.chen.person_id).count() == 1


def test_two_first_launches_make_one_person_and_one_space(course):
    owner = course.space.organization_id

    def first():
        person = spaces.admit_person(organization_id=owner, issuer="i", subject="eve", name="Eve")
        space = spaces.ensure_space(organization_id=owner, issuer="i", external_id="c7")
        activity = spaces.ensure_activity(space_id=space.pk, external_id="l1", title="T")
        return person.pk, space.pk, activity.pk

    assert len(set(at_once(first, first, first))) == 1
    assert Person.objects.filter(subject="eve").count() == 1


def test_two_marks_at_once_are_two_and_one_made_twice_is_one(course, thread):
    def mark(viewer):
        return lambda: threads.mark_helpful(viewer=viewer, thread_id=thread.pk, number=1, helpful=True)

    at_once(*(mark(viewer) for viewer in (course.ben, course.chen, course.chen, course.nameless)))
    assert view(course.ana, thread, 1).helpful_count == 3
    check_counts(thread)


def test_a_mark_and_the_deletion_of_what_it_marks(course, thread):
    for number in (2, 3, 4):
        reply(course.ana, thread)
        at_once(
            lambda number=number: threads.mark_helpful(
                viewer=course.chen, thread_id=thread.pk, number=number, helpful=True
            ),
            lambda number=number: threads.delete_post(viewer=course.ana, thread_id=thread.pk, number=number),
        )
    check_counts(thread)


def test_a_post_that_comes_back_while_somebody_replies(course, thread):
    reply(course.ana, thread)
    threads.delete_post(viewer=course.ana, thread_id=thread.pk, number=2)
    _back, answered = at_once(
        lambda: threads.undelete_post(viewer=course.ana, thread_id=thread.pk, number=2),
        lambda: reply(course.ben, thread, to=2),
    )
    assert isinstance(answered, threads.Post | Conflict)
    check_counts(thread)


def test_two_restores_count_once(course, thread):
    reply(course.ana, thread)
    threads.mark_helpful(viewer=course.chen, thread_id=thread.pk, number=2, helpful=True)
    threads.hide_post(viewer=course.ben, thread_id=thread.pk, number=2, reason="r")

    def restore():
        return threads.restore_post(viewer=course.ben, thread_id=thread.pk, number=2)

    at_once(restore, restore, restore)
    thread.refresh_from_db()
    assert (thread.reply_count, thread.helpful_count) == (1, 1)


def test_of_two_edits_of_one_version_one_is_told_of_the_other(course, thread):
    def edit(body):
        return lambda: threads.edit_post(
            viewer=course.ana, thread_id=thread.pk, number=1, title="T", body=body, version=1
        )

    results = at_once(edit("One"), edit("Two"))
    assert {type(result) for result in results} == {Conflict, Post}
    assert thread.posts.get().revisions.count() == 1


def test_two_who_are_last_to_pin_do_not_pin_twenty_one(course):
    made = [start(course) for _number in range(21)]
    for pinned in made[:19]:
        threads.pin_thread(viewer=course.ben, thread_id=pinned.pk, pinned=True)

    def pin(thread):
        return lambda: threads.pin_thread(viewer=course.ben, thread_id=thread.pk, pinned=True)

    assert {type(result) for result in at_once(*(pin(thread) for thread in made[19:]))} == {Conflict, Thread}
    assert Thread.objects.filter(is_pinned=True).count() == 20


# -- threads that are split and merged -----------------------------------------------------------------------------


def test_each_merged_into_the_other_at_once_are_merged_once(course, thread):
    other = start(course, course.chen)

    def merge(old, new):
        return lambda: threads.merge_threads(viewer=course.ben, thread_id=old.pk, into_id=new.pk)

    assert {type(result) for result in at_once(merge(thread, other), merge(other, thread))} == {Conflict, Thread}
    assert Thread.objects.filter(moved_to=None).count() == 1
    check_counts(thread, other)


def test_two_merged_into_a_third_at_once_are_both_in_it(course, thread):
    second, third = start(course, course.chen, anonymous=True), start(course, course.ben, anonymous=True)
    at_once(
        lambda: threads.merge_threads(viewer=course.ben, thread_id=thread.pk, into_id=third.pk),
        lambda: threads.merge_threads(viewer=course.ben, thread_id=second.pk, into_id=third.pk),
        lambda: reply(course.nameless, third, anonymous=True),
    )
    third.refresh_from_db()
    assert (third.last_number, third.reply_count) == (4, 3)
    assert sorted(filter(None, third.posts.values_list("pseudonym", flat=True))) == [1, 2, 3]
    check_counts(thread, second, third)


@pytest.mark.parametrize("to", [1, 2, 3])
def test_a_reply_while_its_branch_is_split_off(course, thread, to):
    reply(course.ben, thread)
    reply(course.chen, thread, to=2)
    part, answered = at_once(
        lambda: threads.split_thread(viewer=course.ben, thread_id=thread.pk, number=2, title="Part"),
        lambda: reply(course.ana, thread, "Mine", to=to),
    )
    check_counts(thread, part)
    posts = Post.objects.filter(body="Mine")
    assert posts.count() == isinstance(answered, Post)
    assert to > 1 or posts.get().thread_id == thread.pk


def test_what_is_split_off_twice_at_once_is_split_off_once(course, thread):
    reply(course.ben, thread)

    def split():
        return threads.split_thread(viewer=course.ben, thread_id=thread.pk, number=2, title="Part")

    assert {type(result) for result in at_once(split, split)} == {Conflict, Thread}
    assert Thread.objects.count() == 2


def test_a_reply_while_its_thread_moves(course, thread):
    other = spaces.create_activity(viewer=course.ben, title="Other", external_id="other")
    _moved, answered = at_once(
        lambda: threads.move_thread(viewer=course.ben, thread_id=thread.pk, to_uid=other.uid),
        lambda: reply(course.ana, thread),
    )
    thread.refresh_from_db()
    assert (thread.activity_id, thread.reply_count) == (other.pk, int(isinstance(answered, Post)))
    check_counts(thread)
