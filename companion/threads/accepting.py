"""Which reply answered a question, and who may be told of it once it is private no more."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext

from companion.errors import Conflict, NotAllowed
from companion.events import AnswerAccepted, ThreadPublished, announce
from companion.threads import permissions
from companion.threads.gates import is_mine
from companion.threads.locks import get_locked_post, get_locked_thread, record_on_thread, save_post, save_thread
from companion.threads.models import Post, Thread
from companion.viewer import Viewer


@transaction.atomic
def accept_answer(*, viewer: Viewer, thread_id: int, number: int, accepted: bool = True) -> Post:
    """Say which reply answered one's question, or take that back. Another one replaces it; twice is once.

    For whoever asked, and for the staff. Raises NotFound, NotAllowed, Conflict (deleted or hidden meanwhile).
    """
    post = get_locked_post(viewer=viewer, thread_id=thread_id, number=number)
    thread = post.thread
    mine = is_mine(viewer, thread)
    if not permissions.can_accept(viewer, thread, is_mine=mine):
        raise NotAllowed(gettext("Whoever asked says which answer helped."))
    if post.is_opening or not post.is_shown:
        raise Conflict(gettext("This post is no longer there."))
    if (thread.accepted_number == number) == accepted:
        return post
    before = thread.accepted_number
    if not accepted:
        save_post(post, thread={"accepted_number": None})
    else:
        save_post(post, thread={"accepted_number": number})
        # The one that was accepted before is drawn anew on pages that are open.
        if before is not None:
            Post.objects.filter(thread=thread, number=before).update(changed=thread.version)
    if not mine:
        record_on_thread(viewer, thread, "accept" if accepted else "unaccept", number=number)
    announce(AnswerAccepted(**thread.place(viewer), post_id=post.pk, number=number, accepted=accepted))
    return post


@transaction.atomic
def publish_thread(*, viewer: Viewer, thread_id: int) -> Thread:
    """Show everybody what was asked of the experts alone: its author does, nobody for them. Twice is once.

    Raises NotFound, NotAllowed.
    """
    thread = get_locked_thread(viewer=viewer, thread_id=thread_id)
    if not is_mine(viewer, thread):
        raise NotAllowed(gettext("Only whoever asked can show it to everybody."))
    if thread.is_private:
        save_thread(thread, is_private=False)
        # What a move left behind points there for everybody, too.
        Thread.objects.filter(moved_to=thread, last_number=0).update(is_private=False)
        announce(ThreadPublished(**thread.place(viewer)))
    return thread
