"""What a platform says of itself for dynamic registration (its OpenID configuration), read as frozen values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from companion import conf
from companion_lti import platforms
from companion_lti.claims import is_storable
from companion_lti.models import origin_of

PLATFORM: Final = "https://purl.imsglobal.org/spec/lti-platform-configuration"
_LONGEST: Final = 1_000


class WrongConfiguration(Exception):
    """What is wrong with it, in words for the administrator."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """`messages` are the message types with the placements that the platform names for each, if it names any."""

    issuer: str
    auth_login_url: str
    auth_token_url: str
    auth_audience: str
    jwks_url: str
    registration_url: str
    family: str
    messages: Mapping[str, tuple[str, ...]]
    scopes: frozenset[str]
    variables: frozenset[str]


def is_safe(url: str) -> bool:
    """Whether we may be sent to this address: https, but for hosts that the settings name."""
    if not origin_of(url) or len(url) > 2000 or not is_storable(url) or "#" in url:
        return False
    parts = urlsplit(url)
    return parts.scheme == "https" or parts.hostname in conf.get("COMPANION_LTI_PRIVATE_HOSTS")


def read_configuration(body: Any, *, url: str) -> Configuration:
    """The configuration that was found at `url`. Raises WrongConfiguration.

    The issuer must live where its configuration was found (1EdTech dynamic registration 1.0, 3.5.1), and so must its
    endpoints, but for hosts that a family is known to use: else anybody could register as somebody else.
    """
    if not isinstance(body, dict):
        raise WrongConfiguration("it is no configuration")
    platform = body.get(PLATFORM)
    platform = platform if isinstance(platform, dict) else {}
    family = _text(platform, "product_family_code", needed=False).lower()[:100]
    issuer = _text(body, "issuer")
    found = Configuration(
        issuer=issuer,
        auth_login_url=_text(body, "authorization_endpoint"),
        auth_token_url=_text(body, "token_endpoint"),
        auth_audience=platforms.audience_of(_text(body, "token_endpoint")) or _audience(body),
        jwks_url=_text(body, "jwks_uri"),
        registration_url=_text(body, "registration_endpoint"),
        family=family,
        messages=_messages(platform),
        scopes=frozenset(_texts(body, "scopes_supported")),
        variables=frozenset(_texts(platform, "variables")),
    )
    if len(issuer) > 500:
        raise WrongConfiguration("its issuer is too long")
    home = _host(url)
    if found.auth_audience and not platforms.audience_of(found.auth_token_url):
        _must_be_at_home("authorization_server", found.auth_audience, issuer, home)
    if _host(issuer) != home and not platforms.is_at_home(issuer, home):
        raise WrongConfiguration("its issuer is another site")
    for name, endpoint in (
        ("authorization_endpoint", found.auth_login_url),
        ("token_endpoint", found.auth_token_url),
        ("jwks_uri", found.jwks_url),
        ("registration_endpoint", found.registration_url),
    ):
        if not is_safe(endpoint):
            raise WrongConfiguration(f"its {name} is not an https address")
        _must_be_at_home(name, endpoint, issuer, home)
    return found


def _must_be_at_home(name: str, url: str, issuer: str, home: str) -> None:
    if _host(url) not in (home, _host(issuer)) and not platforms.is_at_home(issuer, _host(url)):
        raise WrongConfiguration(f"its {name} is on another site")


def _host(url: str) -> str:
    """Host and port: two services on one machine are two sites."""
    return origin_of(url).partition("://")[2]


def _audience(body: Mapping[str, Any]) -> str:
    """`authorization_server`, where it is an address: Canvas's documentation shows a bare name."""
    named = _text(body, "authorization_server", needed=False)
    return named if origin_of(named) else ""


def _messages(platform: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """Objects with a type, or plain texts as Moodle 3.11 has them."""
    found: dict[str, tuple[str, ...]] = {}
    messages = platform.get("messages_supported")
    for message in messages[:50] if isinstance(messages, list) else []:
        if isinstance(message, str):
            found[message] = ()
        elif isinstance(message, dict) and isinstance(message.get("type"), str):
            found[message["type"]] = tuple(_texts(message, "placements"))
    return found


def _text(values: Mapping[str, Any], name: str, *, needed: bool = True) -> str:
    value = values.get(name)
    if isinstance(value, str) and value and is_storable(value) and len(value) <= _LONGEST:
        return value
    if needed:
        raise WrongConfiguration(f"its {name} is missing or unreadable")
    return ""


def _texts(values: Mapping[str, Any], name: str) -> list[str]:
    found = values.get(name)
    return [text for text in found[:1_000] if isinstance(text, str)] if isinstance(found, list) else []
