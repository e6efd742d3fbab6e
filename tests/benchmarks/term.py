"""A term of questions and answers, in a minute or two: nobody gets more than they take, no question is forgotten.

    python -m tests.benchmarks.term [--learners 2000] [--questions 1000] [--experts 25] [--weeks 12] [--seed 7]
                                    [--database URL]

Learners ask by day and by night in two courses, some without their name, some of the experts alone; others have the
same question, or answer it. Experts in six time zones, who take one to six questions a week, answer, stand by somebody
else's answer, hand back, hand over, let the time run out, take what waits, are on call, are away and leave. Whoever
asked accepts, says that it did not help, or never comes back. All of it goes through the verbs, with the clock moved
from one event to the next; the worker's tick comes at each quarter of an hour at which something is due. For two weeks
after the last question everybody goes on.

The database is fresh: a temporary SQLite file, or `companion_term` on the PostgreSQL server that `--database` names,
dropped before and after. Prints one JSON line: `known` is the share that somebody who knows answered or stood by, the
hours are the clock's, with nights and Sundays, and from the event on where questions were gathered for one; `digest`
is the same for the same assignments, on every database. After each event and in the end the rows are counted anew.
Exits with 1 where somebody had more than they declared in a week of theirs (`over_capacity`), a question waited
without a reason and a moment at which it is looked at again or with somebody who was not there (`kept_in_mind`), what
is kept is not what is counted (`miscounted`), or something failed; what it was is on standard error. `refused` are
things that people tried in vain, which is no fault.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory
from time import monotonic, process_time
from typing import TYPE_CHECKING, Any

from tests.benchmarks.serving import environ_of, fresh_database, set_up_django

if TYPE_CHECKING:
    from tests.benchmarks.acting import Term

DATABASE = "companion_term"
AFTERWARDS = timedelta(weeks=2)
# How much of what went wrong is printed.
MOST_LINES = 40


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.term", description=__doc__.splitlines()[0])
    parser.add_argument("--learners", type=int, default=2_000)
    parser.add_argument("--questions", type=int, default=1_000)
    parser.add_argument("--experts", type=int, default=25)
    parser.add_argument("--weeks", type=int, default=12)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--database", help="a URL on the PostgreSQL server to use; without it a temporary SQLite file")
    options = parser.parse_args()
    with (
        TemporaryDirectory(prefix="companion-term-") as folder,
        fresh_database(options.database, Path(folder), DATABASE) as url,
    ):
        set_up_django(environ_of(url, Path(folder)))
        figure, found = _play(options)
    for fault in [sentence for sentences in found.values() for sentence in sentences][:MOST_LINES]:
        print(fault, file=sys.stderr)
    numbers = {kind: len(sentences) for kind, sentences in found.items()}
    print(json.dumps({"name": "term", "seed": options.seed} | figure | numbers))
    return int(any(numbers.values()))


def _play(options: argparse.Namespace) -> tuple[dict[str, Any], dict[str, list[str]]]:
    """The figures of a whole term, and what was wrong, by kind."""
    from django.core.management import call_command
    from django.db import connection

    from companion import clock
    from tests.benchmarks import cast, promises
    from tests.benchmarks.acting import Term
    from tests.benchmarks.stage import Stage

    call_command("migrate", verbosity=0)
    everybody = cast.gather(learners=options.learners, experts=options.experts, weeks=options.weeks, seed=options.seed)
    begun, worked, ends = monotonic(), process_time(), cast.BEGINS + timedelta(weeks=options.weeks) + AFTERWARDS
    stage = Stage(begins=cast.BEGINS, capacities=everybody.capacities)
    term = Term(everybody, stage, weeks=options.weeks, seed=options.seed)
    term.prepare(options.questions)
    stage.play(ends, term.hear)
    seconds, worked = monotonic() - begun, process_time() - worked
    with clock.at(stage.now):
        found = {
            "over_capacity": stage.over_capacity + promises.above_capacity(everybody.capacities),
            "kept_in_mind": stage.forgotten + promises.at_odds(),
            "miscounted": promises.miscounted(),
            "failed": stage.failed,
        }
    figure = _figure(term, ends) | {
        "digest": promises.digest(everybody.subjects()),
        "events": stage.done,
        "ticks": stage.ticks,
        "refused": dict(stage.refused.most_common()),
        "seconds": round(seconds, 1),
        "cpu_seconds": round(worked, 1),
        "questions_per_second": round(options.questions / seconds, 1),
        "database": connection.vendor,
    }
    connection.close()
    return figure, found


def _figure(term: Term, ends: datetime) -> dict[str, Any]:
    from companion.questions.models import Assignment, Question, State

    rows = list(Question.objects.select_related("activity", "assignment"))
    begins = {row.pk: max(row.asked_at, row.activity.event_at or row.asked_at) for row in rows}
    turns = Counter(Assignment.objects.values_list("question_id", flat=True))
    first = dict(Assignment.objects.order_by("-pk").values_list("question_id", "given_at"))
    again = [max(0, turns[row.pk] - 1) for row in rows]
    waiting = [row for row in rows if row.state == State.OPEN and row.assignment is None]
    return {
        "questions": len(rows),
        "states": _histogram(row.state for row in rows),
        "known": _share(len(term.knew), rows),
        "accepted": _share(sum(row.state == State.ACCEPTED for row in rows), rows),
        "hours_to_given": _hours([at - begins[pk] for pk, at in first.items()]),
        "hours_to_first": _hours([row.first_answer_at - begins[row.pk] for row in rows if row.first_answer_at]),
        "hours_to_known": _hours([at - begins[pk] for pk, at in term.knew.items()]),
        "hours_to_accepted": _hours([row.accepted_at - begins[row.pk] for row in rows if row.accepted_at]),
        "assignments": sum(turns.values()),
        "reassignments": {"sum": sum(again), "mean": round(sum(again) / len(rows), 2), "max": max(again)},
        "outcomes": _histogram(Assignment.objects.values_list("outcome", flat=True)),
        "given_because": _histogram(Assignment.objects.values_list("reason", flat=True)),
        "waits_because": _histogram(row.reason for row in waiting),
        "longest_wait_hours": max([round((ends - row.clock_at) / timedelta(hours=1)) for row in waiting], default=0),
    }


def _histogram(values: Any) -> dict[str, int]:
    return {value or "has it": number for value, number in sorted(Counter(map(str, values)).items())}


def _share(number: int, rows: Sequence[object]) -> float:
    return round(number / len(rows), 3) if rows else 0.0


def _hours(spans: Sequence[timedelta]) -> dict[str, float]:
    hours = [max(timedelta(), span) / timedelta(hours=1) for span in spans]
    if not hours:
        return {}
    p90 = quantiles(hours, n=10, method="inclusive")[8] if len(hours) > 1 else hours[0]
    return {"median": round(median(hours), 1), "p90": round(p90, 1), "max": round(max(hours), 1)}


if __name__ == "__main__":
    sys.exit(main())
