"""The audit itself: one course twice, with the two who may have written in it changing places.

1. Nothing of the author stands on anything that others get to see.
2. Everything is the same whoever of the two wrote: no counter, order, colour or hint gives one of them away.
3. What stands beside people's names is the same before and after somebody wrote without theirs.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from companion import clock
from companion.anonymity_audit import looking
from companion.anonymity_audit.course import ROLES, Course
from companion.anonymity_audit.isolation import Kept, nothing_stays, rolled_back
from companion.anonymity_audit.looking import Look, Looks
from companion.anonymity_audit.pages import SAMPLES
from companion.anonymity_audit.people import AUTHORS, Author
from companion.anonymity_audit.story import WORDS, go_on, write_anonymously, write_by_name
from companion.web import urls

ALL_PAGES: Final = (*SAMPLES, looking.ADMIN)
# Long enough ago for all that is written to be over when it is looked at.
BEGAN: Final = timedelta(days=3)
# How much of a difference a report shows.
_SHOWN: Final = 60
# An id with so many digits stands nowhere by chance.
_DISTINCTIVE: Final = 9


@dataclass(frozen=True, slots=True)
class Leak:
    """Where something of an anonymous author comes through, to whom, and what."""

    look: Look
    kind: str
    what: str

    def __str__(self) -> str:
        return f"{self.look.asked} as {self.look.role}: {self.what}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """How much was looked at, how much of that had an anonymous post on it, and what came through."""

    renderings: int
    anonymous: int
    leaks: list[Leak]


@dataclass(frozen=True, slots=True, kw_only=True)
class _World:
    """All that is seen of the course where one of the two wrote: `before` and `after` are the lists of people."""

    ids: list[str]
    before: Looks
    after: Looks
    others: Looks
    own: Looks


def audit(*, roles: Collection[str] = ROLES, pages: Collection[str] = ALL_PAGES) -> Verdict:
    """Look at these pages, as these (ROLES) and as the author, the admin site and the service. Nothing of it stays."""
    forgotten = list(_without_samples())
    if forgotten:
        return Verdict(renderings=0, anonymous=0, leaks=forgotten)
    organization, now = f"Anonymity audit {secrets.token_hex(8)}", clock.now().replace(microsecond=0)
    with nothing_stays() as kept:
        worlds = [_world(author, kept, organization, now, roles, pages) for author in AUTHORS]
    seen = [looks for world in worlds for looks in (world.before, world.after, world.others, world.own)]
    anonymous = sum(WORDS in text for looks in seen for text in looks.values())
    leaks = [*_leaks(*worlds), *(_blind_spots(worlds[0].others, roles) if set(pages) >= set(ALL_PAGES) else ())]
    return Verdict(renderings=sum(map(len, seen)), anonymous=anonymous, leaks=_each_once(leaks))


def _world(
    author: Author, kept: Kept, organization: str, now: datetime, roles: Collection[str], pages: Collection[str]
) -> _World:
    kept.forget()
    with rolled_back(), kept.ids.used(), clock.at(now):
        course = Course(author, organization=organization, moment=now - BEGAN, after=kept.run_handlers)
        write_by_name(course)
        before = looking.people(course, kept, roles, pages)
        write_anonymously(course)
        after = looking.people(course, kept, roles, pages)
        go_on(course)
        own, others = looking.own(course), looking.everything(course, kept, roles, pages)
        ids = [str(viewer.person_id) for viewer in course.authors.values()]
        return _World(ids=ids, before=before, after=after, others=others, own=own)


def _without_samples() -> Iterator[Leak]:
    for pattern in urls.urlpatterns:
        name = pattern.name or str(pattern.pattern)
        if name not in SAMPLES:
            what = "has no sample in companion/anonymity_audit/pages.py: nobody has looked at it"
            yield Leak(Look(name, "anybody", name), "blind", what)


def _leaks(first: _World, second: _World) -> Iterator[Leak]:
    for world in (first, second):
        for look, text in (world.others | world.own).items():
            for what in _shown(world, look, text.lower()):
                yield Leak(look, what, f"shows {what} of an anonymous author")
        yield from _differences(world.before, world.after, "changes when somebody listed here writes anonymously")
    yield from _differences(first.others, second.others, "depends on who wrote anonymously")


def _shown(world: _World, look: Look, text: str) -> Iterator[str]:
    """What of an author's stands in a text, in lower case, and should not."""
    lists_people = look.names_people
    for author in AUTHORS:
        for what, secret in author.secrets:
            # The admin site shows all that is known of people, other lists what they are called.
            may_show = lists_people and (look.page.startswith("admin") or what == "the name")
            if not may_show and secret.lower() in text:
                yield what
    # Facts about what was signed hold the ids of who signed.
    if not lists_people and look.page not in ("event", "log"):
        yield from ("the id" for pk in world.ids if pk in text and _is_of_a_person(pk, text))


def _is_of_a_person(pk: str, text: str) -> bool:
    """A small number stands on every page by chance: then only where a person's would."""
    beside = rf"(?:person|author|member|user)\w*\W{{1,4}}{pk}(?!\w)"
    return len(pk) >= _DISTINCTIVE or re.search(beside, text) is not None


def _differences(first: Looks, second: Looks, what: str) -> Iterator[Leak]:
    for look in first.keys() | second.keys():
        one, other = first.get(look, ""), second.get(look, "")
        if one != other:
            yield Leak(look, what, f"{what}: {_beside(one, other)}")


def _beside(one: str, other: str) -> str:
    """Where two texts part."""
    start = next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    start = max(start - _SHOWN // 3, 0)
    return " / ".join(repr(text[start : start + _SHOWN]) for text in (one, other))


def _blind_spots(looks: Looks, roles: Collection[str]) -> Iterator[Leak]:
    """A reader who met no anonymous post, and, where all looked, a page that answered nobody: they prove nothing."""
    met = {look.role for look, text in looks.items() if WORDS in text}
    for role in set(roles) - met - {"outsider"}:
        yield Leak(Look("every page", role, "every page"), "blind", "has met no anonymous post")
    answered = {look.page for look, text in looks.items() if text[:1] in "23"}
    for page in SAMPLES.keys() - answered if set(roles) == set(ROLES) else ():
        what = "answers nobody: its sample in companion/anonymity_audit/pages.py is out of date"
        yield Leak(Look(page, "anybody", page), "blind", what)


def _each_once(leaks: Iterable[Leak]) -> list[Leak]:
    """The first leak of a kind on a page to a reader: one on twenty posts is one."""
    found: dict[tuple[str, str, str], Leak] = {}
    for leak in sorted(leaks, key=lambda leak: (leak.look, leak.what)):
        found.setdefault((leak.look.page, leak.look.role, leak.kind), leak)
    return list(found.values())
