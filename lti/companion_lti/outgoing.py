"""Calls to platforms: bounded in time and size, never to a private address, never to another host by redirect.

The address is checked where the connection is made, not on a name looked up before: a name can answer differently
twice. A refused address is never connected to, so that nobody learns by us what listens there.
"""

from __future__ import annotations

import ipaddress
import json
import socket
import threading
from contextlib import suppress
from datetime import timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Final
from urllib.parse import urljoin

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError, ReadTimeoutError
from urllib3.poolmanager import PoolManager

from companion import clock, conf
from companion_lti.models import origin_of

TIMEOUT: Final = (3.05, 6.0)
# A call with its redirects takes so long at most, however slowly headers and body drip.
LONGEST: Final = 20.0
# Of a name with many addresses so many are tried.
MOST_ADDRESSES: Final = 3
LARGEST: Final = 5 * 1024 * 1024
MOST_REDIRECTS: Final = 3
USER_AGENT: Final = "course-companion (LTI 1.3 tool)"


class CallFailed(Exception):
    """A call that did not give what was asked. `status` is the answer's, or 0 where there was none; the other side's
    words are not kept.
    """

    def __init__(self, reason: str, *, status: int = 0, retry_after: int | None = None) -> None:
        super().__init__(reason)
        self.status = status
        self.retry_after = retry_after


def retry_after(error: CallFailed) -> timedelta | None:
    """How long the other side asked us to wait, a day at most; None where it did not."""
    return timedelta(seconds=min(error.retry_after, 86_400)) if error.retry_after else None


class PrivateAddress(OSError):
    pass


def call(
    method: str,
    url: str,
    *,
    headers: dict[str, str] | None = None,
    data: Any = None,
    largest: int = LARGEST,
) -> tuple[Any, requests.Response]:
    """The parsed JSON (None for an empty answer) and the response.

    Raises CallFailed for anything but a 2xx with JSON: refused address, timeout, redirect to another host, too much.
    """
    with _Deadline() as deadline:
        session = _session(deadline)
        for _hop in range(MOST_REDIRECTS + 1):
            if not origin_of(url):
                raise CallFailed("not a web address")
            try:
                with session.request(
                    method, url, headers=headers, data=data, timeout=TIMEOUT, stream=True, allow_redirects=False
                ) as response:
                    body = _read(response, largest)
            except (requests.RequestException, HTTPError, OSError, ValueError) as error:
                # ValueError: requests reads a Location that is no address even where it is not to follow it.
                raise CallFailed("did not answer in time" if deadline.is_over else _reason(error)) from error
            if deadline.is_over:
                # What was cut off in the middle reads as an end.
                raise CallFailed("did not answer in time", status=response.status_code)
            if not response.is_redirect:
                return _parsed(response, body), response
            url = same_host(url, response.headers["location"]) if method == "GET" else ""
            if not url:
                raise CallFailed("redirected elsewhere", status=response.status_code)
    raise CallFailed("redirected in circles")


class _Deadline:
    """Shuts the connections of a call when its time is up: a byte every five seconds meets no timeout."""

    def __init__(self) -> None:
        self.is_over = False
        self._sockets: list[socket.socket] = []
        self._timer = threading.Timer(LONGEST, self._end)
        self._timer.daemon = True

    def __enter__(self) -> _Deadline:
        self._timer.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self._timer.cancel()

    def watch(self, sock: socket.socket) -> None:
        self._sockets.append(sock)
        if self.is_over:
            self._end()

    def _end(self) -> None:
        self.is_over = True
        for sock in self._sockets:
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)


def same_host(url: str, target: str) -> str:
    """Where a link in an answer leads, or "" where that is another host, port or scheme, or no address at all."""
    try:
        target = urljoin(url, target)
    except ValueError:
        return ""
    return target if origin_of(target) == origin_of(url) else ""


def _parsed(response: requests.Response, body: bytes) -> Any:
    if not response.ok:
        raise CallFailed(
            f"answered {response.status_code}",
            status=response.status_code,
            retry_after=_wait(response.headers.get("retry-after", "")),
        )
    try:
        return json.loads(body) if body else None
    except (ValueError, RecursionError) as error:
        raise CallFailed("did not answer in JSON", status=response.status_code) from error


