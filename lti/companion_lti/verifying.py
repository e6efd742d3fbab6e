"""A signed token of a platform: nothing of it is believed before its signature, its times and its audience are."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

import jwt
from jwt.utils import base64url_decode

from companion import clock
from companion_lti import platform_keys
from companion_lti.errors import Malformed, Refused
from companion_lti.models import Registration

LARGEST_TOKEN: Final = 64 * 1024
LEEWAY: Final = timedelta(seconds=60)
OLDEST: Final = timedelta(hours=1)


def read_header(token: str) -> dict[str, Any]:
    """The header of a token, not believed. Raises Malformed."""
    header = _part(token, 0, "id_token header")
    if not isinstance(header.get("kid", ""), str):
        raise Malformed("id_token header")
    return header


def peek(token: str) -> dict[str, Any]:
    """The claims of a token, not believed: only to learn whose key it is to be checked with. Raises Malformed."""
    return _part(token, 1, "token body")


def verify(token: str, header: Mapping[str, object], registration: Registration) -> dict[str, Any]:
    """The claims of a token that this platform signed for us, RS256 with a key of its own, within the hour.

    Raises Refused, Malformed, PlatformDown.
    """
    kid = header.get("kid")
    if header.get("alg") != "RS256":
        raise Refused("algorithm")
    if not isinstance(kid, str) or not kid:
        raise Refused("no kid")
    try:
        body: dict[str, Any] = jwt.decode(
            token,
            platform_keys.platform_key(registration, kid),
            algorithms=["RS256"],
            audience=registration.client_id,
            issuer=registration.issuer,
            leeway=LEEWAY,
            # What `sub` may be, claims.py says: some platforms send numbers.
            options={"require": ["exp", "iat", "aud", "iss", "nonce"], "verify_sub": False},
        )
    except (jwt.ExpiredSignatureError, jwt.ImmatureSignatureError) as error:
        raise Refused("token out of time", advice="late") from error
    except jwt.InvalidSignatureError as error:
        raise Refused("signature") from error
    except (jwt.DecodeError, TypeError, ValueError, ArithmeticError, RecursionError) as error:
        # Signed, but no object, or times that are none: `"exp": Infinity` is an OverflowError.
        raise Malformed(f"token: {type(error).__name__}") from error
    except jwt.InvalidTokenError as error:
        raise Refused(f"token: {type(error).__name__}") from error
    _check_issued(body)
    _check_authorized_party(body, registration)
    return body


def _part(token: str, index: int, name: str) -> dict[str, Any]:
    """A part of a token. Not by PyJWT's `get_unverified_header`, which decodes and checks all of it twice over."""
    if not token or len(token) > LARGEST_TOKEN:
        raise Malformed("id_token")
    try:
        part = json.loads(base64url_decode(token.split(".")[index]))
    except (ValueError, IndexError, RecursionError) as error:
        raise Malformed(name) from error
    if not isinstance(part, dict):
        raise Malformed(name)
    return part


def _check_issued(body: dict[str, Any]) -> None:
    issued = body["iat"]
    if isinstance(issued, bool) or not isinstance(issued, int | float):
        raise Malformed("iat")
    if issued < (clock.now_elsewhere() - OLDEST - LEEWAY).timestamp():
        raise Refused("token out of time", advice="late")


def _check_authorized_party(body: dict[str, Any], registration: Registration) -> None:
    """OpenID Connect core 3.1.3.7: with several audiences `azp` must be there, and where it is, it must be us."""
    audience, party = body["aud"], body.get("azp")
    several = isinstance(audience, list) and len(audience) > 1
    if (several or party is not None) and party != registration.client_id:
        raise Refused("azp")
