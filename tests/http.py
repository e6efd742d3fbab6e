"""A person in front of the pages, by HTTP, under one of the mounts. The page suite is written against this."""

from __future__ import annotations

from typing import Any, Protocol
from urllib.parse import urlencode

from companion_lti import sessions
from companion_lti.models import Deployment, LtiSession, Registration
from django.http import HttpResponse
from django.test import Client

from companion import clock
from companion.viewer import Viewer
from companion.web.mounting import path_for


class Reader(Protocol):
    """What a mount must offer the page suite."""

    def get(self, name: str, *args: object, htmx: bool = False, **query: object) -> HttpResponse: ...

    def post(self, name: str, *args: object, htmx: bool = False, **fields: object) -> HttpResponse: ...


def registration(organization_id: int, issuer: str = "https://lms.example") -> Registration:
    return Registration.objects.get_or_create(
        organization_id=organization_id,
        issuer=issuer,
        client_id="tool",
        defaults={
            "auth_login_url": f"{issuer}/auth",
            "auth_token_url": f"{issuer}/token",
            "jwks_url": f"{issuer}/jwks",
        },
    )[0]


def deployment(organization_id: int, issuer: str = "https://lms.example", deployment_id: str = "1") -> Deployment:
    owner = registration(organization_id, issuer)
    found = Deployment.objects.filter(registration=owner, deployment_id=deployment_id).first()
    return found or Deployment.objects.create(registration=owner, deployment_id=deployment_id, is_approved=True)


def lti_session(viewer: Viewer, **facts: Any) -> LtiSession:
    return LtiSession.objects.create(
        **sessions.new_names(),
        deployment=deployment(viewer.organization_id),
        organization_id=viewer.organization_id,
        space_id=viewer.space_id,
        person_id=viewer.person_id,
        role=viewer.role.value,
        name=viewer.name,
        group_ids=sorted(viewer.group_ids),
        origins=["https://lms.example"],
        expires_at=clock.now() + sessions.expiry(),
        **facts,
    )


class LtiReader:
    """Somebody in an LTI session; `cookies=False` is a browser that keeps none, so that the page token must do."""

    def __init__(self, viewer: Viewer, *, cookies: bool = True, **facts: Any) -> None:
        self.client = Client(SERVER_NAME="localhost", enforce_csrf_checks=True)
        self.session = lti_session(viewer, **facts)
        self.has_cookies = cookies
        if cookies:
            self.client.cookies[sessions.cookie_name(self.session)] = sessions.cookie_value(self.session)

    def url(self, name: str, *args: object, **query: object) -> str:
        url = sessions.path_of(self.session) + path_for(name, *args)
        return f"{url}?{urlencode(query)}" if query else url

    def get(self, name: str, *args: object, htmx: bool = False, **query: object) -> HttpResponse:
        return self.client.get(self.url(name, *args, **query), headers=self._headers(htmx))

    def post(self, name: str, *args: object, htmx: bool = False, **fields: object) -> HttpResponse:
        fields.setdefault(sessions.TOKEN_FIELD, sessions.page_token(self.session))
        return self.client.post(self.url(name, *args), fields, headers=self._headers(htmx))

    def _headers(self, htmx: bool) -> dict[str, str]:
        headers = {"HX-Request": "true"} if htmx else {}
        if not self.has_cookies:
            headers[sessions.TOKEN_HEADER] = sessions.page_token(self.session)
        return headers
