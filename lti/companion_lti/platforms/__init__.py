"""What product families do in ways of their own: one module for each, with the source of each quirk.

The family is what launches say in `tool_platform.product_family_code`, and a configuration for registration in
`product_family_code`. LTI has no address for the page of a link: a tool hears of a link by launches alone.
"""

from __future__ import annotations

from collections.abc import Callable, Container
from typing import Any, Final

from companion_lti.models import Registration, ResourceLink, origin_of
from companion_lti.platforms import blackboard, brightspace, canvas, demo_lms, moodle

_PAGES: Final[dict[str, Callable[[ResourceLink, str], str]]] = {
    canvas.FAMILY: canvas.page,
    demo_lms.FAMILY: demo_lms.page,
    moodle.FAMILY: moodle.page,
}


def page_of(link: ResourceLink, *, launch_url: str) -> str:
    """The platform's page of a link (with its deployment and registration), "" where none is known.

    `launch_url` is our launch address with what to open; a family that can has it launched.
    """
    page = _PAGES.get(link.deployment.registration.family or "")
    url = page(link, launch_url) if page else ""
    # An issuer need not be a web address.
    return url if origin_of(url) else ""


def course_url_of(registration: Registration, *, family: str, return_url: str) -> str:
    """What `page_of` will need to know of the course, from a launch; "" for families that need nothing."""
    return canvas.course_url(registration, return_url) if family == canvas.FAMILY else ""


def score_extras(registration: Registration) -> dict[str, Any]:
    """What a score for this platform has besides what AGS says."""
    return canvas.score_extras() if registration.family == canvas.FAMILY else {}


def is_at_home(issuer: str, host: str) -> bool:
    """Whether a host may speak for an issuer whose own host is another one."""
    if issuer == blackboard.ISSUER:
        return host in blackboard.HOSTS
    return canvas.is_at_home(issuer, host) or brightspace.is_at_home(issuer, host)


def audience_of(token_url: str) -> str:
    """The audience of token requests that no configuration tells, "" where it is the usual one."""
    return brightspace.AUDIENCE if origin_of(token_url) == brightspace.TOKENS else ""


def is_shared(issuer: str) -> bool:
    """Whether one client id is for many organizations, told apart by their deployments alone."""
    return issuer == blackboard.ISSUER


def launches_need_placements(family: str) -> bool:
    """Whether a plain launch would be put somewhere in the course by itself. Canvas has no placement for a link that
    an author makes but deep linking, and takes a message without placements for one (registration.md).
    """
    return family == canvas.FAMILY


def custom_parameters(variables: Container[str]) -> dict[str, str]:
    """Custom parameters for what only this platform can tell, from the variables that it knows."""
    return {"groups": f"${moodle.GROUPS}"} if moodle.GROUPS in variables else {}
