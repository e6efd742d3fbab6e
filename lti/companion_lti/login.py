"""Third-party initiated login: the platform says somebody is coming, we ask it who."""

from __future__ import annotations

from urllib.parse import urlencode

from django.http import HttpRequest
from pylti1p3.exception import OIDCException
from pylti1p3.oidc_login import OIDCLogin
from pylti1p3.redirect import Redirect

from companion_lti import state
from companion_lti.errors import Malformed, Refused
from companion_lti.models import Registration
from companion_lti.state import LoginState
from companion_lti.tool import (
    AdaptedRegistration,
    NoCookies,
    NoSession,
    ToolConf,
    ToolRequest,
    address_of,
    is_our_launch,
)

LONGEST_PARAMETER = 4_000


class Login(OIDCLogin[ToolRequest, ToolConf, NoSession, NoCookies, str]):
    """PyLTI1p3's login with our state: signed, bound to the browser, and nothing stored.

    Raises Unknown for a platform that we do not know, Malformed for a request that is none.
    """

    state: LoginState
    secret: str

    def __init__(self, request: HttpRequest) -> None:
        super().__init__(ToolRequest(request), ToolConf(), NoSession(), NoCookies())

    def get_redirect(self, url: str) -> Redirect[str]:
        raise NotImplementedError("views.py redirects")

    @property
    def row(self) -> Registration:
        assert isinstance(self._registration, AdaptedRegistration)
        return self._registration.row

    def start(self) -> str:
        """The address at the platform to send the browser to. Afterwards `state` and `secret` are set."""
        for name in ("iss", "login_hint", "lti_message_hint", "client_id", "target_link_uri"):
            if len(self._get_request_param(name)) > LONGEST_PARAMETER:
                raise Malformed(f"{name} too long")
        try:
            self._registration = self.validate_oidc_login()
        except OIDCException as error:
            raise Malformed(str(error)) from error
        if not is_our_launch(self._get_request_param("target_link_uri")):
            raise Malformed("target_link_uri")
        if not self.row.is_approved:
            raise Refused("registration waits for approval", advice="pending")
        self.state, self.secret = state.start(
            registration_id=self.row.pk, storage_frame=self._get_request_param("lti_storage_target")
        )
        return self._address()

    def _address(self) -> str:
        parameters = {
            "scope": "openid",
            "response_type": "id_token",
            "response_mode": "form_post",
            "prompt": "none",
            "client_id": self.row.client_id,
            "redirect_uri": address_of("launch"),
            "state": state.dump(self.state),
            "nonce": self.state.nonce,
            "login_hint": self._get_request_param("login_hint"),
        }
        hint = self._get_request_param("lti_message_hint")
        if hint:
            parameters["lti_message_hint"] = hint
        joint = "&" if "?" in self.row.auth_login_url else "?"
        return self.row.auth_login_url + joint + urlencode(parameters)
