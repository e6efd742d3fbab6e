"""Web addresses: which site one names, if it names one without doubt."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

# Origins go into a header: nothing but what a host name or address is made of.
_HOST: Final = re.compile(r"[a-z0-9._:-]+")
_AMBIGUOUS: Final = re.compile(r"[\\\s\x00-\x1f\x7f]")


def validate_web_address(value: str) -> None:
    """An address of a platform, intranet names included, which Django's own URL field refuses."""
    if not origin_of(value):
        raise ValidationError(_("This must be a web address."))


def origin_of(url: str) -> str:
    """`https://host:port` of a web address, "" for anything else: also for one of which two readers may think
    differently, as of `https://here\\@there/` (RFC 3986 and what HTTP libraries make of it).
    """
    if _AMBIGUOUS.search(url):
        return ""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return ""
    if parts.scheme not in ("http", "https") or not host or "@" in parts.netloc or not _HOST.fullmatch(host):
        return ""
    host = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{host}:{port}" if port else f"{parts.scheme}://{host}"
