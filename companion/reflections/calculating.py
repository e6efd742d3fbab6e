"""Everybody's dates in a series, worked out from what is known of them: in memory for a preview, or written down.

Dates are worked out anew whenever something changes that they hang on: the series, an enrolment, a completion, the
event. What was sent stays as it was sent, and what a learner decided stays decided.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from hashlib import sha256
from types import MappingProxyType
from typing import Final

from django.db import transaction

from companion import clock
from companion.reflections.due_dates import due_dates
from companion.reflections.models import Commitment, Contact, Delivery, Enrolment, Milestone, Prompt, Series
from companion.reflections.scheduling import Moments, Plan, Reason, State, schedule
from companion.spaces import api as spaces
from companion.spaces.hours import WorkingHours, is_zone
from companion.spaces.prompts import Anchor, Format, PromptSettings, read_prompt
from companion.tasks import task

BATCH: Final = 500
# What a learner decided, and dates that were given for a reason of their own: nothing here changes them.
DECIDED: Final = frozenset({Reason.SKIPPED})
_KEPT_DATES: Final = frozenset({Reason.SNOOZED, Reason.AFTER_PLAN, Reason.ASKED_AGAIN, Reason.MAIL_SERVER})
_CHANGING: Final = ("state", "reason", "opens_at", "due_at", "worth_until")


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """What all learners of a series have in common. `activity_unit` is what the unit "" means."""

    hours: WorkingHours
    event_at: datetime | None
    event_ends_at: datetime | None
    activity_unit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known of one learner: None for `joined_at` is "not in the course now"."""

    joined_at: datetime | None
    units: Mapping[str, datetime]
    time_zone: str
    planned: frozenset[str] = frozenset()
    due: Mapping[str, datetime] = field(default_factory=lambda: MappingProxyType({}))


def calendar_of(series: Series) -> Calendar:
    """The calendar as published."""
    facts = series.settings
    return Calendar(
        hours=WorkingHours(
            zone=facts["time_zone"],
            days=frozenset(map(int, facts["working_days"])),
            begins=facts["day_begins"],
            ends=facts["day_ends"],
        ),
        event_at=_moment(facts["event_at"]),
        event_ends_at=_moment(facts["event_ends_at"]),
        activity_unit=facts["unit"],
    )


def plan_for(
    prompts: Sequence[PromptSettings],
    calendar: Calendar,
    known: Known,
    now: datetime,
    *,
    settled: Mapping[str, datetime | None] = MappingProxyType({}),
    is_held_out: bool = False,
) -> dict[str, Plan]:
    """One learner's plan for every prompt that is not settled."""
    if known.joined_at is None:
        return _all_dropped(prompts, settled, Reason.LEFT)
    units = {"": known.units.get(calendar.activity_unit), **known.units}
    moments = Moments(
        enrolled_at=known.joined_at,
        units={name: at for name, at in units.items() if at is not None},
        due=known.due,
        course_at=known.units.get(Milestone.COURSE),
        event_at=calendar.event_at,
        event_ends_at=calendar.event_ends_at,
    )
    hours = replace(calendar.hours, zone=known.time_zone) if is_zone(known.time_zone) else calendar.hours
    if not is_held_out:
        return schedule(prompts, moments, hours, now, settled=settled)
    measured = measure_of(prompts)
    asked = [prompt for prompt in prompts if prompt.key == measured]
    return _all_dropped(prompts, settled, Reason.HELD_OUT) | schedule(asked, moments, hours, now, settled=settled)


def measure_of(prompts: Iterable[PromptSettings]) -> str:
    """The key of the prompt by which the two groups are compared: the last that asks how it went; "" without one."""
    return next((prompt.key for prompt in reversed(list(prompts)) if prompt.format is Format.FOLLOW_UP), "")


def _all_dropped(prompts: Iterable[PromptSettings], settled: Collection[str], reason: Reason) -> dict[str, Plan]:
    return {
        prompt.key: Plan(key=prompt.key, state=State.DROPPED, reason=reason)
        for prompt in prompts
        if prompt.key not in settled
    }


def is_drawn(seed: int, person_id: int, percent: int) -> bool:
    """Whether the lot of a learner falls into the group that is held out. The same seed and person, the same lot."""
    lot = int.from_bytes(sha256(f"{seed}.{person_id}".encode()).digest()[:8])
    return lot % 10_000 < percent * 100


