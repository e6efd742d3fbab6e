"""Everybody's dates in a series, worked out from what is known of them: in memory for a preview, or written down.

Dates are worked out anew whenever something changes that they hang on: the series, an enrolment, a completion, the
event. What was sent stays as it was sent, and what a learner decided stays decided.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Final

from django.db import connection, transaction

from companion import clock
from companion.reflections.known import Calendar, Known, calendar_of, know
from companion.reflections.models import Delivery, Enrolment, Milestone, Prompt, Series
from companion.reflections.scheduling import OWN_DATES, Moments, Plan, Reason, Settled, State, schedule
from companion.spaces import api as spaces
from companion.spaces.prompts import Anchor, Format, PromptSettings, read_prompt
from companion.tasks import task

BATCH: Final = 500
# What a learner decided: nothing here changes it.
DECIDED: Final = frozenset({Reason.SKIPPED})
_CHANGING: Final = ("state", "reason", "opens_at", "due_at", "worth_until")


def plans_for(
    enrolment: Enrolment,
    prompts: Sequence[PromptSettings],
    calendar: Calendar,
    known: Known,
    have: Mapping[str, Delivery],
    now: datetime,
) -> dict[str, Plan]:
    """What is to become of each prompt for one learner, who has these deliveries; nothing for those that are settled.

    A delivery whose prompt is not among them any more is dropped.
    """
    moments = known.moments_in(calendar)
    by_key = {prompt.key: prompt for prompt in prompts}
    settled = {key: _settled(row) for key, row in have.items() if is_settled(row, by_key.get(key), moments)}
    is_held_out = enrolment.is_held_out and calendar.holds_out
    if known.joined_at is None:
        plans = _all_dropped(prompts, settled, Reason.LEFT)
    elif enrolment.stopped_at is not None:
        plans = _all_dropped(prompts, settled, Reason.STOPPED)
    else:
        plans = _scheduled(prompts, calendar, known, now, settled, is_held_out=is_held_out)
        for prompt in prompts:
            was_held = prompt.key in have and have[prompt.key].reason == Reason.NO_PLAN.value
            if was_held and prompt.key in plans and lacks_plan(prompt, known.planned) and not is_held_out:
                plans[prompt.key] = Plan(key=prompt.key, state=State.HELD, reason=Reason.NO_PLAN)
    return plans | {
        key: Plan(key=key, state=State.DROPPED, reason=Reason.REMOVED)
        for key, row in have.items()
        if key not in by_key and row.state != State.SENT.value and row.reason not in DECIDED
    }


def _scheduled(
    prompts: Sequence[PromptSettings],
    calendar: Calendar,
    known: Known,
    now: datetime,
    settled: Mapping[str, Settled],
    *,
    is_held_out: bool,
) -> dict[str, Plan]:
    hours, moments = known.hours_in(calendar), known.moments_in(calendar)
    if is_held_out:
        asked = [prompt for prompt in prompts if prompt.key == measure_of(prompts)]
        plans = schedule(asked, moments, hours, now, settled=settled)
        plans = _all_dropped(prompts, settled, Reason.HELD_OUT) | plans
    else:
        mute = {prompt.key for prompt in prompts if lacks_plan(prompt, known.planned)}
        plans = schedule(prompts, moments, hours, now, settled=settled, mute=mute)
    return {key: _unless_closed(plan, calendar.closes_at) for key, plan in plans.items()}


def _unless_closed(plan: Plan, closes_at: datetime | None) -> Plan:
    if plan.due_at is None or closes_at is None or plan.due_at < closes_at:
        return plan
    return Plan(key=plan.key, state=State.DROPPED, reason=Reason.CLOSED)


def lacks_plan(prompt: PromptSettings, planned: Collection[str]) -> bool:
    """Whether a prompt asks how a plan went that nobody has made."""
    return prompt.format is Format.FOLLOW_UP and prompt.pairs_with not in planned


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


def is_settled(delivery: Delivery, prompt: PromptSettings | None, moments: Moments) -> bool:
    """Whether nothing is to be decided about a delivery any more. A date of its own stays, but for one that was to come
    before something that is called off, or earlier now.
    """
    if delivery.state == State.SENT.value or delivery.reason in DECIDED or delivery.taken_at is not None:
        return True
    if delivery.state != State.PLANNED.value or delivery.reason not in OWN_DATES:
        return False
    if prompt is None or prompt.days >= 0:
        return True
    before = moments.of(prompt)
    return before is not None and delivery.due_at is not None and delivery.due_at < before


def _settled(delivery: Delivery) -> Settled:
    if delivery.state == State.SENT.value:
        return Settled(at=delivery.sent_at, asked_for=delivery.opens_at)
    return Settled(at=delivery.due_at if delivery.state == State.PLANNED.value else None)


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
    """Write down the dates of some people, in the caller's transaction. Their rows are held meanwhile: what a learner
    decides just then comes before or after.
    """
    prompts = prompts_of(series)
    asked = [settings for row, settings in prompts.items() if row.removed_at is None]
    row_of, key_of = ({settings.key: row for row, settings in prompts.items()}, {row.pk: row.key for row in prompts})
    calendar, now = calendar_of(series), clock.now()
    known = know(
        space_id=series.space_id,
        person_ids=[enrolment.person_id for enrolment in enrolments],
        prompts=asked,
        series_id=series.pk,
    )
    mine: dict[int, dict[str, Delivery]] = {}
    for delivery in _held_rows(enrolments):
        mine.setdefault(delivery.enrolment_id, {})[key_of[delivery.prompt_id]] = delivery
    new, changed = [], []
    for enrolment in enrolments:
        have = mine.get(enrolment.pk, {})
        for key, plan in plans_for(enrolment, asked, calendar, known[enrolment.person_id], have, now).items():
            if key not in have:
                new.append(_delivery(series, enrolment, row_of[key], plan))
            elif _is_news(have[key], plan):
                _take(have[key], plan)
                changed.append(have[key])
    Delivery.objects.bulk_create(new, ignore_conflicts=True, batch_size=BATCH)
    # What a worker has taken meanwhile, or sent, is left alone.
    untouched = Delivery.objects.filter(taken_at=None).exclude(state=State.SENT.value)
    untouched.bulk_update(changed, _CHANGING, batch_size=BATCH)


def _held_rows(enrolments: Sequence[Enrolment]) -> Iterable[Delivery]:
    rows = Delivery.objects.filter(enrolment__in=enrolments, round=1).order_by("pk")
    return rows.select_for_update() if connection.features.has_select_for_update else rows


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


def waited_key(space_id: int) -> str:
    """Under which the cache has what the series of a space wait for (tracking.py)."""
    return f"companion.reflections.units.{space_id}"


def anchors_on(prompts: Iterable[PromptSettings], unit: str) -> bool:
    """Whether any of these prompts waits for a unit ("" is the activity's own) or, for COURSE, the whole course."""
    if unit == Milestone.COURSE:
        return any(prompt.anchor is Anchor.COURSE for prompt in prompts)
    return any(prompt.anchor is Anchor.UNIT and prompt.unit == unit for prompt in prompts)
