"""Reading behind a lock: what a verb decides on must not change under its hands."""

from __future__ import annotations

from companion.threads.models import Post, Thread
from companion.threads.reading import get_post, get_thread
from companion.viewer import Viewer


def get_locked_thread(*, viewer: Viewer, thread_id: int) -> Thread:
    """`get_thread`, with the thread's row held until the end of the transaction and its fields as they are behind
    the lock.

    SQLite knows no row locks; there the transaction itself is the lock (BEGIN IMMEDIATE, see the settings).
    Raises NotFound.
    """
    thread = get_thread(viewer=viewer, thread_id=thread_id)
    fields = [
        "title",
        "last_number",
        "reply_count",
        "is_pinned",
        "is_locked",
        "hidden_at",
        "deleted_at",
        "version",
    ]
    for field, value in Thread.objects.select_for_update().values(*fields).get(pk=thread.pk).items():
        setattr(thread, field, value)
    return thread


def get_locked_post(*, viewer: Viewer, thread_id: int, number: int) -> Post:
    """`get_post`, read behind its thread's lock. Raises NotFound."""
    get_locked_thread(viewer=viewer, thread_id=thread_id)
    return get_post(viewer=viewer, thread_id=thread_id, number=number)
