"""Ana learns, Ben teaches, Chen is the expert, Dee is an outsider: the people of every story."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from companion.models import Membership, Person
from companion.spaces import api as spaces
from companion.spaces.keys import external_key
from companion.viewer import Role, Viewer

ISSUER = "https://lms.example platform 1"


@dataclass(frozen=True)
class Course:
    """A space with an open discussion, and those who are in it."""

    space: spaces.Space
    activity: spaces.Activity
    ana: Viewer
    ben: Viewer
    chen: Viewer
    nameless: Viewer


def join(space: spaces.Space, subject: str, name: str = "", role: Role = Role.LEARNER) -> Viewer:
    """A person in a space, as a launch would bring them."""
    person = spaces.admit_person(organization_id=space.organization_id, issuer=space.issuer, subject=subject, name=name)
    spaces.record_membership(space_id=space.pk, person_id=person.pk, role=role)
    return Viewer(
        organization_id=space.organization_id,
        space_id=space.pk,
        person_id=person.pk,
        role=role,
        name=person.name,
    )


def crowd(space: spaces.Space, numbers: Iterable[int]) -> list[Person]:
    """Many learners at once, each with an address: "Learner 7" is subject "n7"."""
    added = Person.objects.bulk_create(
        [
            Person(
                organization_id=space.organization_id,
                issuer=space.issuer,
                subject=f"n{number}",
                key=external_key(space.issuer, f"n{number}"),
                name=f"Learner {number}",
                email=f"l{number}@example.org",
            )
            for number in numbers
        ],
        batch_size=500,
    )
    # Read again: not every database says which ids it gave.
    people = list(Person.objects.filter(organization_id=space.organization_id, key__in=[one.key for one in added]))
    Membership.objects.bulk_create([Membership(space=space, person=person) for person in people], batch_size=500)
    return people


def course(*, organization: str = "Northwind", context: str = "c1", issuer: str = ISSUER, **settings: str) -> Course:
    """A course with Ana, Ben, Chen and somebody without a name. `settings` are those of its discussion."""
    owner = spaces.ensure_organization(name=organization)
    space = spaces.ensure_space(organization_id=owner.pk, issuer=issuer, external_id=context, title=f"Course {context}")
    ben = join(space, "ben", "Ben Okafor", Role.INSTRUCTOR)
    activity = spaces.create_activity(viewer=ben, title="Discuss the unit", settings=settings, external_id="first")
    return Course(
        space=space,
        activity=activity,
        ana=join(space, "ana", "Ana Torres"),
        ben=ben,
        chen=join(space, "chen", "Chen Wei"),
        nameless=join(space, "17"),
    )


def outsider() -> Viewer:
    """Dee, from another organization altogether."""
    return course(organization="Elsewhere", context="c9", issuer="https://other.example x 1").ana
