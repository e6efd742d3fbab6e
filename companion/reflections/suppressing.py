"""Which numbers about what people answered may be shown, so that no private answer can be worked out from them.

- Answers are counted in whole groups of LEAST, in the order in which they came: whoever looks before and after one
  more learns nothing of that one.
- Of groups that add up to a known total, one with fewer than LEAST people is not shown; if only that would be hidden,
  the next smallest is hidden with it (complementary suppression: Hundepool et al., "Statistical Disclosure Control",
  2012, ch. 4).
- Where all but fewer than LEAST said the same, nothing is shown: it would say what nearly everybody said.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

LEAST: Final = 5
T = TypeVar("T")


def whole_groups(answers: Sequence[T]) -> Sequence[T]:
    """The first answers, in the order in which they came, as many as make whole groups of LEAST."""
    return answers[: len(answers) // LEAST * LEAST]


def suppress(counts: Sequence[int], *, others: int = 0) -> list[int | None]:
    """Counts of groups without those that may not be shown. `others` said something that is in no group here."""
    total = sum(counts) + others
    if counts and total - max(counts) < LEAST:
        return [None] * len(counts)
    hidden = {place for place, count in enumerate(counts) if 0 < count < LEAST}
    if len(hidden) == 1 or (hidden and sum(counts[place] for place in hidden) < LEAST):
        shown = [place for place, count in enumerate(counts) if place not in hidden and count > 0]
        if shown:
            hidden.add(min(shown, key=lambda place: counts[place]))
    return [None if place in hidden else count for place, count in enumerate(counts)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """How many of so many said yes: `count` is None where that is fewer than LEAST (`is_few`), all but fewer than LEAST
    (`is_most`), or of too few people to say either.
    """

    of: int
    count: int | None = None
    is_few: bool = False
    is_most: bool = False


def part_of(answers: Sequence[bool]) -> Part:
    """What may be shown of yes and no, in the order in which they came."""
    counted = whole_groups(answers)
    of, yes = len(counted), sum(counted)
    if of < 2 * LEAST:
        return Part(of=of)
    is_few, is_most = yes < LEAST, of - yes < LEAST
    return Part(of=of, count=None if is_few or is_most else yes, is_few=is_few, is_most=is_most)
