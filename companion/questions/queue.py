"""An expert's one queue over all courses: what they have, what they are on call for, where they could help."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from django.db.models import F, Q, QuerySet

from companion import clock, keyset
from companion.questions.models import Question, State
from companion.questions.reasons import why
from companion.threads import api as threads
from companion.topics import api as topics
from companion.viewer import Viewer

QUESTIONS_A_PAGE: Final = 20


class Tab(StrEnum):
    MINE = "mine"
    ON_CALL = "on-call"
    COULD_HELP = "could-help"


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueRow:
    """A question in a queue. `place` is its activity and course."""

    thread_id: int
    title: str
    place: str
    asked_at: datetime
    due_at: datetime | None
    is_late: bool
    metoo_count: int
    reply_count: int
    reason: str
    is_private: bool
    topics: list[topics.TopicRow]


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """A page of a queue; `next` is the cursor of the one after, or ""."""

    rows: list[QueueRow]
    next: str


def list_queue(*, viewer: Viewer, tab: Tab, cursor: str = "") -> Queue:
    """What waits for the viewer as an expert, in every course of their organization.

    What they have: the next due first. Else: those that most people have, then the oldest. The course staff's last
    tab holds what nobody has in their own course as well. The same number of queries however many wait.
    Raises keyset.InvalidCursor.
    """
    waiting = Question.objects.filter(organization_id=viewer.organization_id, state=State.OPEN)
    waiting = waiting.filter(thread__deleted_at=None, thread__hidden_at=None)
    if tab is Tab.MINE:
        # Engines differ in where nothing comes: an instructor's have no end, and come last.
        due_first = F("assignment__due_at").asc(nulls_last=True)
        found = waiting.filter(assignment__person_id=viewer.person_id).order_by(due_first, "asked_at", "pk")
        return Queue(rows=_drawn(list(_with_thread(found)[:200])), next="")
    waiting = waiting.filter(assignment=None).filter(_for(viewer, tab))
    if cursor:
        waiting = waiting.filter(_after(cursor))
    page = list(_with_thread(waiting.order_by("-metoo_count", "pk"))[: QUESTIONS_A_PAGE + 1])
    more = len(page) > QUESTIONS_A_PAGE
    last = page[QUESTIONS_A_PAGE - 1] if more else None
    following = keyset.encode(last.metoo_count, last.pk) if last else ""
    return Queue(rows=_drawn(page[:QUESTIONS_A_PAGE]), next=following)


def count_mine(*, viewer: Viewer) -> int:
    """How many questions the viewer has."""
    mine = Question.objects.filter(organization_id=viewer.organization_id, state=State.OPEN)
    return mine.filter(assignment__person_id=viewer.person_id).count()


def _for(viewer: Viewer, tab: Tab) -> Q:
    held = topics.topic_ids_of(viewer=viewer)
    if tab is Tab.ON_CALL:
        # A turn outlives a grant that has expired: it calls nobody then.
        on_call = set(held) & set(topics.my_turns(viewer=viewer, moment=clock.now()))
        return Q(thread__in=threads.with_topics(on_call))
    mine = Q(thread__in=threads.with_topics(held))
    found = mine | Q(space_id=viewer.space_id) if viewer.is_staff else mine
    # Not one's own: whoever asked by name cannot answer for it.
    return found & (Q(thread__author=None) | ~Q(thread__author_id=viewer.person_id))


def _after(cursor: str) -> Q:
    # A thread's id is its age.
    count, last_id = keyset.decode_numbers(cursor, 2)
    return Q(metoo_count__lt=count) | Q(metoo_count=count, pk__gt=last_id)


def _with_thread(questions: QuerySet[Question]) -> QuerySet[Question]:
    return questions.select_related("assignment", "activity", "space").annotate(
        thread_title=F("thread__title"),
        thread_withdrawn=F("thread__is_withdrawn"),
        thread_private=F("thread__is_private"),
        thread_replies=F("thread__reply_count"),
    )


def _drawn(questions: list[Question]) -> list[QueueRow]:
    tags = threads.topics_of_threads([question.pk for question in questions])
    return [_row(question, tags.get(question.pk, [])) for question in questions]


def _row(question: Question, tags: list[topics.TopicRow]) -> QueueRow:
    held = question.assignment
    due_at = held.due_at if held else None
    title = threads.title_or_withdrawn(question.thread_title, withdrawn=question.thread_withdrawn)  # type: ignore[attr-defined]
    return QueueRow(
        thread_id=question.pk,
        title=title,
        place=" · ".join(filter(None, [str(question.space), question.activity.title])),
        asked_at=question.asked_at,
        due_at=due_at,
        is_late=due_at is not None and due_at < clock.now(),
        metoo_count=question.metoo_count,
        reply_count=question.thread_replies,  # type: ignore[attr-defined]
        reason=why(question),
        is_private=question.thread_private,  # type: ignore[attr-defined]
        topics=tags,
    )
