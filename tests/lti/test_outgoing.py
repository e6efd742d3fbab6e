"""Calls to platforms go where they should, in bounded time, and take nothing that is private along (attacks 14, 15)."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from companion_lti.outgoing import CallFailed, call, same_host

from companion import clock
from tests.lti.far_end import Answer, FarEnd


@pytest.fixture
def far_end(settings: Any) -> Iterator[FarEnd]:
    settings.COMPANION_LTI_PRIVATE_HOSTS = ("127.0.0.1",)
    server = FarEnd()
    server.answers["/thing"] = Answer({"a": 1})
    yield server
    server.close()


class Line:
    """A connection to an address that cannot be had in a test; it notes whether anything is said to it."""

    def __init__(self) -> None:
        self.tried: list[str] = []
        self.said = b""

    def connect(self, address: tuple[str, int]) -> None:
        self.tried.append(address[0])

    def sendall(self, data: bytes) -> None:
        self.said += data
        raise ConnectionResetError

    def settimeout(self, seconds: float | None) -> None:
        """As a socket."""

    def setsockopt(self, *_option: int) -> None:
        """As a socket."""

    def shutdown(self, how: int) -> None:
        """As a socket."""

    def close(self) -> None:
        """As a socket."""


def reach(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> Line:
    """Whatever is called, its name stands for these addresses."""
    line = Line()
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 80)) for address in addresses]
    monkeypatch.setattr("socket.getaddrinfo", lambda *args, **facts: found)
    monkeypatch.setattr("companion_lti.outgoing.socket.socket", lambda *args, **facts: line)
    return line


def test_it_works(far_end: FarEnd) -> None:
    body, response = call("GET", f"{far_end.url}/thing?x=1")
    assert (body, response.status_code) == ({"a": 1}, 200)
    assert far_end.asked[0].query == {"x": ["1"]}


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.8.8.8",
        "10.0.0.7",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",  # noqa: S104
        "::1",
        "fe80::1%eth0",
        "fd00::7",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.7",
        "64:ff9b::a00:1",
        "64:ff9b:1::a00:1",
        "::7f00:1",
        "2002:a00:1::1",
        "fec0::1",
        "224.0.0.1",
        "ff0e::1",
    ],
)
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_14_a_name_that_leads_to_a_private_address_is_refused_on_connect(
    monkeypatch: pytest.MonkeyPatch, address: str, scheme: str
) -> None:
    line = reach(monkeypatch, address)
    with pytest.raises(CallFailed, match="private address"):
        call("GET", f"{scheme}://lms.example/jwks")
    assert (line.tried, line.said) == ([], b"")


def test_14_a_private_address_behind_a_public_one_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    line = reach(monkeypatch, "8.8.8.8", "10.0.0.7")
    monkeypatch.setattr(line, "connect", lambda _address: (_ for _ in ()).throw(OSError()))
    with pytest.raises(CallFailed, match="private address"):
        call("GET", "https://lms.example/jwks")


def test_of_a_thousand_addresses_a_few_are_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    line = reach(monkeypatch, *["8.8.8.8"] * 1_000)
    tried = []

    def refused(address: tuple[str, int]) -> None:
        tried.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(line, "connect", refused)
    with pytest.raises(CallFailed, match="could not be reached"):
        call("GET", "https://lms.example/jwks")
    assert len(tried) == 3


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111"])
def test_a_public_address_is_spoken_to(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    line = reach(monkeypatch, address)
    with pytest.raises(CallFailed, match="could not be reached"):
        call("GET", "http://lms.example/jwks")
    assert line.said.startswith(b"GET /jwks")


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.1", "2130706433", "0x7f.1"])
def test_14_the_machine_itself_is_refused_by_any_name(far_end: FarEnd, settings: Any, host: str) -> None:
    settings.COMPANION_LTI_PRIVATE_HOSTS = ()
    with pytest.raises(CallFailed):
        call("GET", f"http://{host}:{far_end.port}/thing")
    assert far_end.asked == []


def test_14_a_host_that_is_allowed_is_allowed_by_that_name_only(far_end: FarEnd, settings: Any) -> None:
    settings.COMPANION_LTI_PRIVATE_HOSTS = ("lms.intranet",)
    with pytest.raises(CallFailed, match="private address"):
        call("GET", f"http://localhost:{far_end.port}/thing")
    settings.COMPANION_LTI_PRIVATE_HOSTS = ("localhost",)
    assert call("GET", f"http://localhost:{far_end.port}/thing")[0] == {"a": 1}


@pytest.mark.parametrize(
    "url", ["", "/thing", "file:///etc/passwd", "ftp://lms.example/x", "http://", "http://[::1", "gopher://x:1/"]
)
def test_what_is_no_web_address_is_not_called(url: str) -> None:
    with pytest.raises(CallFailed, match="not a web address"):
        call("GET", url)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("target", ["http://localhost:{port}/thing", "https://127.0.0.1:{port}/thing", "http://[x"])
def test_14_redirects_to_another_host_are_not_followed(far_end: FarEnd, status: int, target: str) -> None:
    location = target.format(port=far_end.port)
    far_end.answers["/moved"] = Answer(status=status, headers={"Location": location})
    with pytest.raises(CallFailed, match="redirected elsewhere|could not be reached"):
        call("GET", f"{far_end.url}/moved", headers={"Authorization": "Bearer secret"})
    assert [asked.path for asked in far_end.asked] == ["/moved"]


def test_a_redirect_on_the_same_host_is_followed_but_not_by_a_post(far_end: FarEnd) -> None:
    far_end.answers["/moved"] = Answer(status=307, headers={"Location": "thing"})
    assert call("GET", f"{far_end.url}/moved")[0] == {"a": 1}
    with pytest.raises(CallFailed, match="redirected elsewhere"):
        call("POST", f"{far_end.url}/moved", data={"secret": "x"})
    assert far_end.count("/thing") == 1


def test_an_answer_that_is_too_large_is_cut_off(far_end: FarEnd) -> None:
    far_end.answers["/thing"] = Answer({"padding": "x" * 1_000})
    with pytest.raises(CallFailed, match="too much"):
        call("GET", f"{far_end.url}/thing", largest=1_000)


@pytest.mark.parametrize("slow", [Answer({"a": 1}, wait=5), Answer({"a": 1}, pause=0.2)], ids=["late", "drip"])
def test_a_slow_answer_is_not_waited_for(far_end: FarEnd, monkeypatch: pytest.MonkeyPatch, slow: Answer) -> None:
    monkeypatch.setattr("companion_lti.outgoing.TIMEOUT", (1, 0.5))
    monkeypatch.setattr("companion_lti.outgoing.LONGEST", 1.0)
    far_end.answers["/thing"] = slow
    began = time.monotonic()
    with pytest.raises(CallFailed, match="in time"):
        call("GET", f"{far_end.url}/thing")
    assert time.monotonic() - began < 4


def test_16_how_long_to_wait_may_be_a_date(far_end: FarEnd) -> None:
    moment = format_datetime(clock.now() + timedelta(minutes=5), usegmt=True)
    far_end.answers["/thing"] = Answer("its own words", status=429, headers={"Retry-After": moment})
    with pytest.raises(CallFailed) as failed:
        call("GET", f"{far_end.url}/thing")
    assert 290 < (failed.value.retry_after or 0) <= 300


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("7", 7), ("", None), ("Wed, 21 Oct 2026 07:28:00 GMT", None), ("-1", None), ("1e9", None), ("٣", None)],
)
def test_16_how_long_to_wait_is_taken_from_the_answer(far_end: FarEnd, header: str, seconds: int | None) -> None:
    header = header.encode().decode("latin-1")
    far_end.answers["/thing"] = Answer("its own words", status=429, headers={"Retry-After": header})
    with pytest.raises(CallFailed) as failed:
        call("GET", f"{far_end.url}/thing")
    assert (failed.value.status, failed.value.retry_after) == (429, seconds)
    assert "words" not in str(failed.value)


def test_nobody_at_home(settings: Any) -> None:
    settings.COMPANION_LTI_PRIVATE_HOSTS = ("127.0.0.1",)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with pytest.raises(CallFailed, match="could not be reached") as failed:
        call("GET", f"http://127.0.0.1:{port}/")
    assert failed.value.status == 0


@pytest.mark.parametrize(
    "url",
    [
        "http://evil.example\\@lms.example/x",
        "http://somebody@lms.example/x",
        "http://lms.example\n/x",
        "http://lms .example/x",
        "http://lms.example/\tx",
    ],
)
def test_14_an_address_that_two_readers_read_differently_is_none(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    line = reach(monkeypatch, "8.8.8.8")
    with pytest.raises(CallFailed, match="not a web address"):
        call("GET", url)
    assert line.tried == []
    assert "@" not in same_host("http://lms.example/", url)


def test_headers_that_drip_are_not_waited_for(far_end: FarEnd, monkeypatch: pytest.MonkeyPatch) -> None:
    """A byte now and then meets no timeout of a socket."""
    monkeypatch.setattr("companion_lti.outgoing.LONGEST", 1.0)
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def drip() -> None:
            line, _address = listener.accept()
            with line, suppress(OSError):
                line.sendall(b"HTTP/1.1 200 OK\r\nX: ")
                for _byte in range(200):
                    line.sendall(b"x")
                    time.sleep(0.05)

        server = threading.Thread(target=drip, daemon=True)
        server.start()
        began = time.monotonic()
        with pytest.raises(CallFailed, match="in time"):
            call("GET", f"http://127.0.0.1:{listener.getsockname()[1]}/x")
        assert time.monotonic() - began < 5
        server.join()
