"""Reading what a tool registers with; MetadataRefused for what the specification does not allow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from examples.demo_lms.addresses import is_address, is_on_domain
from examples.demo_lms.scopes import LAUNCH, MESSAGES

TOOL_CONFIGURATION = "https://purl.imsglobal.org/spec/lti-tool-configuration"
MOST_REDIRECT_URIS = 20


class MetadataRefused(Exception):
    """The text says what is wrong, for the tool's maker."""


@dataclass(frozen=True)
class Metadata:
    """What this LMS keeps of it. `messages` are those that it sends, with an address of their own or ""."""

    name: str
    login_url: str
    launch_url: str
    redirect_uris: tuple[str, ...]
    jwks_url: str
    scopes: tuple[str, ...]
    claims: tuple[str, ...]
    custom: dict[str, str]
    messages: dict[str, str]


def read_metadata(body: Mapping[str, Any]) -> Metadata:
    _check_client(body)
    tool = body.get(TOOL_CONFIGURATION)
    if not isinstance(tool, dict):
        raise MetadataRefused(f"{TOOL_CONFIGURATION} is missing.")
    launch_url = _address(tool, "target_link_uri")
    if not is_on_domain(launch_url, _text(tool, "domain")):
        raise MetadataRefused("target_link_uri is not on the domain.")
    return Metadata(
        name=_text(body, "client_name"),
        login_url=_address(body, "initiate_login_uri"),
        launch_url=launch_url,
        redirect_uris=_redirect_uris(body),
        jwks_url=_address(body, "jwks_uri"),
        scopes=_scopes(body),
        claims=_texts(tool, "claims"),
        custom=_custom(tool),
        messages=_messages(tool),
    )


def _check_client(body: Mapping[str, Any]) -> None:
    if body.get("application_type") != "web":
        raise MetadataRefused("application_type must be web.")
    if body.get("token_endpoint_auth_method") != "private_key_jwt":
        raise MetadataRefused("token_endpoint_auth_method must be private_key_jwt.")
    if "id_token" not in _texts(body, "response_types"):
        raise MetadataRefused("response_types must have id_token.")
    if missing := {"implicit", "client_credentials"} - set(_texts(body, "grant_types")):
        raise MetadataRefused(f"grant_types must have {' and '.join(sorted(missing))}.")


def _redirect_uris(body: Mapping[str, Any]) -> tuple[str, ...]:
    uris = _texts(body, "redirect_uris")
    if not 0 < len(uris) <= MOST_REDIRECT_URIS or not all(is_address(uri) for uri in uris):
        raise MetadataRefused(f"redirect_uris must be 1 to {MOST_REDIRECT_URIS} web addresses.")
    return uris


def _scopes(body: Mapping[str, Any]) -> tuple[str, ...]:
    scope = body.get("scope")
    if not isinstance(scope, str):
        raise MetadataRefused("scope must be text; it may be empty.")
    return tuple(scope.split())


def _custom(tool: Mapping[str, Any]) -> dict[str, str]:
    custom = tool.get("custom_parameters") or {}
    if not isinstance(custom, dict):
        raise MetadataRefused("custom_parameters must be an object.")
    return {str(name): "" if value is None else str(value) for name, value in custom.items()}


def _messages(tool: Mapping[str, Any]) -> dict[str, str]:
    """A tool that says nothing of launches is launched all the same: Moodle takes them for granted."""
    messages = tool.get("messages")
    if not isinstance(messages, list) or not all(isinstance(message, dict) for message in messages):
        raise MetadataRefused("messages must be a list of objects.")
    taken = {LAUNCH: ""}
    for message in messages:
        name = _text(message, "type")
        url = _address(message, "target_link_uri") if message.get("target_link_uri") else ""
        if name in MESSAGES:
            taken[name] = url
    return taken


def _text(values: Mapping[str, Any], name: str) -> str:
    value = values.get(name)
    if not isinstance(value, str) or not value.strip() or len(value) > 255:
        raise MetadataRefused(f"{name} must be text of at most 255 characters.")
    return value.strip()


def _texts(values: Mapping[str, Any], name: str) -> tuple[str, ...]:
    value = values.get(name)
    if not isinstance(value, list) or not all(isinstance(text, str) for text in value):
        raise MetadataRefused(f"{name} must be a list of texts.")
    return tuple(value)


def _address(values: Mapping[str, Any], name: str) -> str:
    value = values.get(name)
    if not is_address(value):
        raise MetadataRefused(f"{name} must be a web address.")
    return str(value)
