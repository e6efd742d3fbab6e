"""Topics by their names: found, made, merged, given other names, followed, suggested from a text."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Final

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext

from companion import clock
from companion.errors import Conflict, InvalidInput, NotAllowed, NotFound
from companion.events import TopicFollowed, TopicsMerged, announce
from companion.kept import forget, kept
from companion.spaces.keys import external_key
from companion.text import clean_line, is_blank
from companion.topics.models import Expert, OnCall, Topic, TopicFollow
from companion.viewer import Viewer

MOST_TOPICS: Final = 5
NAME_LIMIT: Final = 100
# So many names are looked for in a text; an organization with more has them suggested in part.
_MOST_KNOWN: Final = 2_000
# A name of so many letters at most (and the space on each side) is looked for without endings.
_SHORT: Final = 3 + 2
_NEVER: Final = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicRow:
    """A topic as a list or a mark shows it. `synonyms` are its other names."""

    id: int
    name: str
    synonyms: tuple[str, ...] = ()


def get_topic(*, viewer: Viewer, topic_id: int) -> TopicRow:
    """The gate of topics. One that was merged gives the one it is now. Raises NotFound."""
    return _row(_get(viewer, topic_id))


def list_topics(*, viewer: Viewer) -> list[TopicRow]:
    """The topics of the viewer's organization, by name (500 at most)."""
    topics = Topic.objects.filter(organization_id=viewer.organization_id, merged_into=None)
    return [_row(topic) for topic in topics.prefetch_related("synonyms").order_by("name", "pk")[:500]]


def find_topics(*, organization_id: int, names: Iterable[str]) -> list[TopicRow]:
    """The topics of these names, each once, in the order of the names; a synonym gives the topic that it stands for.

    One query, none without names. Unknown names are left out.
    """
    keys = list(dict.fromkeys(topic_key(name) for name in names if clean_line(name)))
    if not keys:
        return []
    found = Topic.objects.filter(organization_id=organization_id, key__in=keys).select_related("merged_into")
    by_key = {topic.key: topic.merged_into or topic for topic in found}
    topics = dict.fromkeys(by_key[key] for key in keys if key in by_key)
    return [TopicRow(id=topic.pk, name=topic.name) for topic in topics]


def ensure_topics(*, organization_id: int, names: Sequence[str]) -> list[TopicRow]:
    """The same, with new ones made. Raises InvalidInput for a name that is too long, or for more than MOST_TOPICS."""
    wanted = checked_names(names)
    known = {topic_key(name): name for name in wanted}
    have = set(Topic.objects.filter(organization_id=organization_id, key__in=known).values_list("key", flat=True))
    for key, name in known.items():
        if key not in have:
            Topic.objects.get_or_create(organization_id=organization_id, key=key, defaults={"name": name})
            forget(_kept_key(organization_id))
    return find_topics(organization_id=organization_id, names=wanted)


def checked_names(names: Sequence[str]) -> list[str]:
    """Names as they are kept: each topic once, as it was spelt first, and none in which nothing can be seen.

    Raises InvalidInput.
    """
    spelt: dict[str, str] = {}
    for raw in names:
        if not is_blank(name := clean_line(raw)):
            spelt.setdefault(topic_key(name), name)
    wanted = list(spelt.values())
    if len(wanted) > MOST_TOPICS:
        raise InvalidInput({"topics": gettext("At most %(limit)d topics, please.") % {"limit": MOST_TOPICS}})
    if any(len(name) > NAME_LIMIT for name in wanted):
        raise InvalidInput({"topics": gettext("At most %(limit)d characters, please.") % {"limit": NAME_LIMIT}})
    return wanted


def topics_of(topic_ids: Collection[int]) -> dict[int, TopicRow]:
    """Topics by id, for things that carry them; one that was merged is the one it is now."""
    found = Topic.objects.filter(pk__in=topic_ids).select_related("merged_into") if topic_ids else []
    return {
        topic.pk: TopicRow(id=(topic.merged_into or topic).pk, name=(topic.merged_into or topic).name)
        for topic in found
    }


def ids_of(topic_id: int) -> list[int]:
    """A topic's id with those of the topics that were merged into it: things keep the id that they were given."""
    return [topic_id, *Topic.objects.filter(merged_into_id=topic_id).values_list("pk", flat=True)]


def suggest_topics(*, viewer: Viewer, text: str, besides: Collection[str] = ()) -> list[str]:
    """Names of topics that a text speaks of, the longest name first, MOST_TOPICS at most.

    A name counts where its words stand in the text one after the other, longer ones also with other endings
    ("incident" in "incidents", but not "Go" in "good"). `besides` are names that are there already.
    """
    have = {topic.name for topic in find_topics(organization_id=viewer.organization_id, names=besides)}
    [found] = topics_spoken_of(organization_id=viewer.organization_id, texts=[text])
    return [name for name in found if name not in have][:MOST_TOPICS]


def topics_spoken_of(*, organization_id: int, texts: Iterable[str]) -> list[list[str]]:
    """For each text the names of all topics that it speaks of, in the same way."""
    names = []
    for name, means in _known_names(organization_id):
        wanted = _words(name)
        # Looked for as plain text: a pattern for each name would be compiled at each look.
        if wanted.strip():
            names.append((wanted if len(wanted) <= _SHORT else wanted.rstrip(), means))
    return [list(dict.fromkeys(means for begins, means in names if begins in words)) for words in map(_words, texts)]


def _words(text: str) -> str:
    """The words of a text, each between two spaces."""
    words = " ".join(re.findall(r"\w+", text.casefold()))
    return f" {words} "


