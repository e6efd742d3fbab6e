"""Verbs and readings of organizations, people, spaces and activities.

The hosts (LTI, XBlock) call the first half at each launch; every other area gets its activities through
`get_activity`. `Person`, `Space` and `Activity` rows may be read by callers, never written.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.text import slugify
from django.utils.translation import gettext

from companion import clock, markdown
from companion.errors import InvalidInput, NotAllowed, NotFound
from companion.events import ActivityConfigured, RosterSynced, announce
from companion.spaces.keys import external_key
from companion.spaces.kinds import DiscussionSettings, Kind, read_settings, write_settings
from companion.spaces.models import Activity, Group, GroupMembership, Membership, Organization, Person, Space
from companion.text import clean_line
from companion.viewer import Role, Viewer

__all__ = [
    "Activity",
    "Organization",
    "Person",
    "RosterMember",
    "Space",
    "active_people",
    "admit_person",
    "configure_activity",
    "create_activity",
    "enrol",
    "ensure_activity",
    "ensure_organization",
    "ensure_space",
    "find_activity",
    "find_organization",
    "find_person",
    "find_space",
    "follow_activity",
    "forget_person",
    "get_activity",
    "leave_space",
    "list_activities",
    "must_configure",
    "note_visit",
    "preview_activity",
    "record_membership",
    "set_groups",
    "sync_roster",
]


# A visit is noted once in this time.
VISIT: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class RosterMember:
    """One line of a platform's roster. `active` is False for suspended and deleted members."""

    subject: str
    role: Role
    name: str = ""
    email: str = ""
    active: bool = True


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
        "name": clean_line(name)[:255],
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


def record_membership(*, space_id: int, person_id: int, role: Role) -> Membership:
    """The person has been launched into the space with this role: the platform's word, also where it took one away."""
    now = clock.now()
    membership, is_new = Membership.objects.get_or_create(
        space_id=space_id, person_id=person_id, defaults={"role": role.value, "launched_at": now}
    )
    if not is_new:
        membership.role, membership.launched_at, membership.left_at = role.value, now, None
        membership.save(update_fields=["role", "launched_at", "left_at"])
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


def enrol(*, space_id: int, person_id: int, role: Role) -> None:
    """The platform says that somebody is a member now. A role that is known from a visit stays."""
    membership, is_new = Membership.objects.get_or_create(
        space_id=space_id, person_id=person_id, defaults={"role": role.value}
    )
    if not is_new and membership.left_at is not None:
        Membership.objects.filter(pk=membership.pk).update(left_at=None, role=role.value)


def leave_space(*, issuer: str, external_id: str, organization_id: int, subject: str) -> None:
    """The platform says that somebody is no longer enrolled. What they wrote stays."""
    Membership.objects.filter(
        space__organization_id=organization_id,
        space__key=external_key(issuer, external_id),
        person__key=external_key(issuer, subject),
        left_at=None,
    ).update(left_at=clock.now())


def find_space(*, organization_id: int, issuer: str, external_id: str) -> Space | None:
    """The space of a platform's context, or None before its first launch."""
    return Space.objects.filter(organization_id=organization_id, key=external_key(issuer, external_id)).first()


def find_person(*, space_id: int, issuer: str, subject: str) -> Person | None:
    """The person with this (issuer, subject) in the organization of a space."""
    people = Person.objects.filter(organization__spaces=space_id, key=external_key(issuer, subject))
    return people.first()


def forget_person(*, issuer: str, subject: str) -> list[int]:
    """Take a person's name, e-mail, picture, groups and memberships away, in every organization that knows them.

    Gives their ids. The row stays without anything that identifies: what they wrote points to it. Twice is once.
    """
    people = Person.objects.filter(key=external_key(issuer, subject))
    ids = list(people.values_list("pk", flat=True))
    Membership.objects.filter(person_id__in=ids).delete()
    GroupMembership.objects.filter(person_id__in=ids).delete()
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
    Membership.objects.bulk_create(
        [
            Membership(space_id=space_id, person_id=person_id, role=member.role.value, listed_at=now)
            for person_id, member in active.items()
            if person_id not in known
        ],
        ignore_conflicts=True,
        batch_size=500,
    )
    suspended = {people[key].pk for key, member in listed.items() if not member.active}
    left = [
        membership.pk
        for person_id, membership in known.items()
        if person_id not in active and membership.left_at is None and (membership.listed_at or person_id in suspended)
    ]
    stay = [membership for person_id, membership in known.items() if person_id in active]
    _take_roles(stay, active)
    for batch in _batches([membership.pk for membership in stay]):
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
                name=clean_line(listed[key].name)[:255],
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


# -- activities ----------------------------------------------------------------------------------------------


def get_activity(*, viewer: Viewer, uid: UUID) -> Activity:
    """The gate of every activity. Raises NotFound where there is none or the viewer is not in its space."""
    activity = Activity.objects.visible_to(viewer).filter(uid=uid).first()
    if activity is None:
        raise NotFound(gettext("There is no such activity here."))
    return activity


def list_activities(*, viewer: Viewer, kind: Kind = Kind.DISCUSSION) -> list[Activity]:
    """The activities of the viewer's space, the newest first (200 at most)."""
    return list(Activity.objects.visible_to(viewer).filter(kind=kind).order_by("-id")[:200])


