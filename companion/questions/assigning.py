"""The ladder at work: decisions become assignments, one question at a time, behind locks.

A question that is due is a row with a moment (`Question.route_at`), written in the transaction of whatever made it
due: nothing else has to be kept. Workers look each minute, the oldest first; two that look at once take turns at the
row's lock, and the second finds nothing due. However late a worker is, each question moves one step.
"""

from __future__ import annotations

import logging
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import connection, transaction
from django.db.models import Q

from companion import clock, tasks
from companion.events import QuestionAssigned, QuestionReleased, announce
from companion.questions.models import Assignment, Outcome, Question, State, Step
from companion.questions.routing import AGAIN, Bench, Case, Decision, Helper, Ladder, Reason, decide
from companion.spaces import api as spaces
from companion.spaces.api import Activity
from companion.threads import api as threads
from companion.topics import api as topics

logger = logging.getLogger(__name__)

# A tick takes so many; what is left waits a minute, not for the next deployment.
MOST_AT_ONCE: Final = 500
# So many look for a place that has become free.
_LOOKED_AT: Final = 20
# Everybody else who has a question counts as if it had waited that much longer. Were those with the most of them
# always first, one that can have none, because it was asked of the experts alone, might never be.
A_ME_TOO: Final = timedelta(days=1)
# What somebody has, has answered or let lapse counts in the week in which they got it.
FILLS_A_PLACE: Final = ("", Outcome.ANSWERED, Outcome.LAPSED)
A_WEEK: Final = timedelta(days=7)


@tasks.each_tick
def route_due() -> int:
    """Let every question that is due take its step; gives how many did."""
    now = clock.now()
    _look_at_absent()
    due = Question.objects.filter(state=State.OPEN, route_at__lte=now)
    waited = sorted(
        (asked_at - metoo_count * A_ME_TOO, pk)
        for pk, asked_at, metoo_count in due.values_list("pk", "asked_at", "metoo_count")
    )
    return sum(_route_or_log(pk) for _since, pk in waited[:MOST_AT_ONCE])


def _route_or_log(thread_id: int) -> bool:
    """One question that cannot be moved must not keep those behind it waiting."""
    try:
        return route(thread_id=thread_id)
    except Exception:
        logger.exception("Question %d could not take its step", thread_id)
        return False


@transaction.atomic
def route(*, thread_id: int) -> bool:
    """Let one question take its step, if it is due; gives whether it did."""
    question = hold(thread_id)
    if question is None or not question.is_open or question.route_at is None or question.route_at > clock.now():
        return False
    apply(question)
    return True


def hold(thread_id: int) -> Question | None:
    """A question's row, held until the end of the transaction."""
    rows = Question.objects.filter(pk=thread_id)
    if connection.features.has_select_for_update:
        rows = rows.select_for_update()
    question = rows.first()
    if question is not None:
        # What hangs on it is read behind the lock.
        question.activity = Activity.objects.select_related("space").get(pk=question.activity_id)
    return question


def hold_both(thread_id: int, other_id: int) -> tuple[Question | None, Question | None]:
    """Two questions' rows. In the order of their ids, so that two who hold the same ones wait only once."""
    held = {pk: hold(pk) for pk in sorted({thread_id, other_id})}
    return held[thread_id], held[other_id]


def apply(question: Question) -> None:
    """Decide on a held question, and write down what was decided."""
    bench = bench_of(question)
    decision = decide(case_of(question), bench, ladder_of(question.activity), clock.now())
    holder = question.assignment
    if decision is None:
        question.route_at = _look_at(holder.due_at if holder is not None else None)
        question.save(update_fields=["route_at"])
        return
    if holder is not None:
        end(question, holder, decision.released or Outcome.LAPSED)
    question.step, question.route_at = decision.step, _look_at(decision.look_at)
    if decision.is_new_round:
        question.round_at = clock.now()
    question.reason, question.facts = decision.reason.value, dict(decision.facts)
    if decision.person_id is not None:
        rooms = {helper.room.person_id: helper.room for helpers in bench.values() for helper in helpers}
        give(question, rooms[decision.person_id], decision)
    question.save()


