"""Access tokens for the services: client credentials with a signed assertion."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from lti1p3platform.constants import LTI_1P3_ACCESS_TOKEN_SCOPES

from examples.demo_lms.config import CONFIG
from examples.demo_lms.once import use_once
from examples.demo_lms.platform import LONGEST_LIFETIME, DemoPlatform, ToolMessageRefused

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

    Here the assertion must come from the tool, be meant for this address and be new, and every
    scope must be one that this LMS has.
    """
    if form.get("grant_type") != "client_credentials":
        raise TokenRefused("unsupported_grant_type", "grant_type must be client_credentials.")
    if form.get("client_assertion_type") != ASSERTION_TYPE:
        raise TokenRefused("invalid_client", "client_assertion_type is wrong.", 401)
    scopes = form.get("scope", "").split()
    if not scopes or set(scopes) - set(LTI_1P3_ACCESS_TOKEN_SCOPES):
        raise TokenRefused("invalid_scope", "A scope is missing or unknown.")
    platform = DemoPlatform()
    _check_assertion(platform, form.get("client_assertion", ""))
    return dict(platform.get_access_token({**form, "scope": " ".join(scopes)}))


def _check_assertion(platform: DemoPlatform, assertion: str) -> None:
    try:
        claims = platform.verified_claims(assertion, audience=CONFIG.token_url)
    except ToolMessageRefused as refusal:
        raise TokenRefused("invalid_client", str(refusal), 401) from refusal
    if claims.get("sub") != CONFIG.client_id:
        raise TokenRefused("invalid_client", "sub must be the client_id.", 401)
    token_id = claims.get("jti")
    if not isinstance(token_id, str) or not 0 < len(token_id) <= 255:
        raise TokenRefused("invalid_client", "jti is missing.", 401)
    if not use_once("assertion", token_id, timedelta(seconds=LONGEST_LIFETIME)):
        raise TokenRefused("invalid_client", "This assertion was used before (jti).", 401)
