"""Our registrations as PyLTI1p3 wants to see them, and the addresses of this tool."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.http import HttpRequest
from django.urls import reverse
from pylti1p3.cookie import CookieService
from pylti1p3.deployment import Deployment
from pylti1p3.registration import Registration as PyltiRegistration
from pylti1p3.request import Request
from pylti1p3.session import SessionService
from pylti1p3.tool_config.abstract import ToolConfAbstract

from companion import conf
from companion.spaces.keys import external_key
from companion_lti.errors import Unknown
from companion_lti.models import Registration


def address_of(name: str, *args: object) -> str:
    """The full address of one of our LTI routes, as platforms know it."""
    return str(conf.get("COMPANION_URL")) + reverse(f"companion_lti:{name}", args=args)


def is_our_launch(uri: str) -> bool:
    """Whether a target_link_uri is the launch address of this tool, with or without a query."""
    ours = urlsplit(address_of("launch"))
    try:
        parts = urlsplit(uri)
    except ValueError:
        return False
    return (parts.scheme, parts.netloc, parts.path) == (ours.scheme, ours.netloc, ours.path)


class ToolRequest(Request):
    """A Django request for PyLTI1p3: the parameters of the method it came by."""

    def __init__(self, request: HttpRequest) -> None:
        self._request = request
        self._params = request.POST if request.method == "POST" else request.GET

    @property
    def session(self) -> Any:
        raise NotImplementedError("Nothing of a launch is kept in a Django session")

    def is_secure(self) -> bool:
        return self._request.is_secure()

    def get_param(self, key: str) -> str:
        # NUL is in no honest value, and PostgreSQL cannot even be asked for one.
        return self._params.get(key, "").replace("\x00", "")

    def get_cookie(self, name: str) -> str:
        return self._request.COOKIES.get(name, "")


class NoSession(SessionService):
    """PyLTI1p3 keeps nonces and launches in a session; ours are in state.py and sessions.py."""

    def __init__(self) -> None:
        pass


class NoCookies(CookieService):
    def get_cookie(self, name: str) -> str | None:
        return None

    def set_cookie(self, name: str, value: str | int, exp: int | None = 3600) -> None:
        raise NotImplementedError


class ToolConf(ToolConfAbstract[ToolRequest]):
    """Looks registrations up in our table. An issuer may have many clients (Canvas), so the pair decides."""

    def check_iss_has_one_client(self, iss: str) -> bool:
        return False

    def check_iss_has_many_clients(self, iss: str) -> bool:
        return True

    def find_registration_by_params(self, iss: str, client_id: str, *args: Any, **kwargs: Any) -> PyltiRegistration:
        return adapt(find_registration(iss, client_id))

    def find_registration_by_issuer(self, iss: str, *args: Any, **kwargs: Any) -> PyltiRegistration:
        raise NotImplementedError("an issuer alone names no registration")

    def find_deployment(self, iss: str, deployment_id: str) -> Deployment | None:
        raise NotImplementedError("launch.py finds deployments")

    def find_deployment_by_params(
        self, iss: str, deployment_id: str, client_id: str, *args: Any, **kwargs: Any
    ) -> Deployment | None:
        raise NotImplementedError("launch.py finds deployments")


def find_registration(issuer: str, client_id: str) -> Registration:
    """The active registration of this pair; without a client id, the only one of its issuer. Raises Unknown."""
    active = Registration.objects.filter(is_active=True)
    if client_id:
        found = list(active.filter(key=external_key(issuer, client_id)))
    else:
        found = [registration for registration in active.filter(issuer=issuer)[:2] if registration.issuer == issuer]
    if len(found) != 1:
        raise Unknown("no such registration")
    return found[0]


class AdaptedRegistration(PyltiRegistration):
    """PyLTI1p3's view of a row, which it carries along."""

    def __init__(self, row: Registration) -> None:
        self.row = row
        self.set_issuer(row.issuer).set_client_id(row.client_id).set_auth_login_url(row.auth_login_url)
        self.set_auth_token_url(row.auth_token_url).set_key_set_url(row.jwks_url)
        if row.auth_audience:
            self.set_auth_audience(row.auth_audience)


def adapt(row: Registration) -> AdaptedRegistration:
    return AdaptedRegistration(row)
