"""Access tokens for the services: client credentials with a signed assertion."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from examples.demo_lms.config import CONFIG
from examples.demo_lms.models import Tool
from examples.demo_lms.once import use_once
from examples.demo_lms.platform import (
    LONGEST_LIFETIME,
    ToolMessageRefused,
    platform_of_sender,
    registration,
)

TOKEN_SECONDS = 3600
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


class TokenRefused(Exception):
    """`code` is an OAuth 2 error code."""

    def __init__(self, code: str, description: str, status: int = 400) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.status = status


def issue_token(form: Mapping[str, str]) -> dict[str, Any]:
    """The library's token endpoint takes any signed JWT and drops scopes it does not know.

    Here the assertion must come from an active tool, be meant for this address and be new, and every
    scope must be one that the tool was granted.
    """
    if form.get("grant_type") != "client_credentials":
        raise TokenRefused("unsupported_grant_type", "grant_type must be client_credentials.")
    if form.get("client_assertion_type") != ASSERTION_TYPE:
        raise TokenRefused("invalid_client", "client_assertion_type is wrong.", 401)
    tool = _sender(form.get("client_assertion", ""))
    scopes = form.get("scope", "").split()
    if not scopes or set(scopes) - set(tool.scopes):
        raise TokenRefused("invalid_scope", "A scope is missing, unknown or not granted to this tool.")
    granted = " ".join(scopes)
    claims = {"sub": tool.client_id, "iss": CONFIG.issuer, "scopes": granted}
    return {
        "access_token": registration(tool).platform_encode_and_sign(claims, expiration=TOKEN_SECONDS),
        "token_type": "bearer",
        "expires_in": TOKEN_SECONDS,
        "scope": granted,
    }


def _sender(assertion: str) -> Tool:
    """The tool that signed this assertion, for us, and once."""
    try:
        platform = platform_of_sender(assertion)
        claims = platform.verified_claims(assertion, audience=CONFIG.token_url)
    except ToolMessageRefused as refusal:
        raise TokenRefused("invalid_client", str(refusal), 401) from refusal
    tool = platform.tool
    if claims.get("sub") != tool.client_id:
        raise TokenRefused("invalid_client", "sub must be the client_id.", 401)
    token_id = claims.get("jti")
    if not isinstance(token_id, str) or not 0 < len(token_id) <= 200:
        raise TokenRefused("invalid_client", "jti is missing.", 401)
    if not use_once("assertion", f"{tool.pk} {token_id}", timedelta(seconds=LONGEST_LIFETIME)):
        raise TokenRefused("invalid_client", "This assertion was used before (jti).", 401)
    return tool
