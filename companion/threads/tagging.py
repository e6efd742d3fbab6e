"""What a thread is about: its topics."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext

from companion.errors import InvalidInput, NotAllowed
from companion.events import ThreadTagged, announce
from companion.threads.experts import may_endorse
from companion.threads.gates import is_mine
from companion.threads.locks import get_locked_thread, save_thread
from companion.threads.models import Thread, ThreadTopic
from companion.topics import api as topics
from companion.viewer import Viewer


@transaction.atomic
def tag_thread(*, viewer: Viewer, thread_id: int, names: Sequence[str]) -> list[topics.TopicRow]:
    """Say what a thread is about, in place of what was said before. New names become topics.

    For its author, the staff and experts for the activity. Raises NotFound, NotAllowed, InvalidInput.
    """
    thread = get_locked_thread(viewer=viewer, thread_id=thread_id)
    must_be_able_to_tag(viewer=viewer, thread=thread)
    if thread.is_private:
        _must_be_known(viewer, names)
    rows = topics.ensure_topics(organization_id=viewer.organization_id, names=names)
    # What the whole activity is about, its threads are about, too.
    every = thread.activity.discussion.topics[: topics.MOST_TOPICS]
    rows += [
        row for row in topics.ensure_topics(organization_id=viewer.organization_id, names=every) if row not in rows
    ]
    ids = [row.id for row in rows]
    ThreadTopic.objects.filter(thread=thread).exclude(topic_id__in=ids).delete()
    tags = [ThreadTopic(thread=thread, topic_id=pk) for pk in ids]
    ThreadTopic.objects.bulk_create(tags, ignore_conflicts=True)
    save_thread(thread)
    announce(ThreadTagged(**thread.place(viewer), topic_ids=tuple(ids)))
    return rows


def add_topics(*, thread_id: int, organization_id: int, names: Sequence[str]) -> None:
    """Let a thread be about its activity's topics as well. For handlers, which have no viewer."""
    rows = topics.ensure_topics(organization_id=organization_id, names=names[: topics.MOST_TOPICS])
    tags = [ThreadTopic(thread_id=thread_id, topic_id=row.id) for row in rows]
    ThreadTopic.objects.bulk_create(tags, ignore_conflicts=True)


def must_be_able_to_tag(*, viewer: Viewer, thread: Thread) -> None:
    """Raises NotAllowed where the viewer does not say what a thread is about."""
    if not can_tag(viewer, thread):
        raise NotAllowed(gettext("Its author, the course staff and experts say what a thread is about."))


def _must_be_known(viewer: Viewer, names: Sequence[str]) -> None:
    """A new topic is listed for the whole organization: of a private question, nobody else may read a word."""
    for name in topics.checked_names(names):
        if not topics.find_topics(organization_id=viewer.organization_id, names=[name]):
            why = gettext("Everybody would read the new topic “%(name)s”: a private question takes those that exist.")
            raise InvalidInput({"topics": why % {"name": name}})


def can_tag(viewer: Viewer, thread: Thread) -> bool:
    return thread.moved_to_id is None and (
        viewer.is_staff or is_mine(viewer, thread) or thread.pk in viewer.opened_to or may_endorse(viewer, thread)
    )


def topics_of_threads(thread_ids: Collection[int]) -> dict[int, list[topics.TopicRow]]:
    """The topics of threads that have been through their gate, by thread. Two queries at most."""
    tags = list(
        ThreadTopic.objects.filter(thread_id__in=thread_ids).order_by("pk").values_list("thread_id", "topic_id")
    )
    rows = topics.topics_of({topic_id for _thread_id, topic_id in tags})
    found: dict[int, list[topics.TopicRow]] = {}
    for thread_id, topic_id in tags:
        of_thread = found.setdefault(thread_id, [])
        if rows[topic_id] not in of_thread:
            of_thread.append(rows[topic_id])
    return found


def with_topics(topic_ids: Collection[int]) -> QuerySet[ThreadTopic, int]:
    """The ids of the threads about any of these topics, as a query inside another one."""
    return ThreadTopic.objects.filter(topic_id__in=topic_ids).values_list("thread_id", flat=True)
