"""The gates of questions. A question is seen by whoever sees its thread, and by those whom it was opened to: the
experts for its topics, and whoever has it, from any course of the organization.
"""

from __future__ import annotations

from dataclasses import replace

from django.utils.translation import gettext

from companion.errors import NotFound
from companion.questions.models import Assignment, Question
from companion.spaces import api as spaces
from companion.threads import api as threads
from companion.topics import api as topics
from companion.viewer import Role, Viewer


def get_question(*, viewer: Viewer, thread_id: int) -> tuple[threads.Thread, Question]:
    """A question and its thread. Raises NotFound, also for a thread that is no question."""
    thread = threads.get_thread(viewer=viewer, thread_id=thread_id)
    question = find_question(thread)
    if question is None:
        raise NotFound(gettext("There is no such question here, or you may not see it."))
    return thread, question


def find_question(thread: threads.Thread) -> Question | None:
    """The question of a thread that has been through its gate; None for any other thread."""
    if thread.kind != threads.Kind.QUESTION or not thread.activity.takes_questions:
        return None
    question = Question.objects.filter(pk=thread.pk).select_related("assignment").first()
    if question is not None:
        question.activity = thread.activity
    return question


def lend(*, viewer: Viewer, thread_id: int) -> Viewer | None:
    """The viewer as an expert who is called to a thread: a learner in its space, to whom it is open. In a space of
    which they are no member, it is all that they see.

    None where nobody called them: they are no expert for what it is about, and do not have it. It is for a thread that
    the viewer's own gate refused; two or three queries.
    """
    # A relation, unlike a number of its own, is asked of the database however large it is.
    found = Question.objects.filter(pk=thread_id, organization_id=viewer.organization_id) if thread_id < 2**63 else ()
    question = next(iter(found), None)
    if question is None or thread_id in viewer.opened_to or not is_called(viewer, question):
        return None
    if question.space_id == viewer.space_id:
        return replace(viewer, opened_to=viewer.opened_to | {thread_id})
    groups = spaces.groups_of(space_id=question.space_id, person_id=viewer.person_id)
    is_guest = not spaces.is_member(space_id=question.space_id, person_id=viewer.person_id)
    return replace(
        viewer,
        space_id=question.space_id,
        role=Role.LEARNER,
        group_ids=groups,
        opened_to=frozenset({thread_id}),
        is_guest=is_guest,
    )


def is_called(viewer: Viewer, question: Question) -> bool:
    """Whether somebody has a question, or holds one of its topics."""
    if Assignment.objects.filter(question=question, person_id=viewer.person_id, ended_at=None).exists():
        return True
    held = set(topics.topic_ids_of(viewer=viewer))
    if not held:
        return False
    return any(row.id in held for row in threads.topics_of_threads([question.pk]).get(question.pk, []))