def _look_at(moment: datetime | None) -> datetime:
    """Who has it without an end is looked at now and then: nobody says so where somebody teaches no longer."""
    return moment or clock.now() + AGAIN


def wait_anew(question: Question) -> None:
    """Let a held question wait as if it had just been asked: the clock starts again. Who had it keeps their turn."""
    question.state, question.step, question.reason, question.facts = State.OPEN, Step.PEERS, Reason.PEERS.value, {}
    question.accepted_at = question.answer_number = None
    question.clock_at = question.route_at = clock.now()
    apply(question)


def give(question: Question, room: topics.Room, decision: Decision, *, note: str = "") -> None:
    """Make somebody whose row is held answer for a held question. Raises NotAllowed where they have no room."""
    topics.take_place(room)
    question.assignment = Assignment.objects.create(
        question=question,
        person_id=room.person_id,
        step=decision.step,
        given_at=clock.now(),
        due_at=decision.look_at,
        reason=decision.reason.value,
        facts=dict(decision.facts),
        note=note,
    )
    announce(QuestionAssigned(**place_of(question), person_id=room.person_id))


def end(question: Question, assignment: Assignment, outcome: Outcome, *, note: str = "") -> None:
    """Somebody has a held question no longer. One that they did not answer leaves its place to another one."""
    assignment.ended_at, assignment.outcome = clock.now(), outcome
    assignment.note = note or assignment.note
    assignment.save(update_fields=["ended_at", "outcome", "note"])
    question.assignment = None
    if outcome not in FILLS_A_PLACE:
        others = Assignment.objects.filter(
            person_id=assignment.person_id, given_at__gt=assignment.given_at - A_WEEK, outcome__in=FILLS_A_PLACE
        )
        topics.give_place_back(
            person_id=assignment.person_id,
            given_at=assignment.given_at,
            others=others.values_list("given_at", flat=True),
        )
        _look_at_full(question.organization_id)
    announce(QuestionReleased(**place_of(question), person_id=assignment.person_id, outcome=outcome.value))


def _look_at_full(organization_id: int) -> None:
    """A place is free: those that have waited longest for one have it, not whoever asks next."""
    waiting = Question.objects.filter(organization_id=organization_id, state=State.OPEN, reason=Reason.FULL.value)
    waiting = waiting.filter(assignment=None).order_by("asked_at")
    if connection.features.has_select_for_update_skip_locked:
        # An expert's row is held by now, and whoever holds a question waits for that: a question that somebody holds
        # is looked at anyway.
        waiting = waiting.select_for_update(skip_locked=True)
    elif connection.features.has_select_for_update:
        return
    longest = list(waiting.values_list("pk", flat=True)[:_LOOKED_AT])
    Question.objects.filter(pk__in=longest).update(route_at=clock.now())


# Who was away, or whose question was closed, may have it again.
_HAD_THEIR_TURN: Final = (Outcome.ANSWERED, Outcome.DECLINED, Outcome.HANDED_OVER, Outcome.LAPSED)


def case_of(question: Question) -> Case:
    holder = question.assignment
    before = question.assignments.filter(ended_at__gte=question.round_at, outcome__in=_HAD_THEIR_TURN)
    activity = question.activity
    return Case(
        clock_at=question.clock_at,
        step=Step(question.step),
        # None for an anonymous asker: that somebody is passed over would tell who asked.
        asker_id=threads.signed_author(thread_id=question.pk),
        holder=holder.person_id if holder else None,
        due_at=holder.due_at if holder else None,
        passed=frozenset(before.values_list("person_id", flat=True)),
        opens_at=activity.event_at,
    )


