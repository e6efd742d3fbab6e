"""What platforms and browsers ask of the LTI tool. A refusal is a page in words, never a trace and never a 500."""

from __future__ import annotations

import logging
from uuid import UUID

from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import translation
from django.utils.translation import gettext
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from companion import clock
from companion.errors import InvalidInput, NotFound
from companion.spaces import api as spaces
from companion.web.forms.activities import ActivityForm
from companion.web.middleware import allow_framing
from companion.web.mounting import path_for
from companion.web.page import render, render_message, with_query
from companion_lti import cookies, deep_linking, keys, sessions
from companion_lti.admission import admit
from companion_lti.errors import Refused
from companion_lti.launch import CookieMissing, Launch
from companion_lti.login import Login
from companion_lti.models import LtiSession, Registration, origin_of
from companion_lti.mount import mount_of, serve_session, viewer_of
from companion_lti.state import LIFETIME, LoginState
from companion_lti.tool import address_of

logger = logging.getLogger(__name__)

_ADVICE = {
    "again": lambda: gettext("Please go back to your course and open it again from there."),
    "late": lambda: gettext(
        "This took too long, or a clock is wrong. Please go back to your course and open it again from there."
    ),
    "malformed": lambda: gettext(
        "Your course sent something that we cannot read. Please open it again; if this stays, tell your administrator."
    ),
    "unknown": lambda: gettext(
        "This learning platform is not connected here. If you manage it, register the tool first."
    ),
    "nobody": lambda: gettext("Your course did not say who you are. Please sign in there and open it again."),
    "pending": lambda: gettext(
        "This installation of the tool waits for an administrator to approve it. Please come back later."
    ),
    "platform_down": lambda: gettext("Your learning platform does not answer just now. Please try again in a minute."),
    "no_links": lambda: gettext("This place in the course cannot take a discussion."),
    "cookies": lambda: gettext(
        "Your browser lets this frame remember nothing, so we cannot be sure that it is you. Please open it in a new"
        " window from your course, or allow cookies for this site."
    ),
    "not_staff": lambda: gettext("Only instructors can place discussions in a course."),
    "answered": lambda: gettext("This was handed to your course already. To place another one, start again there."),
}


@csrf_exempt
@require_http_methods(["GET", "POST"])
def login(request: HttpRequest) -> HttpResponse:
    """OIDC third-party initiated login: 302 to the platform, with a state cookie."""
    attempt = Login(request)
    try:
        url = attempt.start()
    except Refused as error:
        return _refuse(request, error)
    frame = attempt.state.storage_frame
    if frame:
        context = {
            "continue_url": url,
            "frame": frame,
            "origin": origin_of(attempt.row.auth_login_url),
            "key": attempt.state.cookie_name,
            "value": attempt.secret,
        }
        response = render(request, "companion_lti/store_state.html", context)
        allow_framing(response, ["*"])
    else:
        response = HttpResponse(status=302, headers={"Location": url})
    _keep_state(response, attempt.state, attempt.secret)
    response.headers["Cache-Control"] = "no-store"
    return response


@csrf_exempt
@require_POST
def launch(request: HttpRequest) -> HttpResponse:
    """The signed message: 303 to the page it opens, so that a reload does not replay the token."""
    if "error" in request.POST:
        return _refuse(request, Refused("the platform answered with an error"))
    attempt = Launch(request)
    try:
        attempt.check()
        # Not around the checks: they may wait for the platform's keys, and what they learn of keys and deployments
        # stays known when the launch is refused.
        with transaction.atomic():
            attempt.use()
            session, activity = admit(deployment=attempt.deployment, claims=attempt.claims)
    except CookieMissing as error:
        return _ask_storage(request, attempt, error)
    except Refused as error:
        return _refuse(request, error)
    if activity is None:
        path = sessions.path_of(session) + "place/"
    else:
        path = sessions.path_of(session) + path_for("thread-list", activity.uid)
    url = with_query(path, {"code": sessions.opening_code(session)})
    response = HttpResponse(status=303, headers={"Location": url, "Cache-Control": "no-store"})
    _set_session_cookie(response, session)
    cookies.drop_frame_cookie(response, attempt.login.cookie_name, path="/lti/launch")
    return response


@csrf_exempt
def session_page(request: HttpRequest, handle: str, path: str) -> HttpResponse:
    """A page of the UI, for whoever holds the session's cookie or page token, or opens it with its code."""
    session = _session(request, handle)
    if session is None:
        return _session_over(request, handle)
    return serve_session(request, session, path)


@csrf_exempt
@require_POST
def open_window(request: HttpRequest, handle: str) -> HttpResponse:
    """The way out of a frame where neither cookies nor scripts work: the same session in a window of its own."""
    session = sessions.find(handle)
    if session is None or not sessions.has_page_token(request, session):
        return _session_over(request, handle)
    response = HttpResponse(status=303, headers={"Location": sessions.path_of(session), "Cache-Control": "no-store"})
    _set_session_cookie(response, session)
    return response


@csrf_exempt
@require_http_methods(["GET", "POST"])
def place(request: HttpRequest, handle: str) -> HttpResponse:
    """Deep linking: set a discussion up, or choose one that this space has, and hand it to the platform."""
    session = _session(request, handle)
    if session is None:
        return _session_over(request, handle)
    with translation.override(session.locale or translation.get_language()):
        refusal = _refuse_placing(request, session)
        if refusal is not None:
            return refusal
        viewer = viewer_of(session)
        chosen = request.POST.get("activity", "")
        form = ActivityForm(request.POST if request.method == "POST" and not chosen else None, auto_id="place-%s")
        if not form.is_bound:
            form.initial = {"anonymity": "allowed", "starters": "everyone"}
        try:
            if chosen:
                activity = spaces.get_activity(viewer=viewer, uid=_uid(chosen))
                return _answer(request, session, [activity])
            if form.is_bound and form.is_valid():
                values = form.activity()
                activity = spaces.create_activity(viewer=viewer, external_id=f"placed {handle}", **values)
                return _answer(request, session, [activity])
        except InvalidInput as error:
            form.refuse(error)
        except NotFound:
            return _show_placing(request, session, form, notice=gettext("That discussion is not in this course."))
        return _show_placing(request, session, form)


