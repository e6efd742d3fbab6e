"""Answers that people relied on: accepted by whoever asked, or endorsed. Under their authors' names alone."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db.models import F, Q, QuerySet

from companion.threads.asked import title_or_withdrawn
from companion.threads.models import Kind, Post, Thread, ThreadTopic
from companion.viewer import Viewer

# Evidence that is older than so many answers about a topic is not looked at.
_MOST: Final = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownAnswer:
    """An answer that people relied on, as a person's page shows it."""

    thread_id: int
    number: int
    title: str
    at: datetime
    is_accepted: bool


def relied_on(*, organization_id: int, topic_ids: Collection[int]) -> Iterator[tuple[int, datetime]]:
    """(author, moment) of the answers about topics in a whole organization, the newest first. Private threads and
    anonymous posts are not among them.
    """
    about = ThreadTopic.objects.filter(topic_id__in=topic_ids).values("thread_id")
    found = _relied_on().filter(thread__in=about, thread__space__organization_id=organization_id)
    yield from found.order_by("-pk").values_list("author_id", "created_at")[:_MOST]


def list_relied_on(*, viewer: Viewer, person_id: int) -> list[KnownAnswer]:
    """Somebody's answers in threads that the viewer may see, the newest first (20 at most)."""
    seen = Thread.objects.visible_to(viewer).filter(moved_to=None)
    found = _relied_on().filter(author_id=person_id, thread__in=seen).select_related("thread").defer("body", "html")
    return [
        KnownAnswer(
            thread_id=post.thread_id,
            number=post.number,
            title=title_or_withdrawn(post.thread.title, withdrawn=post.thread.is_withdrawn),
            at=post.created_at,
            is_accepted=post.number == post.thread.accepted_number,
        )
        for post in found.order_by("-pk")[:20]
    ]


def count_tips(*, viewer: Viewer, person_id: int) -> int:
    """The tips that somebody wrote under their name, of those that the viewer may see."""
    return Thread.objects.visible_to(viewer).filter(kind=Kind.TIP, author_id=person_id, is_withdrawn=False).count()


def _relied_on() -> QuerySet[Post]:
    by_another = Q(thread__author=None) | ~Q(author=F("thread__author"))
    return Post.objects.filter(
        # Who accepts their own answer vouches for themselves.
        (Q(number=F("thread__accepted_number")) & by_another) | Q(endorsed_at__isnull=False),
        author__isnull=False,
        deleted_at=None,
        hidden_at=None,
        thread__deleted_at=None,
        thread__hidden_at=None,
        thread__is_private=False,
        number__gt=1,
    )
