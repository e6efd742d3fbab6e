"""A post as one viewer may see it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from companion.threads import permissions
from companion.threads.authors import MOVED, AuthorLabel, author_label, endorser_label
from companion.threads.experts import may_endorse
from companion.threads.gates import is_mine, is_there, may_read, may_read_text
from companion.threads.models import HelpfulMark, Post, Thread
from companion.viewer import Role, Viewer

# Further in, replies are drawn at the same depth: a phone has no room for more.
MOST_INDENT: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class PostView:
    """A post as one viewer may see it. A deleted or hidden one has no text (a hidden one has for the staff).

    `is_gone` is one that stood on an open page and is not there any more for this viewer. `second` is a place in the
    activity's video. `endorsed_by` is a name, or "".
    """

    thread_id: int
    number: int
    parent_number: int | None
    path: str
    indent: int
    html: str
    author: AuthorLabel
    created_at: datetime
    edited_at: datetime | None
    edit_reason: str
    version: int
    changed: int
    second: int | None
    helpful_count: int
    is_helpful: bool
    is_accepted: bool
    endorsed_by: str
    is_new: bool
    is_gone: bool
    is_deleted: bool
    is_moved: bool
    is_hidden: bool
    is_returned: bool
    reason: str
    can_reply: bool
    can_edit: bool
    can_delete: bool
    can_hide: bool
    can_restore: bool
    can_mark: bool
    can_endorse: bool
    can_accept: bool
    can_say_unhelpful: bool
    can_verify: bool
    can_make_tip: bool
    can_report: bool
    can_split: bool
    can_mute: bool
    can_see_history: bool

    @property
    def is_opening(self) -> bool:
        return self.number == 1

    @property
    def is_endorsed(self) -> bool:
        return bool(self.endorsed_by)


def view_posts(viewer: Viewer, thread: Thread, posts: Collection[Post]) -> list[PostView]:
    """What this viewer may see of the posts of a thread that `get_thread` gave. One query where any of them has a
    mark, else none.
    """
    marked = [post.pk for post in posts if post.helpful_count]
    mine = HelpfulMark.objects.filter(person_id=viewer.person_id, post_id__in=marked) if marked else []
    helpful = {mark.post_id for mark in mine}
    return [_view(viewer, thread, post, is_helpful=post.pk in helpful) for post in posts]


def view_post(viewer: Viewer, thread: Thread, post: Post) -> PostView:
    return view_posts(viewer, thread, [post])[0]


def _view(viewer: Viewer, thread: Thread, post: Post, *, is_helpful: bool) -> PostView:
    post.thread = thread
    mine = is_mine(viewer, post)
    hidden, deleted = post.hidden_at is not None, post.deleted_at is not None
    readable = may_read_text(viewer, post)
    moderator = permissions.can_moderate(viewer)
    is_shown = post.is_shown
    is_answer = is_shown and not post.is_opening and permissions.takes_answers(thread)
    return PostView(
        thread_id=thread.pk,
        number=post.number,
        parent_number=getattr(post, "parent_number", None),
        path=post.path,
        indent=min(post.depth, MOST_INDENT),
        html=post.html if readable else "",
        author=author_label(post, viewer, is_mine=mine),
        created_at=post.created_at,
        edited_at=post.edited_at,
        edit_reason=post.edit_reason if readable else "",
        version=post.version,
        changed=post.changed,
        second=post.second if readable else None,
        helpful_count=post.helpful_count if is_shown else 0,
        is_helpful=is_helpful,
        is_accepted=is_shown and post.number == thread.accepted_number,
        endorsed_by=endorser_label(post) if is_shown else "",
        is_new=not mine and _is_new(thread, post),
        is_gone=not is_there(viewer, post) or not may_read(viewer, post),
        is_deleted=deleted,
        is_moved=post.author_role == MOVED,
        is_hidden=hidden,
        is_returned=hidden and post.is_returned and (moderator or mine),
        reason=post.hidden_reason if hidden and (moderator or mine) else "",
        can_reply=is_shown and permissions.can_reply(viewer, thread),
        can_edit=permissions.can_edit(viewer, post, is_mine=mine),
        can_delete=permissions.can_delete(viewer, post, is_mine=mine),
        can_hide=moderator and is_shown,
        can_restore=(moderator and hidden and not deleted) or permissions.can_undelete(viewer, post, is_mine=mine),
        can_mark=is_shown and not mine and thread.moved_to_id is None,
        can_endorse=is_shown and not mine and may_endorse(viewer, thread),
        can_accept=is_shown
        and not post.is_opening
        and permissions.can_accept(viewer, thread, is_mine=is_mine(viewer, thread)),
        can_say_unhelpful=is_answer and not mine and is_mine(viewer, thread),
        can_verify=is_answer and may_endorse(viewer, thread),
        can_make_tip=is_answer and mine and post.pseudonym is None and not thread.is_private,
        can_report=is_shown and not mine,
        can_split=moderator and is_shown and not post.is_opening and thread.moved_to_id is None,
        # Whoever writes anonymously cannot be muted: that they fall silent would tell who it was.
        can_mute=moderator and not mine and post.author_id is not None and post.author_role == Role.LEARNER,
        can_see_history=readable and post.version > 1 and (post.pseudonym is None or mine),
    )


def _is_new(thread: Thread, post: Post) -> bool:
    """Whether others added this since the viewer looked. In a thread that they never met, nothing stands out."""
    seen = getattr(thread, "new_above", thread.seen_number) or 0  # type: ignore[attr-defined]
    until = thread.read_until  # type: ignore[attr-defined]
    if until is not None and thread.created_at <= until:
        return post.number > seen and post.created_at > until
    return 0 < seen < post.number
