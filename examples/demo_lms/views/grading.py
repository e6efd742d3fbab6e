"""The gradebook: what learners got, what teachers change by hand, and the work behind it."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from examples.demo_lms import access
from examples.demo_lms.config import CONFIG
from examples.demo_lms.course import STAFF_ROLES, Person
from examples.demo_lms.gradebook import WrittenScore, gradebook_table, override, read_written_score
from examples.demo_lms.people import person_required


@require_GET
@person_required
def gradebook(request: HttpRequest, person: Person, course_id: int) -> HttpResponse:
    """All learners for the staff, her own row for a learner."""
    course, role = access.get_course(person, course_id)
    is_staff = role in STAFF_ROLES
    context = {
        "course": course,
        "is_staff": is_staff,
        "heading": "Gradebook" if is_staff else "My grades",
        **gradebook_table(course, only=None if is_staff else person),
    }
    return render(request, "demo_lms/gradebook.html", context)


@require_http_methods(["GET", "POST"])
@person_required
def change_score(request: HttpRequest, person: Person, line_item_id: int, sub: str) -> HttpResponse:
    column, learner = access.get_cell_to_edit(person, line_item_id, sub)
    result = column.results.filter(sub=sub).first()
    if request.method == "POST":
        written = read_written_score(request.POST.dict(), column)
        if not written.problem:
            override(column, learner, written, person)
            return redirect("gradebook", column.course_id)
    else:
        scaled = result.scaled if result else None
        written = WrittenScore("" if scaled is None else f"{scaled:g}", result.comment if result else "")
    context = {"course": column.course, "column": column, "learner": learner, "result": result, "written": written}
    return render(request, "demo_lms/change_score.html", context, status=422 if written.problem else 200)


@require_GET
@person_required
def look_at_work(request: HttpRequest, person: Person, line_item_id: int, sub: str) -> HttpResponse:
    """The learner's work, in a frame of the tool."""
    link, column, learner = access.get_work(person, line_item_id, sub)
    context = {
        "course": column.course,
        "column": column,
        "learner": learner,
        "tool_origin": link.owner.origin,
        "storage": CONFIG.offers_storage,
        "resize": CONFIG.resizes_frames,
    }
    return render(request, "demo_lms/look_at_work.html", context)
