"""When each prompt is due: a pure function of a learner's moments, the offsets, the calendar and the time.

The same input gives the same plan, and every prompt has a date or a reason why it has none. Days are those of a
calendar on the wall of whoever learns: seven days after Monday at ten is Monday at ten, also where clocks change in
between.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from companion.spaces.hours import WorkingHours, zone_of
from companion.spaces.prompts import Anchor, PromptSettings

# A prompt that could not be sent in time is worth sending for so long, or for half of its distance from the anchor:
# what was to come after three days is stale after a week, what was to come after two months is not.
LEAST_WORTH: Final = timedelta(days=3)
# What is due a moment before somebody looks is on time: clocks go on while dates are worked out.
GRACE: Final = timedelta(hours=1)
# No date is moved further than this to find a working day.
_MOST_AHEAD: Final = 400


class State(StrEnum):
    """What became of a delivery. A date in the future is planned; without a date it is held."""

    PLANNED = "planned"
    HELD = "held"
    SENT = "sent"
    DROPPED = "dropped"


class Reason(StrEnum):
    """Why a delivery is where it is. The words are in companion.reflections.reasons."""

    # planned
    ON_TIME = "on_time"
    QUIET = "quiet"
    ONE_A_DAY = "one_a_day"
    LATE = "late"
    SNOOZED = "snoozed"
    AFTER_PLAN = "after_plan"
    ASKED_AGAIN = "asked_again"
    MAIL_SERVER = "mail_server"
    # held
    NOT_JOINED = "not_joined"
    NOT_FINISHED = "not_finished"
    NO_EVENT = "no_event"
    NO_DUE_DATE = "no_due_date"
    NO_PLAN = "no_plan"
    # sent
    MAILED = "mailed"
    SHOWN = "shown"
    NO_ADDRESS = "no_address"
    BOUNCED = "bounced"
    NO_REMINDERS = "no_reminders"
    NOT_TAKEN = "not_taken"
    NO_HOUR = "no_hour"
    IN_DOUBT = "in_doubt"
    ANSWERED = "answered"
    # dropped
    TOO_OLD = "too_old"
    EVENT_OVER = "event_over"
    OVERTAKEN = "overtaken"
    STOPPED = "stopped"
    SKIPPED = "skipped"
    LEFT = "left"
    HELD_OUT = "held_out"
    REMOVED = "removed"
    CLOSED = "closed"


# A date of a row's own, for a reason of its own: working out everybody's dates anew leaves it alone.
OWN_DATES: Final = frozenset({Reason.SNOOZED, Reason.AFTER_PLAN, Reason.ASKED_AGAIN, Reason.MAIL_SERVER})
# No reminder is worth sending any more, but whoever comes by may still answer.
STILL_OPEN: Final = frozenset({Reason.TOO_OLD, Reason.OVERTAKEN})


@dataclass(frozen=True, slots=True, kw_only=True)
class Moments:
    """A learner's own moments, and the event's; None is "not yet" (or no event). `units`, when they were finished, and
    `due`, when they are to be, are by name.
    """

    enrolled_at: datetime | None = None
    units: Mapping[str, datetime] = field(default_factory=lambda: MappingProxyType({}))
    due: Mapping[str, datetime] = field(default_factory=lambda: MappingProxyType({}))
    course_at: datetime | None = None
    event_at: datetime | None = None
    event_ends_at: datetime | None = None

    def of(self, prompt: PromptSettings) -> datetime | None:
        """What a prompt's days are counted from."""
        if prompt.anchor is Anchor.ENROLMENT:
            return self.enrolled_at
        if prompt.anchor is Anchor.UNIT:
            return self.units.get(prompt.unit)
        if prompt.anchor is Anchor.DUE:
            return self.due.get(prompt.unit)
        if prompt.anchor is Anchor.COURSE:
            return self.course_at
        return self.event_at if prompt.anchor is Anchor.EVENT_START else self.event_ends_at or self.event_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """A prompt of which nothing is to be decided any more. `at` is when it was sent or is to be (None for never), and
    takes that day; `asked_for` is the moment it was wanted, of one that was sent.
    """

    at: datetime | None = None
    asked_for: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is to become of one prompt for one learner. `opens_at`: from then on it can be answered in the course;
    `due_at`: when a reminder is due; `worth_until`: from then on a reminder is not worth sending.
    """

    key: str
    state: State
    reason: Reason
    opens_at: datetime | None = None
    due_at: datetime | None = None
    worth_until: datetime | None = None


_WAITS_FOR: Final[Mapping[Anchor, Reason]] = {
    Anchor.ENROLMENT: Reason.NOT_JOINED,
    Anchor.UNIT: Reason.NOT_FINISHED,
    Anchor.COURSE: Reason.NOT_FINISHED,
    Anchor.EVENT_START: Reason.NO_EVENT,
    Anchor.EVENT_END: Reason.NO_EVENT,
    Anchor.DUE: Reason.NO_DUE_DATE,
}


def schedule(
    prompts: Iterable[PromptSettings],
    moments: Moments,
    hours: WorkingHours,
    now: datetime,
    *,
    settled: Mapping[str, Settled] = MappingProxyType({}),
    mute: Collection[str] = (),
) -> dict[str, Plan]:
    """A plan for every prompt that is not settled, by its key. `hours` are in the learner's zone; `now` is aware.

    Nothing is due outside of the hours, nothing before now, and no two on one day: of two that collide, the one whose
    turn comes later moves to the next day that is free. Of several that are late, the last alone is worth sending,
    unless it is `mute`: one that will not be asked as things are (how a plan went, where there is none).
    """
    plans = {prompt.key: _plan(prompt, moments, hours, now) for prompt in prompts if prompt.key not in settled}
    plans |= _overtaken(plans, settled, mute)
    taken = {local_date(done.at, hours) for done in settled.values() if done.at is not None}
    return plans | _spread(plans, hours, taken)


def _plan(prompt: PromptSettings, moments: Moments, hours: WorkingHours, now: datetime) -> Plan:
    anchor = moments.of(prompt)
    if anchor is None:
        return Plan(key=prompt.key, state=State.HELD, reason=_WAITS_FOR[prompt.anchor])
    wanted = days_after(anchor, prompt.days, zone=hours.zone)
    if prompt.days < 0:
        return _plan_before(prompt.key, wanted, anchor, hours, now)
    due = hours.next_open(wanted)
    worth_until = due + max(LEAST_WORTH, timedelta(days=prompt.days) / 2)
    if due >= now - GRACE:
        reason = Reason.ON_TIME if due == wanted else Reason.QUIET
        return _planned(prompt.key, reason, wanted, due, worth_until)
    caught_up = hours.next_open(now)
    if caught_up > worth_until:
        return Plan(key=prompt.key, state=State.DROPPED, reason=Reason.TOO_OLD, opens_at=wanted)
    return _planned(prompt.key, Reason.LATE, wanted, caught_up, worth_until)


def _plan_before(key: str, wanted: datetime, event: datetime, hours: WorkingHours, now: datetime) -> Plan:
    """Before an event or a due date: what falls on a weekend comes before that, and nothing comes after it."""
    due = wanted if hours.is_open(wanted) else last_open(hours, wanted) or wanted
    reason = Reason.ON_TIME if due == wanted else Reason.QUIET
    if due < now - GRACE:
        due, reason = hours.next_open(now), Reason.LATE
    if due >= event or now >= event:
        return Plan(key=key, state=State.DROPPED, reason=Reason.EVENT_OVER)
    return _planned(key, reason, min(wanted, due), due, event)


def _planned(key: str, reason: Reason, opens_at: datetime, due_at: datetime, worth_until: datetime) -> Plan:
    return Plan(key=key, state=State.PLANNED, reason=reason, opens_at=opens_at, due_at=due_at, worth_until=worth_until)


def _overtaken(plans: Mapping[str, Plan], settled: Mapping[str, Settled], mute: Collection[str]) -> dict[str, Plan]:
    """Of those that are late, all but the last: a handful of questions at once is answered by nobody."""
    late = [plan for plan in plans.values() if plan.reason is Reason.LATE]
    # Of equal moments, the later one in the series is the last.
    spoken = sorted((plan for plan in late if plan.key not in mute), key=_asked_for)
    last = spoken[-1] if spoken else None
    sent = max((done.asked_for for done in settled.values() if done.asked_for is not None), default=None)
    return {
        plan.key: _overtaken_plan(plan)
        for plan in late
        if (last is not None and plan is not last and _asked_for(plan) <= _asked_for(last))
        or (sent is not None and _asked_for(plan) < sent)
    }


def _asked_for(plan: Plan) -> datetime:
    assert plan.opens_at is not None
    return plan.opens_at


def _overtaken_plan(plan: Plan) -> Plan:
    return Plan(key=plan.key, state=State.DROPPED, reason=Reason.OVERTAKEN, opens_at=plan.opens_at)


def _spread(plans: Mapping[str, Plan], hours: WorkingHours, taken: set[date]) -> dict[str, Plan]:
    """At most one a day for one learner, in the order in which they are due (of equal ones, in the series' order)."""
    taken, moved = set(taken), {}
    planned = [plan for plan in plans.values() if plan.due_at is not None]
    for plan in sorted(planned, key=lambda plan: plan.due_at or datetime.max.replace(tzinfo=UTC)):
        assert plan.due_at is not None
        due = plan.due_at
        for _ahead in range(_MOST_AHEAD):
            if local_date(due, hours) not in taken:
                break
            due = next_day(due, hours)
        taken.add(local_date(due, hours))
        if due == plan.due_at:
            continue
        if plan.worth_until is not None and due > plan.worth_until:
            moved[plan.key] = _overtaken_plan(plan)
        else:
            moved[plan.key] = replace(plan, due_at=due, reason=Reason.ONE_A_DAY)
    return moved


def days_after(moment: datetime, days: int, *, zone: str) -> datetime:
    """So many days later at the same time of the day, in a zone; UTC.

    A time that the clocks jump over is as much later as they jump; of one that comes twice, the first is meant. A day
    that a zone leaves out (Apia, 30 December 2011) is the one after it.
    """
    local = moment.astimezone(zone_of(zone))
    there = datetime.combine(local.date() + timedelta(days=days), local.time(), tzinfo=local.tzinfo)
    return there.astimezone(UTC)


def day_begins(moment: datetime, hours: WorkingHours) -> datetime:
    """When the day of a moment began on the wall of whoever learns."""
    return datetime.combine(local_date(moment, hours), time(), tzinfo=zone_of(hours.zone)).astimezone(UTC)


def next_day(moment: datetime, hours: WorkingHours) -> datetime:
    """When working hours begin on the next working day."""
    tomorrow = local_date(moment, hours) + timedelta(days=1)
    return hours.next_open(datetime.combine(tomorrow, time(), tzinfo=zone_of(hours.zone)).astimezone(UTC))


def last_open(hours: WorkingHours, moment: datetime) -> datetime | None:
    """The last working hour that ended before a moment, a week back at most; None where there is none."""
    for hours_back in range(1, 24 * 8):
        earlier = moment - timedelta(hours=hours_back)
        if hours.is_open(earlier):
            return earlier
    return None


def local_date(moment: datetime, hours: WorkingHours) -> date:
    return moment.astimezone(zone_of(hours.zone)).date()
