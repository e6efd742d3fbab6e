"""How well questions are answered: shares and times by activity and topic, for those who teach."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import quantiles
from typing import Final

from django.utils.translation import gettext

from companion import clock
from companion.errors import NotAllowed
from companion.questions.models import Question, State
from companion.threads import api as threads
from companion.viewer import Viewer

# Newer than this, and so many at most: what teachers can still do something about.
SPAN: Final = timedelta(days=365)
MOST: Final = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Of `asked` questions, `unanswered` wait without any answer. Times are working time and nights alike, from the
    question on: half of those that were answered took at most `median`, nine of ten at most `p90` (None without any).
    """

    name: str
    asked: int
    unanswered: int
    first_median: timedelta | None
    first_p90: timedelta | None
    accepted: int
    accepted_median: timedelta | None
    accepted_p90: timedelta | None
    saves: int

    @property
    def unanswered_share(self) -> int:
        """In percent."""
        return round(100 * self.unanswered / self.asked) if self.asked else 0


@dataclass(frozen=True, slots=True)
class _Line:
    activity: tuple[str, int]
    topics: tuple[str, ...]
    asked_at: datetime
    state: str
    first_at: datetime | None
    accepted_at: datetime | None
    saves: int


def list_figures(*, viewer: Viewer) -> tuple[Figures, list[Figures], list[Figures]]:
    """The figures of the viewer's space: all of it, by activity, by topic (names in alphabetical order).

    Private questions count, too: what is shown is how many and how long. Raises NotAllowed.
    """
    if not viewer.is_staff:
        raise NotAllowed(gettext("Only the course staff can do this."))
    lines = _lines(viewer)
    # Two activities may have one title.
    by_activity: dict[tuple[str, int], list[_Line]] = {}
    by_topic: dict[str, list[_Line]] = {}
    for line in lines:
        by_activity.setdefault(line.activity, []).append(line)
        for topic in line.topics:
            by_topic.setdefault(topic, []).append(line)
    return (
        _figures(gettext("All questions"), lines),
        [_figures(key[0], by_activity[key]) for key in sorted(by_activity)],
        [_figures(name, by_topic[name]) for name in sorted(by_topic)],
    )


def _lines(viewer: Viewer) -> list[_Line]:
    asked = Question.objects.filter(space_id=viewer.space_id, asked_at__gt=clock.now() - SPAN, duplicate_of=None)
    asked = asked.filter(
        thread__deleted_at=None, thread__hidden_at=None, thread__is_withdrawn=False, thread__moved_to=None
    )
    rows = list(
        asked.order_by("-asked_at").values_list(
            *(
                "pk",
                "activity__title",
                "activity_id",
                "asked_at",
                "state",
                "first_answer_at",
                "accepted_at",
                "save_count",
            )
        )[:MOST]
    )
    tags = threads.topics_of_threads([row[0] for row in rows])
    return [
        _Line((title, activity_id), tuple(tag.name for tag in tags.get(pk, ())), *rest)
        for pk, title, activity_id, *rest in rows
    ]


def _figures(name: str, lines: list[_Line]) -> Figures:
    first = [line.first_at - line.asked_at for line in lines if line.first_at]
    accepted = [line.accepted_at - line.asked_at for line in lines if line.accepted_at]
    unanswered = [line for line in lines if line.first_at is None and line.state == State.OPEN]
    return Figures(
        name=name,
        asked=len(lines),
        unanswered=len(unanswered),
        first_median=_quantile(first, 50),
        first_p90=_quantile(first, 90),
        accepted=len(accepted),
        accepted_median=_quantile(accepted, 50),
        accepted_p90=_quantile(accepted, 90),
        saves=sum(line.saves for line in lines),
    )


def _quantile(spans: Iterable[timedelta], percent: int) -> timedelta | None:
    """The span that so many percent do not exceed (between two, in proportion); None without any."""
    seconds = sorted(max(0.0, span.total_seconds()) for span in spans)
    if len(seconds) < 2:
        return timedelta(seconds=seconds[0]) if seconds else None
    return timedelta(seconds=quantiles(seconds, n=100, method="inclusive")[percent - 1])
