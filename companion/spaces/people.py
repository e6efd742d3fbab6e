"""Organizations, people, course runs and who is in them, as the hosts tell us."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import timedelta
from functools import partial
from typing import Final

from django.db import transaction
from django.utils.text import slugify
from django.utils.translation import gettext

from companion import clock
from companion.errors import InvalidInput
from companion.events import PersonJoined, PersonLeft, announce
from companion.kept import kept
from companion.spaces.keys import external_key
from companion.spaces.models import AuditEntry, Group, GroupMembership, Membership, Organization, Person, Space
from companion.text import clean_line, is_blank
from companion.viewer import Role

# A visit is noted once in this time.
VISIT: Final = timedelta(hours=1)
# So many keys are asked for in one statement.
_BATCH: Final = 500


def ensure_organization(*, name: str) -> Organization:
    """The organization of this name, made if it is new.

    Raises InvalidInput for a name without a letter or digit.
    """
    name = clean_line(name)[:200]
    if not name:
        raise InvalidInput({"organization": gettext("An organization needs a name.")})
    return Organization.objects.get_or_create(slug=_slug(name), defaults={"name": name})[0]


def find_organization(*, name: str) -> Organization | None:
    """The organization of this name, or None."""
    return Organization.objects.filter(slug=_slug(clean_line(name)[:200])).first()


def shows_people(*, organization_id: int) -> bool:
    """Whether an organization has pages of people."""
    shown = Organization.objects.filter(pk=organization_id).values_list("shows_people", flat=True).first()
    return bool(shown)


def watched_words(*, organization_id: int) -> list[str]:
    """The words and phrases that an organization wants its course staff to hear of; a change shows in a minute."""
    return kept(f"companion.words.{organization_id}", partial(_words, organization_id), seconds=60)


def _words(organization_id: int) -> list[str]:
    text = Organization.objects.filter(pk=organization_id).values_list("watched_words", flat=True).first()
    return [word for line in (text or "").splitlines() if (word := clean_line(line))]


def _slug(name: str) -> str:
    return slugify(name)[:100] or external_key(name)[:16]


def admit_person(
    *,
    organization_id: int,
    issuer: str,
    subject: str,
    name: str = "",
    email: str = "",
    picture_url: str = "",
    locale: str = "",
) -> Person:
    """The person with this (issuer, subject), made at the first launch and refreshed at each later one.

    Empty values are taken as "withheld" and clear what was known: a learner who stops sharing a name must not be
    called by it again. What old posts show does not change.
    """
    facts = {
        # A name that cannot be seen is none.
        "name": "" if is_blank(name) else clean_line(name)[:255],
        "email": clean_line(email)[:320],
        "picture_url": picture_url[:1000] if picture_url.startswith("https://") else "",
        "locale": clean_line(locale)[:35],
    }
    person, is_new = Person.objects.get_or_create(
        organization_id=organization_id,
        key=external_key(issuer, subject),
        defaults={"issuer": issuer[:500], "subject": subject[:255], **facts},
    )
    changed = [] if is_new else [field for field, value in facts.items() if getattr(person, field) != value]
    for field in changed:
        setattr(person, field, facts[field])
    if changed:
        person.save(update_fields=changed)
    return person


def ensure_space(*, organization_id: int, issuer: str, external_id: str, title: str = "", label: str = "") -> Space:
    """The space of a platform's context, made at the first launch; its title follows the platform's."""
    facts = {"title": clean_line(title)[:500], "label": clean_line(label)[:255]}
    space, is_new = Space.objects.get_or_create(
        organization_id=organization_id,
        key=external_key(issuer, external_id),
        defaults={"issuer": issuer[:500], "external_id": external_id[:500], **facts},
    )
    changed = [] if is_new else [field for field, value in facts.items() if value and getattr(space, field) != value]
    for field in changed:
        setattr(space, field, facts[field])
    if changed:
        space.save(update_fields=changed)
    return space


@transaction.atomic
def record_membership(*, space_id: int, person_id: int, role: Role) -> Membership:
    """The person has been launched into the space with this role: the platform's word, also where it took one away."""
    now = clock.now()
    membership, is_new = Membership.objects.get_or_create(
        space_id=space_id, person_id=person_id, defaults={"role": role.value, "launched_at": now}
    )
    came_back = membership.left_at is not None
    has_changed = membership.role != role.value
    if not is_new:
        membership.role, membership.launched_at, membership.left_at = role.value, now, None
        if came_back:
            membership.joined_at = now
        membership.save(update_fields=["role", "launched_at", "left_at", "joined_at"])
    if is_new or came_back or has_changed:
        announce(PersonJoined(space_id=space_id, person_id=person_id))
    return membership


def note_visit(*, space_id: int, person_id: int, role: Role) -> bool:
    """The person is in the space with this role, as a host sees at each request.

    Gives whether that was news (first visit, another role, or the last one over VISIT ago), so that a host refreshes
    what costs more, and writes only then.
    """
    known = Membership.objects.filter(
        space_id=space_id,
        person_id=person_id,
        role=role.value,
        left_at=None,
        launched_at__gt=clock.now() - VISIT,
    )
    if known.exists():
        return False
    record_membership(space_id=space_id, person_id=person_id, role=role)
    return True


