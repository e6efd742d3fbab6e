"""Who knows about a topic: those who hold it, and those whose answers people relied on. Never by anonymous posts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from django.utils.translation import gettext

from companion import clock
from companion.errors import NotFound
from companion.spaces import api as spaces
from companion.threads import api as threads
from companion.topics import api as topics
from companion.viewer import Viewer

# An answer of this age counts half.
HALF_LIFE: Final = timedelta(days=180)
MOST_PEOPLE: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Knower:
    """Somebody to ask about a topic. `is_expert` holds it; `answers` are theirs that people relied on."""

    person_id: int
    name: str
    is_expert: bool
    is_on_call: bool
    answers: int
    room: topics.Room


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonPage:
    """What is told of somebody as an expert. `answers` are those in the viewer's space that people relied on."""

    profile: topics.Profile
    topics: list[tuple[int, str]]
    answers: list[threads.KnownAnswer]
    tips: int
    is_me: bool


def who_knows(*, viewer: Viewer, topic_id: int) -> list[Knower]:
    """The people to ask about a topic: experts first, then by their answers, newer ones counting more.

    People who are on no page (by their own choice) are not among them; nobody is where the organization shows no
    pages of people. Raises NotFound.
    """
    topic = topics.get_topic(viewer=viewer, topic_id=topic_id)
    if not spaces.shows_people(organization_id=viewer.organization_id):
        return []
    now, ids = clock.now(), topics.ids_of(topic.id)
    experts = topics.expert_ids(organization_id=viewer.organization_id, topic_ids=[topic.id])
    # A turn outlives a grant that has expired.
    on_call = experts.keys() & topics.on_call_now(topic_ids=[topic.id], moment=now, zone="")
    weights: dict[int, float] = {}
    counts: dict[int, int] = {}
    for person_id, at in threads.relied_on(organization_id=viewer.organization_id, topic_ids=ids):
        weights[person_id] = weights.get(person_id, 0.0) + _weight(now - at)
        counts[person_id] = counts.get(person_id, 0) + 1
    found = topics.listed_among({*experts, *counts})
    here = spaces.still_members(organization_id=viewer.organization_id, person_ids=found)
    ranked = sorted(here, key=lambda pk: (pk not in on_call, pk not in experts, -weights.get(pk, 0.0), pk))[
        :MOST_PEOPLE
    ]
    names, rooms = spaces.names_of(ranked), topics.list_rooms(person_ids=ranked)
    return [
        Knower(
            person_id=pk,
            name=names[pk],
            is_expert=pk in experts,
            is_on_call=pk in on_call,
            answers=counts.get(pk, 0),
            room=rooms[pk],
        )
        for pk in ranked
    ]


def get_person(*, viewer: Viewer, person_id: int) -> PersonPage:
    """The page of somebody as an expert. Raises NotFound, also where they, or the organization, show none; one's own
    page is there all the same.
    """
    profile = topics.get_profile(viewer=viewer, person_id=person_id)
    is_me = person_id == viewer.person_id
    shown = profile.is_listed and spaces.shows_people(organization_id=viewer.organization_id)
    held = topics.topics_held(organization_id=viewer.organization_id, person_id=person_id)
    answers = threads.list_relied_on(viewer=viewer, person_id=person_id)
    # Somebody who is no expert and has answered nothing has no page: it would only say that they are here.
    if not is_me and not (shown and (held or answers)):
        raise NotFound(gettext("There is nobody of this name here."))
    return PersonPage(
        profile=profile,
        topics=held,
        answers=answers,
        tips=threads.count_tips(viewer=viewer, person_id=person_id),
        is_me=is_me,
    )


def _weight(age: timedelta) -> float:
    return float(2.0 ** -(max(age, timedelta()) / HALF_LIFE))
