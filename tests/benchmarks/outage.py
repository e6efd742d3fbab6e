"""Learners write in a graded discussion while the platform's services fail and the worker is killed.

    python -m tests.benchmarks.outage [--seconds 120] [--learners 40] [--database URL]

The demo LMS, `companion serve` and `companion worker` run as real processes; everybody comes by a launch from the LMS
and writes by the forms of the pages. Meanwhile the services of the LMS answer 503, 429, hang, lie and are well, in
turn and twice over. Each fault begins when the worker has looked at a grade and has yet to send its own; a call that
hangs is taken once it hangs no more, and whoever was sent a score in vain writes on before the next phase. The worker
is killed twice: in the moment when the LMS has taken a score and the worker has not heard of it, and while its call
hangs. When all have written, the services are well, and the worker runs until nothing is due, and for a night. Then
everybody must have the grade that the Companion's own rule gives, in one column, sent in order, never from the
future, and no grade twice.

Waiting is stood in for. Backoffs last longer than this: at the start of each phase, and again and again at the end,
the dates of what waits are brought forward (grading.py: `hours_pass`), after a kill those by which a worker is missed
(`bury_the_killed`), and in the end it is night (`night_comes`). So a try is what is tested, not when it comes.
`given_up` counts the tasks that used theirs up within this time and whose work was found again only so, `most_tasks`
how many there were for the one column at once, and `left_for_the_night` the scores, by state and reason, that only
the night may mend.

The database is fresh: a temporary SQLite file, or `companion_outage` on the PostgreSQL server that `--database` names,
dropped before and after. Prints one JSON line: `scores` are all that were sent, by the status that they were answered
with (0 is none, or a lie), `taken_late` those taken when the worker had hung up or was dead, `answers` those of all
services. Exits with 1 where a grade is wrong, out of order or doubled, something is due for ever, somebody had no
answer, or a process or a task failed of anything but the LMS; what it was is on standard error.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic, sleep
from typing import Any

from tests.benchmarks.school import School
from tests.benchmarks.serving import fresh_database
from tests.benchmarks.writers import Writer

DATABASE = "companion_outage"
FAULTS = ("503", "429", "hang", "lie", "")
PHASES = list(product((1, 2), FAULTS))
# When the worker is killed.
WHEN_TAKEN, WHILE_HANGING = (1, ""), (2, "hang")
FEWEST, MOST = 3, 16
A_THREAD = 0.3
# Until then somebody writes, of the whole time.
LAST_POST = 0.97
LONGEST_SETTLING = 300
MOST_LINES = 40


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.outage", description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=int, default=120)
    parser.add_argument("--learners", type=int, default=40)
    parser.add_argument("--database", help="a URL on the PostgreSQL server to use; without it a temporary SQLite file")
    options = parser.parse_args()
    with (
        TemporaryDirectory(prefix="companion-outage-") as name,
        fresh_database(options.database, Path(name), DATABASE) as url,
        School(url, Path(name), options.learners) as school,
    ):
        writers = school.begin(options.learners)
        with ThreadPoolExecutor(len(writers)) as pool:
            begun = monotonic()
            writing = [pool.submit(write_now_and_then, writer, options.seconds * LAST_POST) for writer in writers]
            most_tasks = _fail_in_turn(school, options.seconds)
            for done in writing:
                done.result()
        seconds = monotonic() - begun
        settled = _settle(school)
        found = _held_against_lms(school, writers)
        found["unsettled"] = [] if settled["is_settled"] else ["something is still due"]
        figure = _figure(school, [*writers, *school.others.values()], seconds) | settled | {"most_tasks": most_tasks}
    faults = [sentence for sentences in found.values() for sentence in sentences]
    for fault in faults[:MOST_LINES]:
        print(fault, file=sys.stderr)
    numbers = {kind: len(sentences) for kind, sentences in found.items()}
    print(json.dumps({"name": "outage", "learners": options.learners} | figure | numbers))
    return int(bool(faults))


def write_now_and_then(writer: Writer, seconds: float) -> None:
    """Some write all that the rule asks for, some more, some less."""
    begun = monotonic()
    posts = writer.rng.randint(FEWEST, MOST)
    for moment in sorted(writer.rng.uniform(0, seconds) for _post in range(posts)):
        sleep(max(0.0, begun + moment - monotonic()))
        if writer.rng.random() < A_THREAD:
            writer.start()
        else:
            writer.reply()
        writer.hang_up()


def _fail_in_turn(school: School, seconds: float) -> int:
    """Gives how many tasks waited for the one column at most."""
    from tests.benchmarks import grading

    begun, step, most = monotonic(), seconds / len(PHASES), 0
    for number, phase in enumerate(PHASES, start=1):
        vain = grading.tried_in_vain()
        school.write_on(vain)
        school.fail("")
        failing = school.fail_when_looked(phase[1], vain.values()) if phase[1] else None
        most = max(most, grading.hours_pass())
        if failing is not None:
            failing.wait(step / 2)
            school.fail(phase[1])
        if phase == WHEN_TAKEN:
            school.kill_worker_when_taken(step * 0.8)
        elif phase == WHILE_HANGING:
            # Its call has hung for a moment, and has yet to run out of time.
            sleep(min(step / 4, 2))
            school.kill_worker()
        if phase in (WHEN_TAKEN, WHILE_HANGING):
            grading.bury_the_killed()
            school.worker.start()
        sleep(max(0.0, begun + number * step - monotonic()))
    return most


def _settle(school: School) -> dict[str, Any]:
    """Until nothing is due, and then for a night: how long it took, and how many scores were left for the night."""
    from tests.benchmarks import grading

    school.fail("")
    begun = monotonic()
    is_settled = _wait_until_settled(begun)
    seconds, left = monotonic() - begun, grading.not_sent()
    grading.night_comes()
    is_settled = _wait_until_settled(begun) and is_settled
    return {"settling_seconds": round(seconds, 1), "left_for_the_night": left, "is_settled": is_settled}


def _wait_until_settled(begun: float) -> bool:
    from tests.benchmarks import grading

    while not grading.is_settled():
        if monotonic() - begun > LONGEST_SETTLING:
            return False
        grading.hours_pass()
        sleep(0.5)
    return True


def _held_against_lms(school: School, writers: Sequence[Writer]) -> dict[str, list[str]]:
    from django.db import connection

    from tests.benchmarks import grading

    people = [writer.me.person_id for writer in writers]
    found = {
        "wrong_grades": grading.wrong_grades(school.folder, school.link_id, school.activity, people),
        "unordered": grading.unordered(school.between.sent),
        "doubled": grading.doubled(school.between.sent),
        "broken": grading.broken(),
        # The worker's log has one for each task that is given up.
        "tracebacks": [
            f"{count} times {what}"
            for service in (school.lms, school.server)
            for what, count in service.tracebacks().most_common()
        ],
        "unanswered": [
            f"{writer.seed} had no answer" for writer in writers for status, _ms in writer.asked if not status
        ],
    }
    connection.close()
    return found


def _figure(school: School, writers: Sequence[Writer], seconds: float) -> dict[str, Any]:
    from django.db import connection

    from tests.benchmarks import grading

    sent = Counter(score.status for score in school.between.sent)
    asked = Counter(status for writer in writers for status, _time in writer.asked)
    figure = {
        "seconds": round(seconds, 1),
        "posts": sum(len(writer.written) for writer in writers),
        "scores": {str(status): sent[status] for status in sorted(sent)},
        "taken_late": sum(score.was_taken_late for score in school.between.sent),
        "answers": {str(status): count for status, count in sorted(school.between.answers.items())},
        "given_up": grading.given_up(),
        "pages": {str(status): asked[status] for status in sorted(asked)},
        "database": connection.vendor,
    }
    connection.close()
    return figure


if __name__ == "__main__":
    sys.exit(main())
