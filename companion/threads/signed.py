"""What somebody wrote in an activity under their own name: what a report counts and what a gradebook opens.

Anonymous posts are neither shown nor counted here, for anybody: their author's own page would say whose they are to
whoever looks over a shoulder.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db.models import Q
from django.utils.translation import gettext

from companion import keyset
from companion.errors import NotFound
from companion.spaces.api import Activity, get_activity, name_in_space
from companion.threads.models import Post, Thread
from companion.viewer import Viewer

POSTS_A_PAGE: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """How much somebody wrote in an activity under their own name."""

    threads: int
    replies: int
    words: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedPost:
    thread_id: int
    number: int
    title: str
    html: str
    created_at: datetime
    is_hidden: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedPage:
    """`written` counts all of it, `posts` are a part, the newest first."""

    activity: Activity
    name: str
    written: Written
    posts: list[SignedPost]
    next_cursor: str


def count_signed(*, activity: Activity, person_id: int) -> Written:
    """What a report may say of a person: anonymous posts are counted for nobody."""
    posts = Post.objects.filter(author_id=person_id, thread__activity_id=activity.pk, deleted_at=None, hidden_at=None)
    found = list(posts.values_list("number", "words"))
    threads = sum(number == 1 for number, _words in found)
    return Written(threads=threads, replies=len(found) - threads, words=sum(words for _number, words in found))


def list_signed(*, viewer: Viewer, activity_uid: UUID, person_id: int, cursor: str = "") -> SignedPage:
    """What somebody wrote in an activity, for the staff and for themselves.

    Raises NotFound for everybody else, and for somebody who never was in the course; InvalidCursor.
    """
    activity = get_activity(viewer=viewer, uid=activity_uid)
    allowed = viewer.is_staff or viewer.person_id == person_id
    name = name_in_space(space_id=viewer.space_id, person_id=person_id) if allowed else None
    if name is None:
        raise NotFound(gettext("There is nobody of this name in the course."))
    seen = Thread.objects.shown_to(viewer, activity)
    posts = Post.objects.filter(author_id=person_id, deleted_at=None, thread__in=seen)
    if cursor:
        moment, pk = keyset.decode_moment(cursor)
        posts = posts.filter(Q(created_at__lt=moment) | Q(created_at=moment, pk__lt=pk))
    found = list(posts.select_related("thread").order_by("-created_at", "-pk")[: POSTS_A_PAGE + 1])
    shown, more = found[:POSTS_A_PAGE], found[POSTS_A_PAGE:]
    return SignedPage(
        activity=activity,
        name=name,
        written=count_signed(activity=activity, person_id=person_id),
        posts=[
            SignedPost(
                thread_id=post.thread_id,
                number=post.number,
                title=post.thread.title,
                html=post.html,
                created_at=post.created_at,
                is_hidden=post.hidden_at is not None,
            )
            for post in shown
        ],
        next_cursor=keyset.encode(shown[-1].created_at, shown[-1].pk) if more else "",
    )
