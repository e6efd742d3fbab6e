"""Lists of threads: an activity's, and what is new in a whole space."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from django.db import transaction
from django.db.models import Count, Q

from companion import clock, keyset
from companion.spaces.api import Activity
from companion.spaces.kinds import Groups
from companion.spaces.permissions import can_read_activity
from companion.threads.asked import title_or_withdrawn
from companion.threads.authors import AuthorLabel, author_label
from companion.threads.following import follows_activity
from companion.threads.gates import is_mine, with_own
from companion.threads.latest import latest_change, moment_text
from companion.threads.models import (
    MOST_PINNED,
    Kind,
    Post,
    ReadMark,
    Thread,
    ThreadQuerySet,
    followed_by,
    taken_part_in_by,
    unfollowed_by,
    unread_by,
)
from companion.threads.permissions import has_opened
from companion.threads.reading import mark_seen
from companion.threads.stages import without_strays
from companion.threads.tagging import with_topics
from companion.viewer import Viewer

THREADS_A_PAGE: Final = 20
RECENT: Final = 8


class Sort(StrEnum):
    ACTIVE = "active"
    NEWEST = "newest"
    UNANSWERED = "unanswered"
    HELPFUL = "helpful"
    VIDEO = "video"


class Only(StrEnum):
    ALL = "all"
    MINE = "mine"
    UNREAD = "unread"
    FOLLOWING = "following"
    ENDORSED = "endorsed"


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadRow:
    """A thread in a list. `unread` counts posts the viewer has not seen; `is_new` where they never opened it.

    `kind` is a word for a mark, or ""; `group` names the group it is for; `second` is a place in the video; `is_moved`
    is a pointer to where it went; `opens_at` is when learners will see it, None where they do.
    """

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
    is_moved: bool = False
    is_endorsed: bool = False
    is_solved: bool = False
    is_private: bool = False
    helpful_count: int = 0
    kind: str = ""
    opens_at: datetime | None = None
    group: str = ""
    second: int | None = None


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
    *,
    viewer: Viewer,
    activity: Activity,
    sort: Sort = Sort.ACTIVE,
    only: Only = Only.ALL,
    kind: Kind | None = None,
    cursor: str = "",
) -> ThreadList:
    """A page of an activity's threads, pinned ones first on the first page.

    Raises keyset.InvalidCursor for a cursor that no page gave out.
    """
    if not can_read_activity(viewer, activity):
        return ThreadList(pinned=[], rows=[], next="", latest="")
    threads = _only(viewer, activity, Thread.objects.shown_to(viewer, activity), only)
    if kind is not None:
        threads = threads.filter(kind=kind)
    if sort is Sort.UNANSWERED:
        threads = threads.filter(reply_count=0, moved_to=None)
    elif sort is Sort.VIDEO:
        threads = threads.filter(second__isnull=False)
    if activity.discussion.groups is not Groups.NONE:
        threads = threads.select_related("group")
    # Along a video, a pinned thread stands where it belongs.
    has_pins = sort is not Sort.VIDEO
    if cursor:
        # `in` and not `=`: SQLite and MariaDB use no index for a bare truth value.
        threads = threads.filter(_after(cursor, sort), **({"is_pinned__in": [False]} if has_pins else {}))
    most_pinned = 0 if cursor or not has_pins else MOST_PINNED
    found = list(_ordered(with_own(viewer, threads), sort)[: most_pinned + THREADS_A_PAGE + 1])
    found = without_strays(viewer, activity, found)
    _apply_marks(found)
    pinned = [thread for thread in found if thread.is_pinned and has_pins]
    others = found[len(pinned) :]
    rows = others[:THREADS_A_PAGE]
    if cursor or sort is not Sort.ACTIVE or only is not Only.ALL or kind is not None:
        latest = latest_change(viewer=viewer, activity=activity)
    else:
        latest = moment_text(max((thread.last_at for thread in pinned + rows if has_opened(thread)), default=None))
    return ThreadList(
        pinned=[row_of(viewer, thread) for thread in pinned],
        rows=[row_of(viewer, thread) for thread in rows],
        next=_cursor(rows[-1], sort) if len(others) > THREADS_A_PAGE else "",
        latest=latest,
    )


def _only(viewer: Viewer, activity: Activity, threads: ThreadQuerySet, only: Only) -> ThreadQuerySet:
    if only is Only.MINE:
        return threads.filter(taken_part_in_by(viewer))
    if only is Only.ENDORSED:
        return threads.filter(has_endorsed__in=[True])
    if only is Only.FOLLOWING:
        if follows_activity(viewer=viewer, activity_id=activity.pk):
            return threads.exclude(unfollowed_by(viewer))
        return threads.filter(followed_by(viewer))
    if only is Only.UNREAD:
        threads = threads.filter(unread_by(viewer), moved_to=None)
        mark = ReadMark.objects.filter(person_id=viewer.person_id, activity_id=activity.pk).first()
        if mark is not None:
            threads = threads.filter(last_at__gt=mark.read_until)
    return threads


def list_recent(*, viewer: Viewer, unanswered: bool = False) -> list[ThreadRow]:
    """Threads of all activities of the viewer's space, RECENT at most: those with something unread among the last
    ones that moved, or the newest that nobody has answered.
    """
    threads = Thread.objects.visible_to(viewer).filter(moved_to=None)
    if unanswered:
        found = with_own(viewer, threads.filter(reply_count=0)).order_by("-id")[:RECENT]
        return [row_of(viewer, thread) for thread in _apply_marks(list(found))]
    moved = _apply_marks(list(with_own(viewer, threads).order_by("-last_at", "-id")[: 4 * RECENT]))
    return [row for row in (row_of(viewer, thread) for thread in moved) if row.unread > 0][:RECENT]


def list_about(*, viewer: Viewer, topic_ids: Collection[int]) -> list[ThreadRow]:
    """The threads about topics that the viewer may see in their space, the last moved first (a page at most)."""
    threads = Thread.objects.visible_to(viewer).filter(moved_to=None, pk__in=with_topics(topic_ids))
    found = with_own(viewer, threads).order_by("-last_at", "-id")[:THREADS_A_PAGE]
    return [row_of(viewer, thread) for thread in _apply_marks(list(found))]


@transaction.atomic
def mark_all_seen(*, viewer: Viewer, activity: Activity) -> None:
    """Everything in an activity is read, up to the newest post that the viewer may see. Twice is once."""
    if not can_read_activity(viewer, activity):
        return
    threads = Thread.objects.shown_to(viewer, activity)
    newest = threads.opened().order_by("-last_at").first()
    if newest is not None:
        ReadMark.objects.update_or_create(
            person_id=viewer.person_id, activity_id=activity.pk, defaults={"read_until": newest.last_at}
        )
    if viewer.is_staff:
        # What they see before it opens has its moment, and so its mark, still to come.
        for thread in with_own(viewer, threads.exclude(stage=None).filter(opens_at__gt=clock.now())):
            mark_seen(viewer=viewer, thread=thread)


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


_ORDERS: Final = {
    Sort.ACTIVE: ("-is_pinned", "-last_at", "-id"),
    Sort.NEWEST: ("-is_pinned", "-id"),
    Sort.UNANSWERED: ("-is_pinned", "-id"),
    Sort.HELPFUL: ("-is_pinned", "-helpful_count", "-id"),
    Sort.VIDEO: ("second", "id"),
}


def _ordered(threads: ThreadQuerySet, sort: Sort) -> ThreadQuerySet:
    """Pinned ones first, by an index that holds just this order."""
    return threads.order_by(*_ORDERS[sort])


def _cursor(last: Thread, sort: Sort) -> str:
    if sort is Sort.ACTIVE:
        return keyset.encode(last.last_at, last.pk)
    if sort is Sort.HELPFUL:
        return keyset.encode(last.helpful_count, last.pk)
    if sort is Sort.VIDEO:
        return keyset.encode(last.second or 0, last.pk)
    return keyset.encode(last.pk)


def _after(cursor: str, sort: Sort) -> Q:
    if sort is Sort.ACTIVE:
        last_at, last_id = keyset.decode_moment(cursor)
        # The first condition alone is what an index can use; the rest settles equal moments.
        return Q(last_at__lte=last_at) & (Q(last_at__lt=last_at) | Q(pk__lt=last_id))
    if sort is Sort.HELPFUL:
        count, last_id = keyset.decode_numbers(cursor, 2)
        return Q(helpful_count__lte=count) & (Q(helpful_count__lt=count) | Q(pk__lt=last_id))
    if sort is Sort.VIDEO:
        second, last_id = keyset.decode_numbers(cursor, 2)
        return Q(second__gte=second) & (Q(second__gt=second) | Q(pk__gt=last_id))
    return Q(pk__lt=keyset.decode_numbers(cursor, 1)[0])


def shown_title(thread: Thread) -> str:
    return title_or_withdrawn(thread.title, withdrawn=thread.is_withdrawn)


def row_of(viewer: Viewer, thread: Thread) -> ThreadRow:
    """What a list shows of a thread that was found `with_own`."""
    seen = thread.seen_number  # type: ignore[attr-defined]
    is_moved = thread.moved_to_id is not None
    opens_at = thread.opens_at if thread.opens_at and thread.opens_at > clock.now() else None
    return ThreadRow(
        id=thread.pk,
        title=shown_title(thread),
        author=author_label(thread, viewer, is_mine=is_mine(viewer, thread)),
        created_at=thread.created_at,
        last_at=thread.last_at,
        reply_count=thread.reply_count,
        unread=0 if is_moved or opens_at else thread.last_number - (seen or 0),
        is_new=seen is None and not is_moved and opens_at is None,
        is_pinned=thread.is_pinned,
        is_locked=thread.is_locked,
        is_hidden=thread.hidden_at is not None,
        is_moved=is_moved,
        is_endorsed=thread.endorsed_count > 0,
        is_solved=thread.accepted_number is not None,
        is_private=thread.is_private,
        helpful_count=thread.helpful_count,
        kind="" if thread.kind == Kind.DISCUSSION else str(Kind(thread.kind).label),
        opens_at=opens_at,
        group=str(thread.group) if thread.group_id and "group" in thread._state.fields_cache else "",
        second=thread.second,
    )
