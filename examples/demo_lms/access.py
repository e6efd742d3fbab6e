"""Who may open which course, what they are in it, and who manages the site."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.http import Http404

from examples.demo_lms import course as catalogue
from examples.demo_lms.config import CONFIG
from examples.demo_lms.course import Person
from examples.demo_lms.models import Course, LineItem, Link, Tool


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


def get_link_to_edit(person: Person, link_id: int) -> Link:
    link, role = get_link(person, link_id)
    if role not in catalogue.STAFF_ROLES:
        raise PermissionDenied
    return link


def get_cell(person: Person, line_item_id: int, sub: str) -> tuple[LineItem, Person]:
    """A learner's place in a column of the gradebook: for the staff of the course, and for the learner herself."""
    line_item = LineItem.objects.select_related("course", "link", "link__tool").filter(pk=line_item_id).first()
    if line_item is None:
        raise Http404
    _course, role = get_course(person, line_item.course_id)
    if role not in catalogue.STAFF_ROLES and person.sub != sub:
        raise PermissionDenied
    learners = line_item.course.enrolments.filter(role="learner")
    learner = next((each.person for each in learners if each.person.sub == sub), None)
    if learner is None:
        raise Http404
    return line_item, learner


def get_cell_to_edit(person: Person, line_item_id: int, sub: str) -> tuple[LineItem, Person]:
    line_item, learner = get_cell(person, line_item_id, sub)
    get_course_to_edit(person, line_item.course_id)
    return line_item, learner


def get_work(person: Person, line_item_id: int, sub: str) -> tuple[Link, LineItem, Person]:
    """A learner's work that the tool can show: there is a result, in the column of a link."""
    line_item, learner = get_cell(person, line_item_id, sub)
    link = line_item.link
    if link is None or not can_be_reviewed(link) or not line_item.results.filter(sub=sub).exists():
        raise Http404
    return link, line_item, learner


def can_be_reviewed(link: Link) -> bool:
    tool = link.owner
    return tool.is_active and tool.takes_reviews


def check_admin(person: Person) -> None:
    if not person.is_admin:
        raise PermissionDenied


def get_tool_to_manage(person: Person, tool_id: int) -> Tool:
    check_admin(person)
    tool = Tool.objects.filter(pk=tool_id).first()
    if tool is None:
        raise Http404
    return tool


def get_active_tool(tool_id: str) -> Tool:
    """The tool of that id, or the built-in one for none."""
    active = Tool.objects.filter(is_active=True)
    wanted = active.filter(pk=tool_id) if tool_id.isdecimal() else active.filter(client_id=CONFIG.client_id)
    tool = wanted.first()
    if tool is None:
        raise Http404
    return tool
