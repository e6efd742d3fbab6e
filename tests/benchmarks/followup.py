"""A follow-up series of many: everybody's dates worked out, then every reminder sent, with a kill in the middle.

    python -m tests.benchmarks.followup [--learners 20000] [--workers 2] [--prompts 8] [--database URL]

The series has `--prompts` prompts for `--learners` learners who all finished the course at the same moment, each with
an address. First everybody's dates are worked out, and worked out once more with nothing changed; then all reminders
are sent by `--workers` processes to a mail backend that writes one line a letter. One of them is killed (SIGKILL) once
a third is out, and another one takes its place; the days of the prompts follow one another as fast as the workers are.

The database is fresh: a temporary SQLite file, or `companion_followup` on the PostgreSQL server that `--database`
names. Prints one JSON line a figure: seconds and queries for 1,000 learners; queries and milliseconds of the staff's
pages with 20 learners and with all; rows a second and queries a batch; and what became of the letters. Exits with 1
where one was sent twice, or a row is neither sent nor has a reason.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic, sleep
from typing import Any

from tests.benchmarks.serving import environ_of, fresh_database, set_up_django

DATABASE = "companion_followup"
MONDAY = datetime(2026, 3, 2, 9, tzinfo=UTC)
FEW = 20
PAGES = ("series-detail", "series-people", "series-report", "series-muddiest", "series-shared")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.followup", description=__doc__.splitlines()[0])
    parser.add_argument("--learners", type=int, default=20_000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--prompts", type=int, default=8)
    parser.add_argument("--database", help="a URL on the PostgreSQL server to use; without it a temporary SQLite file")
    parser.add_argument("--work", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.work:
        return _work(options.prompts)
    with (
        TemporaryDirectory(prefix="companion-followup-") as folder,
        fresh_database(options.database, Path(folder), DATABASE) as url,
    ):
        environ = environ_of(url, Path(folder)) | {"FOLLOWUP_LETTERS": str(Path(folder) / "letters")}
        set_up_django(environ)
        _migrate()
        _calculate(options.learners, options.prompts)
        return _deliver(options, environ)


def _migrate() -> None:
    from django.core.management import call_command

    call_command("migrate", verbosity=0)


def _calculate(learners: int, prompts: int) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from companion import clock
    from companion.reflections import api as reflections
    from tests import people

    with clock.at(MONDAY):
        course, series = _series(prompts)
        uid, few = series.activity.uid, min(FEW, learners)
        people.crowd(course.space, range(few))
        reflections.recalculate(series)
        _open_pages(course.ben, uid, few)
        people.crowd(course.space, range(few, learners))
        for name in ("calculate", "calculate again"):
            started = monotonic()
            with CaptureQueriesContext(connection) as captured:
                reflections.recalculate(series)
            seconds = monotonic() - started
            thousands = learners / 1_000
            _say(
                name=name,
                learners=learners,
                prompts=prompts,
                seconds=round(seconds, 2),
                seconds_per_1000=round(seconds / thousands, 3),
                queries_per_1000=round(len(captured) / thousands, 1),
                database=connection.vendor,
            )
        _open_pages(course.ben, uid, learners)


def _open_pages(viewer: Any, uid: Any, learners: int) -> None:
    """What the staff opens of a series: queries and milliseconds of each page, the second time it is opened."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from tests.http import LtiReader

    reader = LtiReader(viewer)
    for page in PAGES:
        assert reader.get(page, uid).status_code == 200, page
        started = monotonic()
        with CaptureQueriesContext(connection) as captured:
            reader.get(page, uid)
        milliseconds = round((monotonic() - started) * 1_000, 1)
        _say(name=page, learners=learners, queries=len(captured), milliseconds=milliseconds)


