"""Reading behind a lock, and writing what open pages ask for: what a verb decides on must not change under it."""

from __future__ import annotations

from typing import Any, Final

from django.db import connection
from django.db.models import Count, Max, Q, Subquery, Sum
from django.utils.translation import gettext

from companion.errors import NotFound
from companion.spaces.api import muted_reason_of, record_act
from companion.threads.gates import find_thread, get_post
from companion.threads.models import AnonymousAuthor, MovedPost, Post, Thread
from companion.viewer import Viewer

# What a verb may have changed while another one waited for the lock.
_FIELDS: Final = (
    *("activity_id", "title", "kind", "group_id", "last_number", "reply_count", "last_at", "version"),
    *("is_pinned", "is_locked", "is_withdrawn", "is_merged", "hidden_at", "deleted_at", "opens_at"),
    *("helpful_count", "endorsed_count", "moved_to_id", "is_private", "accepted_number"),
)
# What a pointer shows of the thread that it leads to.
_POINTED: Final = ("title", "hidden_at", "deleted_at", "is_withdrawn")


def get_locked_thread(*, viewer: Viewer, thread_id: int) -> Thread:
    """`get_thread`, with the thread's row held until the end of the transaction and its fields as they are behind
    the lock. It carries `muted_reason` (text or None), too.

    SQLite knows no row locks; there the transaction itself is the lock (BEGIN IMMEDIATE, see the settings).
    Raises NotFound.
    """
    threads = Thread.objects.filter(pk=thread_id)
    # Whether the viewer may write at all comes along: a verb that writes asks next.
    threads = threads.annotate(muted_reason=Subquery(muted_reason_of(viewer)))
    if connection.features.has_select_for_update_of or not connection.features.has_select_for_update:
        # A thread that was moved to another activity while this waited is no longer found: its rules are others.
        return find_thread(viewer=viewer, threads=threads.select_for_update(of=("self",)))
    # MySQL would lock what is joined as well, which is one row for all threads of an activity.
    thread = find_thread(viewer=viewer, threads=threads)
    held = Thread.objects.select_for_update().values(*_FIELDS).get(pk=thread_id)
    if held["activity_id"] != thread.activity_id or held["deleted_at"] is not None:
        raise NotFound(gettext("There is no such discussion here, or you may not see it."))
    for field, value in held.items():
        setattr(thread, field, value)
    return thread


def get_locked_post(*, viewer: Viewer, thread_id: int, number: int) -> Post:
    """`get_post`, read behind its thread's lock; its thread is the locked one. Raises NotFound."""
    thread = get_locked_thread(viewer=viewer, thread_id=thread_id)
    post = get_post(viewer=viewer, thread_id=thread_id, number=number)
    post.thread = thread
    return post


def save_thread(thread: Thread, **values: Any) -> None:
    """Set fields of a locked thread. Its version goes up: every open page of it hears of it."""
    for field, value in (values | {"version": thread.version + 1}).items():
        setattr(thread, field, value)
    thread.save(update_fields=[*values, "version"])
    shown = {field: value for field, value in values.items() if field in _POINTED}
    if shown:
        # A row that a move left behind has no number of its own.
        Thread.objects.filter(moved_to=thread, last_number=0).update(**shown)


def save_post(post: Post, *, thread: dict[str, Any] | None = None, **values: Any) -> None:
    """Set fields of a post of a locked thread, and fields of the thread with it."""
    save_thread(post.thread, **(thread or {}))
    for field, value in (values | {"changed": post.thread.version}).items():
        setattr(post, field, value)
    post.save(update_fields=[*values, "changed"])
    if post.thread.is_merged and {"hidden_at", "deleted_at"} & values.keys():
        # It may have opened a thread that only points here now: that one's title goes and comes with it.
        opened = MovedPost.objects.filter(post=post, number=1).values("thread")
        pointers = Thread.objects.filter(pk__in=opened)
        pointers.update(hidden_at=post.hidden_at, is_withdrawn=post.deleted_at is not None)


def last_pseudonym(thread: Thread) -> int:
    """The highest number that an anonymous author of a locked thread has, or had: who has left for good is forgotten,
    their posts are not, and nobody else may be called as they were.
    """
    known = AnonymousAuthor.objects.filter(thread=thread).aggregate(last=Max("number"))["last"] or 0
    used = Post.objects.filter(thread=thread).aggregate(last=Max("pseudonym"))["last"] or 0
    return int(max(known, used))


def recount_thread(thread: Thread) -> None:
    """Bring the counts of a locked thread in line with its posts, after many came or went at once."""
    shown = Q(deleted_at=None, hidden_at=None)
    counts = thread.posts.aggregate(
        replies=Count("pk", filter=shown & Q(number__gt=1)),
        helpful=Sum("helpful_count", filter=shown, default=0),
        endorsed=Count("pk", filter=shown & Q(endorsed_at__isnull=False)),
        last_at=Max("created_at"),
    )
    save_thread(
        thread,
        last_number=thread.last_number,
        reply_count=counts["replies"],
        helpful_count=counts["helpful"],
        endorsed_count=counts["endorsed"],
        last_at=counts["last_at"] or thread.last_at,
        is_merged=thread.is_merged,
    )


def record_on_thread(viewer: Viewer, thread: Thread, act: str, *, number: int | None = None, reason: str = "") -> None:
    """Write down what the staff did to a locked thread, or to a post of it; `act` as in `spaces.record_act`."""
    record_act(
        viewer=viewer,
        act=act,
        activity_id=thread.activity_id,
        thread_id=thread.pk,
        post_number=number,
        reason=reason,
    )
