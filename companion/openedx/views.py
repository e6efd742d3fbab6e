"""The pages of the Companion at addresses of the LMS, for people who are signed in there."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from companion import conf
from companion.openedx import compat, units
from companion.openedx.mount import plugin_mount
from companion.openedx.people import COURSE_STAFF, LmsUser, viewer_of
from companion.viewer import Viewer
from companion.web.mounting import serve
from companion.web.page import redirect, render_message


@login_required
def page(request: HttpRequest, course_id: str, path: str = "") -> HttpResponse:
    """Any page of the UI, for members of the course."""
    viewer = _viewer(request, course_id)
    if viewer is None:
        return _outsider(request)
    return serve(request, path, viewer=viewer, mount=plugin_mount(course_id, request))


@login_required
@require_safe
def about(request: HttpRequest, course_id: str, usage_id: str) -> HttpResponse:
    """The discussion about one video or problem, made when somebody first wants to ask."""
    viewer = _viewer(request, course_id)
    if viewer is None:
        return _outsider(request)
    activity = units.discussion_about(viewer, course_id=course_id, usage_id=usage_id)
    if activity is None:
        raise Http404
    return redirect(plugin_mount(course_id, request).url_for("thread-list", activity.uid))


def _viewer(request: HttpRequest, course_id: str) -> Viewer | None:
    if not compat.is_course_key(course_id) or not compat.course_exists(course_id):
        return None
    return viewer_of(user_of(request.user, course_id), course_id)


def user_of(user: object, course_id: str) -> LmsUser:
    """A signed-in account as the platform's session knows it."""
    known = LmsUser(
        id=user.pk,  # type: ignore[attr-defined]
        username=user.get_username(),  # type: ignore[attr-defined]
        full_name=compat.full_name(user) if conf.get("COMPANION_NAMES") == "full_name" else "",
        email=user.email,  # type: ignore[attr-defined]
        is_global_staff=user.is_staff,  # type: ignore[attr-defined]
    )
    roles = compat.course_roles(known.id, course_id)
    is_staff = known.is_global_staff or bool(roles & COURSE_STAFF)
    return LmsUser(
        id=known.id,
        username=known.username,
        full_name=known.full_name,
        email=known.email,
        is_staff=is_staff,
        is_global_staff=known.is_global_staff,
    )


def _outsider(request: HttpRequest) -> HttpResponse:
    """The same words for a course that one is not in and for one that is not there."""
    text = gettext("Enrol in the course, or sign in with the account that you use there.")
    return render_message(request, gettext("This is for members of the course"), text, status=404)