def _series(prompts: int) -> tuple[Any, Any]:
    from companion.reflections import api as reflections
    from companion.spaces import api as spaces
    from companion.spaces.kinds import Kind
    from tests import people

    course = people.course()
    settings = {
        "working_days": "1234567",
        "day_begins": 0,
        "day_ends": 24,
        "time_zone": "UTC",
        "prompts": [
            {"key": f"p{number}", "title": f"Prompt {number}", "anchor": "enrolment", "days": 2 + number}
            for number in range(prompts)
        ],
    }
    activity = spaces.create_activity(
        viewer=course.ben, title="After", kind=Kind.REFLECTION, settings=settings, external_id="after"
    )
    return course, reflections.publish_series(viewer=course.ben, uid=activity.uid)


def _deliver(options: argparse.Namespace, environ: dict[str, str]) -> int:
    from django.db import connection, connections

    from companion.models import Delivery

    connections.close_all()
    letters = Path(environ["FOLLOWUP_LETTERS"])
    letters.mkdir()
    wanted = options.learners * options.prompts
    command = [sys.executable, "-m", "tests.benchmarks.followup", "--work", "--prompts", str(options.prompts)]
    started = monotonic()
    workers = [subprocess.Popen(command, env=os.environ | environ) for _ in range(options.workers)]
    while sum(_count(path) for path in letters.iterdir()) < wanted / 3 and any(one.poll() is None for one in workers):
        sleep(0.2)
    os.kill(workers[0].pid, signal.SIGKILL)
    workers[0].wait()
    workers.append(subprocess.Popen(command, env=os.environ | environ))
    failed = [worker.wait() for worker in workers[1:]]
    seconds = monotonic() - started
    sent = Counter(line for path in letters.iterdir() for line in path.read_text().splitlines())
    rows = Counter(Delivery.objects.filter(person__name__startswith="Learner").values_list("state", "reason"))
    twice = sum(count > 1 for count in sent.values())
    doubted = rows[("sent", "in_doubt")]
    dropped = sum(count for (state, _reason), count in rows.items() if state == "dropped")
    lost = wanted - len(sent) - doubted - dropped
    _say(
        name="deliver",
        rows=wanted,
        workers=options.workers,
        killed=1,
        seconds=round(seconds, 1),
        rows_per_second=round(wanted / seconds),
        letters=len(sent),
        twice=twice,
        in_doubt=doubted,
        dropped=dropped,
        lost=max(0, lost),
        left={f"{state} {reason}": count for (state, reason), count in rows.items()},
        database=connection.vendor,
    )
    return int(bool(twice or lost > 0 or any(failed) or any(state == "planned" for state, _reason in rows)))


def _work(prompts: int) -> int:
    """One worker: each day's reminders, until none is left."""
    import django
    from django.conf import settings

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    django.setup()
    settings.EMAIL_BACKEND = "tests.benchmarks.letters.LineBackend"
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from companion import clock
    from companion.reflections import delivering

    batches, queries = 0, 0
    for day in range(2, prompts + 4):
        # An hour later, what a killed worker had taken is free again.
        for hour in (0, 1):
            with clock.at(MONDAY + timedelta(days=day, hours=hour)):
                delivering._free_abandoned()
                idle = monotonic()
                while _is_due() and monotonic() - idle < 1 + 60 * hour:
                    with CaptureQueriesContext(connection) as captured:
                        batch = delivering.take()
                        delivering.deliver(batch)
                    if batch:
                        idle, batches, queries = monotonic(), batches + 1, queries + len(captured)
                    else:
                        sleep(0.05)
    _say(name="worker", batches=batches, batch=delivering.BATCH, queries_per_batch=round(queries / max(1, batches), 1))
    return 0


def _is_due() -> bool:
    from companion import clock
    from companion.models import Delivery

    return Delivery.objects.filter(state="planned", due_at__lte=clock.now()).exists()


def _count(path: Path) -> int:
    return path.read_bytes().count(b"\n")


def _say(**figure: Any) -> None:
    print(json.dumps(figure), flush=True)


if __name__ == "__main__":
    sys.exit(main())
