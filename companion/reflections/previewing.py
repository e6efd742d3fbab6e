"""Everybody's dates in a series: as they would be once a draft is published, and as they are, each with its reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from uuid import UUID

from django.utils.translation import gettext

from companion import clock, keyset
from companion.errors import NotAllowed
from companion.reflections.calculating import is_drawn, plans_for, prompts_of
from companion.reflections.known import draft_calendar, know
from companion.reflections.models import Delivery, Enrolment, Series
from companion.reflections.publishing import get_series, seed_of
from companion.reflections.reasons import in_words, state_in_words
from companion.reflections.scheduling import Plan, Reason, State
from companion.spaces import api as spaces
from companion.spaces.api import Activity
from companion.spaces.prompts import PromptSettings, read_prompt
from companion.viewer import Viewer

PEOPLE_A_PAGE: Final = 20
# A preview looks at so many learners to say how many dates change.
MOST_COUNTED: Final = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedPrompt:
    """What happens with one prompt for one learner. `before` is what was to happen so far, where it differs.

    `reason` is a sentence.
    """

    key: str
    title: str
    state: str
    reason: str
    at: datetime | None
    is_answered: bool = False
    before: datetime | None = None
    is_new: bool = False
    is_changed: bool = False

    @property
    def state_label(self) -> str:
        return state_in_words(self.state)


@dataclass(frozen=True, slots=True, kw_only=True)
class LearnerPlan:
    person_id: int
    name: str
    time_zone: str
    is_held_out: bool
    prompts: list[PlannedPrompt]


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What publishing would do. `prompts` are those of the draft, and after them those that it has taken out; each
    learner in `rows` has one of each, in that order. `changes` counts, over `counted` of `people` learners, deliveries
    that are "new", "moved", "dropped" or "same"; `rows` is a page of learners, `next` the cursor of the next or "".
    """

    prompts: list[PromptSettings]
    people: int
    counted: int
    changes: Mapping[str, int]
    rows: list[LearnerPlan]
    next: str


def preview_series(*, viewer: Viewer, uid: UUID, cursor: str = "") -> Preview:
    """Everybody's dates as they would be after publishing, beside those that hold. Writes nothing.

    A fixed number of queries for a page of learners, and some more for what is counted. Raises NotFound, NotAllowed,
    keyset.InvalidCursor.
    """
    activity, series = get_series(viewer=viewer, uid=uid)
    spaces.must_configure(viewer=viewer)
    learners = spaces.all_learners(space_id=activity.space_id)
    after = keyset.decode_numbers(cursor, 1)[0] if cursor else 0
    page = [person_id for person_id in learners if person_id > after][: PEOPLE_A_PAGE + 1]
    shown = page[:PEOPLE_A_PAGE]
    counted = learners[:MOST_COUNTED]
    prompts = [*activity.reflection.prompts, *_taken_out(activity, series)]
    rows = _rows(activity, series, prompts, sorted({*shown, *counted}))
    names = spaces.names_of(shown)
    changes = Counter(_change(prompt) for person_id in counted for prompt in rows[person_id].prompts)
    return Preview(
        prompts=prompts,
        people=len(learners),
        counted=len(counted),
        changes={name: changes.get(name, 0) for name in ("new", "moved", "dropped", "same")},
        rows=[replace(rows[person_id], name=names[person_id]) for person_id in shown],
        next=keyset.encode(shown[-1]) if len(page) > PEOPLE_A_PAGE else "",
    )


def _change(prompt: PlannedPrompt) -> str:
    if prompt.is_new:
        return "new"
    if not prompt.is_changed:
        return "same"
    return "dropped" if prompt.at is None else "moved"


def _taken_out(activity: Activity, series: Series | None) -> list[PromptSettings]:
    """The prompts that are asked as published, and stand in the draft no longer."""
    kept = {prompt.key for prompt in activity.reflection.prompts}
    known = prompts_of(series) if series is not None else {}
    return [prompt for row, prompt in known.items() if row.removed_at is None and prompt.key not in kept]