@transaction.atomic
def merge_topics(*, viewer: Viewer, topic_id: int, into_id: int) -> TopicRow:
    """Make a topic another name of `into_id`. Its experts, turns on call and followers come along; links stay.

    Raises NotAllowed, NotFound, Conflict.
    """
    _must_configure(viewer)
    both = _own(viewer).select_for_update().filter(pk__in=[topic_id, into_id])
    # In the order of their ids, so that two who merge each other's topics do not wait for each other for ever.
    held = {topic.pk: topic for topic in both.order_by("pk")}
    old, new = held.get(topic_id), held.get(into_id)
    if old is None or new is None:
        raise NotFound(gettext("There is no such topic here."))
    if old == new or old.merged_into_id is not None or new.merged_into_id is not None:
        raise Conflict(gettext("Choose two different topics."))
    _drop_lesser_grants(old, new)
    for model in (Expert, TopicFollow):
        has = model._default_manager.filter(topic=new).values("person_id")
        model._default_manager.filter(topic=old, person_id__in=list(has.values_list("person_id", flat=True))).delete()
        model._default_manager.filter(topic=old).update(topic=new)
    OnCall.objects.filter(topic=old).update(topic=new)
    Topic.objects.filter(Q(pk=old.pk) | Q(merged_into=old)).update(merged_into=new)
    forget(_kept_key(viewer.organization_id))
    announce(TopicsMerged(organization_id=viewer.organization_id, topic_id=old.pk, into_id=new.pk))
    return _row(new)


def _drop_lesser_grants(old: Topic, new: Topic) -> None:
    """Who has something of both topics keeps what lasts longer."""
    others = {expert.person_id: expert for expert in Expert.objects.filter(topic=old)}
    for expert in Expert.objects.filter(topic=new, person_id__in=others):
        if _ends(others[expert.person_id]) > _ends(expert):
            expert.delete()


def _ends(expert: Expert) -> datetime:
    """When a grant ends; one that is only asked for is better than one that is over, and worse than any other."""
    return clock.now() if expert.is_pending else expert.expires_at or _NEVER


@transaction.atomic
def add_synonym(*, viewer: Viewer, topic_id: int, name: str) -> None:
    """Let another name mean this topic, too. Raises NotAllowed, NotFound, InvalidInput, Conflict (a topic's own)."""
    _must_configure(viewer)
    topic = _get(viewer, topic_id)
    name = clean_line(name)
    if is_blank(name) or len(name) > NAME_LIMIT:
        limit = {"limit": NAME_LIMIT}
        raise InvalidInput({"synonym": gettext("Write a name of at most %(limit)d characters.") % limit})
    defaults = {"name": name, "merged_into": topic}
    known, is_new = Topic.objects.get_or_create(
        organization_id=viewer.organization_id, key=topic_key(name), defaults=defaults
    )
    if not is_new and known.merged_into_id != topic.pk:
        raise Conflict(gettext("“%(name)s” is a topic already: merge the two.") % {"name": known.name})
    forget(_kept_key(viewer.organization_id))


@transaction.atomic
def follow_topic(*, viewer: Viewer, topic_id: int, following: bool) -> None:
    """Follow a topic, or no longer. Twice is once. Raises NotFound."""
    topic = _get(viewer, topic_id)
    if following:
        changed = TopicFollow.objects.get_or_create(topic=topic, person_id=viewer.person_id)[1]
    else:
        changed = bool(TopicFollow.objects.filter(topic=topic, person_id=viewer.person_id).delete()[0])
    if changed:
        fact = TopicFollowed(
            organization_id=viewer.organization_id,
            topic_id=topic.pk,
            person_id=viewer.person_id,
            following=following,
        )
        announce(fact)


def follows_topic(*, viewer: Viewer, topic_id: int) -> bool:
    """Also by the id of a topic that was merged into the one they follow."""
    is_it = Q(topic_id=topic_id) | Q(topic__synonyms=topic_id)
    return TopicFollow.objects.filter(is_it, person_id=viewer.person_id).exists()


def topic_key(name: str) -> str:
    """What makes two spellings one topic."""
    return external_key(clean_line(name).casefold())


def _known_names(organization_id: int) -> list[tuple[str, str]]:
    """(a name, the topic that it means) of an organization, the longest first; a new one shows in a minute."""
    return kept(_kept_key(organization_id), partial(_names, organization_id), seconds=60)


def _names(organization_id: int) -> list[tuple[str, str]]:
    names = Topic.objects.filter(organization_id=organization_id).order_by("pk")
    pairs = names.values_list("name", "merged_into__name")[:_MOST_KNOWN]
    return sorted(((name, means or name) for name, means in pairs), key=lambda pair: (-len(pair[0]), pair[0]))


def _kept_key(organization_id: int) -> str:
    return f"companion.topics.{organization_id}"


def _own(viewer: Viewer) -> QuerySet[Topic]:
    return Topic.objects.filter(organization_id=viewer.organization_id)


def _get(viewer: Viewer, topic_id: int) -> Topic:
    topic = _own(viewer).filter(pk=topic_id).select_related("merged_into").first()
    if topic is None:
        raise NotFound(gettext("There is no such topic here."))
    return topic.merged_into or topic


def _row(topic: Topic) -> TopicRow:
    return TopicRow(id=topic.pk, name=topic.name, synonyms=tuple(sorted(other.name for other in topic.synonyms.all())))


def _must_configure(viewer: Viewer) -> None:
    if not viewer.can_configure:
        raise NotAllowed(gettext("Only instructors change topics."))
