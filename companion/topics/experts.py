"""Who holds which topic: granted by instructors, or asked for and approved, with an expiry."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext

from companion import clock
from companion.errors import InvalidInput, NotAllowed, NotFound
from companion.events import ExpertiseGranted, ExpertiseRequested, ExpertiseWithdrawn, announce
from companion.spaces import api as spaces
from companion.text import clean_line
from companion.topics.models import Expert, ExpertProfile, OnCall, Topic, TopicFollow
from companion.topics.naming import ensure_topics, find_topics, get_topic, topic_key
from companion.viewer import Viewer


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpertRow:
    """An expert as a list shows them. `on_call` are their days for the topic, as ISO digits, or ""."""

    person_id: int
    name: str
    expires_at: datetime | None
    on_call: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Nomination:
    """Somebody who would hold a topic."""

    person_id: int
    name: str
    topic_id: int
    topic: str


def holds_topic(*, viewer: Viewer, topics: Sequence[str]) -> bool:
    """Whether the viewer is an expert for one of these topics (or names of topics) now. One query; none without."""
    keys = [topic_key(name) for name in topics]
    named = Q(topic__key__in=keys) | Q(topic__synonyms__key__in=keys)
    mine = _current().filter(named, person_id=viewer.person_id, topic__organization_id=viewer.organization_id)
    return bool(keys) and mine.exists()


def topic_ids_of(*, viewer: Viewer) -> list[int]:
    """The topics that the viewer holds now, with those that were merged into them."""
    held = _current().filter(person_id=viewer.person_id).values_list("topic_id", flat=True)
    found = Topic.objects.filter(Q(pk__in=held) | Q(merged_into__in=held), organization_id=viewer.organization_id)
    return list(found.values_list("pk", flat=True))


def topics_held(*, organization_id: int, person_id: int) -> list[tuple[int, str]]:
    """(id, name) of what somebody holds now, by name."""
    held = _current().filter(person_id=person_id, topic__organization_id=organization_id)
    return list(held.order_by("topic__name").values_list("topic_id", "topic__name"))


def list_experts(*, viewer: Viewer, topic: str) -> list[ExpertRow]:
    """The experts of a topic, by name (200 at most)."""
    found = find_topics(organization_id=viewer.organization_id, names=[topic])
    if not found:
        return []
    experts = _current().filter(topic_id=found[0].id).select_related("person").order_by("person__name", "pk")[:200]
    days: dict[int, str] = {}
    for turn in OnCall.objects.filter(topic_id=found[0].id):
        days[turn.person_id] = "".join(sorted({*days.get(turn.person_id, ""), *turn.weekdays}))
    return [
        ExpertRow(
            person_id=expert.person_id,
            name=spaces.shown_name(person_id=expert.person_id, name=expert.person.name),
            expires_at=expert.expires_at,
            on_call=days.get(expert.person_id, ""),
        )
        for expert in experts
    ]


def expert_ids(*, organization_id: int, topic_ids: Collection[int]) -> dict[int, int]:
    """Who holds one of these topics now, as {person: topic}; people who have left every course are not among them."""
    held = _current().filter(topic_id__in=topic_ids, topic__organization_id=organization_id).order_by("-topic_id")
    found = dict(held.values_list("person_id", "topic_id"))
    here = spaces.still_members(organization_id=organization_id, person_ids=found)
    return {person_id: topic_id for person_id, topic_id in found.items() if person_id in here}


@transaction.atomic
def grant_expertise(*, viewer: Viewer, topic: str, person_id: int, expires_at: datetime | None = None) -> None:
    """Make a member of the viewer's space an expert for a topic; again with another expiry changes that.

    Raises NotAllowed, and InvalidInput for an empty topic, somebody who is no member, or an expiry in the past.
    """
    _must_grant(viewer)
    name = clean_line(topic)[:100]
    if not name:
        raise InvalidInput({"topic": gettext("Give the discussion a topic first.")})
    if expires_at is not None and expires_at <= clock.now():
        raise InvalidInput({"expires_at": gettext("This must be in the future.")})
    if not spaces.is_member(space_id=viewer.space_id, person_id=person_id):
        raise InvalidInput({"person": gettext("There is nobody of this name in the course.")})
    [row] = ensure_topics(organization_id=viewer.organization_id, names=[name])
    facts = {"granted_by_id": viewer.person_id, "expires_at": expires_at, "is_pending": False}
    Expert.objects.update_or_create(topic_id=row.id, person_id=person_id, defaults=facts)
    announce(ExpertiseGranted(organization_id=viewer.organization_id, topic_id=row.id, person_id=person_id))


@transaction.atomic
def withdraw_expertise(*, viewer: Viewer, topic: str, person_id: int) -> None:
    """Take a topic back, or refuse one that was asked for. What was endorsed stays endorsed. Raises NotAllowed.

    Who holds a topic may give it up themselves.
    """
    if person_id != viewer.person_id:
        _must_grant(viewer)
    for row in find_topics(organization_id=viewer.organization_id, names=[topic]):
        OnCall.objects.filter(topic_id=row.id, person_id=person_id).delete()
        if Expert.objects.filter(topic_id=row.id, person_id=person_id).delete()[0]:
            fact = {"organization_id": viewer.organization_id, "topic_id": row.id, "person_id": person_id}
            announce(ExpertiseWithdrawn(**fact))


@transaction.atomic
def request_expertise(*, viewer: Viewer, topic: str) -> None:
    """Put oneself forward for a topic that the organization has. Twice is once; nothing where one holds it.

    Raises NotFound.
    """
    found = find_topics(organization_id=viewer.organization_id, names=[topic])
    if not found:
        raise NotFound(gettext("There is no such topic here."))
    facts = {"is_pending": True, "asked_in_id": viewer.space_id}
    expert, is_new = Expert.objects.get_or_create(topic_id=found[0].id, person_id=viewer.person_id, defaults=facts)
    if not is_new and expert.expires_at is not None and expert.expires_at <= clock.now():
        Expert.objects.filter(pk=expert.pk).update(**facts, expires_at=None)
        is_new = True
    if is_new:
        place = {"organization_id": viewer.organization_id, "topic_id": found[0].id}
        announce(ExpertiseRequested(**place, person_id=viewer.person_id))


def list_nominations(*, viewer: Viewer) -> list[Nomination]:
    """Who put themselves forward in the viewer's space (100 at most). Raises NotAllowed."""
    _must_grant(viewer)
    asked = Expert.objects.filter(is_pending=True, asked_in_id=viewer.space_id).select_related("person", "topic")
    return [
        Nomination(
            person_id=expert.person_id,
            name=spaces.shown_name(person_id=expert.person_id, name=expert.person.name),
            topic_id=expert.topic_id,
            topic=expert.topic.name,
        )
        for expert in asked.order_by("granted_at", "pk")[:100]
    ]


