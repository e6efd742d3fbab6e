"""The LMS as lti1p3platform knows it: its registration with the tool, and what it misses.

The library decodes a tool's JWT without looking at issuer, audience or age, and raises whatever
PyJWT raises. Here is the one place that decides whether a message from the tool is to be believed.
"""

from __future__ import annotations

import threading
import time
from functools import lru_cache
from typing import Any

import jwt
from lti1p3platform.exceptions import LtiException
from lti1p3platform.jwt_helper import jwt_encode
from lti1p3platform.ltiplatform import JWKS, LTI1P3PlatformConfAbstract
from lti1p3platform.registration import Registration

from examples.demo_lms import keys
from examples.demo_lms.config import CONFIG

KEY_SET_SECONDS = 60
LONGEST_LIFETIME = 3600
BAD_MESSAGE = (jwt.PyJWTError, LtiException, KeyError, TypeError, AttributeError, ValueError)


class ToolMessageRefused(Exception):
    """The tool's JWT is not acceptable; the text is for people."""


class DemoRegistration(Registration):
    def platform_encode_and_sign(self, payload: dict[str, Any], expiration: int | None = None) -> str:
        """As the library's, which parses the key from PEM three times for each token."""
        now = int(time.time())
        times = {"iat": now, "exp": now + (expiration or 60)}
        key: Any = keys.private_key()
        token: str = jwt_encode(payload | times, key, "RS256", {"kid": key_id()})
        return token


@lru_cache(maxsize=1)
def public_jwk() -> dict[str, Any]:
    jwk: dict[str, Any] = Registration.get_jwk(keys.public_key_pem())
    return jwk


def key_id() -> str:
    return str(public_jwk()["kid"])


def registration() -> DemoRegistration:
    """The one tool. Without the deep-link URL the library sends a resource launch, silently."""
    demo = DemoRegistration()
    demo.set_iss(CONFIG.issuer)
    demo.set_client_id(CONFIG.client_id)
    demo.set_deployment_id(CONFIG.deployment_id)
    demo.set_oidc_login_url(CONFIG.tool_login_url)
    demo.set_launch_url(CONFIG.tool_launch_url)
    demo.set_deeplink_launch_url(CONFIG.tool_launch_url)
    demo.set_tool_key_set_url(CONFIG.tool_jwks_url)
    demo.set_platform_private_key(keys.private_key_pem())
    demo.set_platform_public_key(keys.public_key_pem())
    return demo


class ToolKeys:
    """The tool's public keys, kept a minute.

    A tool that serves one request at a time could not answer us while it waits for our answer,
    so asking for its keys during each of its calls would stop both.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._key_set: JWKS | None = None
        self._fetched_at = 0.0

    def get(self, platform: DemoPlatform) -> JWKS:
        with self._lock:
            if self._key_set is None or time.monotonic() - self._fetched_at > KEY_SET_SECONDS:
                self._key_set = platform.fetch_public_key(CONFIG.tool_jwks_url)
                self._fetched_at = time.monotonic()
            return self._key_set

    def forget(self) -> None:
        with self._lock:
            self._key_set = None


TOOL_KEYS = ToolKeys()


class DemoPlatform(LTI1P3PlatformConfAbstract):
    def init_platform_config(self, **kwargs: Any) -> None:
        self._jwt_verify_options = {
            "verify_aud": False,
            "require": ["iss", "aud", "exp", "iat"],
        }
        self._registration = self.get_registration_by_params()

    def get_registration_by_params(self, **kwargs: Any) -> Registration:
        return registration()

    def get_tool_key_set(self) -> JWKS:
        return TOOL_KEYS.get(self)

    def get_tool_public_key(self) -> bytes:
        """An unknown key id may be a new key: ask the tool once more before refusing."""
        key: bytes
        try:
            key = super().get_tool_public_key()
        except LtiException:
            TOOL_KEYS.forget()
            key = super().get_tool_public_key()
        return key

    def verified_claims(self, token: str, *, audience: str) -> dict[str, Any]:
        """Claims of a JWT that our tool signed for us and that has not expired.

        Raises ToolMessageRefused with the reason.
        """
        try:
            claims: dict[str, Any] = self.tool_validate_and_decode(token)
        except jwt.ExpiredSignatureError as error:
            raise ToolMessageRefused("The message has expired.") from error
        except BAD_MESSAGE as error:
            raise ToolMessageRefused(f"The signature could not be checked: {error}") from error
        if claims["iss"] != CONFIG.client_id:
            raise ToolMessageRefused("The message is from another tool (iss).")
        audiences = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
        if audience not in audiences:
            raise ToolMessageRefused("The message is meant for somebody else (aud).")
        if int(claims["exp"]) > time.time() + LONGEST_LIFETIME:
            raise ToolMessageRefused("The message is valid for too long (exp).")
        return claims

    def validate_token(self, token: str, allowed_scopes: list[str] | None = None, audience: str | None = None) -> bool:
        """As the library's, but an expired or broken bearer token is a plain no."""
        try:
            return bool(allowed_scopes) and super().validate_token(token, allowed_scopes, audience)
        except BAD_MESSAGE:
            return False
