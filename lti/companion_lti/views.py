"""What platforms and browsers ask of the LTI tool. A refusal is a page in words, never a trace and never a 500."""

from __future__ import annotations

import logging

from django.core.exceptions import RequestDataTooBig
from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from companion.web.middleware import allow_framing
from companion.web.mounting import path_for
from companion.web.page import render, render_message, with_query
from companion_lti import cookies, health, notices, permalinks, sessions, tool_keys
from companion_lti.admission import Admission, admit
from companion_lti.errors import Refused
from companion_lti.launch import CookieMissing, Launch
from companion_lti.login import Login
from companion_lti.models import LtiSession, Registration, origin_of
from companion_lti.mount import serve_picture, serve_session, viewer_of
from companion_lti.refusals import ADVICE, open_to_all, refuse, says_what_is_too_large, session_over
from companion_lti.setup import canvas_configuration
from companion_lti.state import LIFETIME, LoginState
from companion_lti.tool import address_of

logger = logging.getLogger(__name__)

# A login as a platform sends it, without the frame that it offers: a window of its own has none.
LOGIN_FIELDS = ("iss", "login_hint", "target_link_uri", "lti_message_hint", "lti_deployment_id", "client_id")


@csrf_exempt
@require_http_methods(["GET", "POST"])
def login(request: HttpRequest) -> HttpResponse:
    """OIDC third-party initiated login: 302 to the platform, with a state cookie."""
    attempt = Login(request)
    try:
        url = attempt.start()
    except Refused as error:
        return refuse(request, error)
    response = _go_on(request, attempt, url)
    _keep_state(response, attempt.state, attempt.secret)
    cookies.show_that_they_work(response)
    response.headers["Cache-Control"] = "no-store"
    return response


@csrf_exempt
@require_POST
def launch(request: HttpRequest) -> HttpResponse:
    """The signed message: 303 to the page it opens, so that a reload does not replay the token."""
    if "error" in request.POST:
        return refuse(request, Refused("the platform answered with an error"))
    attempt = Launch(request)
    try:
        attempt.check()
        # Not around the checks: they may wait for the platform's keys, and what they learn of keys and deployments
        # stays known when the launch is refused.
        with transaction.atomic():
            attempt.use()
            admitted = admit(deployment=attempt.deployment, claims=attempt.claims)
    except CookieMissing as error:
        return _ask_storage(request, attempt, error)
    except Refused as error:
        if attempt.row is not None:
            health.note_refusal(attempt.row.pk, error)
        return refuse(request, error)
    health.note_launch(admitted.session.deployment.registration_id)
    response = _to_first_page(request, admitted)
    _set_session_cookie(response, admitted.session)
    cookies.drop_frame_cookie(response, attempt.login.cookie_name, path="/lti/launch")
    return response


@csrf_exempt
@require_POST
def notices_view(request: HttpRequest) -> HttpResponse:
    """What a platform tells us by itself: 204 once it is written down, else 4xx, and 503 to hear it again."""
    try:
        notices.take(request.body)
    except RequestDataTooBig:
        return HttpResponse(status=413)
    except Refused as error:
        logger.warning("Notice refused: %s", error)
        return HttpResponse(status=error.status)
    return HttpResponse(status=204)


@require_safe
def go(request: HttpRequest, post: str) -> HttpResponse:
    """A permalink: 303 to the platform's page where we know it, else words. What is there, the launch will ask."""
    link = permalinks.read_path(post)
    if link is None:
        text = gettext("It is not complete. Go back to where you found it and copy all of it.")
        return open_to_all(render_message(request, gettext("This link does not work"), text, status=404))
    if _is_framed(request):
        # Platforms refuse to be framed, and a frame's cookie would not be taken: the same address, in the window.
        return open_to_all(render(request, "companion_lti/go.html", {"address": request.path}))
    page = permalinks.page_in_platform(link)
    if page:
        response = HttpResponse(status=303, headers={"Location": page, "Cache-Control": "no-store"})
    else:
        response = open_to_all(render(request, "companion_lti/go.html"))
    permalinks.remember(response, link)
    return response


