"""What the stories of the search have in common."""

from __future__ import annotations

import os

import pytest

from companion.models import Post, Thread
from companion.search import api as search
from companion.threads.paths import child_path
from tests.people import Course

# InnoDB's index knows what is committed alone: there a story writes for good, and is cleaned up behind.
in_an_index = pytest.mark.django_db(transaction=os.environ.get("DATABASE_URL", "").startswith("mysql"))


def titles(viewer, text: str, **how) -> list[str]:
    return [hit.title for hit in search.search(viewer=viewer, text=text, **how).hits]


def texts(viewer, text: str, **how) -> list[str]:
    """What is shown of each hit."""
    return [str(hit.snippet) for hit in search.search(viewer=viewer, text=text, **how).hits]


def fill(course: Course, count: int, text: str) -> None:
    """So many threads that say the same."""
    made = Thread.objects.bulk_create(
        [
            Thread(activity=course.activity, space_id=course.space.pk, title=f"No. {number}", author_name="Ben")
            for number in range(count)
        ]
    )
    ids = [thread.pk for thread in made] if made[0].pk else Thread.objects.order_by("-pk").values_list("pk", flat=True)
    posts = [
        Post(thread_id=pk, number=1, path=child_path("", 1), author_name="Ben", body=text, html=f"<p>{text}</p>")
        for pk in ids[:count]
    ]
    Post.objects.bulk_create(posts)
    for _progress in search.rebuild():
        pass


def finds(viewer, text: str) -> bool:
    """Whether somebody finds anything; what is suggested to them agrees."""
    hits = search.search(viewer=viewer, text=text).hits
    suggested = search.suggest_answers(viewer=viewer, text=text)
    assert bool(hits) == bool(suggested)
    return bool(hits)
