"""What a viewer may do with a thread or a post. The read rule in SQL is `ThreadQuerySet.visible_to`.

`is_mine` is asked of the database by the caller (api.py): an anonymous post does not know its author.
"""

from companion.spaces.api import Activity
from companion.spaces.kinds import Anonymity, Starters
from companion.spaces.permissions import can_read_activity, can_write_in_activity
from companion.threads.models import Post, Thread
from companion.viewer import Viewer


def can_see_thread(viewer: Viewer, thread: Thread, *, is_mine: bool) -> bool:
    """The same rule as `ThreadQuerySet.visible_to`, for a row in hand."""
    if thread.deleted_at is not None or not can_read_activity(viewer, thread.activity):
        return False
    return thread.hidden_at is None or viewer.is_staff or is_mine


def can_start_thread(viewer: Viewer, activity: Activity) -> bool:
    allowed = viewer.is_staff or activity.discussion.starters is Starters.EVERYONE
    return allowed and can_write_in_activity(viewer, activity)


def can_reply(viewer: Viewer, thread: Thread) -> bool:
    """Nobody replies to what is hidden; a locked thread takes replies from the staff only."""
    if thread.hidden_at is not None or not can_write_in_activity(viewer, thread.activity):
        return False
    return viewer.is_staff or not thread.is_locked


def can_edit(viewer: Viewer, post: Post, *, is_mine: bool) -> bool:
    """One's own words, as long as one may write in the thread. Nobody edits another's."""
    return is_mine and post.is_shown and can_reply(viewer, post.thread)


def can_delete(viewer: Viewer, post: Post, *, is_mine: bool) -> bool:
    """One's own post, also in a locked or closed discussion: taking a word back is always allowed."""
    return is_mine and post.deleted_at is None


def can_moderate(viewer: Viewer) -> bool:
    return viewer.is_staff


def may_be_anonymous(anonymity: Anonymity) -> bool:
    return anonymity is not Anonymity.OFF
