"""Whose word counts as an endorsement: the staff's, and that of the experts for the activity's topic."""

from __future__ import annotations

from companion.threads.models import Thread, ThreadTopic
from companion.topics.api import holds_topic, topic_ids_of
from companion.viewer import Viewer


def may_endorse(viewer: Viewer, thread: Thread) -> bool:
    """Asks the database once a page (of a question, a few times more), and only for learners."""
    if viewer.is_staff or thread.moved_to_id is not None:
        return thread.moved_to_id is None
    if thread.pk in viewer.opened_to:
        # They were called to it as an expert.
        return True
    known: bool | None = thread.__dict__.get("_may_endorse")
    if known is None:
        known = holds_topic(viewer=viewer, topics=thread.activity.discussion.topics) or _holds_its_own(viewer, thread)
        thread.__dict__["_may_endorse"] = known
    return known


def _holds_its_own(viewer: Viewer, thread: Thread) -> bool:
    """A question has topics of its own beside its activity's."""
    if not thread.activity.takes_questions:
        return False
    own = ThreadTopic.objects.filter(thread_id=thread.pk).values_list("topic_id", flat=True)
    return not set(own).isdisjoint(topic_ids_of(viewer=viewer))
