"""How much an expert takes on: capacity by the week, absence, days on call.

A place is taken and given back behind a lock on the expert's row, so that no number of questions at once brings
anybody above what they declared.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext

from companion import clock
from companion.errors import InvalidInput, NotAllowed, NotFound
from companion.spaces import api as spaces
from companion.spaces.hours import are_days, is_zone, week_ends, week_of, zone_of
from companion.text import clean
from companion.topics.experts import expert_ids
from companion.topics.models import ABOUT_LIMIT, MOST_CAPACITY, USUAL_CAPACITY, ExpertProfile, OnCall, Topic
from companion.topics.naming import find_topics
from companion.viewer import Viewer


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """What somebody can take on now: `taken` of `capacity` this week, which ends at `week_ends`.

    `away_until` is when an absence that has begun ends (None where somebody is here, or is away without an end:
    `is_away` tells). `last_given_at` is when they last got a question.
    """

    person_id: int
    capacity: int = USUAL_CAPACITY
    taken: int = 0
    week_ends: datetime
    is_away: bool = False
    away_until: datetime | None = None
    last_given_at: datetime | None = None

    @property
    def left(self) -> int:
        return max(0, self.capacity - self.taken)


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What somebody says of themselves as an expert."""

    person_id: int
    name: str
    room: Room
    away_from: datetime | None
    away_until: datetime | None
    time_zone: str
    about: str
    is_listed: bool


def get_profile(*, viewer: Viewer, person_id: int) -> Profile:
    """What a person of the viewer's organization says of themselves, or what is usual. Raises NotFound."""
    name = spaces.name_in_organization(organization_id=viewer.organization_id, person_id=person_id)
    if name is None:
        raise NotFound(gettext("There is nobody of this name here."))
    row = ExpertProfile.objects.filter(pk=person_id).first() or ExpertProfile(person_id=person_id)
    return Profile(
        person_id=person_id,
        name=name,
        room=_room(row, clock.now()),
        away_from=row.away_from,
        away_until=row.away_until,
        time_zone=row.time_zone,
        about=row.about,
        is_listed=row.is_listed,
    )


@transaction.atomic
def save_profile(
    *,
    viewer: Viewer,
    capacity: int,
    away_from: datetime | None = None,
    away_until: datetime | None = None,
    time_zone: str = "",
    about: str = "",
    is_listed: bool = True,
) -> None:
    """Say how many questions a week one takes (0 is none), when one is away, and whether one has a page.

    An absence without a beginning has begun; one without an end lasts until it is changed. Raises InvalidInput.
    """
    errors: dict[str, str] = {}
    if not 0 <= capacity <= MOST_CAPACITY:
        errors["capacity"] = gettext("At most %(limit)d, please.") % {"limit": MOST_CAPACITY}
    if away_from and away_until and away_until <= away_from:
        errors["away_until"] = gettext("You cannot be back before you leave.")
    if time_zone and not is_zone(time_zone):
        errors["time_zone"] = gettext("There is no time zone of this name. Write it like Europe/Berlin.")
    about = clean(about).strip()
    if len(about) > ABOUT_LIMIT:
        errors["about"] = gettext("At most %(limit)d characters, please.") % {"limit": ABOUT_LIMIT}
    if errors:
        raise InvalidInput(errors)
    if away_until is not None and away_until <= clock.now():
        away_from = away_until = None
    facts = {"capacity": capacity, "time_zone": time_zone, "about": about, "is_listed": is_listed}
    facts |= {"away_from": away_from or (clock.now() if away_until else None), "away_until": away_until}
    ExpertProfile.objects.update_or_create(person_id=viewer.person_id, defaults=facts)


@transaction.atomic
def add_turn(
    *,
    viewer: Viewer,
    topic: str,
    person_id: int,
    weekdays: str,
    starts_on: date | None = None,
    ends_on: date | None = None,
) -> None:
    """Put an expert on call for a topic on some weekdays (ISO digits). Raises NotAllowed, InvalidInput."""
    if not viewer.can_configure:
        raise NotAllowed(gettext("Only instructors name experts."))
    if not are_days(weekdays):
        raise InvalidInput({"weekdays": gettext("Choose at least one day.")})
    if starts_on and ends_on and ends_on < starts_on:
        raise InvalidInput({"ends_on": gettext("The last day must not be before the first.")})
    ids = [row.id for row in find_topics(organization_id=viewer.organization_id, names=[topic])]
    if person_id not in expert_ids(organization_id=viewer.organization_id, topic_ids=ids):
        raise InvalidInput({"person": gettext("They are no expert for this topic.")})
    facts: dict[str, Any] = {"topic_id": ids[0], "person_id": person_id}
    OnCall.objects.filter(**facts, starts_on=starts_on, ends_on=ends_on).delete()
    OnCall.objects.create(**facts, weekdays="".join(sorted(weekdays)), starts_on=starts_on, ends_on=ends_on)


@transaction.atomic
def clear_turns(*, viewer: Viewer, topic: str, person_id: int) -> None:
    """Take somebody off the rota of a topic. Raises NotAllowed."""
    if not viewer.can_configure:
        raise NotAllowed(gettext("Only instructors name experts."))
    for row in find_topics(organization_id=viewer.organization_id, names=[topic]):
        OnCall.objects.filter(topic_id=row.id, person_id=person_id).delete()


