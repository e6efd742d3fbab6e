"""What a launch says, as frozen values: nothing behind this border reads a platform's JSON.

Every claim is checked for its type here, because a signed message can still say `"context": []`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import unquote

from companion.viewer import Role
from companion_lti.errors import Malformed
from companion_lti.models import origin_of
from companion_lti.roles import read_role

LTI: Final = "https://purl.imsglobal.org/spec/lti/claim/"
DEEP_LINKING: Final = "https://purl.imsglobal.org/spec/lti-dl/claim/deep_linking_settings"
NRPS: Final = "https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice"
AGS: Final = "https://purl.imsglobal.org/spec/lti-ags/claim/endpoint"
AGS_SCOPE: Final = "https://purl.imsglobal.org/spec/lti-ags/scope/"
PNS: Final = LTI + "platformnotificationservice"

RESOURCE_LAUNCH: Final = "LtiResourceLinkRequest"
DEEP_LINK_LAUNCH: Final = "LtiDeepLinkingRequest"
# https://www.imsglobal.org/spec/lti-sr/v1p0
REVIEW_LAUNCH: Final = "LtiSubmissionReviewRequest"

COPY_NOTICE: Final = "LtiContextCopyNotice"
# The custom parameters in which platforms are asked for histories (registering.py, config.json).
CONTEXT_HISTORY: Final = "context_id_history"
# What LTI 1.3 calls Person.address.timezone.
TIME_ZONE: Final = "companion_time_zone"
LINK_HISTORY: Final = "resource_link_id_history"

_UNSTORABLE: Final = re.compile("[\x00\ud800-\udfff]")
_LONGEST_ID: Final = 255  # LTI 1.3 core: ids are at most 255 ASCII characters
_LONGEST_TEXT: Final = 2_000
_LONGEST_HISTORY: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class DeepLinkingSettings:
    """What a deep-linking launch must be answered with. `data` goes back as it came."""

    return_url: str
    data: object = None
    accept_multiple: bool = False
    accepts_line_item: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class GradeService:
    """Where the platform takes grades (Assignment and Grade Services 2.0), and what it lets us do there.

    `line_item_url` is the column of this link, "" where it has none; `line_items_url` all of the course's columns.
    """

    line_items_url: str
    line_item_url: str
    may_create: bool
    may_look: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LaunchClaims:
    """A launch. Empty texts stand for what the platform withheld or did not say."""

    subject: str
    message_type: str
    target_link_uri: str
    role: Role
    context_id: str
    context_title: str
    context_label: str
    link_id: str
    link_title: str
    name: str
    email: str
    picture_url: str
    locale: str
    return_url: str
    roster_url: str
    notices_url: str
    family: str
    context_history: tuple[str, ...] = ()
    link_history: tuple[str, ...] = ()
    grades: GradeService | None = None
    # Whose work a submission review is to show.
    reviewed_subject: str = ""
    custom: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    deep_linking: DeepLinkingSettings | None = None


def is_storable(text: str) -> bool:
    """Whether every database can hold it: PostgreSQL refuses NUL, and nobody can encode half a surrogate pair."""
    return _UNSTORABLE.search(text) is None


def read_claims(body: Mapping[str, Any]) -> LaunchClaims:
    """The claims of a verified token. Raises Malformed, naming the claim that is wrong."""
    if _text(body, LTI + "version") != "1.3.0":
        raise Malformed("version")
    message_type = _text(body, LTI + "message_type")
    if message_type not in (RESOURCE_LAUNCH, DEEP_LINK_LAUNCH, REVIEW_LAUNCH):
        raise Malformed("message_type")
    context = _object(body, LTI + "context")
    link = _object(body, LTI + "resource_link")
    presentation = _object(body, LTI + "launch_presentation")
    link_id = _id(link, "id")
    if message_type != DEEP_LINK_LAUNCH and not link_id:
        raise Malformed("resource_link.id")
    if message_type == DEEP_LINK_LAUNCH and not _id(context, "id"):
        # What is placed belongs to a course; without one, authors of different courses would see each other's.
        raise Malformed("context.id", advice="no_links")
    subject = _id(body, "sub")
    if not subject:
        raise Malformed("sub", advice="nobody")
    reviewed = _id(_object(body, LTI + "for_user"), "user_id") if message_type == REVIEW_LAUNCH else ""
    if message_type == REVIEW_LAUNCH and not reviewed:
        raise Malformed("for_user.user_id")
    custom = _custom(body)
    return LaunchClaims(
        subject=subject,
        message_type=message_type,
        target_link_uri=_text(body, LTI + "target_link_uri"),
        role=read_role(_roles(body)),
        context_id=_id(context, "id"),
        context_title=_text(context, "title"),
        context_label=_text(context, "label"),
        link_id=link_id,
        link_title=_text(link, "title"),
        name=_text(body, "name") or " ".join(filter(None, [_text(body, "given_name"), _text(body, "family_name")])),
        email=_text(body, "email"),
        picture_url=_text(body, "picture"),
        locale=_text(presentation, "locale") or _text(body, "locale"),
        return_url=_text(presentation, "return_url"),
        roster_url=_address(_object(body, NRPS), "context_memberships_url"),
        family=_text(_object(body, LTI + "tool_platform"), "product_family_code").lower()[:100],
        notices_url=_notices_url(body),
        context_history=read_history(custom.get(CONTEXT_HISTORY, "")),
        link_history=read_history(custom.get(LINK_HISTORY, "")),
        grades=_grades(body),
        reviewed_subject=reviewed,
        custom=custom,
        deep_linking=_deep_linking(body) if message_type == DEEP_LINK_LAUNCH else None,
    )


def _deep_linking(body: Mapping[str, Any]) -> DeepLinkingSettings:
    settings = _object(body, DEEP_LINKING)
    return_url = _text(settings, "deep_link_return_url")
    if not origin_of(return_url):
        raise Malformed("deep_link_return_url")
    accepted = settings.get("accept_types")
    if not isinstance(accepted, list) or "ltiResourceLink" not in accepted:
        raise Malformed("accept_types", advice="no_links")
    return DeepLinkingSettings(
        return_url=return_url,
        data=_opaque(settings, "data"),
        accept_multiple=settings.get("accept_multiple") in (True, "true"),
        # Moodle and Canvas take them without saying so; only a plain no is one.
        accepts_line_item=settings.get("accept_lineitem", True) not in (False, "false"),
    )


def read_history(text: str) -> tuple[str, ...]:
    """The ids in a `$Context.id.history` or `$ResourceLink.id.history`, the newest first.

    Comma-separated, each URL-encoded (LTI 1.3 core, B.2 custom variables). An id that was cut off is none.
    """
    parts = text.split(",")[:_LONGEST_HISTORY]
    whole = parts[:-1] if len(text) >= _LONGEST_TEXT else parts
    ids = (unquote(part.strip()) for part in whole)
    return tuple(part for part in ids if 0 < len(part) <= _LONGEST_ID and is_storable(part))


def _grades(body: Mapping[str, Any]) -> GradeService | None:
    """None where no scores are taken: there is nothing that we could do with the rest."""
    claim = _object(body, AGS)
    scopes = claim.get("scope")
    if not isinstance(scopes, list) or AGS_SCOPE + "score" not in scopes:
        return None
    column, columns = _address(claim, "lineitem"), _address(claim, "lineitems")
    if not column and not columns:
        return None
    return GradeService(
        line_items_url=columns,
        line_item_url=column,
        may_create=AGS_SCOPE + "lineitem" in scopes,
        may_look=AGS_SCOPE + "result.readonly" in scopes,
    )


def _notices_url(body: Mapping[str, Any]) -> str:
    """Where we may ask to be told of copied courses, "" where the platform does not tell."""
    claim = _object(body, PNS)
    kinds = claim.get("notice_types_supported")
    if not isinstance(kinds, list) or COPY_NOTICE not in kinds:
        return ""
    return _address(claim, "platform_notification_service_url")


def _roles(body: Mapping[str, Any]) -> list[str]:
    roles = body.get(LTI + "roles")
    if not isinstance(roles, list):
        raise Malformed("roles")
    return [role for role in roles[:100] if isinstance(role, str)]


def _custom(body: Mapping[str, Any]) -> Mapping[str, str]:
    """Custom parameters that carry a value: platforms leave unset ones null, and unsupported variables as `$...`."""
    custom = _object(body, LTI + "custom")
    return MappingProxyType(
        {
            str(name): value[:_LONGEST_TEXT]
            for name, value in custom.items()
            if isinstance(value, str) and value and not value.startswith("$") and is_storable(value)
        }
    )


def _object(claims: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = claims.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise Malformed(name)
    return value


def _text(claims: Mapping[str, Any], name: str) -> str:
    value = claims.get(name)
    if value is None:
        return ""
    if not isinstance(value, str) or not is_storable(value):
        raise Malformed(name)
    return value[:_LONGEST_TEXT]


def _address(claims: Mapping[str, Any], name: str) -> str:
    """The address of a service, "" for one that cannot be called: somebody may still come in."""
    url = _text(claims, name)
    return url if origin_of(url) else ""


def _id(claims: Mapping[str, Any], name: str) -> str:
    value = claims.get(name)
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > _LONGEST_ID or not is_storable(value):
        raise Malformed(name)
    return value


def _opaque(claims: Mapping[str, Any], name: str) -> object:
    """A value that goes back as it came, if a JSON column can hold it until then."""
    value: object = claims.get(name)
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    except (ValueError, RecursionError) as error:
        raise Malformed(name) from error
    if "\\u0000" in text or not is_storable(text):
        raise Malformed(name)
    return value
