"""The LMS as lti1p3platform knows it: its registration with each tool, and what it misses.

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

from examples.demo_lms import keys, tools
from examples.demo_lms.config import CONFIG
from examples.demo_lms.models import Tool
from examples.demo_lms.scopes import DEEP_LINK

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


def registration(tool: Tool) -> DemoRegistration:
    """Without the deep-link URL the library sends a resource launch, silently."""
    demo = DemoRegistration()
    demo.set_iss(CONFIG.issuer)
    demo.set_client_id(tool.client_id)
    demo.set_deployment_id(tool.deployment_id)
    demo.set_oidc_login_url(tool.login_url)
    demo.set_launch_url(tool.launch_url)
    demo.set_deeplink_launch_url(tool.messages.get(DEEP_LINK) or tool.launch_url)
    demo.set_tool_key_set_url(tool.jwks_url)
    demo.set_platform_private_key(keys.private_key_pem())
    demo.set_platform_public_key(keys.public_key_pem())
    return demo


class ToolKeys:
    """The tools' public keys, kept a minute.

    A tool that serves one request at a time could not answer us while it waits for our answer,
    so asking for its keys during each of its calls would stop both.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._key_sets: dict[str, tuple[JWKS, float]] = {}

    def get(self, platform: DemoPlatform, url: str) -> JWKS:
        """Asks without the lock, so that a tool that does not answer holds up nobody but itself."""
        with self._lock:
            key_set, fetched_at = self._key_sets.get(url, (None, 0.0))
        if key_set is None or time.monotonic() - fetched_at > KEY_SET_SECONDS:
            key_set = platform.fetch_public_key(url)
            with self._lock:
                self._key_sets[url] = (key_set, time.monotonic())
        return key_set

    def forget(self, url: str) -> None:
        with self._lock:
            self._key_sets.pop(url, None)


TOOL_KEYS = ToolKeys()


class DemoPlatform(LTI1P3PlatformConfAbstract):
    """The LMS towards one tool."""

    def __init__(self, tool: Tool) -> None:
        self.tool = tool
        super().__init__()

    def init_platform_config(self, **kwargs: Any) -> None:
        self._jwt_verify_options = {
            "verify_aud": False,
            "require": ["iss", "aud", "exp", "iat"],
        }
        self._registration = self.get_registration_by_params()

    def get_registration_by_params(self, **kwargs: Any) -> Registration:
        return registration(self.tool)

    def get_tool_key_set(self) -> JWKS:
        return TOOL_KEYS.get(self, self.tool.jwks_url)

    def get_tool_public_key(self) -> bytes:
        """An unknown key id may be a new key: ask the tool once more before refusing."""
        key: bytes
        try:
            key = super().get_tool_public_key()
        except LtiException:
            TOOL_KEYS.forget(self.tool.jwks_url)
            key = super().get_tool_public_key()
        return key

    def verified_claims(self, token: str, *, audience: str) -> dict[str, Any]:
        """Claims of a JWT that this tool signed for us and that has not expired.

        Raises ToolMessageRefused with the reason.
        """
        try:
            claims: dict[str, Any] = self.tool_validate_and_decode(token)
        except jwt.ExpiredSignatureError as error:
            raise ToolMessageRefused("The message has expired.") from error
        except BAD_MESSAGE as error:
            raise ToolMessageRefused(f"The signature could not be checked: {error}") from error
        if claims["iss"] != self.tool.client_id:
            raise ToolMessageRefused("The message is from another tool (iss).")
        audiences = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
        if audience not in audiences:
            raise ToolMessageRefused("The message is meant for somebody else (aud).")
        if int(claims["exp"]) > time.time() + LONGEST_LIFETIME:
            raise ToolMessageRefused("The message is valid for too long (exp).")
        return claims

    def validate_token(self, token: str, allowed_scopes: list[str] | None = None, audience: str | None = None) -> bool:
        """As the library's, but a scope that the tool has no more opens nothing, and an expired or broken bearer
        token is a plain no.
        """
        granted = [scope for scope in allowed_scopes or [] if scope in self.tool.scopes]
        try:
            return bool(granted) and super().validate_token(token, granted, audience)
        except BAD_MESSAGE:
            return False


def platform_of_sender(token: str) -> DemoPlatform:
    """The platform for the tool that a JWT says it is from: nothing is believed before that tool's keys are asked.

    Raises ToolMessageRefused where no active tool has that client id.
    """
    try:
        sender = jwt.decode(token, options={"verify_signature": False}).get("iss")
    except BAD_MESSAGE as error:
        raise ToolMessageRefused("The message cannot be read.") from error
    tool = tools.find_active(sender)
    if tool is None:
        raise ToolMessageRefused("The message is from a tool that is not active here (iss).")
    return DemoPlatform(tool)


def tool_of_bearer(token: str) -> Tool | None:
    """The active tool that an access token of ours was given to."""
    try:
        claims = jwt.decode(token, keys.public_key_pem(), algorithms=["RS256"], options={"require": ["iss", "exp"]})
    except BAD_MESSAGE:
        return None
    return tools.find_active(claims.get("sub")) if claims["iss"] == CONFIG.issuer else None
