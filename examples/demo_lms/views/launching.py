"""Launches: the login form in the frame, the authorization endpoint, the key set."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode

from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBadRequest,
    HttpResponseForbidden,
    JsonResponse,
)
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods

from examples.demo_lms import access, once, platform
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
@person_required
def show_link(request: HttpRequest, person: Person, link_id: int) -> HttpResponse:
    """The address of a placed activity: the unit that it stands in. With `url` it opens there in the tool."""
    link, _role = access.get_link(person, link_id)
    unit = reverse("unit", args=[link.course_id, link.unit_slug])
    opening = "?" + urlencode({"link": link.pk, "url": request.GET["url"]}) if "url" in request.GET else ""
    return redirect(f"{unit}{opening}#link-{link.pk}")


@require_GET
@never_cache
@person_required
def launch_link(request: HttpRequest, person: Person, link_id: int) -> HttpResponse:
    """Start a launch of a placed activity, in the frame or (?window=1) in a window of its own.

    It leads to `url` where that is the tool's: any other would be launched in the tool's name.
    """
    link, _role = access.get_link(person, link_id)
    tool = link.owner
    url = request.GET.get("url", "")
    message = once.remember_launch(
        person,
        tool=tool,
        course=link.course,
        unit_slug=link.unit_slug,
        link=link,
        document_target="window" if request.GET.get("window") else "iframe",
        url=url if tool.is_launch_url(url) else "",
    )
    return _login_form(request, message, person)


@require_GET
@never_cache
@person_required
def launch_deep_link(request: HttpRequest, person: Person, course_id: int, slug: str) -> HttpResponse:
    """Start the launch in which an instructor chooses what to place in a unit."""
    course = access.get_course_to_edit(person, course_id)
    unit = access.get_unit(course, slug)
    tool = access.get_active_tool(request.GET.get("tool", ""))
    if not tool.takes_deep_links:
        raise Http404
    message = once.remember_launch(person, tool=tool, course=course, unit_slug=unit.slug)
    return _login_form(request, message, person)


@require_GET
@never_cache
@person_required
def launch_review(request: HttpRequest, person: Person, line_item_id: int, sub: str) -> HttpResponse:
    """Start a launch that shows a learner's work."""
    link, line_item, learner = access.get_work(person, line_item_id, sub)
    message = once.remember_launch(
        person,
        tool=link.owner,
        course=link.course,
        unit_slug=link.unit_slug,
        link=link,
        line_item=line_item,
        for_sub=learner.sub,
    )
    return _login_form(request, message, person)


def _login_form(request: HttpRequest, message: LaunchMessage, person: Person) -> HttpResponse:
    tool = message.owner
    if not tool.is_active:
        text = f"{tool.name} is not active in this LMS. An administrator can activate it."
        target = reverse("unit", args=[message.course_id, message.unit_slug])
        return HttpResponseForbidden(_problem(request, text, target))
    return post_form(
        request,
        action=tool.login_url,
        fields=login_fields(message, person),
        title=f"Opening {tool.name}",
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
        tool = check_return_address(params)
    except AuthenticationRefused as refusal:
        return HttpResponseBadRequest(_problem(request, refusal.description))
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
        title=f"Opening {tool.name}",
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
    """Where the tool sends people who are done; out of the frame and back to the unit, or to the gradebook.

    Asks for nobody: coming from the tool's page in a frame, the browser brings no session.
    """
    link = get_object_or_404(Link, pk=link_id)
    error = request.GET.get("lti_errormsg", "")
    unit = reverse("unit", args=[link.course_id, link.unit_slug])
    from_gradebook = request.GET.get("to") == "gradebook"
    context = {
        "title": "The tool reports a problem" if error else "Back to the course",
        "message": error or request.GET.get("lti_msg", ""),
        "stay": bool(error),
        "target": reverse("gradebook", args=[link.course_id]) if from_gradebook else unit,
    }
    return render(request, "demo_lms/leave_frame.html", context)


@require_GET
def jwks(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"keys": [platform.public_jwk()]})


def _problem(request: HttpRequest, text: str, target: str = "/") -> bytes:
    context = {"title": "This launch cannot go on", "message": text, "target": target}
    return render(request, "demo_lms/problem.html", context).content
