"""The tool's answer to a deep-linking launch: is it to be believed, and what does it place?"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import transaction
from lti1p3platform.exceptions import LtiDeepLinkingResponseException

from examples.demo_lms.addresses import origin_of
from examples.demo_lms.claims import DEEP_LINKING, LTI
from examples.demo_lms.config import CONFIG
from examples.demo_lms.course import Person
from examples.demo_lms.models import LaunchMessage, LineItem, Link, Tool
from examples.demo_lms.once import take_deep_link_request, use_once
from examples.demo_lms.platform import LONGEST_LIFETIME, ToolMessageRefused, platform_of_sender


@dataclass(frozen=True)
class PlacedItem:
    """One ltiResourceLink, reduced to what this LMS keeps."""

    title: str
    text: str
    url: str
    custom: dict[str, str]
    line_item: PlacedLineItem | None


@dataclass(frozen=True)
class PlacedLineItem:
    label: str
    score_maximum: float
    resource_id: str
    tag: str


@dataclass(frozen=True)
class Answer:
    """`request` says where the items belong; `message` and `error` are the tool's own words."""

    request: LaunchMessage
    items: tuple[PlacedItem, ...]
    message: str
    error: str


def accept_answer(token: str, person: Person) -> Answer:
    """Verify the JWT and store its items as links of the unit; ToolMessageRefused if it lies.

    The library looks at signature, message type and item types only; the rest is checked here.
    """
    platform = platform_of_sender(token)
    tool = platform.tool
    platform.set_accepted_deeplinking_types(["ltiResourceLink"])
    claims = platform.verified_claims(token, audience=CONFIG.issuer)
    if claims.get(f"{LTI}/deployment_id") != tool.deployment_id:
        raise ToolMessageRefused("The answer belongs to another deployment.")
    if claims.get(f"{LTI}/version") != "1.3.0":
        raise ToolMessageRefused("The answer is not LTI 1.3.")
    try:
        raw_items = platform.validate_deeplinking_resp({"JWT": token})
    except LtiDeepLinkingResponseException as error:
        raise ToolMessageRefused(str(error)) from error
    except (KeyError, TypeError) as error:
        raise ToolMessageRefused("The content items cannot be read.") from error
    items = tuple(_read_item(item, tool) for item in raw_items)
    _check_first_time(claims, tool)
    request = take_deep_link_request(_text(claims, f"{DEEP_LINKING}/data"), person, tool)
    if request is None:
        raise ToolMessageRefused("This answer fits no open request of yours.")
    _store(request, items)
    return Answer(
        request,
        items,
        message=_text(claims, f"{DEEP_LINKING}/msg"),
        error=_text(claims, f"{DEEP_LINKING}/errormsg"),
    )


def _check_first_time(claims: dict[str, Any], tool: Tool) -> None:
    nonce = _text(claims, "nonce")
    if not nonce or len(nonce) > 200:
        raise ToolMessageRefused("The answer has no usable nonce.")
    if not use_once("deep-link nonce", f"{tool.pk} {nonce}", timedelta(seconds=LONGEST_LIFETIME)):
        raise ToolMessageRefused("The answer was used before (nonce).")


def _read_item(item: dict[str, Any], tool: Tool) -> PlacedItem:
    url = _text(item, "url")
    if url and origin_of(url) != tool.origin:
        raise ToolMessageRefused("An item points to an address that is not the tool's.")
    custom = item.get("custom") or {}
    if not isinstance(custom, dict):
        raise ToolMessageRefused("The custom parameters of an item cannot be read.")
    title = _text(item, "title")[:255] or tool.name
    line_item = item.get("lineItem")
    return PlacedItem(
        title=title,
        text=_text(item, "text"),
        url=url,
        custom={str(name): "" if value is None else str(value) for name, value in custom.items()},
        line_item=_read_line_item(line_item, title) if line_item else None,
    )


def _read_line_item(raw: dict[str, Any], title: str) -> PlacedLineItem:
    maximum = raw.get("scoreMaximum") if isinstance(raw, dict) else None
    if isinstance(maximum, bool) or not isinstance(maximum, (int, float)):
        raise ToolMessageRefused("The line item of an item has no scoreMaximum.")
    if not math.isfinite(maximum) or maximum <= 0:
        raise ToolMessageRefused("The scoreMaximum of an item is not above zero.")
    return PlacedLineItem(
        label=_text(raw, "label")[:255] or title,
        score_maximum=float(maximum),
        resource_id=_text(raw, "resourceId")[:255],
        tag=_text(raw, "tag")[:255],
    )


@transaction.atomic
def _store(request: LaunchMessage, items: tuple[PlacedItem, ...]) -> None:
    for item in items:
        link = Link.objects.create(
            course=request.course,
            tool=request.tool,
            unit_slug=request.unit_slug,
            title=item.title,
            text=item.text,
            url=item.url,
            custom=item.custom,
        )
        if item.line_item:
            LineItem.objects.create(
                course=request.course,
                tool=request.tool,
                link=link,
                label=item.line_item.label,
                score_maximum=item.line_item.score_maximum,
                resource_id=item.line_item.resource_id,
                tag=item.line_item.tag,
            )


def _text(values: dict[str, Any], name: str) -> str:
    value = values.get(name)
    return value if isinstance(value, str) else ""
