"""The two steps of a launch: the form that asks the tool to log in, and the signed answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lti1p3platform.exceptions import PreflightRequestValidationException
from lti1p3platform.message_launch import LTIAdvantageMessageLaunchAbstract
from lti1p3platform.request import Request, TRequest

from examples.demo_lms import tools
from examples.demo_lms.claims import DEEP_LINKING, deep_linking_claim, launch_claims
from examples.demo_lms.config import CONFIG
from examples.demo_lms.course import Person
from examples.demo_lms.models import LaunchMessage, Tool
from examples.demo_lms.once import hint_text, take_launch
from examples.demo_lms.platform import DemoPlatform
from examples.demo_lms.scopes import DEEP_LINK, REVIEW

ID_TOKEN_SECONDS = 60


class AuthenticationRefused(Exception):
    """An authorization request that gets an OIDC error (`code`) instead of a token."""

    def __init__(self, code: str, description: str) -> None:
        super().__init__(description)
        self.code = code
        self.description = description


def login_fields(message: LaunchMessage, person: Person) -> dict[str, str]:
    """What the login form posts. The library makes a redirect of it; Moodle posts, and so do we."""
    tool = message.owner
    fields = {
        "iss": CONFIG.issuer,
        "target_link_uri": target_link_uri(message),
        "login_hint": person.sub,
        "lti_message_hint": hint_text(message),
        "client_id": tool.client_id,
        "lti_deployment_id": tool.deployment_id,
    }
    if CONFIG.offers_storage and message.document_target == "iframe":
        fields["lti_storage_target"] = "_parent"
    return fields


def target_link_uri(message: LaunchMessage) -> str:
    """Where in the tool a launch leads: what was asked for, the message's address, the link's, the tool's."""
    tool = message.owner
    if message.link is None:
        return tool.messages.get(DEEP_LINK) or tool.launch_url
    own = tool.messages.get(REVIEW, "") if message.line_item_id else message.url
    return own or message.link.url or tool.launch_url


def check_return_address(params: Mapping[str, str]) -> Tool:
    """The tool that asks. Before this holds, nothing may be sent to `redirect_uri`, not even an error.

    The address is compared whole, as Moodle does: a prefix or an extra query does not match.
    """
    tool = tools.find_active(params.get("client_id"))
    if tool is None:
        raise AuthenticationRefused("unauthorized_client", "This client_id is not active here.")
    if params.get("redirect_uri") not in tool.redirect_uris:
        raise AuthenticationRefused("invalid_request", "This redirect_uri is not registered.")
    return tool


def answer_authentication(params: Mapping[str, str], person: Person | None) -> dict[str, str]:
    """The fields (`id_token`, `state`) to post to the redirect URI, or AuthenticationRefused."""
    tool = check_return_address(params)
    _check_parameters(params)
    if person is None:
        raise AuthenticationRefused("login_required", "Nobody is signed in to the demo LMS.")
    if params.get("login_hint") != person.sub:
        raise AuthenticationRefused("access_denied", "Somebody else is signed in by now.")
    message = take_launch(params.get("lti_message_hint", ""), person, tool)
    if message is None:
        raise AuthenticationRefused("access_denied", "This launch was used before or is too old.")
    try:
        fields: dict[str, str] = DemoLaunch(params, message, person).lti_launch()
    except PreflightRequestValidationException as error:
        raise AuthenticationRefused("invalid_request", "The request is incomplete.") from error
    return fields


def _check_parameters(params: Mapping[str, str]) -> None:
    wanted = {
        "response_type": ("id_token", "unsupported_response_type"),
        "response_mode": ("form_post", "invalid_request"),
        "scope": ("openid", "invalid_scope"),
        "prompt": ("none", "invalid_request"),
    }
    for name, (value, code) in wanted.items():
        if params.get(name) != value:
            raise AuthenticationRefused(code, f"{name} must be {value}.")
    for name in ("nonce", "state", "login_hint"):
        if not params.get(name):
            raise AuthenticationRefused("invalid_request", f"{name} is missing.")


class Preflight(Request):
    """The checked parameters, in the shape that the library reads."""

    def build_metadata(self, request: Mapping[str, str]) -> TRequest:
        return {"method": "POST", "get_data": {}, "form_data": dict(request)}


class DemoLaunch(LTIAdvantageMessageLaunchAbstract):
    """One launch message; rendering is left to the view, as the library's form is inline script."""

    def __init__(self, params: Mapping[str, str], message: LaunchMessage, person: Person) -> None:
        super().__init__(Preflight(params), DemoPlatform(message.owner))
        self._message = message
        self._person = person

    def prepare_launch(self, preflight_response: dict[str, Any]) -> None:
        """The library posts the token to any redirect_uri it is given."""
        check_return_address(preflight_response)
        self.set_id_token_expiration(ID_TOKEN_SECONDS)
        self.set_launch_url(target_link_uri(self._message))
        self.set_extra_claims(launch_claims(self._message, self._person))
        if self._message.link is None:
            self.set_dl(CONFIG.deep_link_return_url)
            self._deep_linking_launch_data = {
                f"{DEEP_LINKING}/deep_linking_settings": deep_linking_claim(self._message)
            }

    def get_launch_message(self, include_extra_claims: bool = True) -> dict[str, Any]:
        """`azp` is for tokens with several audiences; ours has one, and so has Moodle's."""
        claims: dict[str, Any] = super().get_launch_message(include_extra_claims)
        claims.pop("azp", None)
        return claims

    def render_launch_form(self, launch_data: dict[str, Any], **kwargs: Any) -> dict[str, str]:
        return {"id_token": launch_data["id_token"], "state": launch_data["state"]}
