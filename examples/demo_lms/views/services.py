"""The addresses that a tool's server calls: token, roster, gradebook, notice handlers."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST
from lti1p3platform.exceptions import LtiServiceException
from lti1p3platform.response import Response

from examples.demo_lms import faults, notices
from examples.demo_lms.models import Course
from examples.demo_lms.roster import Roster
from examples.demo_lms.scopes import AGS_SCOPE, NOTICE_SCOPE
from examples.demo_lms.scores import Gradebook
from examples.demo_lms.service_request import ServiceRequest, bearer_text, to_django
from examples.demo_lms.tokens import TokenRefused, issue_token

WRITE = [f"{AGS_SCOPE}/lineitem"]
READ = [f"{AGS_SCOPE}/lineitem", f"{AGS_SCOPE}/lineitem.readonly"]


def may_fail(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A service that fails where a test wants it to."""

    @wraps(view)
    def wrapper(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        fault = faults.answer()
        return view(request, *args, **kwargs) if fault is None else fault

    return wrapper


@csrf_exempt
@require_POST
@may_fail
def token(request: HttpRequest) -> HttpResponse:
    try:
        answer = issue_token(request.POST.dict())
    except TokenRefused as refusal:
        error = {"error": refusal.code, "error_description": refusal.description}
        return JsonResponse(error, status=refusal.status)
    return JsonResponse(answer, headers={"Cache-Control": "no-store"})


def service(*methods: str) -> Callable[[Callable[..., Response]], Callable[..., HttpResponse]]:
    """A view that gets the library's request and the course, and answers its errors as JSON.

    An unknown course answers 404 to anybody: course ids are no secret here.
    """

    def decorate(view: Callable[..., Response]) -> Callable[..., HttpResponse]:
        @csrf_exempt
        @require_http_methods(methods)
        @may_fail
        @wraps(view)
        def wrapper(request: HttpRequest, course_id: int, **kwargs: Any) -> HttpResponse:
            course = Course.objects.filter(pk=course_id).first()
            if course is None:
                return JsonResponse({"error": "There is no such course."}, status=404)
            try:
                return to_django(view(ServiceRequest(request), course, **kwargs))
            except LtiServiceException as error:
                return JsonResponse({"error": error.message}, status=error.status_code)

        return wrapper

    return decorate


@service("GET")
def memberships(request: ServiceRequest, course: Course) -> Response:
    return Roster(request, course).handle_get_members()


@service("GET", "POST")
def line_items(request: ServiceRequest, course: Course) -> Response:
    if request.method == "POST":
        return Gradebook(request, course, WRITE).handle_create_lineitem()
    return Gradebook(request, course, READ).handle_get_lineitems()


@service("GET", "PUT", "DELETE")
def line_item(request: ServiceRequest, course: Course, pk: int) -> Response:
    if request.method == "PUT":
        return Gradebook(request, course, WRITE, pk).handle_update_lineitem(line_item_id=str(pk))
    if request.method == "DELETE":
        return Gradebook(request, course, WRITE, pk).handle_delete_lineitem(line_item_id=str(pk))
    return Gradebook(request, course, READ, pk).handle_get_lineitem(line_item_id=str(pk))


@service("POST")
def scores(request: ServiceRequest, course: Course, pk: int) -> Response:
    gradebook = Gradebook(request, course, [f"{AGS_SCOPE}/score"], pk)
    return gradebook.handle_update_score(line_item_id=str(pk))


@service("GET")
def results(request: ServiceRequest, course: Course, pk: int) -> Response:
    gradebook = Gradebook(request, course, [f"{AGS_SCOPE}/result.readonly"], pk)
    return gradebook.handle_get_results(line_item_id=str(pk))


@csrf_exempt
@require_http_methods(["GET", "PUT"])
@may_fail
def notice_handlers(request: HttpRequest, deployment_id: str) -> HttpResponse:
    """Where the tool that has this deployment wants to be told of what."""
    try:
        asked = ServiceRequest(request)
        if not asked.platform.validate_token(bearer_text(request), [NOTICE_SCOPE]):
            raise LtiServiceException("The access token is not for notice handlers.", 401)
        if asked.tool.deployment_id != deployment_id:
            raise LtiServiceException("The tool has no such deployment.", 404)
        if request.method == "GET":
            return JsonResponse(notices.catalogue(asked.tool))
        return JsonResponse(notices.set_handler(asked.tool, asked.json.get("notice_type"), asked.json.get("handler")))
    except LtiServiceException as error:
        return JsonResponse({"error": error.message}, status=error.status_code)
    except notices.HandlerRefused as refusal:
        return JsonResponse({"error": str(refusal)}, status=400)