def know(
    *,
    space_id: int,
    person_ids: Collection[int],
    prompts: Iterable[PromptSettings],
    series_id: int | None = None,
) -> dict[int, Known]:
    """What is known of these people, as far as the prompts ask for it. Four queries, and the host's for due dates."""
    dated = {prompt.unit for prompt in prompts if prompt.anchor is Anchor.DUE}
    due = due_dates(space_id=space_id, person_ids=person_ids, units=dated) if dated else {}
    joined = spaces.joined_learners(space_id=space_id, person_ids=person_ids)
    units: dict[int, dict[str, datetime]] = {}
    rows = Milestone.objects.filter(space_id=space_id, person_id__in=person_ids)
    for person_id, unit, at in rows.values_list("person_id", "unit", "at"):
        units.setdefault(person_id, {})[unit] = at
    zones = dict(
        Contact.objects.filter(person_id__in=person_ids).exclude(time_zone="").values_list("person_id", "time_zone")
    )
    planned: dict[int, set[str]] = {}
    if series_id is not None:
        made = Commitment.objects.filter(entry__prompt__series_id=series_id, entry__person_id__in=person_ids)
        for person_id, key in made.values_list("entry__person_id", "entry__prompt__key"):
            planned.setdefault(person_id, set()).add(key)
    return {
        person_id: Known(
            joined_at=joined.get(person_id),
            units=units.get(person_id, {}),
            time_zone=zones.get(person_id, ""),
            planned=frozenset(planned.get(person_id, ())),
            due=due.get(person_id, {}),
        )
        for person_id in person_ids
    }


def prompts_of(series: Series) -> dict[Prompt, PromptSettings]:
    """The prompts of a series as published, in their order, those that were taken out as well."""
    rows = series.prompts.order_by("position", "pk")
    return {row: read_prompt(row.settings) for row in rows}


@task()
def recalculate_series(series_id: int) -> str:
    """Work out everybody's dates anew. Twice is once; a task that was killed begins again."""
    series = Series.objects.filter(pk=series_id).first()
    return "gone" if series is None else f"{recalculate(series)} people"


def recalculate(series: Series) -> int:
    """The same at once; gives how many people are in the series. A fixed number of queries for 500 people."""
    started = clock.now()
    enrol_missing(series)
    count, last = 0, 0
    while batch := list(series.enrolments.filter(pk__gt=last).order_by("pk")[:BATCH]):
        with transaction.atomic():
            calculate(series, batch)
        last, count = batch[-1].pk, count + len(batch)
    Series.objects.filter(pk=series.pk).update(calculated_at=started)
    return count


def enrol_missing(series: Series, person_ids: Collection[int] | None = None) -> None:
    """Every learner of the space (or of these people) is asked by the series; the lots are drawn here."""
    learners = (
        spaces.all_learners(space_id=series.space_id)
        if person_ids is None
        else sorted(spaces.joined_learners(space_id=series.space_id, person_ids=person_ids))
    )
    for start in range(0, len(learners), BATCH):
        people = learners[start : start + BATCH]
        known = set(series.enrolments.filter(person_id__in=people).values_list("person_id", flat=True))
        Enrolment.objects.bulk_create(
            [
                Enrolment(
                    series=series,
                    person_id=person_id,
                    is_held_out=is_drawn(series.seed, person_id, series.holdout_percent),
                )
                for person_id in people
                if person_id not in known
            ],
            ignore_conflicts=True,
        )


