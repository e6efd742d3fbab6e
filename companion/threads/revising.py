"""Changing and taking back what is written, and what it said before."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext

from companion import clock
from companion.diff import Piece, compare
from companion.errors import Conflict, NotAllowed, NotFound
from companion.events import PostDeleted, PostEdited, PostRestored, announce
from companion.reasons import checked_reason
from companion.spaces import api as spaces
from companion.threads import permissions
from companion.threads.authors import COURSE
from companion.threads.gates import get_post, is_mine, may_read_text, must_be_mine
from companion.threads.locks import get_locked_post, record_on_thread, save_post
from companion.threads.mentions import closed_group
from companion.threads.models import Post, Revision
from companion.threads.texts import checked_body, checked_texts, read_text
from companion.viewer import Viewer


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One step of a post's history: what changed, when, and (where it was the staff) who and why.

    Lines of pieces, as `companion.diff.compare` gives them.
    """

    version: int
    at: datetime
    title: list[list[Piece]]
    lines: list[list[Piece]]
    by_staff: bool
    editor: str
    reason: str


@transaction.atomic
def edit_post(
    *,
    viewer: Viewer,
    thread_id: int,
    number: int,
    body: str,
    title: str = "",
    reason: str = "",
    version: int | None = None,
) -> Post:
    """Change one's own words (of the opening post, its title too); the staff change others', with a reason.

    What it said before is kept. `version` is the one the form was made from. A post that the staff sent back is
    shown again once its author has changed it. Raises NotFound, NotAllowed, InvalidInput, and Conflict where the
    post was changed in between.
    """
    post = get_locked_post(viewer=viewer, thread_id=thread_id, number=number)
    mine = is_mine(viewer, post)
    must_be_able_to_edit(viewer=viewer, post=post)
    thread = post.thread
    if post.is_opening:
        title, body = checked_texts(title, body)
    else:
        title, body = "", checked_body(body)
    if body == post.body and (not post.is_opening or title == thread.title):
        # Also for the same form sent again, whose first answer got lost.
        return post
    if version is not None and version != post.version:
        raise Conflict(gettext("This post was changed meanwhile. Saving your text now replaces that change."))
    reason = "" if mine else checked_reason(reason, missing=gettext("Say why: the author and everybody else read it."))
    text = read_text(body, viewer=viewer, activity_id=thread.activity_id, group_id=closed_group(thread))
    _keep_revision(viewer, post, by_staff=not mine, reason=reason)
    changes = {"title": title} if post.is_opening else {}
    was_returned = mine and post.is_returned
    save_post(
        post,
        thread=changes,
        **text.fields,
        edited_at=clock.now(),
        edit_reason=reason,
        version=post.version + 1,
    )
    text.save_with(viewer=viewer, thread=thread, post=post, is_new=False)
    if was_returned:
        show_again(post)
    if not mine:
        record_on_thread(viewer, thread, "edit", number=number, reason=reason)
    place = thread.place(viewer)
    announce(PostEdited(**place, post_id=post.pk, number=number, by_staff=not mine, was_returned=was_returned))
    if was_returned:
        announce(PostRestored(**place, post_id=post.pk, number=number))
    return post


def must_be_able_to_edit(*, viewer: Viewer, post: Post) -> None:
    """Raises NotAllowed, saying why. `post` is what `get_post` gave."""
    mine = is_mine(viewer, post)
    if permissions.can_edit(viewer, post, is_mine=mine):
        if mine:
            spaces.must_not_be_muted(viewer=viewer)
        return
    if not mine and not viewer.is_staff:
        must_be_mine(viewer=viewer, post=post)
    if post.author_role == COURSE:
        raise NotAllowed(gettext("This text stands in the settings of the discussion: change it there."))
    minutes = post.thread.activity.discussion.edit_minutes
    if post.is_shown and not permissions.is_in_time(post):
        raise NotAllowed(gettext("Posts can be changed for %(n)d minutes here, and those are over.") % {"n": minutes})
    raise NotAllowed(gettext("This post can no longer be changed: the discussion is closed or locked."))


