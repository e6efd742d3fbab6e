"""The platform's own server: a real one on 127.0.0.1, so that the guards of outgoing calls are met on connect."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True)
class Asked:
    """A request as it arrived; `path` is without the query."""

    method: str
    path: str
    query: dict[str, list[str]]
    headers: Mapping[str, str]
    form: dict[str, str]
    body: str = ""

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Answer:
    """What to say: JSON unless it is bytes. `wait` seconds come before it; `pause` before each single byte."""

    body: Any = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    wait: float = 0
    pause: float = 0

    @property
    def content(self) -> bytes:
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


class FarEnd:
    """Answers by path, from `answers`: an Answer, a function of what was asked, or an iterator of either."""

    def __init__(self) -> None:
        self.answers: dict[str, Answer | Callable[[Asked], Answer]] = {}
        self.asked: list[Asked] = []
        self._closing = threading.Event()
        self._server = _Server(("127.0.0.1", 0), self._handler())
        self.port: int = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Be down: whoever connects is refused."""
        if not self._closing.is_set():
            self._closing.set()
            self._server.shutdown()
            self._server.server_close()
            self._thread.join()

    def count(self, path: str) -> int:
        return sum(asked.path == path for asked in self.asked)

    def asked_for(self, path: str) -> Asked:
        """The last request of this path."""
        return next(asked for asked in reversed(self.asked) if asked.path == path)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        far_end = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                body = self.rfile.read(int(self.headers.get("content-length", 0))).decode()
                form = {name: values[0] for name, values in parse_qs(body).items()}
                headers = {name.lower(): value for name, value in self.headers.items()}
                asked = Asked(self.command, parts.path, parse_qs(parts.query), headers, form, body)
                far_end.asked.append(asked)
                answer = far_end.answers.get(parts.path, Answer("not found", status=404))
                self.say(answer(asked) if callable(answer) else answer)

            do_POST = do_PUT = do_GET

            def say(self, answer: Answer) -> None:
                far_end._closing.wait(answer.wait)
                self.send_response(answer.status)
                headers = {"Content-Type": "application/json"} | dict(answer.headers)
                for name, value in (headers | {"Content-Length": str(len(answer.content))}).items():
                    self.send_header(name, value)
                self.end_headers()
                if not answer.pause:
                    self.wfile.write(answer.content)
                for byte in answer.content if answer.pause else b"":
                    self.wfile.write(bytes([byte]))
                    if far_end._closing.wait(answer.pause):
                        return

            def log_message(self, *args: Any) -> None:
                """Quiet."""

        return Handler


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        """Quiet: callers that have lost patience hang up."""
