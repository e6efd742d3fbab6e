"""The members of a space among themselves: who is there, what they are called, who may write."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext

from companion import clock
from companion.errors import InvalidInput, NotAllowed, NotFound
from companion.events import PersonMuted, announce
from companion.reasons import checked_reason
from companion.spaces.audit import record_act
from companion.spaces.models import Group, GroupMembership, Membership, Person
from companion.viewer import Role, Viewer

STAFF: Final = [role.value for role in Role if role is not Role.LEARNER]
# Until somebody lifts it: a date that every database can hold.
UNTIL_LIFTED: Final = timedelta(days=365 * 100)
# Since when somebody is in a space of whom that is not known: before everything else.
UNKNOWN: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A member as others see them. `number` tells two of one name apart."""

    person_id: int
    name: str
    role: str
    is_staff: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MutedMember:
    person_id: int
    name: str
    until: datetime
    reason: str

    @property
    def is_until_lifted(self) -> bool:
        return self.until > clock.now() + UNTIL_LIFTED / 2


def shown_name(*, person_id: int, name: str) -> str:
    """What somebody is called; a platform that withholds names sends only an id, and a number keeps two apart."""
    return name or gettext("Participant %(number)d") % {"number": person_id}


def is_member(*, space_id: int, person_id: int) -> bool:
    return Membership.objects.filter(space_id=space_id, person_id=person_id, left_at=None).exists()


def name_in_space(*, space_id: int, person_id: int) -> str | None:
    """What somebody who is or was in a space is called there; None for everybody else."""
    membership = Membership.objects.filter(space_id=space_id, person_id=person_id).select_related("person").first()
    return shown_name(person_id=person_id, name=membership.person.name) if membership else None


def name_in_organization(*, organization_id: int, person_id: int) -> str | None:
    """What somebody of an organization is called; None for everybody else."""
    name = Person.objects.filter(organization_id=organization_id, pk=person_id).values_list("name", flat=True).first()
    return None if name is None else shown_name(person_id=person_id, name=name)


def names_of(person_ids: Collection[int]) -> dict[int, str]:
    """What these people are called."""
    found = Person.objects.filter(pk__in=person_ids).values_list("pk", "name") if person_ids else ()
    return {pk: shown_name(person_id=pk, name=name) for pk, name in found}


def still_members(*, organization_id: int, person_ids: Collection[int]) -> set[int]:
    """Those of these people who are in one of the organization's spaces now."""
    here = Membership.objects.filter(person_id__in=person_ids, left_at=None, space__organization_id=organization_id)
    return set(here.values_list("person_id", flat=True)) if person_ids else set()


def gone_among(person_ids: Collection[int]) -> set[int]:
    """Those of these people who are in no space any more."""
    here = Membership.objects.filter(person_id__in=person_ids, left_at=None).values_list("person_id", flat=True)
    return set(person_ids).difference(here) if person_ids else set()


def is_staff(*, space_id: int, person_id: int) -> bool:
    """Whether somebody is of the course staff of a space now."""
    here = Membership.objects.filter(space_id=space_id, person_id=person_id, left_at=None, role__in=STAFF)
    return here.exists()


def instructors_of(*, space_id: int) -> list[int]:
    """Who teaches in a space now, in the order of their ids (100 at most)."""
    teaching = Membership.objects.filter(space_id=space_id, left_at=None, role=Role.INSTRUCTOR.value)
    return list(teaching.order_by("person_id").values_list("person_id", flat=True)[:100])


def spaces_of(*, organization_id: int, person_id: int) -> list[int]:
    """The ids of the spaces of an organization in which somebody is now, the latest visited first (200 at most)."""
    mine = Membership.objects.filter(person_id=person_id, left_at=None, space__organization_id=organization_id)
    return list(mine.order_by("-launched_at", "-pk").values_list("space_id", flat=True)[:200])


def learners_of(*, space_id: int, person_ids: Collection[int]) -> dict[int, Person]:
    """Those of these people who are learners in a space now, by id."""
    learners = Membership.objects.filter(
        space_id=space_id, person_id__in=person_ids, left_at=None, role=Role.LEARNER.value
    )
    return {membership.person_id: membership.person for membership in learners.select_related("person")}


def joined_learners(*, space_id: int, person_ids: Collection[int]) -> dict[int, datetime]:
    """When those of these people who are learners in a space now came to it, by id.

    Of somebody who was there before that was noted, it is the first moment that is known.
    """
    here = Membership.objects.filter(
        space_id=space_id, person_id__in=person_ids, left_at=None, role=Role.LEARNER.value
    ).values_list("person_id", "joined_at", "listed_at", "launched_at")
    return {
        person_id: joined_at or min(filter(None, (listed_at, launched_at)), default=UNKNOWN)
        for person_id, joined_at, listed_at, launched_at in here
    }


def all_learners(*, space_id: int) -> list[int]:
    """The ids of everybody who learns in a space now, in their order."""
    here = Membership.objects.filter(space_id=space_id, left_at=None, role=Role.LEARNER.value)
    return list(here.order_by("person_id").values_list("person_id", flat=True))


