"""A clock that jumps to what is planned next, and the worker's tick whenever something is due."""

from __future__ import annotations

import traceback
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from heapq import heappop, heappush
from itertools import count

from django.db.models import Min

from companion import clock, events
from companion.errors import CompanionError
from companion.questions import api as questions
from companion.questions.models import Question, State
from tests.benchmarks import promises

TICK = timedelta(minutes=15)
Hear = Callable[[events.QuestionAssigned | events.QuestionAnswered], None]


class Stage:
    """What happens, one thing after the other, and what is wrong after each.

    `refused` counts what somebody tried in vain, as people do; `faults` are sentences about broken promises.
    """

    def __init__(self, *, begins: datetime, capacities: dict[int, int]) -> None:
        self.now = begins
        self.capacities = capacities
        self.done = self.ticks = self.moved = 0
        self.refused: Counter[str] = Counter()
        self.over_capacity: list[str] = []
        self.forgotten: list[str] = []
        self.failed: list[str] = []
        self._plan: list[tuple[datetime, int, Callable[[], object]]] = []
        self._order = count()
        self._ticks: set[datetime] = set()
        self._facts: list[events.QuestionAssigned | events.QuestionAnswered] = []

    def plan(self, moment: datetime, act: Callable[[], object]) -> None:
        heappush(self._plan, (max(moment, self.now), next(self._order), act))

    def plan_tick(self, moment: datetime) -> None:
        """For what is due at a moment: at the next quarter of an hour, as by a worker that is somewhat late."""
        quarter = datetime.fromtimestamp(-(-max(moment, self.now).timestamp() // 900) * 900, tz=self.now.tzinfo)
        if quarter == self.now and quarter in self._ticks:
            quarter += TICK
        if quarter not in self._ticks:
            self._ticks.add(quarter)
            self.plan(quarter, self._tick)

    def play(self, until: datetime, hear: Hear) -> None:
        """Everything that is planned, and what comes of it. Tells `hear` who has a question, and who has an answer."""
        kinds = (events.QuestionAssigned, events.QuestionAnswered)
        for kind in kinds:
            events.subscribe(kind, self._facts.append)
        try:
            while self._plan and self._plan[0][0] <= until:
                self.now, _order, act = heappop(self._plan)
                with clock.at(self.now):
                    self._do(act)
                    self._look(hear)
        finally:
            for kind in kinds:
                events.unsubscribe(kind, self._facts.append)

    def _do(self, act: Callable[[], object]) -> None:
        self.done += 1
        try:
            act()
        except CompanionError as error:
            verb = getattr(act, "func", act).__name__.strip("_")
            self.refused[f"{verb}: {type(error).__name__}: {error}"] += 1
        except Exception:
            self.failed.append(f"{self.now}: {traceback.format_exc()}")

    def _look(self, hear: Hear) -> None:
        facts, self._facts[:] = list(self._facts), []
        if any(isinstance(fact, events.QuestionAssigned) for fact in facts):
            self.over_capacity += promises.above_capacity(self.capacities, since=self.now - timedelta(days=8))
        self.forgotten += promises.forgotten(self.now, late=TICK)
        due = Question.objects.filter(state=State.OPEN).aggregate(due=Min("route_at"))["due"]
        if due is not None:
            self.plan_tick(due)
        for fact in facts:
            hear(fact)

    def _tick(self) -> None:
        self.ticks += 1
        self.moved += questions.route_due()
        self.forgotten += promises.held_by_absent(self.now)