@csrf_exempt
@require_POST
def place_cancel(request: HttpRequest, handle: str) -> HttpResponse:
    """Back to the platform with nothing chosen."""
    session = _session(request, handle)
    if session is None:
        return _session_over(request, handle)
    with translation.override(session.locale or translation.get_language()):
        return _refuse_placing(request, session) or _answer(request, session, [])


@require_safe
def jwks(request: HttpRequest) -> HttpResponse:
    """Our public keys."""
    response = JsonResponse(keys.published_keys())
    response.headers["Cache-Control"] = "public, max-age=300"
    return response


@require_safe
def config(request: HttpRequest) -> HttpResponse:
    """What a platform asks for when a tool is set up by URL (Canvas's "Enter URL", and people who copy)."""
    return JsonResponse(
        {
            "title": "Course Companion",
            "description": "Discussion inside the course.",
            "oidc_initiation_url": address_of("login"),
            "target_link_uri": address_of("launch"),
            "public_jwk_url": address_of("jwks"),
            "scopes": ["https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly"],
            "extensions": [
                {
                    "platform": "canvas.instructure.com",
                    "privacy_level": "public",
                    "settings": {
                        "placements": [
                            {
                                "placement": "assignment_selection",
                                "message_type": "LtiDeepLinkingRequest",
                                "target_link_uri": address_of("launch"),
                            },
                            {
                                "placement": "link_selection",
                                "message_type": "LtiDeepLinkingRequest",
                                "target_link_uri": address_of("launch"),
                            },
                        ]
                    },
                }
            ],
        }
    )


def _session(request: HttpRequest, handle: str) -> LtiSession | None:
    """The session, where this request may act in it: by cookie, page token, or once by the code of its launch."""
    session = sessions.find(handle)
    if session is None:
        return None
    code = request.GET.get("code", "")
    opened = bool(code) and request.method == "GET" and sessions.open_once(code, session)
    return session if opened or sessions.is_allowed(request, session) else None


def _session_over(request: HttpRequest, handle: str) -> HttpResponse:
    """The same answer for a session that is over, one that never was, and one of somebody else."""
    context = {"title": gettext("Please open this again"), "text": _ADVICE["again"](), "handle": handle}
    response = render(request, "companion_lti/session_over.html", context, status=401)
    allow_framing(response, ["*"])
    response.headers["Cache-Control"] = "no-store"
    return response


def _refuse(request: HttpRequest, error: Refused) -> HttpResponse:
    logger.warning("LTI message refused: %s", error)
    response = render_message(
        request, gettext("This could not be opened"), _ADVICE[error.advice](), status=error.status
    )
    # A page without a session and without a form: it may be framed by the platform that we do not know.
    allow_framing(response, ["*"])
    response.headers["Cache-Control"] = "no-store"
    return response


def _keep_state(response: HttpResponse, state: LoginState, secret: str) -> None:
    seconds = int(LIFETIME.total_seconds())
    cookies.set_frame_cookie(response, state.cookie_name, secret, path="/lti/launch", max_age=seconds)


def _set_session_cookie(response: HttpResponse, session: LtiSession) -> None:
    cookies.set_frame_cookie(
        response,
        sessions.cookie_name(session),
        sessions.cookie_value(session),
        path=sessions.path_of(session),
        max_age=int(sessions.expiry().total_seconds()),
    )


def _ask_storage(request: HttpRequest, attempt: Launch, error: CookieMissing) -> HttpResponse:
    """No cookie came back: ask the platform's frame for the secret that the login left there, once."""
    login = attempt.login
    registration = Registration.objects.filter(pk=login.registration_id).first()
    if not login.storage_frame or "storage_value" in request.POST or registration is None:
        return _refuse(request, error)
    context = {
        "frame": login.storage_frame,
        "origin": origin_of(registration.auth_login_url),
        "key": login.cookie_name,
        "state": request.POST.get("state", ""),
        "id_token": request.POST.get("id_token", ""),
        "launch_url": address_of("launch"),
        "text": _ADVICE["cookies"](),
    }
    response = render(request, "companion_lti/read_state.html", context)
    allow_framing(response, ["*"])
    response.headers["Cache-Control"] = "no-store"
    return response


def _refuse_placing(request: HttpRequest, session: LtiSession) -> HttpResponse | None:
    if session.deep_link is None:
        return _session_over(request, session.handle)
    if not viewer_of(session).can_configure:
        return _refuse(request, Refused("deep linking by a learner", advice="not_staff"))
    if session.answered_at is not None:
        return _refuse(request, Refused("deep linking answered before", advice="answered"))
    return None


def _show_placing(request: HttpRequest, session: LtiSession, form: ActivityForm, *, notice: str = "") -> HttpResponse:
    context = {
        "form": form,
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
        return _refuse(request, Refused("deep linking answered before", advice="answered"))
    assert session.deep_link is not None
    return_url = session.deep_link["return_url"]
    context = {"return_url": return_url, "token": deep_linking.answer(session, activities)}
    response = render(request, "companion_lti/hand_over.html", context)
    allow_framing(response, session.origins, form_targets=[origin_of(return_url)])
    response.headers["Cache-Control"] = "no-store"
    return response


def _uid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise NotFound from error
