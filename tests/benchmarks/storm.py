"""Many people write at once through two servers, and nothing that was acknowledged may be lost or be there twice.

    python -m tests.benchmarks.storm [--seconds 300] [--writers 16] [--database URL] [--kill]

The database is fresh: a temporary SQLite file, or `companion_storm` on the PostgreSQL server that `--database` names
(postgres://postgres@127.0.0.1/postgres), dropped before and after. Two `companion serve` stand in front of it, as on
two machines. Writers start threads, reply, press the button twice, edit, take back, moderate, read and poll, by the
forms of the pages; in the end the database is held against what they were told. With `--kill`, every 30 seconds one
of the servers dies and comes back.

Prints one JSON line. `refused` counts answers by their status, `unanswered` those that never came, `errors` the 5xx.
The latencies are those of clients on the same machine. Exits with 1 where something was lost, doubled or counted
wrongly, where a server failed (5xx) or, without `--kill`, did not answer; what it was is on standard error.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from itertools import cycle
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic, sleep
from typing import Any

from tests.benchmarks.serving import Server, companion, environ_of, fresh_database, set_up_django
from tests.benchmarks.writers import Ticket, World, Writer

DATABASE = "companion_storm"
SERVERS = 2
STAFF = 2
KILL_EVERY = 30
# How much of what went wrong is printed.
MOST_LINES = 40


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.storm", description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=int, default=300)
    parser.add_argument("--writers", type=int, default=16)
    parser.add_argument("--database", help="a URL on the PostgreSQL server to use; without it a temporary SQLite file")
    parser.add_argument("--kill", action="store_true", help=f"kill one of the servers every {KILL_EVERY} seconds")
    options = parser.parse_args()
    with (
        TemporaryDirectory(prefix="companion-storm-") as folder,
        fresh_database(options.database, Path(folder), DATABASE) as url,
    ):
        environ = environ_of(url, Path(folder))
        if companion("manage", "migrate", "--verbosity", "0", environ=environ, folder=Path(folder)).wait():
            return 1
        set_up_django(environ)
        servers = [Server(number, environ, Path(folder)) for number in range(SERVERS)]
        writers = _writers(options.writers, [server.port for server in servers])
        with ExitStack() as stack:
            for server in servers:
                stack.enter_context(server)
            seconds = _let_loose(writers, servers, options.seconds, kill=options.kill)
        report, faults = _held_against_database(writers)
        tracebacks = sum((server.tracebacks() for server in servers), Counter[str]())
        faults += [f"{count} times {what}" for what, count in tracebacks.most_common()]
    figures = _figures(writers, seconds)
    for fault in faults[:MOST_LINES]:
        print(fault, file=sys.stderr)
    print(json.dumps({"name": "storm", "seconds": round(seconds, 1), "writers": options.writers} | report | figures))
    failed = report["lost"] or report["doubled"] or report["wrong_counters"] or figures["errors"]
    return int(bool(failed or (figures["unanswered"] and not options.kill)))


def _let_loose(writers: Sequence[Writer], servers: Sequence[Server], seconds: int, *, kill: bool) -> float:
    """Let everybody write for a while; gives the seconds that it took until the last one had an answer."""
    for server in servers:
        server.wait()
    begun = monotonic()
    end = begun + seconds
    with ThreadPoolExecutor(len(writers)) as pool:
        writing = [pool.submit(writer.write_until, end) for writer in writers]
        for server in cycle(servers) if kill else ():
            sleep(min(KILL_EVERY, max(0, end - monotonic())))
            if monotonic() >= end:
                break
            server.end(signal.SIGKILL)
            server.start()
            server.wait()
        for done in writing:
            done.result()
    return monotonic() - begun


def _writers(number: int, ports: Sequence[int]) -> list[Writer]:
    """People in a course with a discussion that Ben began, each with a launch behind them, and staff to share."""
    from companion_lti import sessions

    from companion.threads.api import start_thread
    from companion.viewer import Role, Viewer
    from tests import people
    from tests.http import lti_session

    def ticket(viewer: Viewer) -> Ticket:
        session = lti_session(viewer)
        cookie = f"{sessions.cookie_name(session)}={sessions.cookie_value(session)}"
        return Ticket(person_id=viewer.person_id, path=sessions.path_of(session), cookie=cookie)

    course = people.course()
    staff = [ticket(people.join(course.space, f"s{n}", f"Staff {n}", Role.INSTRUCTOR)) for n in range(STAFF)]
    uid = course.activity.uid
    thread = start_thread(viewer=course.ben, activity_uid=uid, title="Welcome", body="Who are you?")
    world = World(activity=str(uid), last={thread.pk: 1})
    return [
        Writer(
            me=ticket(people.join(course.space, f"w{n}", f"Writer {n}")),
            staff=staff[n % STAFF],
            world=world,
            ports=ports,
            seed=n,
        )
        for n in range(number)
    ]


def _held_against_database(writers: Sequence[Writer]) -> tuple[dict[str, Any], list[str]]:
    """How many things are not as they were acknowledged, by kind, and a sentence for each."""
    from django.db import connection

    from tests.benchmarks import counters

    written = [post for writer in writers for post in writer.written]
    found = {
        "lost": counters.lost(written),
        "doubled": counters.doubled(written) + [wrong for writer in writers for wrong in writer.doubled],
        "wrong_counters": counters.wrong_counters(),
    }
    numbers = {name: len(wrong) for name, wrong in found.items()}
    database = connection.vendor
    connection.close()
    return {"database": database, "posts": len(written)} | numbers, [wrong for kind in found.values() for wrong in kind]


def _figures(writers: Sequence[Writer], seconds: float) -> dict[str, Any]:
    done = sum((writer.done for writer in writers), Counter[str]())
    asked = [entry for writer in writers for entry in writer.asked]
    statuses = Counter(status for status, _time in asked)
    times = sorted(time for status, time in asked if status) or [0.0]
    return {
        **{
            name: done[name]
            for name in ("threads", "replies", "double_submits", "edits", "deletions", "moderations", "marks")
        },
        "requests": len(asked),
        "requests_per_second": round(len(asked) / seconds, 1),
        "refused": {str(status): statuses[status] for status in sorted(statuses) if 400 <= status < 500},
        "unanswered": statuses[0],
        "errors": sum(count for status, count in statuses.items() if status >= 500),
        "p50_ms": round(times[len(times) // 2], 1),
        "p95_ms": round(times[len(times) * 95 // 100], 1),
        "max_ms": round(times[-1], 1),
    }


if __name__ == "__main__":
    sys.exit(main())
