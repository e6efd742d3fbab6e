"""Who gets a question: a pure function of the question, the people, the ladder and the time.

The same input gives the same answer, and every answer has its reason. Nobody is given more than they declared,
nobody who is away, nobody twice in a round, nobody their own question.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final

from companion.questions.models import Outcome, Step
from companion.spaces.hours import WorkingHours
from companion.topics.api import Room

# Where nobody can have it and no date says when somebody could: look again after this.
AGAIN: Final = timedelta(days=1)
_FIRST: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Reason(StrEnum):
    """Why somebody has a question, or why nobody has. The words are in companion.questions.reasons."""

    ON_CALL = "on_call"
    KNOWS = "knows"
    AUTHOR = "author"
    INSTRUCTOR = "instructor"
    CLAIMED = "claimed"
    HANDED_OVER = "handed_over"
    PEERS = "peers"
    QUIET = "quiet"
    FULL = "full"
    AWAY = "away"
    NOBODY = "nobody"
    GATHERING = "gathering"


@dataclass(frozen=True, slots=True, kw_only=True)
class Helper:
    """Somebody on a step: what they can take on, and the topic for which they stand there ("" for staff)."""

    room: Room
    topic: str = ""
    is_on_call: bool = False

    @property
    def is_here(self) -> bool:
        return not self.room.is_away


@dataclass(frozen=True, slots=True, kw_only=True)
class Ladder:
    """How long each step lasts, in working hours; the last one has no end."""

    hours: WorkingHours
    lasts: Mapping[Step, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A question as the ladder sees it.

    `step` is where it stands; `holder` has it, until `due_at` (None: without an end). `passed` had it in this round;
    `opens_at` is when an event's questions are handed out.
    """

    clock_at: datetime
    step: Step = Step.PEERS
    asker_id: int | None = None
    holder: int | None = None
    due_at: datetime | None = None
    passed: frozenset[int] = frozenset()
    opens_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Who has it from now on (`person_id`, or None), on which step, why, and when to look again.

    `released` says how it ended for the holder, where they have it no longer; `is_new_round` that whoever had it
    before may have it again.
    """

    step: Step
    person_id: int | None
    reason: Reason
    look_at: datetime | None
    facts: Mapping[str, str | int] = field(default_factory=dict)
    released: Outcome | None = None
    is_new_round: bool = False


Bench = Mapping[Step, Sequence[Helper]]


def decide(case: Case, bench: Bench, ladder: Ladder, now: datetime) -> Decision | None:
    """Who has the question now; None where everything stays as it is until `case.due_at`."""
    released = _released(case, bench, now)
    if case.holder is not None and released is None:
        return None
    if case.holder is None and case.opens_at is not None and now < case.opens_at:
        return Decision(step=Step.PEERS, person_id=None, reason=Reason.GATHERING, look_at=case.opens_at)
    experts_at = _experts_at(case, ladder)
    if case.holder is None and case.step is Step.PEERS and now < experts_at:
        return Decision(step=Step.PEERS, person_id=None, reason=Reason.PEERS, look_at=experts_at)
    steps = _steps_from(case, released, ladder)
    if not ladder.hours.is_open(now):
        opens = ladder.hours.next_open(now)
        return Decision(step=steps[0], person_id=None, reason=Reason.QUIET, look_at=opens, released=released)
    passed = case.passed if case.holder is None else case.passed | {case.holder}
    for step in steps:
        found = _best(bench[step], passed, case.asker_id)
        if found is not None:
            return _give(found, step, ladder, now, released)
    return _wait(bench, passed, case.asker_id, now, released)


def _experts_at(case: Case, ladder: Ladder) -> datetime:
    """When everybody has had their time to answer, and experts are asked."""
    begins = max(case.clock_at, case.opens_at) if case.opens_at else case.clock_at
    lasts = ladder.lasts[Step.PEERS]
    return ladder.hours.add(begins, lasts) if lasts else begins


def _released(case: Case, bench: Bench, now: datetime) -> Outcome | None:
    """How it has ended for whoever has it; None where nobody has it, or they keep it."""
    if case.holder is None:
        return None
    helpers = [helper for step in Step for helper in bench.get(step, ()) if helper.room.person_id == case.holder]
    if not helpers:
        return Outcome.LEFT
    if not helpers[0].is_here:
        return Outcome.AWAY
    return Outcome.LAPSED if case.due_at is not None and case.due_at <= now else None


def _steps_from(case: Case, released: Outcome | None, ladder: Ladder) -> Sequence[Step]:
    """Where to look, in order: from where it stands to the top, then at those below who have not had it yet. A step
    whose time was up is behind us, one without any is passed; who is away or gone has a neighbour on theirs.
    """
    order = list(Step)
    steps = [step for step in order[1:] if ladder.lasts.get(step, 1)]
    stands = order.index(case.step) + (released is Outcome.LAPSED)
    above = [step for step in steps if order.index(step) >= stands]
    return above + [step for step in steps if step not in above]


def _best(helpers: Sequence[Helper], passed: Iterable[int], asker_id: int | None) -> Helper | None:
    """On call first, then whoever has the most room for their size, then who has waited longest."""
    passed = set(passed)
    able = [
        helper
        for helper in helpers
        if helper.is_here
        and helper.room.left > 0
        and helper.room.person_id not in passed
        and helper.room.person_id != asker_id
    ]
    return min(able, key=_order, default=None)


def _order(helper: Helper) -> tuple[bool, float, datetime, int]:
    room = helper.room
    return not helper.is_on_call, room.taken / room.capacity, room.last_given_at or _FIRST, room.person_id


_REASONS: Final = {Step.AUTHOR: Reason.AUTHOR, Step.INSTRUCTOR: Reason.INSTRUCTOR}


def _give(helper: Helper, step: Step, ladder: Ladder, now: datetime, released: Outcome | None) -> Decision:
    lasts = ladder.lasts.get(step)
    due_at = None if lasts is None else ladder.hours.add(now, lasts)
    reason = _REASONS.get(step, Reason.ON_CALL if helper.is_on_call else Reason.KNOWS)
    facts: dict[str, str | int] = {"number": helper.room.taken + 1, "capacity": helper.room.capacity}
    if helper.topic:
        facts["topic"] = helper.topic
    return Decision(
        step=step, person_id=helper.room.person_id, reason=reason, look_at=due_at, facts=facts, released=released
    )


def _wait(
    bench: Bench, passed: frozenset[int], asker_id: int | None, now: datetime, released: Outcome | None
) -> Decision:
    """Nobody can have it now: why, and when that may change. Then everybody may have it again."""
    others = [helper.room for step in Step for helper in bench.get(step, ()) if helper.room.person_id != asker_id]
    fresh = [room for room in others if room.person_id not in passed]
    full = [room for room in fresh if not room.is_away and room.capacity > 0]
    away = [room.away_until for room in fresh if room.is_away and room.away_until is not None]
    moments = [moment for moment in [*(room.week_ends for room in full), *away] if moment > now]
    if full:
        reason = Reason.FULL
    elif any(room.is_away for room in fresh):
        reason = Reason.AWAY
    else:
        reason = Reason.NOBODY
    look_at = min([*moments, now + AGAIN])
    return Decision(
        step=Step.EXPERT, person_id=None, reason=reason, look_at=look_at, released=released, is_new_round=True
    )