def _rows(
    activity: Activity, series: Series | None, prompts: Sequence[PromptSettings], person_ids: Sequence[int]
) -> dict[int, LearnerPlan]:
    settings, calendar, now = activity.reflection, draft_calendar(activity), clock.now()
    series_id = series.pk if series is not None else None
    known = know(space_id=activity.space_id, person_ids=person_ids, prompts=settings.prompts, series_id=series_id)
    have, enrolments = _deliveries(series, person_ids), _enrolments(series, person_ids)
    rows = {}
    for person_id in person_ids:
        mine = have.get(person_id, {})
        drawn = is_drawn(seed_of(activity), person_id, settings.holdout_percent)
        enrolment = enrolments.get(person_id) or Enrolment(person_id=person_id, is_held_out=drawn)
        plans = plans_for(enrolment, settings.prompts, calendar, known[person_id], mine, now)
        rows[person_id] = LearnerPlan(
            person_id=person_id,
            name="",
            time_zone=known[person_id].hours_in(calendar).zone,
            is_held_out=enrolment.is_held_out and calendar.holds_out,
            prompts=[_planned(prompt, plans.get(prompt.key), mine.get(prompt.key)) for prompt in prompts],
        )
    return rows


def _planned(prompt: PromptSettings, plan: Plan | None, have: Delivery | None) -> PlannedPrompt:
    if plan is None and have is not None:
        return _settled(have)
    # Whoever was never asked what is taken out now.
    plan = plan or Plan(key=prompt.key, state=State.DROPPED, reason=Reason.REMOVED)
    before = have.due_at if have is not None else None
    return PlannedPrompt(
        key=prompt.key,
        title=prompt.title,
        state=plan.state.value,
        reason=in_words(plan.reason),
        at=plan.due_at,
        before=before,
        is_new=have is None and plan.reason is not Reason.REMOVED,
        is_changed=have is not None and before != plan.due_at,
    )


def _settled(delivery: Delivery) -> PlannedPrompt:
    """A delivery as it is."""
    prompt = read_prompt(delivery.prompt.settings)
    return PlannedPrompt(
        key=prompt.key,
        title=prompt.title,
        state=delivery.state,
        reason=in_words(delivery.reason),
        at=delivery.sent_at or delivery.due_at,
        is_answered=delivery.answered_at is not None,
    )


def _deliveries(series: Series | None, person_ids: Sequence[int]) -> dict[int, dict[str, Delivery]]:
    found: dict[int, dict[str, Delivery]] = {}
    if series is not None:
        rows = Delivery.objects.filter(series=series, enrolment__person_id__in=person_ids, round=1)
        for delivery in rows.select_related("prompt"):
            found.setdefault(delivery.person_id, {})[delivery.prompt.key] = delivery
    return found


def _enrolments(series: Series | None, person_ids: Sequence[int]) -> dict[int, Enrolment]:
    if series is None:
        return {}
    return {row.person_id: row for row in series.enrolments.filter(person_id__in=person_ids)}


def list_deliveries(*, viewer: Viewer, uid: UUID, cursor: str = "") -> tuple[list[LearnerPlan], str]:
    """A page of learners with what became of every prompt for each, and the cursor of the next page, or "".

    For the course staff. A fixed number of queries. Raises NotFound, NotAllowed, keyset.InvalidCursor.
    """
    _activity, series = get_series(viewer=viewer, uid=uid)
    if not viewer.is_staff:
        raise NotAllowed(gettext("Only the course staff can do this."))
    if series is None:
        return [], ""
    after = keyset.decode_numbers(cursor, 1)[0] if cursor else 0
    found = list(series.enrolments.filter(person_id__gt=after).order_by("person_id")[: PEOPLE_A_PAGE + 1])
    shown = found[:PEOPLE_A_PAGE]
    rows: dict[int, list[Delivery]] = {enrolment.pk: [] for enrolment in shown}
    # That somebody is asked once more would tell who asked the question that was answered just then, without a name.
    deliveries = Delivery.objects.filter(enrolment__in=shown, round=1).select_related("prompt")
    for delivery in deliveries.order_by("prompt__position"):
        rows[delivery.enrolment_id].append(delivery)
    names = spaces.names_of([enrolment.person_id for enrolment in shown])
    page = [
        LearnerPlan(
            person_id=enrolment.person_id,
            name=names[enrolment.person_id],
            time_zone="",
            is_held_out=enrolment.is_held_out and series.holdout_percent > 0,
            prompts=[
                _planned(read_prompt(delivery.prompt.settings), None, delivery) for delivery in rows[enrolment.pk]
            ],
        )
        for enrolment in shown
    ]
    return page, keyset.encode(shown[-1].person_id) if len(found) > PEOPLE_A_PAGE else ""
