"""Calls to platforms: bounded in time and size, never to a private address, never to another host by redirect.

The address is checked on the connected socket, not on a name looked up before: a name can answer differently twice.
"""

from __future__ import annotations

import ipaddress
import json
import socket
import time
from typing import Any, Final
from urllib.parse import urljoin

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError, ReadTimeoutError
from urllib3.poolmanager import PoolManager

from companion import conf
from companion_lti.models import origin_of

TIMEOUT: Final = (3.05, 6.0)
LONGEST_BODY: Final = 15.0
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
    session = _session()
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
            raise CallFailed(_reason(error)) from error
        if not response.is_redirect:
            return _parsed(response, body), response
        url = same_host(url, response.headers["location"]) if method == "GET" else ""
        if not url:
            raise CallFailed("redirected elsewhere", status=response.status_code)
    raise CallFailed("redirected in circles")


def same_host(url: str, target: str) -> str:
    """Where a link in an answer leads, or "" where that is another host, port or scheme, or no address at all."""
    try:
        target = urljoin(url, target)
    except ValueError:
        return ""
    return target if origin_of(target) == origin_of(url) else ""


def _parsed(response: requests.Response, body: bytes) -> Any:
    if not response.ok:
        wait = response.headers.get("retry-after", "")
        raise CallFailed(
            f"answered {response.status_code}",
            status=response.status_code,
            retry_after=int(wait) if wait.isascii() and wait.isdigit() else None,
        )
    try:
        return json.loads(body) if body else None
    except (ValueError, RecursionError) as error:
        raise CallFailed("did not answer in JSON", status=response.status_code) from error


def _read(response: requests.Response, largest: int) -> bytes:
    """The body. `read1`, because it comes back after each packet: a byte every five seconds meets no timeout."""
    body, began = bytearray(), time.monotonic()
    while chunk := response.raw.read1(64 * 1024, decode_content=True):
        body += chunk
        if len(body) > largest:
            raise CallFailed("answered with too much", status=response.status_code)
        if time.monotonic() - began > LONGEST_BODY:
            raise CallFailed("did not answer in time", status=response.status_code)
    return bytes(body)


def _reason(error: Exception) -> str:
    if isinstance(error, requests.Timeout | ReadTimeoutError):
        return "did not answer in time"
    if isinstance(error, PrivateAddress) or "PrivateAddress" in repr(error):
        return "has a private address (COMPANION_LTI_PRIVATE_HOSTS can allow it)"
    return "could not be reached"


def _session() -> requests.Session:
    session = requests.Session()
    session.trust_env = False
    session.headers["User-Agent"] = USER_AGENT
    session.mount("http://", _GuardedAdapter())
    session.mount("https://", _GuardedAdapter())
    return session


def _check(connection: HTTPConnection, sock: socket.socket) -> socket.socket:
    address = ipaddress.ip_address(sock.getpeername()[0].partition("%")[0])
    mapped = getattr(address, "ipv4_mapped", None) or address
    if not mapped.is_global and connection.host not in conf.get("COMPANION_LTI_PRIVATE_HOSTS"):
        sock.close()
        raise PrivateAddress("PrivateAddress")
    return sock


class _GuardedHTTPConnection(HTTPConnection):
    def _new_conn(self) -> socket.socket:
        return _check(self, super()._new_conn())


class _GuardedHTTPSConnection(HTTPSConnection):
    def _new_conn(self) -> socket.socket:
        return _check(self, super()._new_conn())


class _GuardedHTTPPool(HTTPConnectionPool):
    ConnectionCls = _GuardedHTTPConnection


class _GuardedHTTPSPool(HTTPSConnectionPool):
    ConnectionCls = _GuardedHTTPSConnection


class _GuardedAdapter(HTTPAdapter):
    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **kwargs: Any) -> None:
        self.poolmanager = PoolManager(num_pools=connections, maxsize=maxsize, block=block, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _GuardedHTTPPool, "https": _GuardedHTTPSPool}
