"""What dates are worked out from: the calendar of a series, and what is known of each learner."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType

from companion.reflections.due_dates import due_dates
from companion.reflections.models import Commitment, Contact, Milestone, Series
from companion.reflections.scheduling import Moments
from companion.spaces import api as spaces
from companion.spaces.api import Activity
from companion.spaces.hours import WorkingHours, is_zone
from companion.spaces.prompts import Anchor, PromptSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """What all learners of a series have in common. `activity_unit` is what the unit "" means; `holds_out` whether
    those whose lot fell so are asked at the end alone.
    """

    hours: WorkingHours
    event_at: datetime | None
    event_ends_at: datetime | None
    closes_at: datetime | None
    activity_unit: str
    holds_out: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known of one learner: None for `joined_at` is "not in the course now". `units` are what they finished,
    `due` what they are to finish when, by name; `planned` the keys of prompts at which they have made a plan.
    """

    joined_at: datetime | None
    units: Mapping[str, datetime]
    time_zone: str
    planned: frozenset[str] = frozenset()
    due: Mapping[str, datetime] = field(default_factory=lambda: MappingProxyType({}))

    def hours_in(self, calendar: Calendar) -> WorkingHours:
        """The working hours of a series, in the learner's own zone where it is known."""
        return in_zone(calendar.hours, self.time_zone)

    def moments_in(self, calendar: Calendar) -> Moments:
        own = self.units.get(calendar.activity_unit)
        return Moments(
            enrolled_at=self.joined_at,
            units={**self.units, **({"": own} if own is not None else {})},
            due=self.due,
            course_at=self.units.get(Milestone.COURSE),
            event_at=calendar.event_at,
            event_ends_at=calendar.event_ends_at,
        )


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
        # Series that were published before it was kept have none.
        closes_at=_moment(facts.get("closes_at")),
        activity_unit=facts["unit"],
        holds_out=series.holdout_percent > 0,
    )


def draft_calendar(activity: Activity) -> Calendar:
    """The calendar as its author has set it, published or not."""
    settings = activity.reflection
    return Calendar(
        hours=settings.hours,
        event_at=activity.event_at,
        event_ends_at=activity.event_ends_at,
        closes_at=activity.closes_at,
        activity_unit=str(activity.uid),
        holds_out=settings.holdout_percent > 0,
    )


def hours_of(series: Series, person_id: int) -> WorkingHours:
    """Somebody's working hours in a series, in their own zone where it is known."""
    zone = Contact.objects.filter(pk=person_id).values_list("time_zone", flat=True).first() or ""
    return in_zone(calendar_of(series).hours, zone)


def in_zone(hours: WorkingHours, zone: str) -> WorkingHours:
    """The same hours on the wall of whoever learns; those of the series where their zone is not known."""
    return replace(hours, zone=zone) if is_zone(zone) else hours


def know(
    *,
    space_id: int,
    person_ids: Collection[int],
    prompts: Iterable[PromptSettings],
    series_id: int | None,
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
    planned = plans_made(series_ids=[series_id], person_ids=person_ids) if series_id is not None else {}
    return {
        person_id: Known(
            joined_at=joined.get(person_id),
            units=units.get(person_id, {}),
            time_zone=zones.get(person_id, ""),
            planned=frozenset(planned.get((series_id or 0, person_id), ())),
            due=due.get(person_id, {}),
        )
        for person_id in person_ids
    }


def plans_made(*, series_ids: Collection[int], person_ids: Collection[int]) -> dict[tuple[int, int], set[str]]:
    """(series, person) -> the keys of the prompts at which they have made a plan."""
    planned: dict[tuple[int, int], set[str]] = {}
    made = Commitment.objects.filter(entry__prompt__series_id__in=series_ids, entry__person_id__in=person_ids)
    for series_id, person_id, key in made.values_list(
        "entry__prompt__series_id", "entry__person_id", "entry__prompt__key"
    ):
        planned.setdefault((series_id, person_id), set()).add(key)
    return planned


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
