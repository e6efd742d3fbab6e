"""What instructors do: place activities in a unit, remove them, copy a course."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from examples.demo_lms import access, copying
from examples.demo_lms.config import CONFIG
from examples.demo_lms.course import STAFF_ROLES, Person
from examples.demo_lms.deep_linking import accept_answer
from examples.demo_lms.people import current_person, person_required
from examples.demo_lms.platform import ToolMessageRefused
from examples.demo_lms.views.launching import relay


@require_GET
@person_required
def edit_unit(request: HttpRequest, person: Person, course_id: int, slug: str) -> HttpResponse:
    course = access.get_course_to_edit(person, course_id)
    unit = access.get_unit(course, slug)
    context = {
        "course": course,
        "unit": unit,
        "links": course.links.filter(unit_slug=slug).prefetch_related("line_items"),
        "placed": request.GET.get("placed"),
    }
    return render(request, "demo_lms/edit_unit.html", context)


@require_GET
@person_required
def add_activity(request: HttpRequest, person: Person, course_id: int, slug: str) -> HttpResponse:
    """The tool in a frame, asking what to place here."""
    course = access.get_course_to_edit(person, course_id)
    context = {
        "course": course,
        "unit": access.get_unit(course, slug),
        "tool_origin": CONFIG.tool_url,
        "storage": CONFIG.offers_storage,
        "resize": CONFIG.resizes_frames,
    }
    return render(request, "demo_lms/add_activity.html", context)


@csrf_exempt
@require_POST
@never_cache
def deep_link_return(request: HttpRequest) -> HttpResponse:
    """The tool's page posts its answer here, inside our frame."""
    person = current_person(request)
    token = request.POST.get("JWT", "")
    if person is None and "relayed" not in request.POST:
        return relay(request, {"JWT": token})
    try:
        if person is None:
            raise ToolMessageRefused("Nobody is signed in to the demo LMS.")
        answer = accept_answer(token, person)
    except ToolMessageRefused as refusal:
        problem = {"title": "The answer of the tool was refused", "message": str(refusal)}
        return render(request, "demo_lms/problem.html", problem, status=400)
    target = reverse("edit-unit", args=[answer.request.course_id, answer.request.unit_slug])
    context: dict[str, Any] = {
        "title": "The tool reports a problem" if answer.error else "Back to the unit",
        "message": answer.error or answer.message,
        "stay": bool(answer.error),
        "target": f"{target}?placed={len(answer.items)}",
    }
    return render(request, "demo_lms/leave_frame.html", context)


@require_POST
@person_required
def remove_link(request: HttpRequest, person: Person, link_id: int) -> HttpResponse:
    link, role = access.get_link(person, link_id)
    if role not in STAFF_ROLES:
        raise PermissionDenied
    link.delete()
    return redirect("edit-unit", link.course_id, link.unit_slug)


@require_POST
@person_required
def copy_course(request: HttpRequest, person: Person, course_id: int) -> HttpResponse:
    copy = copying.copy_course(access.get_course_to_edit(person, course_id), person)
    return redirect("course", copy.pk)