def calculate(series: Series, enrolments: Sequence[Enrolment]) -> None:
    """Write down the dates of some people, in the caller's transaction."""
    now, calendar, prompts = clock.now(), calendar_of(series), prompts_of(series)
    asked = [settings for row, settings in prompts.items() if row.removed_at is None]
    rows = {settings.key: row for row, settings in prompts.items()}
    known = know(
        space_id=series.space_id,
        person_ids=[enrolment.person_id for enrolment in enrolments],
        prompts=asked,
        series_id=series.pk,
    )
    found = Delivery.objects.filter(enrolment__in=enrolments, round=1).select_related("prompt")
    mine: dict[int, dict[str, Delivery]] = {}
    for delivery in found:
        mine.setdefault(delivery.enrolment_id, {})[delivery.prompt.key] = delivery
    new, changed = [], []
    for enrolment in enrolments:
        have = mine.get(enrolment.pk, {})
        plans = _plans(enrolment, asked, calendar, known[enrolment.person_id], have, now)
        for key, plan in plans.items():
            if key not in have:
                new.append(_delivery(series, enrolment, rows[key], plan))
            elif _is_news(have[key], plan):
                _take(have[key], plan)
                changed.append(have[key])
    Delivery.objects.bulk_create(new, ignore_conflicts=True, batch_size=BATCH)
    # What a worker has taken meanwhile, or sent, is left alone.
    untouched = Delivery.objects.filter(taken_at=None).exclude(state=State.SENT.value)
    untouched.bulk_update(changed, _CHANGING, batch_size=BATCH)


def _plans(
    enrolment: Enrolment,
    asked: Sequence[PromptSettings],
    calendar: Calendar,
    known: Known,
    have: Mapping[str, Delivery],
    now: datetime,
) -> dict[str, Plan]:
    settled = {key: settled_at(delivery) for key, delivery in have.items() if is_settled(delivery)}
    if enrolment.stopped_at is not None:
        plans = _all_dropped(asked, settled, Reason.STOPPED)
    else:
        plans = plan_for(asked, calendar, known, now, settled=settled, is_held_out=enrolment.is_held_out)
        for prompt in asked:
            if waits_for_plan(prompt, enrolment, known, have.get(prompt.key)) and prompt.key in plans:
                plans[prompt.key] = Plan(key=prompt.key, state=State.HELD, reason=Reason.NO_PLAN)
    here = {prompt.key for prompt in asked}
    gone = {key: Plan(key=key, state=State.DROPPED, reason=Reason.REMOVED) for key in have if key not in here}
    return plans | {key: plan for key, plan in gone.items() if have[key].state != State.SENT.value}


def waits_for_plan(prompt: PromptSettings, enrolment: Enrolment, known: Known, have: Delivery | None) -> bool:
    """Whether a follow-up was held because there was no plan, and there still is none."""
    was_held = have is not None and have.reason == Reason.NO_PLAN.value
    return was_held and not enrolment.is_held_out and prompt.pairs_with not in known.planned


def is_settled(delivery: Delivery) -> bool:
    """Whether nothing is to be decided about a delivery any more."""
    if delivery.state == State.SENT.value or delivery.reason in DECIDED or delivery.taken_at is not None:
        return True
    return delivery.state == State.PLANNED.value and delivery.reason in _KEPT_DATES


def settled_at(delivery: Delivery) -> datetime | None:
    return delivery.sent_at or (delivery.due_at if delivery.state == State.PLANNED.value else None)


def _delivery(series: Series, enrolment: Enrolment, prompt: Prompt, plan: Plan) -> Delivery:
    delivery = Delivery(enrolment=enrolment, prompt=prompt, series=series, person_id=enrolment.person_id)
    _take(delivery, plan)
    return delivery


def _take(delivery: Delivery, plan: Plan) -> None:
    delivery.state, delivery.reason = plan.state.value, plan.reason.value
    delivery.opens_at, delivery.due_at, delivery.worth_until = plan.opens_at, plan.due_at, plan.worth_until


def _is_news(delivery: Delivery, plan: Plan) -> bool:
    said = (delivery.state, delivery.reason, delivery.opens_at, delivery.due_at, delivery.worth_until)
    return said != (plan.state.value, plan.reason.value, plan.opens_at, plan.due_at, plan.worth_until)


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def waited_key(space_id: int) -> str:
    """Under which the cache has what the series of a space wait for (tracking.py)."""
    return f"companion.reflections.units.{space_id}"


def anchors_on(prompts: Iterable[PromptSettings], unit: str) -> bool:
    """Whether any of these prompts waits for a unit ("" is the activity's own) or, for COURSE, the whole course."""
    if unit == Milestone.COURSE:
        return any(prompt.anchor is Anchor.COURSE for prompt in prompts)
    return any(prompt.anchor is Anchor.UNIT and prompt.unit == unit for prompt in prompts)
