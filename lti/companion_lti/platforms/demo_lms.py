"""The demo LMS (examples/demo_lms): an address for each link, and like Canvas it launches the URL that it is given."""

from __future__ import annotations

from typing import Final
from urllib.parse import quote, urlencode

from companion_lti.models import ResourceLink

FAMILY: Final = "demo-lms"


def page(link: ResourceLink, launch_url: str) -> str:
    issuer = link.deployment.registration.issuer
    return f"{issuer.rstrip('/')}/links/{quote(link.link_id, safe='')}/?{urlencode({'url': launch_url})}"