@csrf_exempt
@says_what_is_too_large
def session_page(request: HttpRequest, handle: str, path: str) -> HttpResponse:
    """A page of the UI, for whoever holds the session's cookie or page token, or opens it with its code."""
    session = sessions.acting(request, handle)
    if session is not None:
        return serve_session(request, session, path)
    shown = sessions.find(handle) if sessions.is_picture(request, path) else None
    return session_over(request, handle) if shown is None else serve_picture(request, shown, path)


@csrf_exempt
@require_POST
@says_what_is_too_large
def open_window(request: HttpRequest, handle: str) -> HttpResponse:
    """The way out of a frame where neither cookies nor scripts work: the same session in a window of its own."""
    session = sessions.find(handle)
    if session is None or not sessions.has_page_token(request, session):
        return session_over(request, handle)
    response = HttpResponse(status=303, headers={"Location": sessions.path_of(session), "Cache-Control": "no-store"})
    _set_session_cookie(response, session)
    return response


@require_safe
def jwks(request: HttpRequest) -> HttpResponse:
    """Our public keys."""
    response = JsonResponse(tool_keys.published_keys())
    response.headers["Cache-Control"] = "public, max-age=300"
    return response


@require_safe
def config(request: HttpRequest) -> HttpResponse:
    """What a platform asks for when a tool is set up by URL (Canvas's "Enter URL", and people who copy)."""
    return JsonResponse(canvas_configuration())


def _to_first_page(request: HttpRequest, admitted: Admission) -> HttpResponse:
    """303 to what a launch opens: the post of a permalink, else the activity's list; or what there is to place."""
    session, activity, post = admitted.session, admitted.activity, admitted.post
    if activity is None:
        return _open(session, "place/")
    if admitted.reviewed is not None:
        return _open(session, path_for("person-posts", activity.uid, admitted.reviewed.pk))
    activities = {activity.uid, post.thread.activity.uid} if post else {activity.uid}
    followed = permalinks.remembered(request, among=activities)
    if followed is not None:
        post = permalinks.find_post(viewer_of(session), followed.target) or post
    if post is None:
        response = _open(session, path_for("thread-list", activity.uid))
    else:
        # Not "post-detail", which redirects here: without cookies the code opens one page, and this must be it.
        response = _open(session, path_for("thread-detail", post.thread_id), post=post.number)
    if followed is not None:
        permalinks.forget(response)
    return response


def _open(session: LtiSession, path: str, *, post: int | None = None) -> HttpResponse:
    query = {"post": post, "code": sessions.opening_code(session)}
    url = with_query(sessions.path_of(session) + path, query, fragment=f"post-{post}" if post else "")
    return HttpResponse(status=303, headers={"Location": url, "Cache-Control": "no-store"})


def _go_on(request: HttpRequest, attempt: Login, url: str) -> HttpResponse:
    """302 to the platform. In a frame where nothing has shown that cookies come back, by a page that finds out: it
    goes on, gives the secret to the platform's storage, or offers a window of its own while the platform's hints are
    not used up.
    """
    frame = attempt.state.storage_frame
    if cookies.are_known_to_work(request) or not (frame or _is_framed(request)):
        return HttpResponse(status=302, headers={"Location": url})
    asked = request.POST if request.method == "POST" else request.GET
    context = {
        "continue_url": url,
        "frame": frame,
        "origin": origin_of(attempt.row.auth_login_url),
        "key": attempt.state.cookie_name,
        "value": attempt.secret,
        "login_url": with_query(address_of("login"), {name: asked.get(name) for name in LOGIN_FIELDS}),
    }
    response = render(request, "companion_lti/store_state.html", context)
    allow_framing(response, ["*"])
    return response


def _is_framed(request: HttpRequest) -> bool:
    return request.headers.get("Sec-Fetch-Dest") in ("iframe", "frame")


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
        return refuse(request, error)
    context = {
        "frame": login.storage_frame,
        "origin": origin_of(registration.auth_login_url),
        "key": login.cookie_name,
        "state": request.POST.get("state", ""),
        "id_token": request.POST.get("id_token", ""),
        "launch_url": address_of("launch"),
        "text": ADVICE["cookies"](),
    }
    response = render(request, "companion_lti/read_state.html", context)
    allow_framing(response, ["*"])
    response.headers["Cache-Control"] = "no-store"
    return response
