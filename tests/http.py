"""A person in front of the pages, by HTTP, under one of the mounts. The page suite is written against this."""

from __future__ import annotations

from typing import Any, Protocol
from urllib.parse import urlencode

from companion_lti import sessions
from companion_lti.models import Deployment, LtiSession, Registration
from companion_xblocks.host import WORKBENCH_COURSE
from django.contrib.auth import get_user_model
from django.http import HttpResponse
from django.middleware.csrf import _get_new_csrf_string
from django.test import Client
from workbench.runtime import WorkbenchRuntime

from companion import clock
from companion.openedx.mount import plugin_mount
from companion.viewer import Mount, Viewer
from companion.web.mounting import path_for
from companion.web.page import with_query


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


def htmx_headers(htmx: bool) -> dict[str, str]:
    return {"HX-Request": "true"} if htmx else {}


class OpenedxReader:
    """Somebody signed in at an LMS, under one of the two mounts there. The platform's check of forms is on."""

    def __init__(self, viewer: Viewer, mount: Mount) -> None:
        self.client = Client(enforce_csrf_checks=True)
        self.viewer, self.mount = viewer, mount

    def url(self, name: str, *args: object, **query: object) -> str:
        return with_query(self.mount.url_for(name, *args), query)

    def get(self, name: str, *args: object, htmx: bool = False, **query: object) -> HttpResponse:
        return self.client.get(self.url(name, *args, **query), headers=self._headers(htmx))

    def post(self, name: str, *args: object, htmx: bool = False, **fields: object) -> HttpResponse:
        token = _get_new_csrf_string()
        self.client.cookies["csrftoken"] = token
        fields.setdefault("csrfmiddlewaretoken", token)
        return self.client.post(self.url(name, *args), fields, headers=self._headers(htmx))

    def _headers(self, htmx: bool) -> dict[str, str]:
        return htmx_headers(htmx)


def plugin_reader(viewer: Viewer) -> OpenedxReader:
    """Under the plugin's path. The account stands for the viewer (conftest.py knows which)."""
    reader = OpenedxReader(viewer, plugin_mount(WORKBENCH_COURSE))
    account, _new = get_user_model().objects.get_or_create(username=f"p{viewer.person_id}")
    reader.client.force_login(account)
    return reader


def xblock_reader(viewer: Viewer) -> OpenedxReader:
    """Under a block's handler in the workbench."""
    runtime = WorkbenchRuntime(f"p{viewer.person_id}")
    runtime.id_generator.set_scenario("pages")
    block = runtime.get_block(runtime.parse_xml_string("<companion_discussion/>"))
    return OpenedxReader(viewer, block.host.mount())


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
        headers = htmx_headers(htmx)
        if not self.has_cookies:
            headers[sessions.TOKEN_HEADER] = sessions.page_token(self.session)
        return headers