@transaction.atomic
def delete_post(*, viewer: Viewer, thread_id: int, number: int) -> None:
    """Take one's own post back. Where others have answered, a tombstone keeps the place.

    Deleting twice is deleting once. Raises NotFound, NotAllowed.
    """
    post = get_locked_post(viewer=viewer, thread_id=thread_id, number=number)
    must_be_mine(viewer=viewer, post=post)
    if post.deleted_at is not None:
        return
    thread, now = post.thread, clock.now()
    changes = shown_counts(post, shown=False) if post.hidden_at is None else {}
    if post.is_opening:
        has_replies = thread.last_number > 1 and thread.posts.filter(number__gt=1, deleted_at=None).exists()
        changes |= {"is_withdrawn": True, "deleted_at": None if has_replies else now}
    elif thread.is_withdrawn and not thread.posts.filter(deleted_at=None).exclude(pk=post.pk).exists():
        # The last word of a thread whose question was taken back before.
        changes["deleted_at"] = now
    save_post(post, thread=changes, deleted_at=now)
    announce(PostDeleted(**thread.place(viewer), post_id=post.pk, number=number))


@transaction.atomic
def undelete_post(*, viewer: Viewer, thread_id: int, number: int) -> Post:
    """Bring one's own deleted post back, as it was. Raises NotFound, NotAllowed (somebody else's, or closed)."""
    post = get_locked_post(viewer=viewer, thread_id=thread_id, number=number)
    must_be_mine(viewer=viewer, post=post)
    if post.deleted_at is None:
        return post
    if not permissions.can_undelete(viewer, post, is_mine=True):
        raise NotAllowed(gettext("This discussion is closed or locked: what was taken back stays so."))
    spaces.must_not_be_muted(viewer=viewer)
    changes = shown_counts(post, shown=True) if post.hidden_at is None else {}
    if post.is_opening:
        changes |= {"is_withdrawn": False}
    save_post(post, thread=changes, deleted_at=None)
    announce(PostRestored(**post.thread.place(viewer), post_id=post.pk, number=number))
    return post


def get_history(*, viewer: Viewer, thread_id: int, number: int) -> list[Change]:
    """How a post came to say what it says, the newest change first (50 at most).

    Earlier words of an anonymous post are its author's alone: whoever takes their name out of a text must not find
    it there. Raises NotFound, also for a post that is hidden from the viewer.
    """
    post = get_post(viewer=viewer, thread_id=thread_id, number=number)
    mine = is_mine(viewer, post)
    if not may_read_text(viewer, post) or (post.pseudonym is not None and not mine):
        raise NotFound(gettext("There is no such post here, or you may not see it."))
    title = post.thread.title if post.is_opening else ""
    changes = []
    after, after_title = post.body, title
    for revision in post.revisions.order_by("-version")[:50]:
        changes.append(
            Change(
                version=revision.version + 1,
                at=revision.replaced_at,
                title=compare(revision.title, after_title) if revision.title != after_title else [],
                lines=compare(revision.body, after),
                by_staff=revision.by_staff,
                editor=revision.editor_name or gettext("the course staff") if revision.by_staff else "",
                reason=revision.reason,
            )
        )
        after, after_title = revision.body, revision.title
    return changes


def show_again(post: Post) -> None:
    """A hidden post of a locked thread is seen by all again."""
    changes = shown_counts(post, shown=True)
    if post.is_opening:
        changes["hidden_at"] = None
    save_post(post, thread=changes, hidden_at=None, hidden_by_id=None, hidden_reason="", is_returned=False)


def shown_counts(post: Post, *, shown: bool) -> dict[str, object]:
    """What a thread's counts become when one of its posts comes into sight or goes out of it."""
    thread, sign = post.thread, 1 if shown else -1
    return {
        "reply_count": thread.reply_count + (0 if post.is_opening else sign),
        "helpful_count": thread.helpful_count + sign * post.helpful_count,
        "endorsed_count": thread.endorsed_count + sign * (post.endorsed_at is not None),
        # An answer that nobody can read answers nothing.
        "accepted_number": None if post.number == thread.accepted_number and not shown else thread.accepted_number,
    }


def _keep_revision(viewer: Viewer, post: Post, *, by_staff: bool, reason: str) -> None:
    Revision.objects.create(
        post=post,
        version=post.version,
        title=post.thread.title if post.is_opening else "",
        body=post.body,
        replaced_at=clock.now(),
        editor_id=viewer.person_id if by_staff else None,
        editor_name=viewer.name if by_staff else "",
        by_staff=by_staff,
        reason=reason,
    )
