"""The verbs of the course staff: pin, lock, hide with a reason, send back, restore. Each is on record."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext

from companion import clock
from companion.errors import Conflict, NotAllowed
from companion.events import PostHidden, PostRestored, PostReturned, ThreadLocked, ThreadPinned, announce
from companion.reasons import checked_reason
from companion.spaces.api import hold_activity, mute_person
from companion.threads import permissions
from companion.threads.locks import get_locked_post, get_locked_thread, record_on_thread, save_post, save_thread
from companion.threads.models import MOST_PINNED, Post, Thread
from companion.threads.revising import show_again, shown_counts
from companion.viewer import Viewer


@transaction.atomic
def pin_thread(*, viewer: Viewer, thread_id: int, pinned: bool) -> Thread:
    """Keep a thread at the top of its list, or let it go.

    Raises NotFound, NotAllowed, and Conflict where MOST_PINNED are pinned already: a list that is all pins has none.
    """
    thread = get_moderated_thread(viewer=viewer, thread_id=thread_id)
    if thread.is_pinned != pinned:
        # Two pins at once must not both be the twentieth.
        hold_activity(activity_id=thread.activity_id)
        others = Thread.objects.filter(activity_id=thread.activity_id, is_pinned__in=[True])
        if pinned and others.count() >= MOST_PINNED:
            raise Conflict(gettext("%(limit)d threads are pinned already. Unpin one first.") % {"limit": MOST_PINNED})
        save_thread(thread, is_pinned=pinned)
        record_on_thread(viewer, thread, "pin" if pinned else "unpin")
        announce(ThreadPinned(**thread.place(viewer), pinned=pinned))
    return thread


@transaction.atomic
def lock_thread(*, viewer: Viewer, thread_id: int, locked: bool) -> Thread:
    """Close a thread for learners' replies, or open it again. Raises NotFound, NotAllowed."""
    thread = get_moderated_thread(viewer=viewer, thread_id=thread_id)
    if thread.is_locked != locked:
        save_thread(thread, is_locked=locked)
        record_on_thread(viewer, thread, "lock" if locked else "unlock")
        announce(ThreadLocked(**thread.place(viewer), locked=locked))
    return thread


@transaction.atomic
def hide_post(*, viewer: Viewer, thread_id: int, number: int, reason: str) -> Post:
    """Take a post out of sight. Its author and the staff still read it, with the reason; others see a tombstone.

    Hiding the opening post hides the thread. Hiding twice keeps the first reason. Raises NotFound, NotAllowed,
    InvalidInput.
    """
    post = get_moderated_post(viewer=viewer, thread_id=thread_id, number=number)
    reason = checked_reason(reason, missing=gettext("Say why: the author reads it."))
    if _hide(viewer, post, reason, is_returned=False):
        announce(PostHidden(**post.thread.place(viewer), post_id=post.pk, number=number))
    return post


@transaction.atomic
def return_post(*, viewer: Viewer, thread_id: int, number: int, reason: str) -> Post:
    """Send a post back to its author, with a reason: hidden from others until the author has changed it.

    A hidden post is sent back as well. Raises NotFound, NotAllowed, InvalidInput.
    """
    post = get_moderated_post(viewer=viewer, thread_id=thread_id, number=number)
    reason = checked_reason(reason, missing=gettext("Say what to change: the author reads it."))
    if _hide(viewer, post, reason, is_returned=True):
        announce(PostReturned(**post.thread.place(viewer), post_id=post.pk, number=number))
    return post


@transaction.atomic
def restore_post(*, viewer: Viewer, thread_id: int, number: int) -> Post:
    """Show a hidden post again, as it was. Raises NotFound, NotAllowed."""
    post = get_moderated_post(viewer=viewer, thread_id=thread_id, number=number)
    if post.hidden_at is not None and post.deleted_at is None:
        show_again(post)
        record_on_thread(viewer, post.thread, "restore", number=number)
        announce(PostRestored(**post.thread.place(viewer), post_id=post.pk, number=number))
    return post


@transaction.atomic
def mute_author(*, viewer: Viewer, thread_id: int, number: int, days: int, reason: str) -> None:
    """Let the author of a post only read in this course for so many days (0: until it is lifted).

    Not that of an anonymous post: who falls silent then is who it was. Raises NotFound, NotAllowed, InvalidInput.
    """
    post = get_moderated_post(viewer=viewer, thread_id=thread_id, number=number)
    if post.author_id is None and post.pseudonym is None:
        raise NotAllowed(gettext("Whoever wrote this is no longer here."))
    if post.author_id is None:
        raise NotAllowed(
            gettext("An anonymous author cannot be muted: it would show who it is. You can hide the post.")
        )
    mute_person(viewer=viewer, person_id=post.author_id, days=days, reason=reason)


def must_moderate(*, viewer: Viewer) -> None:
    """Raises NotAllowed for everybody but the course staff."""
    if not permissions.can_moderate(viewer):
        raise NotAllowed(gettext("Only the course staff can do this."))


def get_moderated_thread(*, viewer: Viewer, thread_id: int) -> Thread:
    """A locked thread, for the staff. Raises NotFound, NotAllowed."""
    thread = get_locked_thread(viewer=viewer, thread_id=thread_id)
    must_moderate(viewer=viewer)
    return thread


def get_moderated_post(*, viewer: Viewer, thread_id: int, number: int) -> Post:
    """A post behind its thread's lock, for the staff. Raises NotFound, NotAllowed."""
    post = get_locked_post(viewer=viewer, thread_id=thread_id, number=number)
    must_moderate(viewer=viewer)
    return post


def _hide(viewer: Viewer, post: Post, reason: str, *, is_returned: bool) -> bool:
    """Whether that changed anything: the same twice keeps the first reason; sending back what is hidden is news, and
    so is hiding for good what was sent back.
    """
    if post.deleted_at is not None or (post.hidden_at is not None and post.is_returned == is_returned):
        return False
    now = clock.now()
    changes = shown_counts(post, shown=False) if post.hidden_at is None else {}
    if post.is_opening:
        changes["hidden_at"] = now
    save_post(
        post,
        thread=changes,
        hidden_at=now,
        hidden_by_id=viewer.person_id,
        hidden_reason=reason,
        is_returned=is_returned,
    )
    record_on_thread(viewer, post.thread, "return" if is_returned else "hide", number=post.number, reason=reason)
    return True
