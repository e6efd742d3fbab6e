"""Deep linking: set a discussion up, or choose one that the course has, and hand it to the platform."""

from __future__ import annotations

from dataclasses import asdict
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.utils.translation import gettext
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from companion import clock
from companion.errors import InvalidInput, NotFound
from companion.spaces import api as spaces
from companion.spaces.kinds import SETTINGS, Kind
from companion.web.forms.activities import ActivityForm, form_of
from companion.web.middleware import allow_framing
from companion.web.page import render
from companion_lti import deep_linking, sessions
from companion_lti.errors import Refused
from companion_lti.models import LtiSession, origin_of
from companion_lti.mount import mount_of, viewer_of
from companion_lti.refusals import refuse, says_what_is_too_large, session_over


@csrf_exempt
@require_http_methods(["GET", "POST"])
@says_what_is_too_large
def place(request: HttpRequest, handle: str) -> HttpResponse:
    """The form, and what was chosen in it."""
    session = sessions.acting(request, handle)
    if session is None:
        return session_over(request, handle)
    with translation.override(session.locale or translation.get_language()):
        refusal = _refuse_placing(request, session)
        if refusal is not None:
            return refusal
        viewer = viewer_of(session)
        chosen = request.POST.get("activity", "")
        kind = _kind(request)
        form_class = form_of(mount_of(session, has_cookies=True), kind)
        is_sent = request.method == "POST" and not chosen and "switch" not in request.POST
        form = form_class(request.POST if is_sent else None, auto_id="place-%s")
        if not form.is_bound:
            form.initial = asdict(SETTINGS[kind]())
        try:
            if chosen:
                activity = spaces.get_activity(viewer=viewer, uid=_uid(chosen))
                return _answer(request, session, [activity])
            if form.is_bound and form.is_valid():
                values = form.activity()
                activity = spaces.create_activity(viewer=viewer, kind=kind, external_id=f"placed {handle}", **values)
                return _answer(request, session, [activity])
        except InvalidInput as error:
            form.refuse(error)
        except NotFound:
            return _show_placing(request, session, form, notice=gettext("That discussion is not in this course."))
        return _show_placing(request, session, form)


@csrf_exempt
@require_POST
@says_what_is_too_large
def place_cancel(request: HttpRequest, handle: str) -> HttpResponse:
    """Back to the platform with nothing chosen."""
    session = sessions.acting(request, handle)
    if session is None:
        return session_over(request, handle)
    with translation.override(session.locale or translation.get_language()):
        return _refuse_placing(request, session) or _answer(request, session, [])


def _refuse_placing(request: HttpRequest, session: LtiSession) -> HttpResponse | None:
    if session.deep_link is None:
        return session_over(request, session.handle)
    if not viewer_of(session).can_configure:
        return refuse(request, Refused("deep linking by a learner", advice="not_staff"))
    if session.answered_at is not None:
        return refuse(request, Refused("deep linking answered before", advice="answered"))
    return None


def _show_placing(request: HttpRequest, session: LtiSession, form: ActivityForm, *, notice: str = "") -> HttpResponse:
    context = {
        "form": form,
        "kind": _kind(request).value,
        "kinds": Kind.choices,
        "notice": notice,
        "activities": spaces.list_activities(viewer=viewer_of(session)),
        "mount": mount_of(session, has_cookies=sessions.has_cookie(request, session)),
        "action": sessions.path_of(session) + "place/",
        "cancel_action": sessions.path_of(session) + "place/cancel",
    }
    response = render(request, "companion_lti/place.html", context, status=422 if form.errors or notice else 200)
    allow_framing(response, session.origins)
    response.headers["Cache-Control"] = "private, no-cache"
    return response


def _answer(request: HttpRequest, session: LtiSession, activities: list[spaces.Activity]) -> HttpResponse:
    """Hand over what was chosen, once: a second answer would place it twice."""
    unanswered = LtiSession.objects.filter(pk=session.pk, answered_at=None)
    if not unanswered.update(answered_at=clock.now()):
        return refuse(request, Refused("deep linking answered before", advice="answered"))
    assert session.deep_link is not None
    return_url = session.deep_link["return_url"]
    context = {"return_url": return_url, "token": deep_linking.answer(session, activities)}
    response = render(request, "companion_lti/hand_over.html", context)
    allow_framing(response, session.origins, form_targets=[origin_of(return_url)])
    response.headers["Cache-Control"] = "no-store"
    return response


def _kind(request: HttpRequest) -> Kind:
    """What is placed: as it was switched to, or as the form that was sent says."""
    wanted = request.POST.get("switch") or request.POST.get("kind") or Kind.DISCUSSION
    return Kind(wanted) if wanted in Kind.values else Kind.DISCUSSION


def _uid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise NotFound from error
