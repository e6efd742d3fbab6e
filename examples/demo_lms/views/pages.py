"""The pages that people read: sign-in, home, course, unit."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_POST

from examples.demo_lms import access, clock, people
from examples.demo_lms.config import CONFIG
from examples.demo_lms.course import STAFF_ROLES, Person, find_person
from examples.demo_lms.markdown import to_html
from examples.demo_lms.models import Course
from examples.demo_lms.people import person_required


def sign_in_page(request: HttpRequest) -> HttpResponse:
    """One button a person. `next` may only be a page of this LMS."""
    target = _next(request)
    if request.method != "POST":
        return render(request, "demo_lms/sign_in.html", {"next": target})
    person = find_person(request.POST.get("person", ""))
    if person is None:
        return HttpResponseBadRequest("There is no such person.")
    people.sign_in(request, person)
    return redirect(target)


@require_POST
@person_required
def travel(request: HttpRequest, person: Person) -> HttpResponse:
    """Move the time of the demo, for everybody in it."""
    clock.go(request.POST.get("step", ""))
    return redirect(_next(request))


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    request.session.flush()
    return redirect("sign-in")


@require_GET
@person_required
def home(request: HttpRequest, person: Person) -> HttpResponse:
    courses = Course.objects.order_by("pk")
    if not person.is_admin:
        courses = courses.filter(enrolments__person_key=person.key)
    return render(request, "demo_lms/home.html", {"courses": courses})


@require_GET
@person_required
def course(request: HttpRequest, person: Person, course_id: int) -> HttpResponse:
    course, role = access.get_course(person, course_id)
    context = {
        "course": course,
        "is_staff": role in STAFF_ROLES,
        "enrolments": course.enrolments.all(),
        "today": clock.now().date(),
    }
    return render(request, "demo_lms/course.html", context)


@require_GET
@person_required
def unit(request: HttpRequest, person: Person, course_id: int, slug: str) -> HttpResponse:
    """The text of a unit, and each activity placed in it in a frame of its own; the one asked for opens at `url`."""
    course, role = access.get_course(person, course_id)
    unit = access.get_unit(course, slug)
    units = course.content.units
    position = units.index(unit)
    context = {
        "course": course,
        "unit": unit,
        "body": to_html(unit.body),
        "event_start": unit.event and unit.event.next_start(clock.now().date()),
        "links": course.links.filter(unit_slug=slug).select_related("tool"),
        "asked_for": request.GET.get("link", ""),
        "opens_at": request.GET.get("url", ""),
        "number": position + 1,
        "previous": units[position - 1] if position else None,
        "following": units[position + 1] if position + 1 < len(units) else None,
        "is_staff": role in STAFF_ROLES,
        "storage": CONFIG.offers_storage,
        "resize": CONFIG.resizes_frames and not request.GET.get("fixed"),
    }
    return render(request, "demo_lms/unit.html", context)


def _next(request: HttpRequest) -> str:
    target = request.POST.get("next") or request.GET.get("next", "")
    return target if url_has_allowed_host_and_scheme(target, allowed_hosts=None) else "/"
