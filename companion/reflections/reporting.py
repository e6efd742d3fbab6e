"""What the course staff learns of a series: numbers with their denominators, and nothing that points at a person.

That somebody answered is no secret; what may be shown of what they answered is in suppressing.py. Figures are of first
rounds: that somebody is asked once more would name who was stuck (docs/decisions/0027). Those who are held out are no
part of the funnel.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Any, Final

from django.db.models import Count, Q, QuerySet

from companion.reflections.calculating import measure_of, prompts_of
from companion.reflections.entries import chosen_option
from companion.reflections.models import APPLIED, Commitment, Delivery, Entry, Prompt, Series
from companion.reflections.reasons import in_words, state_in_words
from companion.reflections.scheduling import State
from companion.reflections.suppressing import Part, part_of, suppress, whole_groups
from companion.spaces.prompts import Format, PromptSettings

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
    applied: Part | None

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
    # Where nobody is held out any more, everybody is asked all along.
    enrolments = series.enrolments.filter(is_held_out=False) if series.holdout_percent else series.enrolments.all()
    return Report(
        people=enrolments.count(),
        funnel=_funnel(series, prompts),
        slopes=_slopes(prompts),
        spreads=_spreads(prompts),
        reasons=_reasons(series),
        impact=_impact(series, prompts) if series.holdout_percent else None,
    )


def _funnel(series: Series, prompts: Mapping[Prompt, PromptSettings]) -> list[FunnelRow]:
    rows = Delivery.objects.filter(series=series, round=1)
    if series.holdout_percent:
        rows = rows.filter(enrolment__is_held_out=False)
    counts: Iterable[Any] = (
        rows.order_by()
        .values("prompt_id")
        .annotate(
            addressed=Count("pk"),
            sent=Count("pk", filter=Q(state=State.SENT.value)),
            opened=Count("pk", filter=Q(opened_at__isnull=False)),
            answered=Count("pk", filter=Q(answered_at__isnull=False)),
        )
    )
    found = {row["prompt_id"]: row for row in counts}
    applied = _applied(series)
    nothing = {"addressed": 0, "sent": 0, "opened": 0, "answered": 0}
    return [
        FunnelRow(
            title=settings.title,
            addressed=got["addressed"],
            sent=got["sent"],
            opened=got["opened"],
            answered=got["answered"],
            planned=got["answered"] if settings.format is Format.COMMITMENT else None,
            applied=part_of(applied.get((row.pk, False), [])) if settings.format is Format.FOLLOW_UP else None,
        )
        for row, settings in prompts.items()
        for got in [found.get(row.pk, nothing)]
    ]


def _applied(series: Series) -> dict[tuple[int, bool], list[bool]]:
    """(prompt, whether held out) -> whether each has applied something, wholly or in part, the first answer first."""
    found: dict[tuple[int, bool], list[bool]] = {}
    entries = Entry.objects.filter(prompt__series=series, delivery__round=1).exclude(outcome="").order_by("pk")
    for prompt_id, is_out, outcome in entries.values_list("prompt_id", "delivery__enrolment__is_held_out", "outcome"):
        found.setdefault((prompt_id, is_out and series.holdout_percent > 0), []).append(outcome in APPLIED)
    return found


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
        earlier = ratings.get(before.pk, {})
        both = whole_groups([person for person in ratings.get(after.pk, {}) if person in earlier])
        if both:
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
    chosen = _chosen_options([row for row, settings in asked.items() if settings.format is not Format.COMMITMENT])
    chosen |= _chosen_plans([row for row, settings in asked.items() if settings.format is Format.COMMITMENT])
    spreads = []
    for row, settings in asked.items():
        said = chosen.get(row.pk, [])
        offered = whole_groups([option for option in said if option in settings.options])
        if offered:
            counted = Counter(offered)
            shown = suppress([counted[option] for option in settings.options], others=len(said) - len(offered))
            options = list(zip(settings.options, shown, strict=True))
            spreads.append(Spread(title=settings.title, answered=len(offered), options=options))
    return spreads


def _offers_plans(settings: PromptSettings) -> bool:
    return settings.format is Format.COMMITMENT and bool(settings.options)


def _numbers(rows: Iterable[Prompt]) -> dict[int, dict[int, int]]:
    """The number of each person, by prompt, whoever answered first first."""
    found: dict[int, dict[int, int]] = {}
    for prompt_id, person_id, number in _first_rounds(rows).values_list("prompt_id", "person_id", "number"):
        if number is not None:
            found.setdefault(prompt_id, {})[person_id] = number
    return found


def _chosen_options(rows: Iterable[Prompt]) -> dict[int, list[str]]:
    """The options that were chosen, by prompt, in the words that were read then."""
    found: dict[int, list[str]] = {}
    for entry in _first_rounds(rows).select_related("prompt"):
        found.setdefault(entry.prompt_id, []).append(chosen_option(entry))
    return found


def _chosen_plans(rows: Sequence[Prompt]) -> dict[int, list[str]]:
    """What people plan to do, by prompt."""
    found: dict[int, list[str]] = {}
    plans = Commitment.objects.filter(entry__in=_first_rounds(rows)).order_by("pk")
    for prompt_id, action in plans.values_list("entry__prompt_id", "action"):
        found.setdefault(prompt_id, []).append(action)
    return found


def _first_rounds(rows: Iterable[Prompt]) -> QuerySet[Entry]:
    return Entry.objects.filter(prompt__in=list(rows), delivery__round=1).order_by("pk")


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
    rows = Delivery.objects.filter(series=series, prompt=measured, round=1, enrolment__is_held_out=is_held_out)
    said = whole_groups(_applied(series).get((measured.pk, is_held_out), []))
    return Arm(people=rows.filter(state=State.SENT.value).count(), answered=len(said), applied=sum(said))


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
