"""The verbs of the course staff: pin, lock, hide with a reason, restore."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext

from companion import clock
from companion.errors import Conflict, InvalidInput, NotAllowed
from companion.events import PostHidden, PostRestored, ThreadLocked, ThreadPinned, announce
from companion.text import clean_line
from companion.threads import permissions
from companion.threads.locks import get_locked_post, get_locked_thread
from companion.threads.models import MOST_PINNED, REASON_LIMIT, Post, Thread
from companion.viewer import Viewer


@transaction.atomic
def pin_thread(*, viewer: Viewer, thread_id: int, pinned: bool) -> Thread:
    """Keep a thread at the top of its list, or let it go.

    Raises NotFound, NotAllowed, and Conflict where MOST_PINNED are pinned already: a list that is all pins has none.
    """
    thread = _moderated(viewer, thread_id)
    if thread.is_pinned != pinned:
        others = Thread.objects.filter(activity_id=thread.activity_id, is_pinned__in=[True])
        if pinned and others.count() >= MOST_PINNED:
            raise Conflict(gettext("%(limit)d threads are pinned already. Unpin one first.") % {"limit": MOST_PINNED})
        _save(thread, is_pinned=pinned)
        announce(ThreadPinned(**thread.place(viewer), pinned=pinned))
    return thread


@transaction.atomic
def lock_thread(*, viewer: Viewer, thread_id: int, locked: bool) -> Thread:
    """Close a thread for learners' replies, or open it again. Raises NotFound, NotAllowed."""
    thread = _moderated(viewer, thread_id)
    if thread.is_locked != locked:
        _save(thread, is_locked=locked)
        announce(ThreadLocked(**thread.place(viewer), locked=locked))
    return thread


@transaction.atomic
def hide_post(*, viewer: Viewer, thread_id: int, number: int, reason: str) -> Post:
    """Take a post out of sight. Its author and the staff still read it, with the reason; others see a tombstone.

    Hiding the opening post hides the thread. Hiding twice keeps the first reason. Raises NotFound, NotAllowed,
    InvalidInput.
    """
    post = _moderated_post(viewer, thread_id, number)
    reason = clean_line(reason)
    if not reason:
        raise InvalidInput({"reason": gettext("Say why: the author reads it.")})
    if len(reason) > REASON_LIMIT:
        raise InvalidInput({"reason": gettext("At most %(limit)d characters, please.") % {"limit": REASON_LIMIT}})
    if post.is_shown:
        post.hidden_at, post.hidden_by_id, post.hidden_reason = clock.now(), viewer.person_id, reason
        post.save(update_fields=["hidden_at", "hidden_by", "hidden_reason"])
        _follow(post, shown=False)
        announce(PostHidden(**post.thread.place(viewer), post_id=post.pk, number=number))
    return post


@transaction.atomic
def restore_post(*, viewer: Viewer, thread_id: int, number: int) -> Post:
    """Show a hidden post again, as it was. Raises NotFound, NotAllowed."""
    post = _moderated_post(viewer, thread_id, number)
    if post.hidden_at is not None and post.deleted_at is None:
        post.hidden_at, post.hidden_by, post.hidden_reason = None, None, ""
        post.save(update_fields=["hidden_at", "hidden_by", "hidden_reason"])
        _follow(post, shown=True)
        announce(PostRestored(**post.thread.place(viewer), post_id=post.pk, number=number))
    return post


def must_moderate(*, viewer: Viewer) -> None:
    """Raises NotAllowed for everybody but the course staff."""
    if not permissions.can_moderate(viewer):
        raise NotAllowed(gettext("Only the course staff can do this."))


def _moderated(viewer: Viewer, thread_id: int) -> Thread:
    thread = get_locked_thread(viewer=viewer, thread_id=thread_id)
    must_moderate(viewer=viewer)
    return thread


def _moderated_post(viewer: Viewer, thread_id: int, number: int) -> Post:
    post = get_locked_post(viewer=viewer, thread_id=thread_id, number=number)
    must_moderate(viewer=viewer)
    return post


def _follow(post: Post, *, shown: bool) -> None:
    """Bring the thread's head in line with what is shown of it."""
    thread = post.thread
    if post.is_opening:
        _save(thread, hidden_at=None if shown else post.hidden_at)
    else:
        _save(thread, reply_count=thread.reply_count + (1 if shown else -1))


def _save(thread: Thread, **values: bool | int | datetime | None) -> None:
    """Set fields of a thread that is held by a lock."""
    for field, value in (values | {"version": thread.version + 1}).items():
        setattr(thread, field, value)
    thread.save(update_fields=[*values, "version"])
