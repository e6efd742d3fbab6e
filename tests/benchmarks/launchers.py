"""Many people are launched at once, and some of them post the same token again.

What was answered is held against the database: every good launch has its session, no token has two, and whatever a
launch finds or makes (people, courses, links) is there once, however many came at the same time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from random import Random
from time import monotonic, perf_counter
from typing import Any

from tests.benchmarks.doors import Answer, Door
from tests.benchmarks.messages import Sender, Visit

PEOPLE, COURSES, LINKS = 150, 20, 3
# How often somebody's form is posted again: at the same moment from another connection, or afterwards.
AGAIN = 0.25
# How often somebody opens several things at once, as a page with many frames does.
TOGETHER, FRAMES = 0.15, 4
LOGIN, LET_IN = 302, 303


@dataclass(kw_only=True)
class Launched:
    """A launch and every answer that the posts of its token had."""

    visit: Visit
    answers: list[Answer] = field(default_factory=list)
    # From the login until the first post was answered.
    milliseconds: float = 0

    @property
    def let_in(self) -> list[Answer]:
        return [answer for answer in self.answers if answer.status == LET_IN]


def visits(number: int, rng: Random) -> list[Visit]:
    """So many visits; now and then the same one several times in a row, so that first visits meet themselves."""
    found: list[Visit] = []
    while len(found) < number:
        course = rng.randrange(COURSES)
        visit = Visit(
            subject=f"person {(person := rng.randrange(PEOPLE))}",
            name=f"Person {person}",
            context=f"c{course}",
            title=f"Course {course}",
            link=f"c{course}l{rng.randrange(LINKS)}",
        )
        found += [visit] * (FRAMES if rng.random() < TOGETHER else 1)
    return found[:number]


def launch_all(sender: Sender, port: int, wanted: Sequence[Visit], clients: int) -> tuple[list[Launched], float]:
    """What became of each, and the seconds that it took."""
    begun = monotonic()
    # One iterator for all: next() on it is atomic, so that neighbours in the list are launched at the same time.
    waiting = iter(wanted)
    with ThreadPoolExecutor(clients) as pool:
        launched = [pool.submit(_launch_some, sender, port, waiting, Random(seed)) for seed in range(clients)]
    return [launch for done in launched for launch in done.result()], monotonic() - begun


def launch_one(door: Door, sender: Sender, visit: Visit) -> Launched:
    begun = perf_counter()
    launched, login = Launched(visit=visit), door.login(sender.login(visit))
    if login.status == LOGIN:
        launched.answers.append(door.launch(login, sender.token(visit, login.query["nonce"])))
    launched.milliseconds = (perf_counter() - begun) * 1_000
    return launched


def _launch_some(sender: Sender, port: int, waiting: Iterator[Visit], rng: Random) -> list[Launched]:
    doors = [Door(port), Door(port)]
    launched = []
    for visit in waiting:
        launched.append(
            _launch_again(doors, sender, visit, at_once=rng.random() < 0.5)
            if rng.random() < AGAIN
            else launch_one(doors[0], sender, visit)
        )
    for door in doors:
        door.close()
    return launched


def _launch_again(doors: Sequence[Door], sender: Sender, visit: Visit, *, at_once: bool) -> Launched:
    """One token, posted twice."""
    begun = perf_counter()
    launched, login = Launched(visit=visit), doors[0].login(sender.login(visit))
    if login.status != LOGIN:
        return launched
    token = sender.token(visit, login.query["nonce"])
    if at_once:
        with ThreadPoolExecutor(len(doors)) as pool:
            launched.answers += pool.map(lambda door: door.launch(login, token), doors)
    else:
        launched.answers += [door.launch(login, token) for door in doors]
    launched.milliseconds = (perf_counter() - begun) * 1_000
    return launched


def held_against_database(launched: Sequence[Launched]) -> dict[str, list[str]]:
    """A sentence for everything that is lost or doubled. Asks of all that is in the database: it must be fresh."""
    found = _sessions()
    lost = [
        f"{launch.visit} was not let in: {[answer.status for answer in launch.answers]}"
        for launch in launched
        if not launch.let_in
    ]
    doubled = [f"{launch.visit} was let in twice by one token" for launch in launched if len(launch.let_in) > 1]
    told = {answer.handle: launch.visit for launch in launched for answer in launch.let_in}
    for handle, visit in told.items():
        if found.get(handle) != (visit.subject, visit.context):
            lost.append(f"session {handle} of {visit} is of {found.get(handle)}")
    doubled += [f"nobody was told of session {handle} of {found[handle]}" for handle in found.keys() - told.keys()]
    for what, rows, wanted in _identities([launch.visit for launch in launched]):
        counted = Counter(rows)
        lost += [f"{what} {identity} is not there" for identity in set(wanted) - counted.keys()]
        doubled += [f"{what} {identity} is there {n} times" for identity, n in counted.items() if n > 1]
        doubled += [f"nobody asked for {what} {identity}" for identity in counted.keys() - set(wanted)]
    lost += _used_logins(len(told))
    return {"lost": lost, "doubled": doubled}


def _sessions() -> dict[str, tuple[str, str]]:
    from companion_lti.models import LtiSession

    rows = LtiSession.objects.values_list("handle", "person__subject", "space__external_id")
    return {handle: (subject, context) for handle, subject, context in rows}


def _identities(visits: Sequence[Visit]) -> Iterator[tuple[str, Iterable[Any], Collection[Any]]]:
    """Whatever is there once for each identity: its name, what the database has, what was asked for."""
    from companion_lti.models import GradeColumn, ResourceLink, Roster

    from companion.spaces.keys import external_key
    from companion.spaces.models import Activity, Membership, Person, Space

    links = {(visit.context, visit.link) for visit in visits}
    courses = {visit.context for visit in visits}
    yield "person", Person.objects.values_list("subject", flat=True), {visit.subject for visit in visits}
    yield "course", Space.objects.values_list("external_id", flat=True), courses
    yield (
        "membership",
        Membership.objects.values_list("space__external_id", "person__subject"),
        {(visit.context, visit.subject) for visit in visits},
    )
    yield "link", ResourceLink.objects.values_list("space__external_id", "link_id"), links
    yield (
        "activity",
        Activity.objects.values_list("space__external_id", "key"),
        {(context, external_key(f"link {link}")) for context, link in links},
    )
    yield "roster", Roster.objects.values_list("space__external_id", flat=True), courses
    yield "column", GradeColumn.objects.values_list("link__space__external_id", "link__link_id"), links


def _used_logins(wanted: int) -> list[str]:
    from companion_lti.models import UsedLogin

    count = UsedLogin.objects.count()
    return [] if count == wanted else [f"{count} logins are used, {wanted} led to a launch"]