def ladder_of(activity: Activity) -> Ladder:
    settings = activity.questions
    lasts = {Step.PEERS: settings.peer_hours, Step.EXPERT: settings.expert_hours, Step.AUTHOR: settings.author_hours}
    return Ladder(hours=settings.hours, lasts=lasts)


def bench_of(question: Question) -> Bench:
    """Who stands on which step, with their rows held."""
    activity, now = question.activity, clock.now()
    named = topic_ids_of(question)
    experts = topics.expert_ids(organization_id=question.organization_id, topic_ids=named)
    on_call = topics.on_call_now(topic_ids=named, moment=now, zone=activity.questions.time_zone)
    instructors = spaces.instructors_of(space_id=question.space_id)
    author = activity.author_id
    authors = [author] if author and spaces.is_member(space_id=question.space_id, person_id=author) else []
    holder = [question.assignment.person_id] if question.assignment else []
    rooms = topics.hold_rooms(person_ids={*experts, *instructors, *authors, *holder})
    names = {row_id: row.name for row_id, row in topics.topics_of({*experts.values(), *on_call.values()}).items()}
    bench = {
        Step.EXPERT: [
            Helper(room=rooms[pk], topic=names[on_call.get(pk, topic_id)], is_on_call=pk in on_call)
            for pk, topic_id in experts.items()
        ],
        Step.AUTHOR: [Helper(room=rooms[pk]) for pk in authors],
        Step.INSTRUCTOR: [Helper(room=rooms[pk]) for pk in instructors],
    }
    return bench | {Step.PEERS: _helpers_besides(question, bench, rooms)}


def _helpers_besides(question: Question, bench: Bench, rooms: dict[int, topics.Room]) -> list[Helper]:
    """Whoever took it, or got it handed over, without standing on the ladder: they keep it while they are here."""
    holder = question.assignment
    if holder is None or any(helper.room.person_id == holder.person_id for step in bench.values() for helper in step):
        return []
    if holder.reason not in (Reason.CLAIMED, Reason.HANDED_OVER):
        return []
    # Of the course staff: an expert who holds its topics no longer has no question about them either.
    is_here = spaces.is_staff(space_id=question.space_id, person_id=holder.person_id)
    return [Helper(room=rooms[holder.person_id])] if is_here else []


def topic_ids_of(question: Question) -> list[int]:
    """What a question is about: its thread's topics, which its activity's are among."""
    return [row.id for row in threads.topics_of_threads([question.pk]).get(question.pk, [])]


def _look_at_absent() -> None:
    """An absence that begins releases what somebody has, whoever is looking; so does leaving, which hosts may do
    without a word.
    """
    holders = set(Assignment.objects.filter(ended_at=None).values_list("person_id", flat=True))
    look_again(person_ids={*topics.away_among(holders), *spaces.gone_among(holders)})


def look_again(*, person_ids: Collection[int]) -> None:
    """What these people have is looked at by the next tick: they may be away or gone."""
    held = Assignment.objects.filter(person_id__in=person_ids, ended_at=None).values("question_id")
    Question.objects.filter(pk__in=held, state=State.OPEN).update(route_at=clock.now())


def look_again_at_leavers(*, space_id: int) -> None:
    """The same for whoever is no longer in a space whose roster was read."""
    held = Assignment.objects.filter(ended_at=None).filter(
        Q(question__space_id=space_id) | Q(person__memberships__space_id=space_id)
    )
    look_again(person_ids=set(held.values_list("person_id", flat=True)))


def place_of(question: Question) -> Any:
    return {
        "organization_id": question.organization_id,
        "space_id": question.space_id,
        "activity_id": question.activity_id,
        "thread_id": question.pk,
    }


def next_due() -> datetime | None:
    """When the ladder wants to look at a question again, or None where none waits for a moment."""
    due = Question.objects.filter(state=State.OPEN, route_at__isnull=False).order_by("route_at")
    return due.values_list("route_at", flat=True).first()
