"""Launches: the login form in the frame, the authorization endpoint, the key set."""

from __future__ import annotations

from collections.abc import Mapping

from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods

from examples.demo_lms import access, once, platform
from examples.demo_lms.config import CONFIG
from examples.demo_lms.course import Person
from examples.demo_lms.launch import (
    AuthenticationRefused,
    answer_authentication,
    check_return_address,
    login_fields,
)
from examples.demo_lms.models import LaunchMessage, Link
from examples.demo_lms.people import current_person, person_required


@require_GET
@never_cache
@person_required
def launch_link(request: HttpRequest, person: Person, link_id: int) -> HttpResponse:
    """Start a launch of a placed activity, in the frame or (?window=1) in a window of its own."""
    link, _role = access.get_link(person, link_id)
    message = once.remember_launch(
        person,
        course=link.course,
        unit_slug=link.unit_slug,
        link=link,
        document_target="window" if request.GET.get("window") else "iframe",
    )
    return _login_form(request, message, person)


@require_GET
@never_cache
@person_required
def launch_deep_link(request: HttpRequest, person: Person, course_id: int, slug: str) -> HttpResponse:
    """Start the launch in which an instructor chooses what to place in a unit."""
    course = access.get_course_to_edit(person, course_id)
    unit = access.get_unit(course, slug)
    message = once.remember_launch(person, course=course, unit_slug=unit.slug)
    return _login_form(request, message, person)


def _login_form(request: HttpRequest, message: LaunchMessage, person: Person) -> HttpResponse:
    return post_form(
        request,
        action=CONFIG.tool_login_url,
        fields=login_fields(message, person),
        title="Opening Course Companion",
    )


@csrf_exempt
@require_http_methods(["GET", "POST"])
@never_cache
def auth(request: HttpRequest) -> HttpResponse:
    """The authorization endpoint, where the tool sends the browser to ask who is there."""
    params = request.GET.dict() | request.POST.dict()
    person = current_person(request)
    if person is None and "relayed" not in params:
        return relay(request, params)
    try:
        check_return_address(params)
    except AuthenticationRefused as refusal:
        return HttpResponseBadRequest(_problem(request, refusal.description), content_type="text/html")
    try:
        fields = answer_authentication(params, person)
    except AuthenticationRefused as refusal:
        fields = {"error": refusal.code, "error_description": refusal.description}
        if "state" in params:
            fields["state"] = params["state"]
    return post_form(
        request,
        action=params["redirect_uri"],
        fields=fields,
        title="Opening Course Companion",
    )


def relay(request: HttpRequest, params: Mapping[str, str]) -> HttpResponse:
    """Have our own page repeat what the tool's page posted.

    Browsers keep our SameSite=Lax session cookie back when another site's page in a frame sends
    the request, and give it when our page does. Moodle's auth.php has the same step.
    """
    return post_form(
        request,
        action=request.path,
        fields={**params, "relayed": "1"},
        title="One moment",
    )


def post_form(request: HttpRequest, *, action: str, fields: Mapping[str, str], title: str) -> HttpResponse:
    """A page that posts a form at once; the button is for browsers without JavaScript."""
    context = {"action": action, "fields": fields, "title": title}
    return render(request, "demo_lms/post_form.html", context)


@require_GET
def tool_return(request: HttpRequest, link_id: int) -> HttpResponse:
    """Where the tool sends people who are done; out of the frame and back to the unit.

    Asks for nobody: coming from the tool's page in a frame, the browser brings no session.
    """
    link = get_object_or_404(Link, pk=link_id)
    error = request.GET.get("lti_errormsg", "")
    context = {
        "title": "The tool reports a problem" if error else "Back to the course",
        "message": error or request.GET.get("lti_msg", ""),
        "stay": bool(error),
        "target": reverse("unit", args=[link.course_id, link.unit_slug]),
    }
    return render(request, "demo_lms/leave_frame.html", context)


@require_GET
def jwks(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"keys": [platform.public_jwk()]})


def _problem(request: HttpRequest, text: str) -> bytes:
    context = {"title": "This launch cannot go on", "message": text}
    return render(request, "demo_lms/problem.html", context).content
