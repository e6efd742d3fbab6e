"""What is promised of questions, counted from the rows: nobody above their capacity, no question forgotten."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from hashlib import sha256

from django.db.models import Count, F, Q

from companion.questions.models import Assignment, Outcome, Question, State
from companion.spaces.hours import week_of
from companion.topics import api as topics
from companion.topics.models import ExpertProfile

# Counted anew, not asked of what is measured: what somebody has, has answered or let lapse fills a place.
FILLS_A_PLACE = ("", Outcome.ANSWERED, Outcome.LAPSED)


def weeks(since: datetime | None = None) -> Counter[tuple[int, date]]:
    """How many places everybody's weeks have filled, by (person, their Monday)."""
    rows = Assignment.objects.filter(outcome__in=FILLS_A_PLACE)
    if since is not None:
        rows = rows.filter(given_at__gte=since)
    zones = dict(ExpertProfile.objects.values_list("pk", "time_zone"))
    given = rows.values_list("person_id", "given_at")
    return Counter((person_id, week_of(at, zone=zones[person_id])) for person_id, at in given)


def above_capacity(capacities: Mapping[int, int], since: datetime | None = None) -> list[str]:
    """Whose week has more than they declared."""
    return [
        f"{person_id} has {number} of {capacities[person_id]} in the week of {week}"
        for (person_id, week), number in weeks(since).items()
        if number > capacities[person_id]
    ]


def miscounted() -> list[str]:
    """Whose kept count is not what the rows say: it would let through one too many, or keep a place free for ever."""
    counted = weeks()
    return [
        f"{row.pk} is said to have {row.taken} in the week of {row.week}, counted {counted[row.pk, row.week]}"
        for row in ExpertProfile.objects.exclude(week=None)
        if row.taken != counted[row.pk, row.week]
    ]


def forgotten(now: datetime, *, late: timedelta) -> list[str]:
    """Questions that wait without somebody who has them, a reason, or a moment at which they are looked at again."""
    waiting = Question.objects.filter(state=State.OPEN)
    missing = waiting.filter(Q(reason="") | Q(route_at=None, assignment=None) | Q(route_at__lt=now - late))
    rows = missing.values_list("pk", "reason", "route_at")
    return [f"{pk} waits at {now} for nothing: {reason!r}, {at}" for pk, reason, at in rows]


def held_by_absent(now: datetime) -> list[str]:
    """Who has a question, and is away or in no course any more, when the worker has just looked."""
    held = Assignment.objects.filter(ended_at=None)
    holders = set(held.values_list("person_id", flat=True))
    away = {pk: "away" for pk in topics.away_among(holders)}
    here = held.filter(person__memberships__left_at=None, person__memberships__isnull=False)
    gone = {pk: "gone" for pk in holders - set(here.values_list("person_id", flat=True))}
    rows = held.filter(person_id__in={*away, *gone}).values_list("question_id", "person_id", "due_at")
    return [f"{pk} is {(away | gone)[who]}'s ({who}) at {now}, due {due}" for pk, who, due in rows]


def at_odds() -> list[str]:
    """Questions that say something else than their assignments."""
    asked, held = Question.objects.all(), Assignment.objects.filter(ended_at=None)
    several = held.values("question_id").annotate(holders=Count("pk")).filter(holders__gt=1)
    found = {
        "waits no longer, and somebody has it": asked.exclude(state=State.OPEN).exclude(assignment=None).values("pk"),
        "waits no longer, and is looked at": asked.exclude(state=State.OPEN).exclude(route_at=None).values("pk"),
        "is with somebody who has it no longer": asked.filter(assignment__ended_at__isnull=False).values("pk"),
        "is somebody's and does not know": held.exclude(question__assignment=F("pk")).values("question_id"),
        "is with several people": several.values("question_id"),
    }
    return [f"{pk} {what}" for what, rows in found.items() for pk in rows.values_list(flat=True)]


def digest(subjects: Mapping[int, str]) -> str:
    """The same for the same assignments, whatever the ids of their rows."""
    numbers = {pk: number for number, pk in enumerate(Question.objects.order_by("pk").values_list("pk", flat=True))}
    found = sha256()
    rows = Assignment.objects.order_by("question_id", "pk").values_list(
        "question_id", "person_id", "step", "reason", "outcome", "given_at", "due_at", "ended_at"
    )
    for pk, person_id, *facts, given_at, due_at, ended_at in rows:
        moments = [at.timestamp() if at else None for at in (given_at, due_at, ended_at)]
        found.update(repr((numbers[pk], subjects[person_id], facts, moments)).encode())
    return found.hexdigest()[:16]
