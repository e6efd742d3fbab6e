"""Lists of threads: an activity's, and what is new in a whole space."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from django.db import transaction
from django.db.models import Count, Q

from companion import keyset
from companion.spaces.api import Activity
from companion.spaces.permissions import can_read_activity
from companion.threads.authors import AuthorLabel, author_label
from companion.threads.models import MOST_PINNED, Post, ReadMark, Thread, ThreadQuerySet, taken_part_in_by, unread_by
from companion.threads.reading import is_mine, shown_title, with_own
from companion.viewer import Viewer

THREADS_A_PAGE: Final = 20
RECENT: Final = 8


class Sort(StrEnum):
    ACTIVE = "active"
    NEWEST = "newest"
    UNANSWERED = "unanswered"


class Only(StrEnum):
    ALL = "all"
    MINE = "mine"
    UNREAD = "unread"


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadRow:
    """A thread in a list. `unread` counts posts the viewer has not seen; `is_new` where they never opened it."""

    id: int
    title: str
    author: AuthorLabel
    created_at: datetime
    last_at: datetime
    reply_count: int
    unread: int
    is_new: bool
    is_pinned: bool
    is_locked: bool
    is_hidden: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadList:
    """A page of threads; `next` is the cursor of the page after, or "". All pinned ones are on the first page.

    `latest` is what `latest_change` says of the activity.
    """

    pinned: list[ThreadRow]
    rows: list[ThreadRow]
    next: str
    latest: str


def list_threads(
    *, viewer: Viewer, activity: Activity, sort: Sort = Sort.ACTIVE, only: Only = Only.ALL, cursor: str = ""
) -> ThreadList:
    """A page of an activity's threads, pinned ones first on the first page.

    Raises keyset.InvalidCursor for a cursor that no page gave out.
    """
    if not can_read_activity(viewer, activity):
        return ThreadList(pinned=[], rows=[], next="", latest="")
    threads = Thread.objects.filter(activity_id=activity.pk).shown_to(viewer)
    if only is Only.MINE:
        threads = threads.filter(taken_part_in_by(viewer))
    elif only is Only.UNREAD:
        threads = threads.filter(unread_by(viewer))
        mark = ReadMark.objects.filter(person_id=viewer.person_id, activity_id=activity.pk).first()
        if mark is not None:
            threads = threads.filter(last_at__gt=mark.read_until)
    if sort is Sort.UNANSWERED:
        threads = threads.filter(reply_count=0)
    if cursor:
        # `in` and not `=`: SQLite and MariaDB use no index for a bare truth value.
        threads = threads.filter(is_pinned__in=[False]).filter(_after(cursor, sort))
    most_pinned = 0 if cursor else MOST_PINNED
    found = list(_ordered(with_own(viewer, threads), sort)[: most_pinned + THREADS_A_PAGE + 1])
    _apply_marks(found)
    pinned = [thread for thread in found if thread.is_pinned]
    others = found[len(pinned) :]
    rows = others[:THREADS_A_PAGE]
    if cursor or sort is not Sort.ACTIVE or only is not Only.ALL:
        latest = latest_change(viewer=viewer, activity=activity)
    else:
        latest = _moment(max((thread.last_at for thread in pinned + rows[:1]), default=None))
    return ThreadList(
        pinned=[_row(viewer, thread) for thread in pinned],
        rows=[_row(viewer, thread) for thread in rows],
        next=keyset.encode(rows[-1].last_at, rows[-1].pk) if len(others) > THREADS_A_PAGE else "",
        latest=latest,
    )


def list_recent(*, viewer: Viewer, unanswered: bool = False) -> list[ThreadRow]:
    """Threads of all activities of the viewer's space, RECENT at most: those with something unread among the last
    ones that moved, or the newest that nobody has answered.
    """
    threads = Thread.objects.visible_to(viewer)
    if unanswered:
        found = with_own(viewer, threads.filter(reply_count=0)).order_by("-id")[:RECENT]
        return [_row(viewer, thread) for thread in _apply_marks(list(found))]
    moved = _apply_marks(list(with_own(viewer, threads).order_by("-last_at", "-id")[: 4 * RECENT]))
    return [row for row in (_row(viewer, thread) for thread in moved) if row.unread > 0][:RECENT]


def latest_change(*, viewer: Viewer, activity: Activity) -> str:
    """When the newest post of an activity was made, as a text that only changes with it ("" where there is none)."""
    if not can_read_activity(viewer, activity):
        return ""
    threads = Thread.objects.filter(activity_id=activity.pk).shown_to(viewer).order_by("-last_at")
    return _moment(threads.values_list("last_at", flat=True).first())


@transaction.atomic
def mark_all_seen(*, viewer: Viewer, activity: Activity) -> None:
    """Everything in an activity is read, up to the newest post that the viewer may see. Twice is once."""
    if not can_read_activity(viewer, activity):
        return
    newest = Thread.objects.filter(activity_id=activity.pk).shown_to(viewer).order_by("-last_at").first()
    if newest is not None:
        ReadMark.objects.update_or_create(
            person_id=viewer.person_id, activity_id=activity.pk, defaults={"read_until": newest.last_at}
        )


def _apply_marks(threads: list[Thread]) -> list[Thread]:
    """Let a mark "all read" count for the threads of a page: what came after it is counted in one query, if at all."""
    marked = [thread for thread in threads if thread.read_until is not None]  # type: ignore[attr-defined]
    moved = [thread for thread in marked if thread.last_at > thread.read_until >= thread.created_at]  # type: ignore[attr-defined]
    newer: dict[int, int] = {}
    if moved:
        since = Q()
        for thread in moved:
            since |= Q(thread_id=thread.pk, created_at__gt=thread.read_until)  # type: ignore[attr-defined]
        newer = dict(Post.objects.filter(since).values_list("thread_id").annotate(Count("pk")))
    for thread in marked:
        if thread.created_at <= thread.read_until:  # type: ignore[attr-defined]
            seen = thread.last_number - newer.get(thread.pk, 0)
            thread.seen_number = max(thread.seen_number or 0, seen)  # type: ignore[attr-defined]
    return threads


def _moment(moment: datetime | None) -> str:
    return moment.isoformat() if moment else ""


def _ordered(threads: ThreadQuerySet, sort: Sort) -> ThreadQuerySet:
    """Pinned ones first, by an index that holds just this order."""
    order = ("-last_at", "-id") if sort is Sort.ACTIVE else ("-id",)
    return threads.order_by("-is_pinned", *order)


def _after(cursor: str, sort: Sort) -> Q:
    last_at, last_id = keyset.decode_moment(cursor)
    if sort is not Sort.ACTIVE:
        return Q(pk__lt=last_id)
    # The first condition alone is what an index can use; the rest settles equal moments.
    return Q(last_at__lte=last_at) & (Q(last_at__lt=last_at) | Q(pk__lt=last_id))


def _row(viewer: Viewer, thread: Thread) -> ThreadRow:
    seen = thread.seen_number  # type: ignore[attr-defined]
    return ThreadRow(
        id=thread.pk,
        title=shown_title(thread),
        author=author_label(thread, viewer, is_mine=is_mine(viewer, thread)),
        created_at=thread.created_at,
        last_at=thread.last_at,
        reply_count=thread.reply_count,
        unread=thread.last_number - (seen or 0),
        is_new=seen is None,
        is_pinned=thread.is_pinned,
        is_locked=thread.is_locked,
        is_hidden=thread.hidden_at is not None,
    )
