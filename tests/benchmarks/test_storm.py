"""The storm runs and finds nothing; what it looks for it would find."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db.models import F

from companion import clock
from companion.threads import api as threads
from companion.threads.models import AnonymousAuthor, Post, ReadState, Thread
from tests.benchmarks.counters import doubled, lost, wrong_counters
from tests.benchmarks.serving import ROOT
from tests.benchmarks.writers import Written
from tests.people import Course


def test_it_works():
    command = [sys.executable, "-m", "tests.benchmarks.storm", "--seconds", "3", "--writers", "4"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    figures = json.loads(done.stdout)
    assert figures["posts"] == figures["threads"] + figures["replies"] > 0
    assert figures["double_submits"] > 0
    assert {name: figures[name] for name in ("lost", "doubled", "wrong_counters", "unanswered", "errors")} == {
        "lost": 0,
        "doubled": 0,
        "wrong_counters": 0,
        "unanswered": 0,
        "errors": 0,
    }


@pytest.fixture
def written(course: Course) -> list[Written]:
    """A thread by Ana with a reply by Chen, Ana's anonymous answer to it and another one that she took back."""
    thread = threads.start_thread(
        viewer=course.ana, activity_uid=course.activity.uid, title="About word0x1", body="Leaks word0x1"
    )

    def reply(viewer: Any, body: str, **how: Any) -> Post:
        return threads.add_reply(viewer=viewer, thread_id=thread.pk, body=body, **how)

    posts = [
        thread.posts.get(),
        reply(course.chen, "Where? word1x1"),
        reply(course.ana, "At the valve word0x2", parent_number=2, anonymous=True),
        reply(course.ana, "Never mind word0x3"),
    ]
    threads.delete_post(viewer=course.ana, thread_id=thread.pk, number=4)
    authors = [course.ana, course.chen, course.ana, course.ana]
    return [
        Written(
            person_id=author.person_id,
            thread_id=thread.pk,
            number=post.number,
            is_anonymous=post.is_anonymous,
            texts=[post.body],
            is_deleted=post.number == 4,
        )
        for author, post in zip(authors, posts, strict=True)
    ]


def test_nothing_is_found_where_nothing_is_wrong(written: list[Written]):
    assert lost(written) + doubled(written) + wrong_counters() == []


@pytest.mark.parametrize(
    ("number", "change", "said"),
    [
        (2, {"body": "Where? word1x9"}, "says"),
        (1, {"body": "Leaks word0x9"}, "has the title of another text"),
        (2, {"deleted_at": clock.now()}, "is deleted"),
        (4, {"deleted_at": None}, "is still there"),
        (3, {"pseudonym": None}, "is signed"),
        (2, {"author_id": None}, "is by None"),
    ],
)
def test_a_post_that_changed_is_lost(written: list[Written], number: int, change: dict[str, Any], said: str):
    Post.objects.filter(number=number).update(**change)
    assert any(f"/{number} {said}" in line for line in lost(written)), lost(written)


def test_a_post_that_is_gone_is_lost(written: list[Written]):
    Post.objects.filter(number=3).delete()
    assert [line.split(" ", 1)[1] for line in lost(written)] == ["is not there"]
    assert any("its numbers are [1, 2, 4]" in line for line in wrong_counters())


def test_what_got_no_answer_may_be_there_or_not(written: list[Written]):
    Post.objects.filter(number=2).update(body="Where? word1x9", deleted_at=clock.now())
    written[1].texts.append("Where? word1x9")
    written[1].is_deleted = None
    assert lost(written) == []


def test_a_text_in_two_posts_is_doubled(written: list[Written]):
    Post.objects.filter(number=4).update(body="Where? word1x1")
    assert [line.split(" ", 1)[0] for line in doubled(written)] == ["word1x1"]


def test_a_place_given_to_two_posts_is_doubled(written: list[Written]):
    written[3].number = 3
    assert ["was acknowledged for" in line for line in doubled(written)] == [True]


@pytest.mark.parametrize(
    ("plant", "said"),
    [
        (lambda: Thread.objects.update(reply_count=3), "reply_count is 3, counted 2"),
        (lambda: Thread.objects.update(last_number=5), "last_number is 5, counted 4"),
        (lambda: Thread.objects.update(last_at=F("last_at") - timedelta(seconds=1)), "last_at is"),
        (lambda: Thread.objects.update(hidden_at=clock.now()), "hidden_at is"),
        (lambda: Post.objects.filter(number=4).update(number=6), "its numbers are [1, 2, 3, 6]"),
        (lambda: Post.objects.filter(number=3).update(path="00010003"), "its path is 00010003"),
        (lambda: Post.objects.filter(number=3).update(path="000100020004"), "its path is 000100020004"),
        (lambda: AnonymousAuthor.objects.all().delete(), "nobody is behind pseudonym 1"),
        (lambda: ReadState.objects.update(seen_number=9), "was seen"),
    ],
)
def test_what_is_kept_wrongly_is_found(written: list[Written], plant: Callable[[], object], said: str):
    plant()
    assert any(said in line for line in wrong_counters()), wrong_counters()
