"""Addresses that a tool gives: are they usable, and whose are they?"""

from __future__ import annotations

import re
from urllib.parse import urlencode, urlsplit

LONGEST = 2000
_ADDRESS = re.compile(r"(https?)://([a-z0-9.-]+|\[[0-9a-f:]+\])(?::([0-9]{1,5}))?(?:[/?][^\s\"<>\\#]*)?", re.IGNORECASE)
_DEFAULT_PORTS = {"http": "80", "https": "443"}


def origin_of(url: str) -> str:
    """Scheme, host and port as a browser writes them; "" for what is no plain web address.

    It goes into the content security policy, so nothing but letters, digits and `.-[]:` may come through.
    """
    match = _ADDRESS.fullmatch(url) if len(url) <= LONGEST else None
    if match is None:
        return ""
    scheme, host, port = match[1].lower(), match[2].lower(), match[3]
    return f"{scheme}://{host}" + (f":{port}" if port and port != _DEFAULT_PORTS[scheme] else "")


def is_address(url: object) -> bool:
    return isinstance(url, str) and bool(origin_of(url))


def is_on_domain(url: str, domain: str) -> bool:
    """Whether the host is the domain or under it; some tools write their port into the domain."""
    parts = urlsplit(url)
    host, wanted = (parts.hostname or "").lower(), domain.lower()
    return host == wanted or host.endswith("." + wanted) or parts.netloc.lower() == wanted


def with_query(url: str, fields: dict[str, str]) -> str:
    """The address with more in its query; what it has stays."""
    return f"{url}{'&' if '?' in url else '?'}{urlencode(fields)}"
