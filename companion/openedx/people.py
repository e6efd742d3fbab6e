"""From a user and a course of the platform to a viewer."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from django.db import transaction

from companion import conf
from companion.kept import kept
from companion.openedx import compat
from companion.reflections import api as reflections
from companion.spaces import api as spaces
from companion.viewer import Role, Viewer

# The platform's roles by ours, the mightiest first. What is not here is a learner.
INSTRUCTORS = frozenset({"instructor", "staff"})
# Whoever the platform treats as staff, unless they look at the course as a learner does.
COURSE_STAFF = INSTRUCTORS | {"limited_staff"}
ASSISTANTS = frozenset({"limited_staff", "forum Administrator", "forum Moderator", "forum Community TA"})

_organizations: dict[str, int] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class LmsUser:
    """A user as the platform's user service or session knows them.

    `is_staff` is whether the platform treats them as course staff in this request: False for an instructor who
    looks at the course as a learner does. `is_global_staff` is that of the account.
    """

    id: int | str
    username: str = ""
    full_name: str = ""
    email: str = ""
    is_staff: bool = False
    is_global_staff: bool = False

    @property
    def shown_name(self) -> str:
        return self.full_name if conf.get("COMPANION_NAMES") == "full_name" else self.username


def viewer_of(user: LmsUser, course_id: str) -> Viewer | None:
    """The viewer, or None for somebody who is neither enrolled in the course nor on its staff."""
    role = role_of(user, course_id)
    if role is None:
        return None
    organization_id = organization(course_id)
    person = spaces.admit_person(
        organization_id=organization_id,
        issuer=compat.issuer(),
        subject=str(user.id),
        name=user.shown_name,
        email=user.email,
    )
    space = spaces.ensure_space(organization_id=organization_id, issuer=compat.issuer(), external_id=course_id)
    if spaces.note_visit(space_id=space.pk, person_id=person.pk, role=role):
        _refresh(organization_id, course_id, user, space_id=space.pk, person_id=person.pk)
    return Viewer(
        organization_id=organization_id,
        space_id=space.pk,
        person_id=person.pk,
        role=role,
        name=person.name,
        group_ids=spaces.groups_of(space_id=space.pk, person_id=person.pk),
    )


def role_of(user: LmsUser, course_id: str) -> Role | None:
    """Somebody's role in a course, or None where they have no place in it."""
    if user.is_staff:
        roles = compat.course_roles(user.id, course_id)
        if user.is_global_staff and not roles & INSTRUCTORS:
            return Role.ADMINISTRATOR
        return Role.INSTRUCTOR if roles & INSTRUCTORS or not roles & ASSISTANTS else Role.ASSISTANT
    if not compat.is_enrolled(user.id, course_id):
        return None
    roles = compat.course_roles(user.id, course_id)
    # Course staff who look at the course as a learner does have a learner's rights, whatever they are in the forum.
    return Role.ASSISTANT if roles & ASSISTANTS and not roles & COURSE_STAFF else Role.LEARNER


def organization(course_id: str) -> int:
    """The id of the organization that a course belongs to, made at its first course."""
    name = compat.organization_name(course_id)
    if name in _organizations:
        return _organizations[name]
    organization_id = spaces.ensure_organization(name=name).pk
    # Remembered when it is there to stay: the platform may roll the request back.
    transaction.on_commit(partial(_organizations.__setitem__, name, organization_id))
    return organization_id


def space_of(course_id: str) -> spaces.Space | None:
    """The space of a course, or None before anybody has opened the Companion in it. Makes nothing."""
    organization = spaces.find_organization(name=compat.organization_name(course_id))
    if organization is None:
        return None
    return spaces.find_space(organization_id=organization.pk, issuer=compat.issuer(), external_id=course_id)


def waited_for(course_id: str) -> Collection[str]:
    """The blocks that follow-up series of a course wait for; a change shows in a minute."""
    return kept(f"companion.openedx.waited.{course_id}", partial(_waited_for, course_id), seconds=60)


def _waited_for(course_id: str) -> list[str]:
    space = space_of(course_id)
    return sorted(reflections.waited_for(space_id=space.pk)) if space is not None else []


def due_dates(*, space_id: int, person_ids: Collection[int], units: Collection[str]) -> dict[int, dict[str, datetime]]:
    """`reflections.tell_due_dates`: what the platform says of people in one of its courses, person by person, since
    each may have a schedule and extensions of their own.
    """
    space = spaces.get_space(space_id=space_id)
    if space.issuer != compat.issuer():
        return {}
    found = {}
    for person_id, subject in spaces.subjects_of(issuer=space.issuer, person_ids=person_ids).items():
        dates = compat.due_dates(subject, space.external_id)
        found[person_id] = {unit: dates[unit] for unit in units if unit in dates}
    return found


def forget_organizations() -> None:
    """Drop what this process remembers of organizations, for tests that roll the database back."""
    _organizations.clear()


def set_cohorts(*, space_id: int, person_id: int, names: Iterable[str]) -> None:
    """A cohort is a group of the space, known by its name: the platform's event gives no id."""
    spaces.set_groups(space_id=space_id, person_id=person_id, external_ids=[f"cohort {name}" for name in names if name])


def _refresh(organization_id: int, course_id: str, user: LmsUser, *, space_id: int, person_id: int) -> None:
    """What costs a look into the platform: once in a while, not at each request."""
    spaces.ensure_space(
        organization_id=organization_id,
        issuer=compat.issuer(),
        external_id=course_id,
        title=compat.course_title(course_id),
    )
    set_cohorts(space_id=space_id, person_id=person_id, names=[compat.cohort_name(user.id, course_id)])