@transaction.atomic
def enrol(*, space_id: int, person_id: int, role: Role) -> None:
    """The platform says that somebody is a member now. A role that is known from a visit stays."""
    membership, is_new = Membership.objects.get_or_create(
        space_id=space_id, person_id=person_id, defaults={"role": role.value}
    )
    came_back = membership.left_at is not None
    if came_back:
        Membership.objects.filter(pk=membership.pk).update(left_at=None, role=role.value, joined_at=clock.now())
    if is_new or came_back:
        announce(PersonJoined(space_id=space_id, person_id=person_id))


@transaction.atomic
def leave_space(*, issuer: str, external_id: str, organization_id: int, subject: str) -> None:
    """The platform says that somebody is no longer enrolled. What they wrote stays."""
    left = Membership.objects.filter(
        space__organization_id=organization_id,
        space__key=external_key(issuer, external_id),
        person__key=external_key(issuer, subject),
        left_at=None,
    )
    for membership in left:
        if left.filter(pk=membership.pk).update(left_at=clock.now()):
            announce(PersonLeft(space_id=membership.space_id, person_id=membership.person_id))


def find_space(*, organization_id: int, issuer: str, external_id: str) -> Space | None:
    """The space of a platform's context, or None before its first launch."""
    return Space.objects.filter(organization_id=organization_id, key=external_key(issuer, external_id)).first()


def get_space(*, space_id: int) -> Space:
    """A space whose id is known to be one."""
    return Space.objects.get(pk=space_id)


def find_person(*, space_id: int, issuer: str, subject: str) -> Person | None:
    """The person with this (issuer, subject) in the organization of a space."""
    people = Person.objects.filter(organization__spaces=space_id, key=external_key(issuer, subject))
    return people.first()


def people_by_subject(*, space_id: int, issuer: str, subjects: Collection[str]) -> dict[int, str]:
    """(person's id -> subject) of those of these subjects of an issuer that the space's organization knows."""
    subject_of = {external_key(issuer, subject): subject for subject in subjects}
    keys, found = list(subject_of), dict[int, str]()
    for start in range(0, len(keys), _BATCH):
        people = Person.objects.filter(organization__spaces=space_id, key__in=keys[start : start + _BATCH])
        found |= {pk: subject_of[key] for pk, key in people.values_list("pk", "key")}
    return found


def subjects_of(*, issuer: str, person_ids: Collection[int]) -> dict[int, str]:
    """What an issuer calls those of these people whom it vouches for, by id."""
    people = Person.objects.filter(pk__in=person_ids, issuer=issuer)
    return dict(people.values_list("pk", "subject"))


def address_of(*, person_id: int) -> str:
    """Somebody's e-mail address, for themselves or a letter to them; "" where the platform passes on none."""
    return Person.objects.filter(pk=person_id).values_list("email", flat=True).first() or ""


def knows_domain(*, organization_id: int, domain: str) -> bool:
    """Whether somebody of an organization has an e-mail address of this domain."""
    return Person.objects.filter(organization_id=organization_id, email__iendswith=f"@{domain}").exists()


def people_with_address(*, organization_id: int, address: str) -> list[int]:
    """The ids of the people of an organization who have this e-mail address (100 at most)."""
    people = Person.objects.filter(organization_id=organization_id, email=clean_line(address))
    return list(people.exclude(email="").values_list("pk", flat=True)[:100])


def forget_person(*, issuer: str, subject: str) -> list[int]:
    """Take a person's name, e-mail, picture, groups and memberships away, in every organization that knows them.

    Gives their ids. The row stays without anything that identifies: what they wrote points to it. Twice is once.
    """
    people = Person.objects.filter(key=external_key(issuer, subject))
    ids = list(people.values_list("pk", flat=True))
    Membership.objects.filter(person_id__in=ids).delete()
    GroupMembership.objects.filter(person_id__in=ids).delete()
    AuditEntry.objects.filter(actor_id__in=ids).update(actor=None, actor_name="")
    AuditEntry.objects.filter(person_id__in=ids).update(person=None)
    for pk in ids:
        # A key that no launch can give: the same account would be a new person.
        gone = f"retired {pk}"
        Person.objects.filter(pk=pk).update(
            subject=gone, key=external_key("", gone), name="", email="", picture_url="", locale=""
        )
    return ids


@transaction.atomic
def set_groups(*, space_id: int, person_id: int, external_ids: Iterable[str]) -> frozenset[int]:
    """The person's groups in a space are exactly these; gives their ids. New ones are made."""
    wanted = {external_key(external): external for external in external_ids if external}
    known = {group.key: group.pk for group in Group.objects.filter(space_id=space_id, key__in=wanted)}
    for key, external in wanted.items():
        if key not in known:
            group, _new = Group.objects.get_or_create(
                space_id=space_id, key=key, defaults={"external_id": external[:255]}
            )
            known[key] = group.pk
    mine = GroupMembership.objects.filter(person_id=person_id, group__space_id=space_id)
    current = set(mine.values_list("group_id", flat=True))
    if current - set(known.values()):
        mine.exclude(group_id__in=known.values()).delete()
    GroupMembership.objects.bulk_create(
        [GroupMembership(group_id=group_id, person_id=person_id) for group_id in set(known.values()) - current],
        ignore_conflicts=True,
    )
    return frozenset(known.values())
