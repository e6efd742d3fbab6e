"""The UI under an LTI session: who is looking, and how links and forms keep working in a frame."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from types import MappingProxyType

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import translation
from django.utils.cache import patch_vary_headers

from companion.viewer import Mount, Role, Viewer
from companion.web.middleware import allow_framing
from companion.web.mounting import path_for, serve
from companion_lti import grades, permalinks, sessions
from companion_lti.models import LtiSession


def viewer_of(session: LtiSession) -> Viewer:
    return Viewer(
        organization_id=session.organization_id,
        space_id=session.space_id,
        person_id=session.person_id,
        role=Role(session.role),
        name=session.name,
        group_ids=frozenset(session.group_ids),
    )


def mount_of(session: LtiSession, *, has_cookies: bool) -> Mount:
    prefix = sessions.path_of(session)
    token = sessions.page_token(session)

    def url_for(name: str, *args: object) -> str:
        return prefix + path_for(name, *args)

    return Mount(
        name="lti",
        key=session.handle,
        url_for=url_for,
        fields=MappingProxyType({sessions.TOKEN_FIELD: token}),
        headers=MappingProxyType({sessions.TOKEN_HEADER: token}),
        has_cookies=has_cookies,
        resize="lti.frameResize",
        new_window_url=reverse("companion_lti:window", args=[session.handle]),
        permalink=permalinks.permalink,
        report_credit=partial(grades.when_seen, session.person_id) if session.carries_grades else None,
    )


def serve_session(request: HttpRequest, session: LtiSession, path: str) -> HttpResponse:
    """A page of the UI for this session, in the platform's language, to be framed by that platform alone."""
    mount = mount_of(session, has_cookies=sessions.has_cookie(request, session))
    return _serve(request, session, path, viewer=viewer_of(session), mount=mount)


def serve_picture(request: HttpRequest, session: LtiSession, path: str) -> HttpResponse:
    """A picture for whoever knows its address (sessions.is_picture). What is no picture is a page that anybody may
    read: it gets none of the session's keys, and no name.
    """
    nothing: MappingProxyType[str, str] = MappingProxyType({})
    mount = replace(mount_of(session, has_cookies=True), key="", fields=nothing, headers=nothing)
    return _serve(request, session, path, viewer=replace(viewer_of(session), name=""), mount=mount)


def _serve(request: HttpRequest, session: LtiSession, path: str, *, viewer: Viewer, mount: Mount) -> HttpResponse:
    with translation.override(session.locale or translation.get_language()):
        response = serve(request, path, viewer=viewer, mount=mount)
        response.headers.setdefault("Content-Language", translation.get_language() or "en")
    allow_framing(response, session.origins)
    patch_vary_headers(response, ("Cookie", sessions.TOKEN_HEADER))
    return response
