"""CPU time of requests through the whole middleware, a page and its floor by turns."""

from __future__ import annotations

import gc
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from io import BytesIO
from statistics import median
from time import perf_counter, process_time
from typing import Any
from urllib.parse import urlencode

from django.core.handlers.wsgi import WSGIHandler
from django.db import connection
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext

WARM_UP = 4
TRANSACTION = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE", "ROLLBACK")


@dataclass(frozen=True, kw_only=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes


Call = Callable[[], Any]


@dataclass(frozen=True, kw_only=True)
class Pair:
    """A thing to measure beside its floor. The makers are called before each round, untimed, and give what is timed."""

    name: str
    value: Callable[[], Call]
    floor: Callable[[], Call]


class Web:
    """WSGI requests without a server: the environ is made beforehand and not timed."""

    def __init__(self) -> None:
        self.handler = WSGIHandler()
        self.factory = RequestFactory(SERVER_NAME="localhost")

    def get(self, path: str, headers: Mapping[str, str] | None = None, *, expect: int = 200) -> Call:
        return self._call(self.factory.get(path, headers=headers).environ, b"", expect)

    def post(
        self, path: str, fields: Mapping[str, object], headers: Mapping[str, str] | None = None, *, expect: int = 200
    ) -> Call:
        body = urlencode(fields).encode()
        kind = "application/x-www-form-urlencoded"
        return self._call(self.factory.post(path, body, content_type=kind, headers=headers).environ, body, expect)

    def _call(self, environ: Mapping[str, Any], body: bytes, expect: int) -> Call:
        def call() -> Answer:
            answer = self._run({**environ, "wsgi.input": BytesIO(body)})
            assert answer.status == expect, (environ["PATH_INFO"], answer.status, answer.body[:500])
            return answer

        return call

    def _run(self, environ: dict[str, Any]) -> Answer:
        started: list[Any] = []
        response = self.handler(environ, lambda status, headers: started.extend((status, headers)))
        try:
            body = b"".join(response)
        finally:
            response.close()
        return Answer(status=int(started[0].split()[0]), headers=dict(started[1]), body=body)


def measure(pair: Pair, rounds: int) -> dict[str, Any]:
    """One figure: medians in CPU milliseconds of this process, and the queries of one call.

    With a database server, whose CPU is not this process's, the time that passed is given too.
    """
    for _ in range(WARM_UP):
        pair.value()(), pair.floor()()
    with CaptureQueriesContext(connection) as captured:
        pair.value()()
    statements = [query["sql"] for query in captured]
    timed: dict[str, list[tuple[float, float]]] = {"value": [], "floor": []}
    gc.collect()
    for _ in range(rounds):
        for name, make in (("value", pair.value), ("floor", pair.floor)):
            call = make()
            wall, cpu = perf_counter(), process_time()
            call()
            timed[name].append((process_time() - cpu, perf_counter() - wall))
    value, floor = (median(cpu for cpu, _wall in timed[name]) * 1_000 for name in ("value", "floor"))
    figure = {
        "name": pair.name,
        "value": round(value, 3),
        "unit": "ms",
        "floor": round(floor, 3),
        "ratio": round(value / floor, 2),
        "queries": sum(not sql.startswith(TRANSACTION) for sql in statements),
        "statements": len(statements),
    }
    if connection.vendor != "sqlite":
        walls = (median(wall for _cpu, wall in timed[name]) * 1_000 for name in ("value", "floor"))
        figure["elapsed"], figure["floor_elapsed"] = (round(wall, 3) for wall in walls)
    return figure
