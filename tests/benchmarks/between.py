"""A server that stands before an LMS and remembers the scores that went by: the LMS itself keeps the last ones only."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection, HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

# Longer than the LMS hangs.
TIMEOUT = 60
# An LMS that is well takes a score in less.
LATE = timedelta(seconds=2)
# What is of one connection, and what our server says by itself.
OWN_HEADERS = {"connection", "transfer-encoding", "content-length", "date", "server", "keep-alive"}


@dataclass(frozen=True, kw_only=True)
class Sent:
    """A score as it was sent, and the status that the LMS answered it with; 0 for none."""

    arrived: datetime
    answered: datetime
    status: int
    subject: str
    points: float
    timestamp: datetime

    @property
    def was_taken(self) -> bool:
        return self.status in range(200, 300)

    @property
    def was_taken_late(self) -> bool:
        return self.was_taken and self.answered - self.arrived > LATE


class Between:
    """Passes everything on to the LMS behind it, whether or not the sender still waits for the answer."""

    def __init__(self, port: int, behind: int) -> None:
        self.behind = behind
        self.sent: list[Sent] = []
        # The answers of the services, by status.
        self.answers: Counter[int] = Counter()
        # Called with the subject, before the sender hears of it: when the LMS has taken a score, or said what there is.
        self.when_taken: Callable[[str], object] = do_nothing
        self.when_looked: Callable[[str], object] = do_nothing
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", port), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    def __enter__(self) -> Between:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def note(self, url: str, body: bytes, arrived: datetime, answer: _Answer) -> None:
        path, _, query = url.partition("?")
        if not path.startswith(("/token", "/ags/", "/nrps/")):
            return
        with self._lock:
            self.answers[answer.status] += 1
            if path.endswith("/scores"):
                self.sent.append(_read(body, arrived, answer))
                if self.sent[-1].was_taken:
                    self.when_taken(self.sent[-1].subject)
            elif path.endswith("/results") and answer.is_of_use:
                self.when_looked(parse_qs(query)["user_id"][0])

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        between = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                arrived = datetime.now(UTC)
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                answer = _ask(between.behind, self.command, self.path, body, dict(self.headers.items()))
                between.note(self.path, body, arrived, answer)
                # Whoever has lost patience or was killed has hung up.
                with suppress(OSError):
                    self.say(answer)

            do_POST = do_PUT = do_GET

            def say(self, answer: _Answer) -> None:
                self.send_response(answer.status or 502)
                for name, value in answer.headers:
                    if name.lower() not in OWN_HEADERS:
                        self.send_header(name, value)
                self.send_header("Content-Length", str(len(answer.body)))
                self.end_headers()
                self.wfile.write(answer.body)

            def log_message(self, *args: Any) -> None:
                """Quiet."""

        return Handler


@dataclass(frozen=True, kw_only=True)
class _Answer:
    status: int
    headers: list[tuple[str, str]]
    body: bytes

    @property
    def is_of_use(self) -> bool:
        """Where it lies, the LMS answers 200 to what it has not even read; only its page of HTML tells."""
        return self.status in range(200, 300) and not self.body.startswith(b"<!doctype html>")


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        """Quiet: callers that have lost patience hang up."""


def do_nothing(_subject: str) -> None:
    pass


def _ask(port: int, method: str, path: str, body: bytes, headers: dict[str, str]) -> _Answer:
    connection = HTTPConnection("127.0.0.1", port, timeout=TIMEOUT)
    try:
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        return _Answer(status=response.status, headers=response.getheaders(), body=response.read())
    except (OSError, HTTPException):
        return _Answer(status=0, headers=[], body=b"")
    finally:
        connection.close()


def _read(body: bytes, arrived: datetime, answer: _Answer) -> Sent:
    said = json.loads(body)
    return Sent(
        arrived=arrived,
        answered=datetime.now(UTC),
        status=answer.status if answer.is_of_use or answer.status >= 300 else 0,
        subject=said["userId"],
        points=said["scoreGiven"],
        timestamp=datetime.fromisoformat(said["timestamp"]),
    )
