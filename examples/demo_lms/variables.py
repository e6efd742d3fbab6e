"""Custom parameters: `$User.id` and its like become values, as Moodle does it.

A variable that we know but have no value for becomes null. One that we do not know stays as text.
"""

from __future__ import annotations

from collections.abc import Callable

from examples.demo_lms.access import role_in
from examples.demo_lms.config import CONFIG
from examples.demo_lms.course import Person
from examples.demo_lms.models import Course, Link

Value = Callable[[Person, Course, Link | None], str | None]


def _shared(person: Person, value: str) -> str | None:
    return value if person.shares_name else None


def _role(person: Person, course: Course, link: Link | None) -> str:
    return "Learner" if role_in(course, person) == "learner" else "Instructor"


VARIABLES: dict[str, Value] = {
    "$User.id": lambda person, course, link: person.sub,
    "$User.username": lambda person, course, link: _shared(person, person.key),
    "$Person.name.full": lambda person, course, link: _shared(person, person.name),
    "$Person.name.given": lambda person, course, link: _shared(person, person.given_name),
    "$Person.name.family": lambda person, course, link: _shared(person, person.family_name),
    "$Person.email.primary": lambda person, course, link: _shared(person, person.email),
    "$Membership.role": _role,
    "$Context.id": lambda person, course, link: course.context_id,
    "$Context.label": lambda person, course, link: course.label,
    "$Context.title": lambda person, course, link: course.title,
    "$Context.id.history": lambda person, course, link: course.history,
    "$ResourceLink.id": lambda person, course, link: str(link.pk) if link else None,
    "$ResourceLink.title": lambda person, course, link: link.title if link else None,
    "$ResourceLink.description": lambda person, course, link: link.text if link else None,
    "$ResourceLink.id.history": lambda person, course, link: link.history if link else None,
    "$ToolProxyBinding.memberships.url": lambda person, course, link: CONFIG.memberships_url(course.context_id),
}


def substituted(value: str, *, person: Person, course: Course, link: Link | None) -> str | None:
    known = VARIABLES.get(value)
    return known(person, course, link) if known else value
