"""What the course staff learns of a series: numbers with their denominators, and nothing that points at a person.

Rules. A number about what people answered is shown where at least LEAST of them did. Where it is broken down by option,
an option that fewer than LEAST chose is not shown; if only one would be hidden, the next smallest is hidden with it, or
the first could be worked out from the total (complementary suppression: Hundepool et al., "Statistical Disclosure
Control", 2012, ch. 4). Those who are held out are no part of the funnel.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Any, Final

from django.db.models import Count, Q

from companion.reflections.calculating import measure_of, prompts_of
from companion.reflections.models import APPLIED, Commitment, Delivery, Entry, Prompt, Series
from companion.reflections.reasons import in_words, state_in_words
from companion.reflections.scheduling import Reason, State
from companion.spaces.prompts import Format, PromptSettings

LEAST: Final = 5
# An effect is not spoken of where fewer answered in either group.
LEAST_EACH: Final = 20
# The normal quantile of a 95 % interval.
_Z: Final = 1.959964


@dataclass(frozen=True, slots=True, kw_only=True)
class FunnelRow:
    """One prompt: to how many it is addressed, and how many of them got that far. `opened` counts those of whom it is
    known. `planned` and `applied` are None for prompts that ask for neither.
    """

    title: str
    addressed: int
    sent: int
    opened: int
    answered: int
    planned: int | None
    applied: int | None

    @property
    def is_small(self) -> bool:
        """Whether too few answered to say how many of them applied something."""
        return 0 < self.answered < LEAST

    @property
    def silent(self) -> int:
        """Who got it and did not answer."""
        return self.sent - self.answered


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """How answers to a prompt are spread: (option, people), None for a number that is not shown."""

    title: str
    answered: int
    options: list[tuple[str, int | None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Slope:
    """Ratings before and after of those who gave both: the mean of each, 0 to 10."""

    before_title: str
    after_title: str
    people: int
    before: float
    after: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Arm:
    """One group: to how many it is addressed, how many answered, how many of these applied something."""

    people: int
    answered: int
    applied: int

    @property
    def share(self) -> float:
        return self.applied / self.answered if self.answered else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Impact:
    """The difference in "applied" between those who were asked and those who were held out.

    `difference` and its 95 % interval are shares (-1 to 1); None where too few answered to say anything.
    """

    asked: Arm
    held_out: Arm
    difference: float | None
    low: float | None
    high: float | None

    @property
    def difference_points(self) -> int:
        return round(100 * (self.difference or 0))

    @property
    def low_points(self) -> int:
        return round(100 * (self.low or 0))

    @property
    def high_points(self) -> int:
        return round(100 * (self.high or 0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    people: int
    funnel: list[FunnelRow]
    slopes: list[Slope]
    spreads: list[Spread]
    reasons: list[tuple[str, str, int]]
    impact: Impact | None


def make_report(series: Series) -> Report:
    """The figures of a series, in a fixed number of queries."""
    prompts = {row: settings for row, settings in prompts_of(series).items() if row.removed_at is None}
    enrolments = series.enrolments.filter(is_held_out=False).count()
    return Report(
        people=enrolments,
        funnel=_funnel(series, prompts),
        slopes=_slopes(prompts),
        spreads=_spreads(prompts),
        reasons=_reasons(series),
        impact=_impact(series, prompts) if series.holdout_percent else None,
    )


def _funnel(series: Series, prompts: Mapping[Prompt, PromptSettings]) -> list[FunnelRow]:
    rows = Delivery.objects.filter(series=series, enrolment__is_held_out=False)
    counts: Iterable[Any] = (
        rows.order_by()
        .values("prompt_id")
        .annotate(
            addressed=Count("person_id", distinct=True),
            sent=Count("person_id", distinct=True, filter=Q(state=State.SENT.value)),
            opened=Count("person_id", distinct=True, filter=Q(opened_at__isnull=False)),
            answered=Count("person_id", distinct=True, filter=Q(answered_at__isnull=False)),
        )
    )
    found = {row["prompt_id"]: row for row in counts}
    applied = _applied(series, is_held_out=False)
    nothing = {"addressed": 0, "sent": 0, "opened": 0, "answered": 0}
    return [
        FunnelRow(
            title=settings.title,
            addressed=got["addressed"],
            sent=got["sent"],
            opened=got["opened"],
            answered=got["answered"],
            planned=got["answered"] if settings.format is Format.COMMITMENT else None,
            applied=applied.get(row.pk, 0) if settings.format is Format.FOLLOW_UP else None,
        )
        for row, settings in prompts.items()
        for got in [found.get(row.pk, nothing)]
    ]


def _applied(series: Series, *, is_held_out: bool) -> dict[int, int]:
    """How many said at each follow-up that they applied something, wholly or in part."""
    rows = Entry.objects.filter(
        prompt__series=series, outcome__in=APPLIED, delivery__enrolment__is_held_out=is_held_out
    )
    return dict(rows.values_list("prompt_id").annotate(Count("person_id", distinct=True)).order_by())


def _reasons(series: Series) -> list[tuple[str, str, int]]:
    """(state, reason in words, how many deliveries). Not those that are asked once more (publishing.py says why)."""
    first = Delivery.objects.filter(series=series, round=1)
    rows = first.values_list("state", "reason").annotate(count=Count("pk"))
    order = list(State)
    found = sorted(rows.order_by(), key=lambda row: (order.index(State(row[0])), -row[2]))
    return [(state_in_words(state), in_words(reason), count) for state, reason, count in found]


def _slopes(prompts: Mapping[Prompt, PromptSettings]) -> list[Slope]:
    by_key = {settings.key: row for row, settings in prompts.items()}
    pairs = [
        (by_key[settings.pairs_with], row)
        for row, settings in prompts.items()
        if settings.format is Format.RATING and settings.pairs_with in by_key
    ]
    ratings = _numbers(row for pair in pairs for row in pair)
    slopes = []
    for before, after in pairs:
        both = ratings.get(before.pk, {}).keys() & ratings.get(after.pk, {}).keys()
        if len(both) >= LEAST:
            first = sum(ratings[before.pk][person] for person in both) / len(both)
            last = sum(ratings[after.pk][person] for person in both) / len(both)
            slopes.append(
                Slope(
                    before_title=prompts[before].title,
                    after_title=prompts[after].title,
                    people=len(both),
                    before=first,
                    after=last,
                )
            )
    return slopes


def _spreads(prompts: Mapping[Prompt, PromptSettings]) -> list[Spread]:
    asked = {
        row: settings
        for row, settings in prompts.items()
        if settings.format in (Format.CHOICE, Format.RETRIEVAL) or _offers_plans(settings)
    }
    numbers = _numbers(row for row, settings in asked.items() if settings.format is not Format.COMMITMENT)
    plans = _chosen_plans([row for row, settings in asked.items() if settings.format is Format.COMMITMENT])
    spreads = []
    for row, settings in asked.items():
        if settings.format is Format.COMMITMENT:
            chosen = plans.get(row.pk, Counter())
            counts = [chosen.get(option, 0) for option in settings.options]
        else:
            found = Counter(numbers.get(row.pk, {}).values())
            counts = [found.get(place, 0) for place in range(len(settings.options))]
        answered = sum(counts)
        if answered >= LEAST:
            shown = suppress(counts)
            options = list(zip(settings.options, shown, strict=True))
            spreads.append(Spread(title=settings.title, answered=answered, options=options))
    return spreads


def suppress(counts: Sequence[int]) -> list[int | None]:
    """Counts of groups that add up to a known total, without those that are too small to show, and without one more
    where that one could be worked out. An empty group stays: it points at nobody.
    """
    hidden = {place for place, count in enumerate(counts) if 0 < count < LEAST}
    if len(hidden) == 1 or (hidden and sum(counts[place] for place in hidden) < LEAST):
        others = [place for place, count in enumerate(counts) if place not in hidden and count > 0]
        if others:
            hidden.add(min(others, key=lambda place: counts[place]))
    return [None if place in hidden else count for place, count in enumerate(counts)]


def _offers_plans(settings: PromptSettings) -> bool:
    return settings.format is Format.COMMITMENT and bool(settings.options)


def _numbers(rows: Iterable[Prompt]) -> dict[int, dict[int, int]]:
    """The last number of each person, by prompt."""
    found: dict[int, dict[int, int]] = {}
    entries = Entry.objects.filter(prompt__in=list(rows)).order_by("pk")
    for prompt_id, person_id, number in entries.values_list("prompt_id", "person_id", "number"):
        if number is not None:
            found.setdefault(prompt_id, {})[person_id] = number
    return found


def _chosen_plans(rows: Sequence[Prompt]) -> dict[int, Counter[str]]:
    """How many people took each of the plans that were offered, by prompt."""
    found: dict[int, Counter[str]] = {}
    if rows:
        plans = Commitment.objects.filter(entry__prompt__in=rows).values_list("entry__prompt_id", "action")
        for prompt_id, action in plans:
            found.setdefault(prompt_id, Counter())[action] += 1
    return found


def _impact(series: Series, prompts: Mapping[Prompt, PromptSettings]) -> Impact | None:
    measured = next((row for row, settings in prompts.items() if settings.key == measure_of(prompts.values())), None)
    if measured is None:
        return None
    asked, held_out = (_arm(series, measured, is_held_out=is_out) for is_out in (False, True))
    if min(asked.answered, held_out.answered) < LEAST_EACH:
        return Impact(asked=asked, held_out=held_out, difference=None, low=None, high=None)
    low, high = difference_interval(asked, held_out)
    return Impact(asked=asked, held_out=held_out, difference=asked.share - held_out.share, low=low, high=high)


def _arm(series: Series, measured: Prompt, *, is_held_out: bool) -> Arm:
    rows = Delivery.objects.filter(series=series, prompt=measured, enrolment__is_held_out=is_held_out)
    sent = rows.filter(state=State.SENT.value).exclude(reason=Reason.LEFT.value)
    return Arm(
        people=sent.values("person_id").distinct().count(),
        answered=rows.exclude(answered_at=None).values("person_id").distinct().count(),
        applied=_applied(series, is_held_out=is_held_out).get(measured.pk, 0),
    )


def difference_interval(one: Arm, other: Arm) -> tuple[float, float]:
    """The 95 % interval of the difference between two shares: Newcombe's hybrid score interval (Statistics in Medicine
    17, 1998, method 10), which holds for shares near 0 and 1 as well.
    """
    low_one, high_one = _wilson(one)
    low_other, high_other = _wilson(other)
    difference = one.share - other.share
    low = difference - sqrt((one.share - low_one) ** 2 + (high_other - other.share) ** 2)
    high = difference + sqrt((high_one - one.share) ** 2 + (other.share - low_other) ** 2)
    return low, high


def _wilson(arm: Arm) -> tuple[float, float]:
    """Wilson's score interval of a share (1927)."""
    count, share = arm.answered, arm.share
    middle = (share + _Z**2 / (2 * count)) / (1 + _Z**2 / count)
    half = _Z / (1 + _Z**2 / count) * sqrt(share * (1 - share) / count + _Z**2 / (4 * count**2))
    return middle - half, middle + half
