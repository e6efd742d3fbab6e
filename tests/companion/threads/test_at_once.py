"""Two at once: nothing is lost, nothing doubled, counters equal counts."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event
from time import sleep

import pytest
from django.db import connection, transaction

from companion.errors import CompanionError
from companion.models import Person, ReadState, Thread
from companion.spaces import api as spaces
from companion.threads import api as threads
from tests.people import course as make_course

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*calls):
    """Run the calls in threads that start together; gives results, or what was raised."""
    barrier = Barrier(len(calls))

    def run(call):
        try:
            barrier.wait()
            return call()
        except CompanionError as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


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
