"""What launches cost, and that none is lost, doubled or let in by a forgery, however many come at once.

    python -m tests.benchmarks.launching [--only crowd flood roster cost] [--launches 1000] [--clients 8]
        [--flood 100000] [--members 500,1000,5000] [--rounds 200] [--database URL]

- `crowd`: so many launches by several clients at once, with different people and courses. Each is a login, a token
  that the platform of the measurement signs, and the post of it; a quarter of the tokens are posted twice, half of
  those at the same moment.
- `flood`: so many forged requests from several processes, half logins and half launches, while somebody honest is
  launched twice a second. Afterwards every table has as many rows as before, but for the honest sessions.
- `roster`: the task that reads a roster, for each number of members.
- `cost`: CPU microseconds of the checks of a launch, of a launch and of a login, all beside one floor: the check of
  one signature and one row read.

The database is fresh: a temporary SQLite file, or `companion_launching` on the PostgreSQL server that `--database`
names, dropped before and after. One `companion serve --workers 2` stands in front of it for the first two.

Prints a JSON line for each figure. Exits with 1 where a launch was lost or doubled, a forgery let in or kept, where
the server failed (5xx) or did not answer, or where a longer roster takes more queries a batch; what it was is on
standard error.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from time import monotonic
from typing import TYPE_CHECKING, Any

from tests.benchmarks.doors import Door
from tests.benchmarks.flood import flooding
from tests.benchmarks.launchers import Launched, held_against_database, launch_all, launch_one, visits
from tests.benchmarks.messages import Sender, Visit, new_key, public_jwk
from tests.benchmarks.serving import Server, companion, environ_of, fresh_database, set_up_django

if TYPE_CHECKING:
    from tests.lti.far_end import FarEnd

DATABASE = "companion_launching"
PARTS = ("crowd", "flood", "roster", "cost")
WORKERS = 2
# Of the data set: launches do not depend on how many threads there are.
THREADS = 30
HONEST = Visit(subject="honest", name="Hon Est", context="honest", title="Honest", link="honest")
HONEST_EVERY, HONEST_AFTERWARDS = 0.5, 5
# What a launch of somebody who has been here before leaves: nothing else may grow.
LEFT_BY_LAUNCH = ("companion_lti_ltisession", "companion_lti_usedlogin")
MOST_LINES = 40

Found = tuple[dict[str, Any], Sequence[str]]


def main() -> int:
    options = _options()
    with (
        TemporaryDirectory(prefix="companion-launching-") as name,
        fresh_database(options.database, Path(name), DATABASE) as url,
    ):
        folder, environ = Path(name), environ_of(url, Path(name))
        if companion("manage", "migrate", "--verbosity", "0", environ=environ, folder=folder).wait():
            return 1
        set_up_django(environ)
        is_wrong = False
        for figure, faults in _all(options, Server(0, environ, folder, "--workers", str(WORKERS))):
            print(json.dumps(figure), flush=True)
            for fault in faults[:MOST_LINES]:
                print(fault, file=sys.stderr, flush=True)
            is_wrong = is_wrong or bool(faults)
        _disconnect()
    return int(is_wrong)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.launching", description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", default=PARTS, choices=PARTS)
    parser.add_argument("--launches", type=int, default=1_000)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--flood", type=int, default=100_000, help="how many requests are forged")
    parser.add_argument("--members", default="500,1000,5000", help="sizes of rosters, with commas between")
    parser.add_argument("--rounds", type=int, default=200, help="how often each cost is measured")
    parser.add_argument("--database", help="a URL on the PostgreSQL server to use; without it a temporary SQLite file")
    return parser.parse_args()


def _all(options: argparse.Namespace, server: Server) -> Iterator[Found]:
    """Figures, each with what is wrong. The crowd comes first: it is held against all that the database has."""
    if {"crowd", "flood"} & set(options.only):
        yield from _with_server(options, server)
    if "roster" in options.only:
        yield from _roster([int(size) for size in options.members.split(",")])
    if "cost" in options.only:
        yield from _cost(options.rounds)


def _with_server(options: argparse.Namespace, server: Server) -> Iterator[Found]:
    from tests.lti.far_end import FarEnd

    far_end = FarEnd()
    sender = _connected(far_end)
    try:
        with server:
            server.wait()
            if "crowd" in options.only:
                yield _crowd(sender, server, options.launches, options.clients)
            if "flood" in options.only:
                yield _flood(sender, server, far_end, options.flood)
    finally:
        far_end.close()
    tracebacks = [f"{count} times {what}" for what, count in server.tracebacks().most_common()]
    yield {"name": "server", "tracebacks": len(tracebacks)}, tracebacks


def _connected(far_end: FarEnd) -> Sender:
    """A platform that the Companion knows and whose keys it has yet to read from the far end."""
    from companion_lti.tool import address_of

    from companion.spaces import api as spaces
    from tests import http
    from tests.lti.far_end import Answer

    deployment = http.deployment(spaces.ensure_organization(name="Crowd").pk, far_end.url)
    sender = Sender(
        issuer=deployment.registration.issuer,
        client_id=deployment.registration.client_id,
        deployment_id=deployment.deployment_id,
        target=address_of("launch"),
        key=new_key(),
        services=far_end.url,
    )
    far_end.answers["/jwks"] = Answer({"keys": [public_jwk(sender.key)]})
    return sender


def _crowd(sender: Sender, server: Server, number: int, clients: int) -> Found:
    launched, seconds = launch_all(sender, server.port, visits(number, Random(1)), clients)
    found = held_against_database(launched)
    posts = Counter(answer.status for launch in launched for answer in launch.answers)
    wrong = [f"{posts[status]} posts were answered with {status}" for status in posts if not 0 < status < 500]
    figure = {
        "name": "crowd",
        "launches": len(launched),
        "clients": clients,
        "seconds": round(seconds, 1),
        "launches_per_second": round(len(launched) / seconds, 1),
        "posted_twice": sum(len(launch.answers) > 1 for launch in launched),
        "answers": {str(status): posts[status] for status in sorted(posts)},
        "lost": len(found["lost"]),
        "doubled": len(found["doubled"]),
        **_times(launched),
        "database": _vendor(),
    }
    return figure, [*found["lost"], *found["doubled"], *wrong]


def _flood(sender: Sender, server: Server, far_end: FarEnd, number: int) -> Found:
    door = Door(server.port)
    launch: Callable[[], Launched] = lambda: launch_one(door, sender, HONEST)  # noqa: E731
    # Whatever somebody's first launch leaves is there before we count.
    first, before, megabytes, keys = launch(), rows(), server.megabytes(), far_end.count("/jwks")
    begun = monotonic()
    during: list[Launched] = []
    with flooding(server.port, sender.issuer, sender.client_id, sender.target, number) as floods:
        for future in floods:
            while not _is_done(future):
                during.append(launch())
        answers = sum((future.result() for future in floods), Counter[str]())
    seconds = monotonic() - begun
    honest = [first, *during, *(launch() for _ in range(HONEST_AFTERWARDS))]
    door.close()
    more = grown(before, honest=len(honest) - 1)
    totals = {name: answers.pop(name, 0) for name in ("let_in", "errors", "unanswered")}
    shut_out = sum(not launch.let_in for launch in honest)
    figure = {
        "name": "flood",
        "requests": number,
        "seconds": round(seconds, 1),
        "requests_per_second": round(number / seconds, 1),
        **totals,
        "grown": more,
        "honest": len(honest),
        "honest_shut_out": shut_out,
        **_times(during),
        "key_fetches": far_end.count("/jwks") - keys,
        "server_mb": [megabytes, server.megabytes()],
        "answers": dict(sorted(answers.items())),
        "database": _vendor(),
    }
    faults = [f"{count} forgeries: {name}" for name, count in totals.items() if count]
    faults += [f"{table} has {count} rows more than before" for table, count in more.items()]
    return figure, faults + [f"{shut_out} honest launches were refused"] * bool(shut_out)


def _is_done(future: Any) -> bool:
    """After a moment, in which nobody is launched."""
    try:
        future.result(timeout=HONEST_EVERY)
    except TimeoutError:
        return False
    return True


def rows() -> dict[str, int]:
    """How many rows every table has, whosever it is."""
    from django.db import connection

    with connection.cursor() as cursor:
        found = {}
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT COUNT(*) FROM {connection.ops.quote_name(table)}")
            found[table] = cursor.fetchone()[0]
    return found


def grown(before: dict[str, int], *, honest: int) -> dict[str, int]:
    """By how much each table has another number of rows than the honest launches account for."""
    wanted = before | {table: before[table] + honest for table in LEFT_BY_LAUNCH}
    return {table: count - wanted[table] for table, count in rows().items() if count != wanted[table]}


def _roster(sizes: Sequence[int]) -> Iterator[Found]:
    from tests.benchmarks.rosters import roster_figures

    figures = list(roster_figures(sizes))
    yield from ((figure, []) for figure in figures)
    for name in dict.fromkeys(figure["name"] for figure in figures):
        steps = [figure["queries_a_batch"] for figure in figures if figure["name"] == name]
        steps = [step for step in steps if step is not None]
        # Rows go in by as many as a statement can hold, which is no divisor of a batch.
        if steps and max(steps) - min(steps) > 1:
            yield {"name": f"{name}_steps", "queries_a_batch": steps}, [f"{name}: {steps} queries a batch"]


def _cost(rounds: int) -> Iterator[Found]:
    from django.db import connection

    from tests.benchmarks.run import launch_costs

    # As in the service: a connection outlives a request.
    connection.settings_dict["CONN_MAX_AGE"] = 600
    yield from ((figure, []) for figure in launch_costs(THREADS, rounds=rounds))


def _times(launched: Sequence[Launched]) -> dict[str, float]:
    times = sorted(launch.milliseconds for launch in launched) or [0.0]
    return {
        "p50_ms": round(times[len(times) // 2], 1),
        "p95_ms": round(times[len(times) * 95 // 100], 1),
        "max_ms": round(times[-1], 1),
    }


def _vendor() -> str:
    from django.db import connection

    return connection.vendor


def _disconnect() -> None:
    from django.db import connection

    connection.close()


if __name__ == "__main__":
    sys.exit(main())
