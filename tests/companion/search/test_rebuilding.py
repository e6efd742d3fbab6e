"""All documents anew: stopped and gone on with, while people write."""

from __future__ import annotations

from io import StringIO
from itertools import islice

import pytest
from django.core.management import call_command
from django.db import connection

from companion import clock
from companion.models import Post, SearchDocument, SearchProgress, SearchWord, Thread
from companion.search import api as search
from companion.threads import api as threads
from tests.companion.search.stories import in_an_index, titles
from tests.companion.threads.stories import at_once, grow, reply
from tests.people import course as make_course

pytestmark = in_an_index


def rebuild(**how) -> str:
    out = StringIO()
    call_command("search_rebuild", stdout=out, **how)
    return out.getvalue()


@pytest.fixture
def thread(course, start):
    """A thread of 501 posts, of which the index knows two."""
    thread = start("Passport", "Where is the passport?")
    reply(course.chen, thread, "In the drawer")
    grow(thread, course.chen, 499)
    return thread


def test_it_works(course, thread):
    assert titles(course.ben, "reply 333") == []
    said = rebuild()
    assert "100 %, 501 of 501 posts" in said
    assert said.endswith("The search index is up to date.\n")
    assert [hit.number for hit in search.search(viewer=course.ben, text="reply 333").hits] == [333]
    assert SearchDocument.objects.count() == 501
    assert SearchWord.objects.get(word=SearchWord.objects.filter(word__startswith="repl").first().word).count == 499
    assert not SearchProgress.objects.exists()


def test_again_changes_nothing(course, thread):
    rebuild()
    before = list(SearchDocument.objects.order_by("pk").values())
    words = list(SearchWord.objects.order_by("word").values_list("word", "count"))
    rebuild()
    assert list(SearchDocument.objects.order_by("pk").values()) == before
    assert list(SearchWord.objects.order_by("word").values_list("word", "count")) == words


def test_killed_and_gone_on_with(course, thread):
    # It is never asked for more: as a process that was killed.
    [first] = islice(search.rebuild(), 1)
    assert (first.done, first.total) == (200, 501)
    SearchDocument.objects.filter(number=50).delete()
    rest = list(search.rebuild())
    assert [progress.done for progress in rest][:2] == [400, 501]
    # Done is done.
    assert SearchDocument.objects.count() == 500
    rebuild(restart=True)
    assert SearchDocument.objects.count() == 501


def test_restarted(course, thread):
    list(islice(search.rebuild(), 1))
    SearchDocument.objects.filter(number=50).delete()
    assert rebuild(restart=True).startswith(" 39 %, 200 of 501 posts\n")
    assert SearchDocument.objects.count() == 501


def test_what_is_gone_is_removed(course, thread):
    rebuild()
    Post.objects.filter(thread=thread, number__in=(100, 501)).delete()
    Post.objects.filter(thread=thread, number=200).update(hidden_at=clock.now())
    Thread.objects.filter(pk=thread.pk).update(title="Identity card")
    rebuild()
    assert SearchDocument.objects.count() == 498
    assert titles(course.ben, "identity") == ["Identity card"]


def test_nothing_at_all(course):
    assert rebuild() == "The search index is up to date.\n"


@pytest.mark.django_db(transaction=True)
def test_people_write_meanwhile():
    course = make_course()
    thread = threads.start_thread(viewer=course.ana, activity_uid=course.activity.uid, title="Passport", body="Where?")
    for _reply in range(28):
        reply(course.chen, thread, "As before")

    def write():
        for number in range(2, 12):
            threads.edit_post(viewer=course.chen, thread_id=thread.pk, number=number, body=f"Changed {number}")
            reply(course.ben, thread, f"Added {number}")

    def hide():
        for number in range(12, 20):
            threads.hide_post(viewer=course.ben, thread_id=thread.pk, number=number, reason="r")

    def rebuild_often():
        for _time in range(5):
            rebuild(restart=True)

    failed = [result for result in at_once(write, hide, rebuild_often) if result is not None]
    assert failed == []
    texts = dict(SearchDocument.objects.filter(number__gt=1).values_list("number", "text"))
    shown = dict(Post.objects.filter(number__gt=1, hidden_at=None).values_list("number", "body"))
    assert texts == shown
    connection.close()


@pytest.mark.django_db(transaction=True)
def test_two_learn_at_once():
    course = make_course()
    for number in range(5):
        threads.start_thread(
            viewer=course.ana, activity_uid=course.activity.uid, title=f"Passport {number}", body="Where?"
        )
    at_once(search.learn, search.learn, search.learn)
    assert SearchWord.objects.get(word="passport").count == 5
    connection.close()
