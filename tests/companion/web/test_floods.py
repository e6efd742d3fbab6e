"""A great many at once, and several at the same time, over HTTP: what was acknowledged is there, and nothing twice."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from datetime import UTC, datetime
from threading import Barrier

import pytest
from django.db import connection
from django.http import HttpResponse

from companion import clock
from companion.models import Post, Thread
from companion.threads import api as threads
from companion.viewer import Role
from tests.http import LtiReader
from tests.people import Course, join
from tests.people import course as make_course

pytestmark = pytest.mark.every_database

MOMENT = datetime(2026, 3, 2, 10, 6, tzinfo=UTC)


def text_of(response) -> str:
    return response.content.decode()


def start(course: Course, title: str = "T", viewer=None) -> threads.Thread:
    viewer = viewer or course.ana
    return threads.start_thread(viewer=viewer, activity_uid=course.activity.uid, title=title, body="Opening")


def at_once(*calls: Callable[[], HttpResponse]) -> list[HttpResponse]:
    """What the calls answer, made together in threads of their own, at the moment that it is here."""
    barrier = Barrier(len(calls))

    def run(call: Callable[[], HttpResponse]) -> HttpResponse:
        try:
            barrier.wait()
            return call()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as pool:
        # A moved clock is a context variable, which a thread does not inherit.
        return [done.result() for done in [pool.submit(copy_context().run, run, call) for call in calls]]


def says_when(answer: HttpResponse) -> bool:
    text = text_of(answer)
    return answer.status_code == 429 and "30 times in 10 minutes. Please wait 4 minutes" in text


# -- one person ----------------------------------------------------------------------------------------------------


def test_of_five_hundred_posts_thirty_are_made(course, settings):
    settings.COMPANION_MOST_POSTS = 30
    thread, answers = start(course, viewer=course.ben), Counter()
    ana = LtiReader(course.ana)
    with clock.at(MOMENT):
        for number in range(500):
            answer = ana.post("post-reply", thread.pk, 1, body=f"Text {number}", submission=f"s{number}")
            answers[answer.status_code] += 1
            assert answer.status_code == 303 or (says_when(answer) and f"Text {number}" in text_of(answer))
    assert answers == {303: 30, 429: 470}
    assert Post.objects.filter(author_id=course.ana.person_id).count() == 30


def test_threads_and_replies_count_together_and_the_staff_has_more(course, reader, settings):
    settings.COMPANION_MOST_POSTS = 2
    thread, ana, ben = start(course, viewer=course.chen), reader(course.ana), reader(course.ben)
    with clock.at(MOMENT):
        assert ana.post("post-reply", thread.pk, 1, body="x").status_code == 303
        assert ana.post("thread-new", course.activity.uid, title="T", body="x").status_code == 303
        for htmx in (False, True):
            refused = ana.post("post-reply", thread.pk, 1, body="My long text", htmx=htmx)
            assert (refused.status_code, "2 times in 10 minutes" in text_of(refused)) == (429, True)
            assert "My long text" in text_of(refused)
        refused = ana.post("thread-new", course.activity.uid, title="My title", body="My long text")
        assert (refused.status_code, "My title" in text_of(refused), "My long text" in text_of(refused)) == (
            429,
            True,
            True,
        )
        said = [ben.post("post-reply", thread.pk, 1, body=f"{number}").status_code for number in range(11)]
    assert said == [303] * 10 + [429]


def test_the_same_form_again_is_not_one_more(course, reader, settings):
    settings.COMPANION_MOST_POSTS = 1
    thread, ana = start(course, viewer=course.ben), reader(course.ana)
    with clock.at(MOMENT):
        places = {ana.post("post-reply", thread.pk, 1, body="x", submission="s")["Location"] for _time in range(3)}
    assert len(places) == 1


@pytest.mark.django_db(transaction=True)
def test_from_several_windows_at_once_it_is_thirty_too(settings):
    settings.COMPANION_MOST_POSTS = 30
    course = make_course()
    thread = start(course, viewer=course.ben)
    windows = [LtiReader(course.ana) for _window in range(5)]
    answers: list[HttpResponse] = []
    with clock.at(MOMENT):
        for number in range(10):
            answers += at_once(
                *(
                    lambda ana=ana, text=f"{number} in {window}": ana.post("post-reply", thread.pk, 1, body=text)
                    for window, ana in enumerate(windows)
                )
            )
    assert Counter(answer.status_code for answer in answers) == {303: 30, 429: 20}
    assert [answer for answer in answers if answer.status_code == 429 and not says_when(answer)] == []
    thread.refresh_from_db()
    assert (thread.last_number, thread.reply_count, thread.posts.count()) == (31, 30, 31)


# -- two people ----------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_a_reply_to_a_post_that_is_being_deleted():
    course = make_course()
    thread = start(course)
    ana, ben = LtiReader(course.ana), LtiReader(course.ben)
    for number in range(2, 10, 2):
        threads.add_reply(viewer=course.ana, thread_id=thread.pk, body=f"Post {number}")
        last = threads.get_thread(viewer=course.ana, thread_id=thread.pk).last_number
        deleted, replied = at_once(
            lambda last=last: ana.post("post-delete", thread.pk, last),
            lambda last=last: ben.post("post-reply", thread.pk, last, body=f"My answer to {last}"),
        )
        assert deleted.status_code == 303
        if replied.status_code == 303:
            made = threads.get_post(viewer=course.ben, thread_id=thread.pk, number=last + 1)
            assert (made.body, made.parent_number) == (f"My answer to {last}", last)
            assert "Deleted by its author" in text_of(ben.get("thread-detail", thread.pk))
        else:
            assert (replied.status_code, f"My answer to {last}" in text_of(replied)) == (409, True)
    thread.refresh_from_db()
    assert thread.reply_count == thread.posts.filter(number__gt=1, deleted_at=None).count()


@pytest.mark.django_db(transaction=True)
def test_two_moderators_who_merge_each_other_s_threads():
    course = make_course()
    tia = join(course.space, "tia", "Tia", Role.ASSISTANT)
    ben, tia_reader = LtiReader(course.ben), LtiReader(tia)
    for _round in range(4):
        one, two = start(course, "One"), start(course, "Two")
        threads.add_reply(viewer=course.chen, thread_id=one.pk, body="In one")
        answers = at_once(
            lambda one=one, two=two: ben.post("thread-merge", one.pk, into=two.pk),
            lambda one=one, two=two: tia_reader.post("thread-merge", two.pk, into=one.pk),
        )
        assert sorted(answer.status_code for answer in answers) == [303, 409]
        [done] = [answer for answer in answers if answer.status_code == 303]
        [late] = [answer for answer in answers if answer.status_code == 409]
        assert "merged or moved meanwhile" in text_of(late)
        kept = int(re.search(r"/threads/(\d+)/", done["Location"])[1])
        assert Post.objects.filter(thread_id=kept).count() == 3
        assert Thread.objects.get(pk=kept).moved_to_id is None
        gone = one.pk if kept == two.pk else two.pk
        assert Thread.objects.get(pk=gone).moved_to_id == kept


@pytest.mark.django_db(transaction=True)
def test_a_reply_to_a_thread_that_is_being_merged():
    course = make_course()
    ana, ben = LtiReader(course.ana), LtiReader(course.ben)
    for number in range(4):
        old, new = start(course, "Old"), start(course, "New")
        merged, replied = at_once(
            lambda old=old, new=new: ben.post("thread-merge", old.pk, into=new.pk),
            lambda old=old, number=number: ana.post("post-reply", old.pk, 1, body=f"My answer {number}"),
        )
        assert merged.status_code == 303
        if replied.status_code == 303:
            assert new.posts.filter(body=f"My answer {number}").count() == 1
        else:
            assert (replied.status_code, f"My answer {number}" in text_of(replied)) == (403, True)
        assert old.posts.count() == 0