def find_members(
    *,
    viewer: Viewer,
    start: str = "",
    names: Collection[str] = (),
    ids: Collection[int] = (),
    group_id: int | None = None,
) -> list[Member]:
    """Members of the viewer's space: those whose name has a word that begins with `start` (10 at most), or exactly
    those of these names and ids. With `group_id`, the group's and the staff only.

    In the order of their names: nothing that somebody did, by name or without one, decides.
    """
    members = Membership.objects.filter(space_id=viewer.space_id, left_at=None)
    if group_id is not None:
        in_group = GroupMembership.objects.filter(group_id=group_id).values("person_id")
        members = members.filter(Q(person_id__in=in_group) | Q(role__in=STAFF))
    if start:
        members = members.filter(Q(person__name__istartswith=start) | Q(person__name__icontains=f" {start}"))
    else:
        named = Person.objects.filter(organization_id=viewer.organization_id, name__in=names).exclude(name="")
        members = members.filter(Q(person_id__in=ids) | Q(person_id__in=named.values("pk")))
    found = members.order_by("person__name", "person_id").values_list("person_id", "person__name", "role")
    return [
        Member(person_id=pk, name=shown_name(person_id=pk, name=name), role=role, is_staff=role in STAFF)
        for pk, name, role in found[: 10 if start else 500]
    ]


def list_groups(*, viewer: Viewer) -> list[tuple[int, str]]:
    """(id, name) of the groups that the viewer may write for: their own, for the staff all (200 at most)."""
    groups = Group.objects.filter(space_id=viewer.space_id)
    if not viewer.is_staff:
        groups = groups.filter(pk__in=viewer.group_ids)
    return sorted(((group.pk, str(group)) for group in groups[:200]), key=lambda group: group[1])


def people_in_groups(*, viewer: Viewer) -> QuerySet[Membership, int]:
    """The ids of the people with whom the viewer shares a group: whoever is in none shares it with those who are in
    none either, in a course without groups with everybody.
    """
    if viewer.group_ids:
        mine = GroupMembership.objects.filter(group_id__in=viewer.group_ids)
        return mine.values_list("person_id", flat=True)  # type: ignore[return-value]
    grouped = GroupMembership.objects.filter(group__space_id=viewer.space_id).values("person_id")
    here = Membership.objects.filter(space_id=viewer.space_id, left_at=None).exclude(person_id__in=grouped)
    return here.values_list("person_id", flat=True)


def groups_of(*, space_id: int, person_id: int) -> frozenset[int]:
    """The ids of somebody's groups in a space."""
    mine = GroupMembership.objects.filter(person_id=person_id, group__space_id=space_id)
    return frozenset(mine.values_list("group_id", flat=True))


# -- mute ------------------------------------------------------------------------------------------------------


def muted_reason_of(viewer: Viewer) -> QuerySet[Membership, str]:
    """Why the viewer may only read at present, as a query of one or no text, for use inside another one."""
    muted = Membership.objects.filter(space_id=viewer.space_id, person_id=viewer.person_id, muted_until__gt=clock.now())
    return muted.values_list("muted_reason", flat=True)


def must_not_be_muted(*, viewer: Viewer) -> None:
    """Raises NotAllowed, with the reason, for somebody who may only read at present."""
    refuse_muted(muted_reason_of(viewer).first())


def refuse_muted(reason: str | None) -> None:
    """The same for a reason that was asked for already; None is "not muted". Raises NotAllowed."""
    if reason is not None:
        raise NotAllowed(
            gettext("The course staff has asked you to only read here for now: %(reason)s") % {"reason": reason}
        )


@transaction.atomic
def mute_person(*, viewer: Viewer, person_id: int, days: int, reason: str) -> None:
    """Let a member only read in the viewer's space, for so many days (0: until it is lifted), with a reason that
    they read.

    Raises NotAllowed (not the staff; or the other one is), NotFound, InvalidInput.
    """
    membership = _membership(viewer, person_id)
    if membership.role in STAFF:
        raise NotAllowed(gettext("Members of the course staff cannot be muted."))
    reason = checked_reason(reason, missing=gettext("Say why: they read it."))
    if not 0 <= days <= 365:
        raise InvalidInput({"days": gettext("At most a year.")})
    membership.muted_until = clock.now() + (timedelta(days=days) if days else UNTIL_LIFTED)
    membership.muted_reason = reason
    membership.save(update_fields=["muted_until", "muted_reason"])
    record_act(viewer=viewer, act="mute", person_id=person_id, reason=reason)
    announce(_muted(viewer, person_id, is_muted=True))


@transaction.atomic
def unmute_person(*, viewer: Viewer, person_id: int) -> None:
    """Let them write again. Raises NotAllowed, NotFound."""
    membership = _membership(viewer, person_id)
    if membership.muted_until is not None:
        membership.muted_until, membership.muted_reason = None, ""
        membership.save(update_fields=["muted_until", "muted_reason"])
        record_act(viewer=viewer, act="unmute", person_id=person_id)
        announce(_muted(viewer, person_id, is_muted=False))


def list_muted(*, viewer: Viewer) -> list[MutedMember]:
    """Who only reads at present (200 at most). Raises NotAllowed."""
    _must_be_staff(viewer)
    muted = Membership.objects.filter(space_id=viewer.space_id, muted_until__gt=clock.now()).select_related("person")
    return [
        MutedMember(
            person_id=row.person_id,
            name=shown_name(person_id=row.person_id, name=row.person.name),
            until=row.muted_until,
            reason=row.muted_reason,
        )
        for row in muted.order_by("muted_until", "pk")[:200]
        if row.muted_until is not None
    ]


def _membership(viewer: Viewer, person_id: int) -> Membership:
    _must_be_staff(viewer)
    membership = Membership.objects.select_for_update().filter(space_id=viewer.space_id, person_id=person_id).first()
    if membership is None:
        raise NotFound(gettext("There is nobody of this name in the course."))
    return membership


def _must_be_staff(viewer: Viewer) -> None:
    if not viewer.is_staff:
        raise NotAllowed(gettext("Only the course staff can do this."))


def _muted(viewer: Viewer, person_id: int, *, is_muted: bool) -> PersonMuted:
    return PersonMuted(
        organization_id=viewer.organization_id, space_id=viewer.space_id, person_id=person_id, is_muted=is_muted
    )
