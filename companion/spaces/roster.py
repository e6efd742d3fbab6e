"""A platform's whole roster, taken at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from companion import clock
from companion.events import RosterSynced, announce
from companion.spaces.keys import external_key
from companion.spaces.models import Membership, Person, Space
from companion.text import clean_line, is_blank
from companion.viewer import Role


@dataclass(frozen=True, slots=True, kw_only=True)
class RosterMember:
    """One line of a platform's roster. `active` is False for suspended and deleted members."""

    subject: str
    role: Role
    name: str = ""
    email: str = ""
    active: bool = True


@transaction.atomic
def sync_roster(*, space_id: int, issuer: str, members: Iterable[RosterMember]) -> tuple[int, int]:
    """Take a platform's whole roster: new members are added, those who are gone or suspended have left.

    Gives (active, left). What people wrote stays. Whoever is launched again is a member again. Somebody whom no
    roster ever listed but who is launched (a site administrator, say) is not judged by it.
    """
    space = Space.objects.select_for_update().get(pk=space_id)
    now = clock.now()
    listed = {external_key(issuer, member.subject): member for member in members}
    people = _people_of_roster(space, issuer, listed)
    known = {membership.person_id: membership for membership in space.memberships.all()}
    active = {people[key].pk: member for key, member in listed.items() if member.active}
    new = [
        Membership(space_id=space_id, person_id=person_id, role=member.role.value, listed_at=now)
        for person_id, member in active.items()
        if person_id not in known
    ]
    for batch in _batches(new):
        Membership.objects.bulk_create(batch, ignore_conflicts=True)
    suspended = {people[key].pk for key, member in listed.items() if not member.active}
    left = [
        membership.pk
        for person_id, membership in known.items()
        if person_id not in active and membership.left_at is None and (membership.listed_at or person_id in suspended)
    ]
    stay = [membership for person_id, membership in known.items() if person_id in active]
    _take_roles(stay, active)
    for batch in _batches([membership.pk for membership in stay]):
        came_back = Membership.objects.filter(pk__in=batch).exclude(left_at=None)
        came_back.update(joined_at=now)
        Membership.objects.filter(pk__in=batch).update(listed_at=now, left_at=None)
    for batch in _batches(left):
        Membership.objects.filter(pk__in=batch).update(left_at=now)
    announce(RosterSynced(organization_id=space.organization_id, space_id=space_id, active=len(active), left=len(left)))
    return len(active), len(left)


def _take_roles(memberships: Iterable[Membership], active: Mapping[int, RosterMember]) -> None:
    """The roster's roles for those who were never launched.

    A launch is newer and finer: Moodle's roster calls a non-editing teacher a learner.
    """
    changed = []
    for membership in memberships:
        role = active[membership.person_id].role.value
        if membership.launched_at is None and membership.role != role:
            membership.role = role
            changed.append(membership)
    Membership.objects.bulk_update(changed, ["role"], batch_size=500)


def _batches(items: list[Any], size: int = 500) -> Iterator[list[Any]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]


def active_people(*, space_id: int) -> set[int]:
    """The ids of the people who are members of a space now."""
    return set(Membership.objects.filter(space_id=space_id, left_at=None).values_list("person_id", flat=True))


def _people_of_roster(space: Space, issuer: str, listed: Mapping[str, RosterMember]) -> dict[str, Person]:
    """The people of a roster by key; those whom we did not know are made."""
    people = _people_by_key(space, list(listed))
    new = [key for key in listed if key not in people]
    Person.objects.bulk_create(
        [
            Person(
                organization_id=space.organization_id,
                issuer=issuer[:500],
                subject=listed[key].subject[:255],
                key=key,
                name="" if is_blank(listed[key].name) else clean_line(listed[key].name)[:255],
                email=clean_line(listed[key].email)[:320],
            )
            for key in new
        ],
        ignore_conflicts=True,
        batch_size=500,
    )
    # Read again: a launch may have made one of them in between, and not every engine gives ids back.
    return people | _people_by_key(space, new)


def _people_by_key(space: Space, keys: list[str]) -> dict[str, Person]:
    return {
        person.key: person
        for batch in _batches(keys)
        for person in Person.objects.filter(organization_id=space.organization_id, key__in=batch)
    }
