"""What instructors do: place activities in a unit, duplicate and remove them, copy a course."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from examples.demo_lms import access, copying
from examples.demo_lms.config import CONFIG
from examples.demo_lms.course import Person
from examples.demo_lms.deep_linking import accept_answer
from examples.demo_lms.models import Link, Tool
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
        "tools": Tool.objects.filter(is_active=True),
        "placed": request.GET.get("placed"),
    }
    return render(request, "demo_lms/edit_unit.html", context)


@require_GET
@person_required
def add_activity(request: HttpRequest, person: Person, course_id: int, slug: str) -> HttpResponse:
    """A tool (`tool`, else the built-in one) in a frame, asking what to place here."""
    course = access.get_course_to_edit(person, course_id)
    context = {
        "course": course,
        "unit": access.get_unit(course, slug),
        "tool": access.get_active_tool(request.GET.get("tool", "")),
        "storage": CONFIG.offers_storage,
        "resize": CONFIG.resizes_frames,
    }
    return render(request, "demo_lms/add_activity.html", context)


@require_POST
@person_required
def place_link(request: HttpRequest, person: Person, course_id: int, slug: str) -> HttpResponse:
    """Place a tool that does not want to be asked: a link that leads to its own address."""
    course = access.get_course_to_edit(person, course_id)
    unit = access.get_unit(course, slug)
    tool = access.get_active_tool(request.POST.get("tool", ""))
    if tool.takes_deep_links:
        raise Http404
    Link.objects.create(course=course, tool=tool, unit_slug=unit.slug, title=tool.name)
    return _back_to_unit(course.pk, unit.slug, placed=1)


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
    link = access.get_link_to_edit(person, link_id)
    link.delete()
    return redirect("edit-unit", link.course_id, link.unit_slug)


@require_POST
@person_required
def duplicate_link(request: HttpRequest, person: Person, link_id: int) -> HttpResponse:
    link = copying.duplicate_link(access.get_link_to_edit(person, link_id))
    return _back_to_unit(link.course_id, link.unit_slug, placed=1)


@require_POST
@person_required
def copy_course(request: HttpRequest, person: Person, course_id: int) -> HttpResponse:
    copy = copying.copy_course(access.get_course_to_edit(person, course_id), person)
    return redirect("course", copy.pk)


def _back_to_unit(course_id: int, slug: str, placed: int) -> HttpResponse:
    return redirect(f"{reverse('edit-unit', args=[course_id, slug])}?placed={placed}")