def on_call_now(*, topic_ids: Collection[int], moment: datetime, zone: str) -> dict[int, int]:
    """Who is on call for one of these topics on the day of a moment in a time zone, as {person: topic}."""
    day = moment.astimezone(zone_of(zone)).date()
    turns = _turns_on(day).filter(topic_id__in=topic_ids)
    return dict(turns.order_by("-topic_id").values_list("person_id", "topic_id"))


def my_turns(*, viewer: Viewer, moment: datetime) -> list[int]:
    """The topics for which the viewer is on call on the day of a moment in their own time zone, with those that were
    merged into them.
    """
    zone = ExpertProfile.objects.filter(pk=viewer.person_id).values_list("time_zone", flat=True).first() or ""
    day = moment.astimezone(zone_of(zone)).date()
    turns = _turns_on(day).filter(person_id=viewer.person_id, topic__organization_id=viewer.organization_id)
    ids = list(turns.values_list("topic_id", flat=True))
    return (
        list(Topic.objects.filter(Q(pk__in=ids) | Q(merged_into__in=ids)).values_list("pk", flat=True)) if ids else []
    )


def _turns_on(day: date) -> QuerySet[OnCall]:
    return OnCall.objects.filter(
        Q(starts_on=None) | Q(starts_on__lte=day),
        Q(ends_on=None) | Q(ends_on__gte=day),
        weekdays__contains=str(day.isoweekday()),
    )


# -- places ----------------------------------------------------------------------------------------------------


def hold_rooms(*, person_ids: Collection[int]) -> dict[int, Room]:
    """What these people can take on, their rows held until the end of the transaction: nobody else counts meanwhile.

    Always in the order of their ids, so that two who hold wait for each other only once.
    """
    if not person_ids:
        return {}
    known = set(ExpertProfile.objects.filter(pk__in=person_ids).values_list("pk", flat=True))
    missing = [ExpertProfile(person_id=pk) for pk in sorted(set(person_ids) - known)]
    if missing:
        ExpertProfile.objects.bulk_create(missing, ignore_conflicts=True)
    now = clock.now()
    held = ExpertProfile.objects.select_for_update().filter(pk__in=person_ids).order_by("pk")
    return {row.pk: _room(row, now) for row in held}


def take_place(room: Room) -> Room:
    """Count one more question for somebody whose row is held. Raises NotAllowed where they have no room left."""
    if room.left < 1:
        raise NotAllowed(gettext("That would be more questions than they take in a week."))
    row = ExpertProfile.objects.get(pk=room.person_id)
    now = clock.now()
    week = week_of(now, zone=row.time_zone)
    row.week = max(row.week, week) if row.week else week
    row.taken, row.last_given_at = room.taken + 1, now
    row.save(update_fields=["week", "taken", "last_given_at"])
    return _room(row, now)


def give_place_back(*, person_id: int, given_at: datetime, others: Collection[datetime] = ()) -> None:
    """A question went away unanswered: if it was this week's, there is room for another one.

    `others` says when they got what still counts: somebody who has moved to another zone may give back what was
    counted in the week before, and must not get above their capacity by it.
    """
    row = ExpertProfile.objects.select_for_update().filter(pk=person_id).first()
    if row is not None and row.taken and row.week == week_of(given_at, zone=row.time_zone):
        counted = sum(week_of(moment, zone=row.time_zone) == row.week for moment in others)
        row.taken = max(row.taken - 1, counted)
        row.save(update_fields=["taken"])


def listed_among(person_ids: Collection[int]) -> set[int]:
    """These people without those who chose to be on no page."""
    hidden = ExpertProfile.objects.filter(pk__in=person_ids, is_listed=False) if person_ids else ()
    return set(person_ids) - {row.pk for row in hidden}


def away_among(person_ids: Collection[int]) -> list[int]:
    """Those of these people who are away now."""
    now = clock.now()
    away = ExpertProfile.objects.filter(pk__in=person_ids, away_from__lte=now)
    found = away.filter(Q(away_until=None) | Q(away_until__gt=now)) if person_ids else away.none()
    return list(found.values_list("pk", flat=True))


def list_rooms(*, person_ids: Collection[int]) -> Mapping[int, Room]:
    """The same for reading alone: nothing is held or made."""
    now = clock.now()
    known = {row.pk: row for row in ExpertProfile.objects.filter(pk__in=person_ids)}
    return {pk: _room(known.get(pk) or ExpertProfile(person_id=pk), now) for pk in person_ids}


def _room(row: ExpertProfile, now: datetime) -> Room:
    # Not before the week that was counted last: somebody who moves to another zone does not get a second Monday.
    counts = row.week is not None and row.week >= week_of(now, zone=row.time_zone)
    began = row.away_from is not None and row.away_from <= now
    is_away = began and (row.away_until is None or row.away_until > now)
    return Room(
        person_id=row.pk,
        capacity=row.capacity,
        taken=row.taken if counts else 0,
        week_ends=week_ends(now, zone=row.time_zone),
        is_away=is_away,
        away_until=row.away_until if is_away else None,
        last_given_at=row.last_given_at,
    )
