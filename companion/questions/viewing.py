"""A question as one viewer may see it: what happens to it, in words, and what they may do."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext

from companion.errors import NotAllowed, NotFound
from companion.questions.answering import can_answer_for
from companion.questions.gates import find_question, get_question
from companion.questions.models import Correction, MeToo, Question, State
from companion.questions.reasons import why
from companion.spaces import api as spaces
from companion.threads import api as threads
from companion.topics import api as topics
from companion.viewer import Viewer


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionView:
    """`holder` is who has it ("" for nobody), `reason` why, or why nobody has it; `due_at` by when they answer, or
    when the ladder looks again. `duplicate` is (thread, title) of the question that has the answer. `corrected` are
    the numbers of answers that were changed since the viewer read them, with the version that they had read.
    """

    thread_id: int
    state: str
    label: str
    holder: str
    is_mine_to_answer: bool
    since: datetime
    due_at: datetime | None
    reason: str
    note: str
    metoo_count: int
    says_me_too: bool
    topics: list[topics.TopicRow]
    is_private: bool
    duplicate: tuple[int, str] | None
    verified_number: int | None
    verified_until: datetime | None
    verified_by: str
    corrected: dict[int, int]
    is_asker: bool
    can_say_me_too: bool
    can_publish: bool
    can_claim: bool
    can_hand_over: bool
    can_decline: bool
    can_close: bool
    can_verify: bool
    can_tag: bool

    @property
    def is_open(self) -> bool:
        return self.state == State.OPEN


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a question stands, for its row in a list: who has it ("" for nobody) and how many have it, too."""

    holder: str
    is_waiting: bool
    metoo_count: int


def list_standings(*, viewer: Viewer, thread_ids: Collection[int]) -> dict[int, Standing]:
    """How the questions among these threads of the viewer's space stand, by thread id. Two queries."""
    ids = [pk for pk in thread_ids if pk]
    if not ids:
        return {}
    rows = Question.objects.filter(pk__in=ids, space_id=viewer.space_id)
    found = list(rows.values_list("pk", "state", "metoo_count", "assignment__person_id"))
    names = spaces.names_of([person_id for *_facts, person_id in found if person_id])
    return {
        pk: Standing(
            holder=names.get(person_id, "") if state == State.OPEN else "",
            is_waiting=state == State.OPEN,
            metoo_count=metoo_count,
        )
        for pk, state, metoo_count, person_id in found
    }


def view_question(*, viewer: Viewer, thread: threads.Thread) -> QuestionView | None:
    """What the page of a thread shows beside it; None for a thread that is no question.

    `thread` is what `threads.get_thread` gave. The same number of queries however much was written.
    """
    question = find_question(thread)
    if question is None:
        return None
    assignment = question.assignment
    mine = threads.is_mine(viewer, thread)
    has_it = assignment is not None and assignment.person_id == viewer.person_id
    knows = can_answer_for(viewer=viewer, question=question)
    names = spaces.names_of([pk for pk in (assignment and assignment.person_id, question.verified_by_id) if pk])
    is_open, is_verified = question.is_open, question.is_verified
    return QuestionView(
        thread_id=thread.pk,
        state=question.state,
        label=str(State(question.state).label),
        holder=names.get(assignment.person_id, "") if assignment else "",
        is_mine_to_answer=has_it and is_open,
        since=assignment.given_at if assignment else question.clock_at,
        due_at=(assignment.due_at if assignment else question.route_at) if is_open else None,
        reason=why(question) if is_open else "",
        note=assignment.note if assignment and (has_it or viewer.is_staff) else "",
        metoo_count=question.metoo_count,
        says_me_too=not mine and MeToo.objects.filter(question=question, person_id=viewer.person_id).exists(),
        topics=threads.topics_of_threads([thread.pk]).get(thread.pk, []),
        is_private=thread.is_private,
        duplicate=_duplicate(viewer, question),
        verified_number=question.verified_number if is_verified else None,
        verified_until=question.verified_until if is_verified else None,
        verified_by=names.get(question.verified_by_id or 0, "") if is_verified else "",
        corrected=dict(
            Correction.objects.filter(question=question, person_id=viewer.person_id).values_list("number", "version")
        ),
        is_asker=mine,
        can_say_me_too=not mine and question.state != State.CLOSED and not thread.is_private,
        can_publish=mine and thread.is_private,
        can_claim=knows and is_open and assignment is None and not mine,
        can_hand_over=is_open and assignment is not None and (has_it or viewer.is_staff),
        can_decline=has_it and is_open,
        can_close=knows and question.state != State.CLOSED,
        can_verify=knows,
        can_tag=threads.can_tag(viewer, thread),
    )


@transaction.atomic
def hear_corrections(*, viewer: Viewer, thread_id: int) -> None:
    """The viewer has read that answers were corrected: they hear of it no more. Raises NotFound."""
    get_question(viewer=viewer, thread_id=thread_id)
    Correction.objects.filter(question_id=thread_id, person_id=viewer.person_id).delete()


def list_corrections(*, viewer: Viewer) -> list[tuple[int, str]]:
    """(thread, title) of answers in the viewer's space that were corrected since they read them (20 at most)."""
    rows = Correction.objects.filter(person_id=viewer.person_id, question__space_id=viewer.space_id)
    ids = list(dict.fromkeys(rows.order_by("-pk").values_list("question_id", flat=True)[:20]))
    titles = threads.titles_of(viewer=viewer, thread_ids=ids)
    return [(pk, titles[pk]) for pk in ids if pk in titles]


def _duplicate(viewer: Viewer, question: Question) -> tuple[int, str] | None:
    if question.duplicate_of_id is None:
        return None
    title = threads.titles_of(viewer=viewer, thread_ids=[question.duplicate_of_id]).get(question.duplicate_of_id)
    return None if title is None else (question.duplicate_of_id, title)


def must_be_able(*, viewer: Viewer, thread: threads.Thread, act: str) -> None:
    """Raises NotFound for a thread that is no question, NotAllowed where its page does not offer this act: "decline",
    "hand-over" or "duplicate".
    """
    view = view_question(viewer=viewer, thread=thread)
    if view is None:
        raise NotFound(gettext("There is no such question here, or you may not see it."))
    able = {"decline": view.can_decline, "hand-over": view.can_hand_over, "duplicate": view.can_close}
    if not able[act]:
        raise NotAllowed(gettext("This is for whoever answers for the question."))