def find_activity(*, organization_id: int, uid: UUID) -> Activity | None:
    """An activity anywhere in an organization, for a host that decides what its link means."""
    return Activity.objects.filter(uid=uid, space__organization_id=organization_id).first()


def ensure_activity(*, space_id: int, external_id: str, title: str, like: Activity | None = None) -> Activity:
    """The activity of a link that a platform placed, made at its first launch.

    `like` is the activity that the link was copied from: its settings come along, its posts do not.
    """
    facts: dict[str, object] = {"title": clean_line(title)[:200] or gettext("Discussion")}
    if like is not None:
        facts |= {"kind": like.kind, "settings": like.settings, "prompt_html": like.prompt_html}
    else:
        facts["settings"] = write_settings(DiscussionSettings())
    return Activity.objects.get_or_create(space_id=space_id, key=external_key(external_id), defaults=facts)[0]


def follow_activity(
    *,
    space_id: int,
    external_id: str,
    title: str,
    settings: Mapping[str, object],
    opens_at: datetime | None = None,
    closes_at: datetime | None = None,
    kind: Kind = Kind.DISCUSSION,
) -> Activity:
    """The activity of a placement whose settings live in the platform: made at its first visit, changed to match.

    Raises InvalidInput with a sentence per field.
    """
    values = _activity_values(kind, title, settings, opens_at, closes_at)
    activity, is_new = Activity.objects.get_or_create(
        space_id=space_id, key=external_key(external_id), defaults={"kind": kind, **values}
    )
    changed = [] if is_new else [field for field, value in values.items() if getattr(activity, field) != value]
    if changed:
        for field in changed:
            setattr(activity, field, values[field])
        activity.save(update_fields=changed)
    return activity


def preview_activity(
    *,
    space_id: int | None,
    external_id: str,
    title: str,
    settings: Mapping[str, object],
    opens_at: datetime | None = None,
    closes_at: datetime | None = None,
    kind: Kind = Kind.DISCUSSION,
) -> Activity:
    """What `follow_activity` would give, without writing anything. Raises InvalidInput."""
    values = _activity_values(kind, title, settings, opens_at, closes_at)
    known = Activity.objects.filter(space_id=space_id, key=external_key(external_id)).first() if space_id else None
    activity = known or Activity(kind=kind)
    for field, value in values.items():
        setattr(activity, field, value)
    return activity


@transaction.atomic
def create_activity(
    *,
    viewer: Viewer,
    title: str,
    kind: Kind = Kind.DISCUSSION,
    settings: Mapping[str, object] | None = None,
    opens_at: datetime | None = None,
    closes_at: datetime | None = None,
    external_id: str,
) -> Activity:
    """A new activity in the viewer's space. The same `external_id` again gives the one that exists.

    Raises NotAllowed for somebody who may not place activities, InvalidInput with a sentence per field.
    """
    must_configure(viewer=viewer)
    values = _activity_values(kind, title, settings or {}, opens_at, closes_at)
    try:
        with transaction.atomic():
            activity = Activity.objects.create(
                space_id=viewer.space_id, key=external_key(external_id), kind=kind, **values
            )
    except IntegrityError:
        return Activity.objects.get(space_id=viewer.space_id, key=external_key(external_id))
    announce(_configured(viewer, activity))
    return activity


@transaction.atomic
def configure_activity(
    *,
    viewer: Viewer,
    uid: UUID,
    title: str,
    settings: Mapping[str, object],
    opens_at: datetime | None = None,
    closes_at: datetime | None = None,
) -> Activity:
    """Change an activity's title, settings and dates. Posts keep the anonymity they were made with.

    Raises NotFound, NotAllowed, InvalidInput.
    """
    activity = get_activity(viewer=viewer, uid=uid)
    must_configure(viewer=viewer)
    values = _activity_values(Kind(activity.kind), title, settings, opens_at, closes_at)
    for field, value in values.items():
        setattr(activity, field, value)
    activity.save(update_fields=list(values))
    announce(_configured(viewer, activity))
    return activity


def must_configure(*, viewer: Viewer) -> None:
    """Raises NotAllowed for whoever may not place activities and change their settings."""
    if not viewer.can_configure:
        raise NotAllowed(gettext("Only instructors can change activities."))


def _configured(viewer: Viewer, activity: Activity) -> ActivityConfigured:
    return ActivityConfigured(organization_id=viewer.organization_id, space_id=viewer.space_id, activity_id=activity.pk)


def _activity_values(
    kind: Kind,
    title: str,
    settings: Mapping[str, object],
    opens_at: datetime | None,
    closes_at: datetime | None,
) -> dict[str, object]:
    errors: dict[str, str] = {}
    title = clean_line(title)
    if not title:
        errors["title"] = gettext("Give it a title.")
    elif len(title) > 200:
        errors["title"] = gettext("At most %(limit)d characters, please.") % {"limit": 200}
    if opens_at and closes_at and closes_at <= opens_at:
        errors["closes_at"] = gettext("The closing date must be after the opening date.")
    try:
        read = read_settings(kind, settings)
    except InvalidInput as invalid:
        errors |= invalid.errors
    if errors:
        raise InvalidInput(errors)
    return {
        "title": title,
        "settings": write_settings(read),
        "prompt_html": markdown.render(read.prompt) if read.prompt else "",
        "opens_at": opens_at,
        "closes_at": closes_at,
    }