def _wait(text: str) -> int | None:
    """Seconds from a Retry-After, which is a number or a date (RFC 9110, 10.2.3)."""
    if text.isascii() and text.isdigit():
        return int(text)
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    seconds = int((moment - clock.now_elsewhere()).total_seconds()) if moment.tzinfo else 0
    return seconds if seconds > 0 else None


def _read(response: requests.Response, largest: int) -> bytes:
    body = bytearray()
    while chunk := response.raw.read1(64 * 1024, decode_content=True):
        body += chunk
        if len(body) > largest:
            raise CallFailed("answered with too much", status=response.status_code)
    return bytes(body)


def _reason(error: Exception) -> str:
    if isinstance(error, requests.Timeout | ReadTimeoutError):
        return "did not answer in time"
    if isinstance(error, PrivateAddress) or "PrivateAddress" in repr(error):
        return "has a private address (COMPANION_LTI_PRIVATE_HOSTS can allow it)"
    return "could not be reached"


def _session(deadline: _Deadline) -> requests.Session:
    session = requests.Session()
    session.trust_env = False
    session.headers["User-Agent"] = USER_AGENT
    session.mount("http://", _GuardedAdapter(deadline))
    session.mount("https://", _GuardedAdapter(deadline))
    return session


def is_public(text: str) -> bool:
    """Whether an address is one of the internet, and so is the IPv4 address that it may carry inside of it."""
    address = ipaddress.ip_address(text.partition("%")[0])
    if not address.is_global or address.is_multicast:
        return False
    if isinstance(address, ipaddress.IPv4Address):
        return True
    if address.is_site_local or any(address in network for network in _TRANSLATED):
        return False
    return all(inner.is_global for inner in (address.ipv4_mapped, address.sixtofour) if inner is not None)


# Into IPv4 by translation (RFC 6052, RFC 8215), and IPv4-compatible addresses: not for us.
_TRANSLATED: Final = tuple(map(ipaddress.ip_network, ("64:ff9b::/96", "64:ff9b:1::/48", "::/96", "2001::/32")))


def _connect(connection: HTTPConnection, deadline: _Deadline) -> socket.socket:
    """A connection to a name, by one of its first addresses that we may go to. OSError where there is none."""
    host, port = connection.host, connection.port
    allowed = host in conf.get("COMPANION_LTI_PRIVATE_HOSTS")
    error: OSError = OSError("no address")
    for family, kind, protocol, _name, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[
        :MOST_ADDRESSES
    ]:
        if not allowed and not is_public(str(address[0])):
            raise PrivateAddress("PrivateAddress")
        sock = socket.socket(family, kind, protocol)
        try:
            deadline.watch(sock)
            sock.settimeout(TIMEOUT[0])
            sock.connect(address)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return sock
        except OSError as failed:
            error = failed
            sock.close()
    raise error


class _GuardedHTTPConnection(HTTPConnection):
    deadline: _Deadline

    def _new_conn(self) -> socket.socket:
        return _connect(self, self.deadline)


class _GuardedHTTPSConnection(HTTPSConnection):
    deadline: _Deadline

    def _new_conn(self) -> socket.socket:
        return _connect(self, self.deadline)


class _GuardedAdapter(HTTPAdapter):
    def __init__(self, deadline: _Deadline) -> None:
        self._deadline = deadline
        super().__init__()

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **kwargs: Any) -> None:
        # Classes of this call alone: the pools make their connections themselves, and have no argument for it.
        watched = {"deadline": self._deadline}
        http = type("Http", (_GuardedHTTPConnection,), watched)
        https = type("Https", (_GuardedHTTPSConnection,), watched)
        self.poolmanager = PoolManager(num_pools=connections, maxsize=maxsize, block=block, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {
            "http": type("HttpPool", (HTTPConnectionPool,), {"ConnectionCls": http}),
            "https": type("HttpsPool", (HTTPSConnectionPool,), {"ConnectionCls": https}),
        }
