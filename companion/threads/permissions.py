"""What a viewer may do with a thread or a post. The read rule in SQL is `ThreadQuerySet.visible_to`.

`is_mine` is asked of the database by the caller (api.py): an anonymous post does not know its author.
"""

from __future__ import annotations

from datetime import timedelta

from companion import clock
from companion.spaces.api import Activity
from companion.spaces.kinds import Anonymity, Groups, Starters
from companion.spaces.permissions import can_read_activity, can_write_in_activity
from companion.threads.authors import COURSE
from companion.threads.models import Kind, Post, Thread
from companion.viewer import Viewer


def can_see_thread(viewer: Viewer, thread: Thread, *, is_mine: bool) -> bool:
    """The same rule as `ThreadQuerySet.visible_to`, for a row in hand."""
    if thread.deleted_at is not None or not can_read_activity(viewer, thread.activity):
        return False
    if viewer.is_staff:
        return True
    if thread.pk in viewer.opened_to:
        return thread.hidden_at is None and has_opened(thread)
    if viewer.is_guest:
        return False
    if thread.activity.separates_groups and not is_of_own_group(viewer, thread):
        return False
    return ((thread.hidden_at is None and not thread.is_private) or is_mine) and has_opened(thread)


def has_opened(thread: Thread) -> bool:
    """A thread around a training event opens at its own time."""
    return thread.opens_at is None or thread.opens_at <= clock.now()


def is_of_own_group(viewer: Viewer, thread: Thread) -> bool:
    return thread.group_id is None or thread.group_id in viewer.group_ids


def can_start_thread(viewer: Viewer, activity: Activity) -> bool:
    if activity.asks_back:
        return False
    allowed = viewer.is_staff or activity.discussion.starters is Starters.EVERYONE
    return allowed and can_write_in_activity(viewer, activity)


def can_start_kind(viewer: Viewer, kind: Kind) -> bool:
    return viewer.is_staff or kind is not Kind.ANNOUNCEMENT


def can_reply(viewer: Viewer, thread: Thread) -> bool:
    """Nobody replies to what is hidden or has moved; a locked thread, or another group's, takes the staff's alone."""
    if thread.hidden_at is not None or thread.moved_to_id is not None:
        return False
    if not can_write_in_activity(viewer, thread.activity):
        return False
    if viewer.is_staff:
        return True
    in_group = thread.activity.discussion.groups is Groups.NONE or is_of_own_group(viewer, thread)
    return (in_group or thread.pk in viewer.opened_to) and not thread.is_locked


def can_edit(viewer: Viewer, post: Post, *, is_mine: bool) -> bool:
    """One's own words, as long as the activity allows and one may write in the thread.

    The staff change anybody's, with a reason. What was sent back to its author waits to be changed.
    """
    if post.deleted_at is not None or post.author_role == COURSE:
        # What the activity itself wrote is changed in its settings.
        return False
    if is_mine and post.is_returned:
        return can_write_in_activity(viewer, post.thread.activity)
    if post.hidden_at is not None or not can_reply(viewer, post.thread):
        return False
    return viewer.is_staff or (is_mine and is_in_time(post))


def is_in_time(post: Post) -> bool:
    """Whether authors may still change this post in its activity."""
    minutes = post.thread.activity.discussion.edit_minutes
    return not minutes or clock.now() < post.created_at + timedelta(minutes=minutes)


def can_delete(viewer: Viewer, post: Post, *, is_mine: bool) -> bool:
    """One's own post, also in a locked or closed discussion: taking a word back is always allowed."""
    return is_mine and post.deleted_at is None


def can_undelete(viewer: Viewer, post: Post, *, is_mine: bool) -> bool:
    """What its author took back, its author alone brings back, where one may still write."""
    return is_mine and post.deleted_at is not None and bool(post.body) and can_reply(viewer, post.thread)


def can_accept(viewer: Viewer, thread: Thread, *, is_mine: bool) -> bool:
    """Whoever asked says what answered it; where they never come back, the staff does."""
    return thread.kind == Kind.QUESTION and thread.moved_to_id is None and (is_mine or viewer.is_staff)


def takes_answers(thread: Thread) -> bool:
    """A question to experts, which climbs a ladder until it is answered."""
    return thread.kind == Kind.QUESTION and thread.moved_to_id is None and thread.activity.takes_questions


def can_moderate(viewer: Viewer) -> bool:
    return viewer.is_staff


def may_be_anonymous(anonymity: Anonymity) -> bool:
    return anonymity is not Anonymity.OFF