@transaction.atomic
def approve_expertise(*, viewer: Viewer, topic_id: int, person_id: int, expires_at: datetime | None = None) -> None:
    """Grant a topic to somebody who put themselves forward. Raises NotAllowed, NotFound, InvalidInput."""
    _must_grant(viewer)
    topic = get_topic(viewer=viewer, topic_id=topic_id)
    asked = Expert.objects.filter(topic_id=topic.id, person_id=person_id, is_pending=True, asked_in_id=viewer.space_id)
    if not asked.exists():
        raise NotFound(gettext("Nobody asks for this any more."))
    grant_expertise(viewer=viewer, topic=topic.name, person_id=person_id, expires_at=expires_at)


@transaction.atomic
def refuse_expertise(*, viewer: Viewer, topic_id: int, person_id: int) -> None:
    """Refuse somebody who put themselves forward in the viewer's space. Raises NotAllowed, NotFound."""
    _must_grant(viewer)
    topic = get_topic(viewer=viewer, topic_id=topic_id)
    asked = Expert.objects.filter(topic_id=topic.id, person_id=person_id, is_pending=True, asked_in_id=viewer.space_id)
    if not asked.delete()[0]:
        raise NotFound(gettext("Nobody asks for this any more."))


def retire_experts(*, person_ids: Sequence[int]) -> None:
    """Whoever has left for good holds and follows no topic any more, and what they said of themselves goes.

    What they endorsed stays endorsed.
    """
    for kept in (Expert, OnCall, TopicFollow, ExpertProfile):
        kept._default_manager.filter(person_id__in=person_ids).delete()


def _must_grant(viewer: Viewer) -> None:
    if not viewer.can_configure:
        raise NotAllowed(gettext("Only instructors name experts."))


def _current() -> QuerySet[Expert]:
    now = clock.now()
    return Expert.objects.filter(Q(expires_at=None) | Q(expires_at__gt=now), is_pending=False)


class Standing(StrEnum):
    """How somebody stands to a topic."""

    NONE = "none"
    ASKS = "asks"
    HOLDS = "holds"


def standing(*, viewer: Viewer, topic_id: int) -> Standing:
    """Whether the viewer holds a topic, or has put themselves forward for it."""
    now = clock.now()
    expert = Expert.objects.filter(topic_id=topic_id, person_id=viewer.person_id).first()
    if expert is None or (expert.expires_at is not None and expert.expires_at <= now):
        return Standing.NONE
    return Standing.ASKS if expert.is_pending else Standing.HOLDS
