"""Who may open which course, and what they are in it."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.http import Http404

from examples.demo_lms import course as catalogue
from examples.demo_lms.course import Person
from examples.demo_lms.models import Course, Link


def role_in(course: Course, person: Person) -> str | None:
    """ "instructor", "learner", "admin" for a site admin, or None for an outsider."""
    enrolment = course.enrolments.filter(person_key=person.key).first()
    if enrolment:
        return enrolment.role
    return "admin" if person.is_admin else None


def get_course(person: Person, course_id: int) -> tuple[Course, str]:
    """The course and the person's role; outsiders are told so, since this LMS lists no secrets."""
    course = Course.objects.filter(pk=course_id).first()
    if course is None:
        raise Http404
    role = role_in(course, person)
    if role is None:
        raise PermissionDenied
    return course, role


def get_course_to_edit(person: Person, course_id: int) -> Course:
    course, role = get_course(person, course_id)
    if role not in catalogue.STAFF_ROLES:
        raise PermissionDenied
    return course


def get_unit(course: Course, slug: str) -> catalogue.Unit:
    unit = course.content.unit(slug)
    if unit is None:
        raise Http404
    return unit


def get_link(person: Person, link_id: int) -> tuple[Link, str]:
    link = Link.objects.select_related("course").filter(pk=link_id).first()
    if link is None:
        raise Http404
    return link, get_course(person, link.course_id)[1]
