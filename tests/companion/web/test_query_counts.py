"""Every page asks the database as often with 1,000 posts as with 20, and no more than it promised."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from companion.models import Post, Thread
from companion.threads import api as threads
from companion.threads.paths import child_path
from tests.people import Course

pytestmark = pytest.mark.every_database

MOST_FOR_A_PAGE = 10
MOST_FOR_A_POST = 15


def grow(course: Course, count: int) -> threads.Thread:
    """A discussion of `count` threads, the last of which has `count` posts."""
    Thread.objects.bulk_create(
        [
            Thread(
                activity=course.activity,
                space_id=course.activity.space_id,
                title=f"t{number}",
                author_id=course.ben.person_id,
                author_name="Ben",
            )
            for number in range(count)
        ]
    )
    thread = threads.start_thread(viewer=course.ana, activity_uid=course.activity.uid, title="long", body="x")
    opening = thread.posts.get()
    Post.objects.bulk_create(
        [
            Post(
                thread=thread,
                number=number,
                parent=opening,
                path=child_path(opening.path, number),
                author_id=(course.ben if number % 2 else course.chen).person_id,
                author_name="Somebody",
                body="x",
                html="<p>x</p>",
            )
            for number in range(2, count + 1)
        ]
    )
    Thread.objects.filter(pk=thread.pk).update(last_number=count, reply_count=count - 1)
    return thread


def sealed(viewer, thread) -> str:
    """What an open page asks with: the version that it shows."""
    found = threads.get_thread(viewer=viewer, thread_id=thread.pk)
    return threads.seal_version(viewer, found)


def queries_of(call) -> int:
    with CaptureQueriesContext(
        connection,
    ) as captured:
        response = call()
    assert response.status_code in (200, 303, 304), response.content
    return sum(not query["sql"].startswith(("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE")) for query in captured)


def pages_of(course: Course, thread, reader):
    chen = reader(course.chen)
    shown = sealed(course.chen, thread)
    return {
        "list": lambda: chen.get("thread-list", course.activity.uid),
        "list by helpful": lambda: chen.get("thread-list", course.activity.uid, sort="helpful"),
        "following": lambda: chen.get("thread-list", course.activity.uid, only="following"),
        "endorsed": lambda: chen.get("thread-list", course.activity.uid, only="endorsed"),
        "questions": lambda: chen.get("thread-list", course.activity.uid, kind="question"),
        "print": lambda: chen.get("thread-print", thread.pk),
        "list by newest": lambda: chen.get("thread-list", course.activity.uid, sort="newest"),
        "unanswered": lambda: chen.get("thread-list", course.activity.uid, sort="unanswered"),
        "unread": lambda: chen.get("thread-list", course.activity.uid, only="unread"),
        "mine": lambda: chen.get("thread-list", course.activity.uid, only="mine"),
        "thread, seen first": lambda: chen.get("thread-detail", thread.pk),
        "thread, seen before": lambda: chen.get("thread-detail", thread.pk),
        "thread, last page": lambda: chen.get("thread-detail", thread.pk, last=1),
        "thread, at a post": lambda: chen.get("thread-detail", thread.pk, post=15),
        "thread, newest first": lambda: chen.get("thread-detail", thread.pk, order="newest"),
        "thread, most helpful first": lambda: chen.get("thread-detail", thread.pk, order="helpful"),
        "news, none": lambda: chen.get("thread-news", thread.pk, since=shown),
        "list news": lambda: chen.get("list-news", course.activity.uid),
        "new thread": lambda: chen.get("thread-new", course.activity.uid),
        "reply form": lambda: chen.get("post-reply", thread.pk, 1),
        "space": lambda: chen.get("space-home"),
    }


@pytest.fixture
def small_and_large(course, reader):
    counts = []
    # What a process keeps in its cache is there.
    reader(course.chen).get("space-home")
    reader(course.chen).get("thread-list", course.activity.uid)
    # Both have more than one page.
    for size in (40, 1_000):
        thread = grow(course, size)
        counts.append({name: queries_of(call) for name, call in pages_of(course, thread, reader).items()})
    return counts


def test_pages_ask_little_and_the_same_at_any_size(small_and_large, request):
    small, large = small_and_large
    assert small == large
    # Beyond one for an LTI session: a signed-in account takes two, and the workbench reads each field by itself.
    host = {"plugin": 1, "xblock": large["news, none"] - 2}.get(request.node.callspec.params["reader"], 0)
    assert {name: count for name, count in large.items() if count > MOST_FOR_A_PAGE + host} == {}
    assert (large["list"] - host, large["thread, seen before"] - host, large["news, none"] - host) == (3, 3, 2)


@pytest.mark.parametrize("anonymous", ["", "on"])
def test_a_reply_asks_little_at_any_size(course, reader, anonymous, request):
    # As above, for what the host asks of its own account and block.
    host = {"plugin": 2, "xblock": 4}.get(request.node.callspec.params["reader"], 0)
    ben = reader(course.ben)
    for size in (20, 1_000):
        thread = grow(course, size)
        count = queries_of(
            lambda thread=thread: ben.post(
                "post-reply", thread.pk, 1, body="x", submission=f"s{thread.pk}", anonymous=anonymous, htmx=True
            )
        )
        # MySQL locks with a query of its own: it cannot leave out the activity that is joined.
        locks = connection.features.has_select_for_update and not connection.features.has_select_for_update_of
        assert count <= MOST_FOR_A_POST + host + locks
