"""Who takes part in a simulated term: two courses, places to ask in, learners, and experts who differ in everything."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random

from companion import clock
from companion.spaces import api as spaces
from companion.spaces.hours import WorkingHours
from companion.spaces.kinds import Kind
from companion.topics import api as topics
from companion.viewer import Role, Viewer
from tests import people
from tests.benchmarks.texts import FIRST_NAMES, LAST_NAMES

# A Monday. In the twelve weeks after it the clocks change in New York, in Berlin and in Sydney.
BEGINS = datetime(2026, 3, 2, tzinfo=UTC)
TOPICS = (
    *("Incident command", "Lab safety", "Contracts", "Pumps"),
    *("Data protection", "Forklifts", "First aid", "Negotiation"),
)
ZONES = ("Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Sydney", "America/Los_Angeles", "UTC")
DAY_AND_NIGHT = {"working_days": "1234567", "day_begins": 0, "day_ends": 24}
# The places where questions are asked; by turns in one of the courses.
PLACES = (
    {"topic": f"{TOPICS[0]}, {TOPICS[6]}", "time_zone": "Europe/Berlin"},
    {"topic": f"{TOPICS[1]}, {TOPICS[7]}", "time_zone": "America/New_York", "peer_hours": 4, "expert_hours": 8},
    {"topic": TOPICS[2], "time_zone": "UTC", "peer_hours": 0, **DAY_AND_NIGHT},
    {"topic": TOPICS[3], "time_zone": "Asia/Kolkata", "peer_hours": 2, "author_hours": 0, "working_days": "123456"},
    {"topic": TOPICS[4], "time_zone": "Australia/Sydney", "peer_hours": 6, "expert_hours": 24},
    {"topic": TOPICS[5], "time_zone": "Europe/Berlin", "peer_hours": 0},
)
# The last place has an event in the middle of the term: its questions are gathered before.
GATHERED = timedelta(days=7)
INSTRUCTORS = 2
# How many questions an instructor takes in a week.
STAFF_CAPACITY = 8


@dataclass(frozen=True, kw_only=True)
class Actor:
    """Somebody with a name, and the hours in which they do something."""

    subject: str
    viewer: Viewer
    awake: WorkingHours

    @property
    def person_id(self) -> int:
        return self.viewer.person_id


@dataclass(kw_only=True)
class Course:
    """A space; `roster` has what its platform would say of it now."""

    space: spaces.Space
    zone: str
    staff: list[Actor] = field(default_factory=list)
    learners: list[str] = field(default_factory=list)
    roster: dict[str, spaces.RosterMember] = field(default_factory=dict)
    _known: dict[str, Actor] = field(default_factory=dict)

    def read_roster(self) -> None:
        spaces.sync_roster(space_id=self.space.pk, issuer=people.ISSUER, members=list(self.roster.values()))

    def somebody(self, dice: Random) -> Actor:
        """One of the learners who are still here."""
        start = dice.randrange(len(self.learners))
        ahead = (self.learners[(start + step) % len(self.learners)] for step in range(len(self.learners)))
        return self._learner(next(subject for subject in ahead if subject in self.roster))

    def is_here(self, actor: Actor) -> bool:
        return actor.subject in self.roster

    def _learner(self, subject: str) -> Actor:
        if subject not in self._known:
            person = spaces.find_person(space_id=self.space.pk, issuer=people.ISSUER, subject=subject)
            assert person is not None
            viewer = Viewer(
                organization_id=self.space.organization_id,
                space_id=self.space.pk,
                person_id=person.pk,
                name=person.name,
            )
            self._known[subject] = Actor(subject=subject, viewer=viewer, awake=_hours(self.zone, 7, 7, 24))
        return self._known[subject]


@dataclass(frozen=True, kw_only=True)
class Place:
    course: Course
    activity: spaces.Activity
    opens_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class Expert:
    """`absences` are (when they say so, from, until); without an end they say when they are back."""

    actor: Actor
    course: Course
    capacity: int
    topics: tuple[str, ...]
    absences: list[tuple[datetime, datetime, datetime | None]]


@dataclass(kw_only=True)
class Cast:
    courses: list[Course]
    places: list[Place]
    experts: list[Expert]

    @property
    def capacities(self) -> dict[int, int]:
        """How many questions a week everybody has declared who may get some, by person."""
        staff = {actor.person_id: STAFF_CAPACITY for course in self.courses for actor in course.staff}
        return staff | {expert.actor.person_id: expert.capacity for expert in self.experts}

    @property
    def called(self) -> dict[int, tuple[Actor, Course]]:
        """Everybody who may get a question, by person."""
        staff = {actor.person_id: (actor, course) for course in self.courses for actor in course.staff}
        return staff | {expert.actor.person_id: (expert.actor, expert.course) for expert in self.experts}

    def subjects(self) -> dict[int, str]:
        return {person_id: actor.subject for person_id, (actor, _course) in self.called.items()}


def gather(*, learners: int, experts: int, weeks: int, seed: int) -> Cast:
    """Everybody and everything that is there when the term begins."""
    dice = Random(f"{seed} cast")
    with clock.at(BEGINS):
        courses = [_course(number, zone) for number, zone in enumerate(("Europe/Berlin", "America/New_York"))]
        found = Cast(courses=courses, places=[], experts=[])
        for number, settings in enumerate(PLACES):
            found.places.append(_place(number, courses[number % len(courses)], settings, weeks))
        for number in range(experts):
            found.experts.append(_expert(number, courses[number % len(courses)], weeks, dice))
        for number in range(learners):
            course = courses[number % len(courses)]
            course.learners.append(f"learner{number}")
            course.roster[f"learner{number}"] = _line(f"learner{number}", dice)
        for course in courses:
            course.read_roster()
    return found


def _course(number: int, zone: str) -> Course:
    owner = spaces.ensure_organization(name="Northwind")
    space = spaces.ensure_space(organization_id=owner.pk, issuer=people.ISSUER, external_id=f"c{number}", title="Term")
    course = Course(space=space, zone=zone)
    for turn in range(INSTRUCTORS):
        subject = f"instructor{number}{turn}"
        viewer = people.join(space, subject, f"Instructor {number} {turn}", Role.INSTRUCTOR)
        course.staff.append(Actor(subject=subject, viewer=viewer, awake=_hours(zone, 5, 9, 17)))
        course.roster[subject] = spaces.RosterMember(subject=subject, role=Role.INSTRUCTOR, name=viewer.name)
        topics.save_profile(viewer=viewer, capacity=STAFF_CAPACITY, time_zone=zone)
    return course


def _place(number: int, course: Course, settings: dict[str, object], weeks: int) -> Place:
    event_at = BEGINS + timedelta(weeks=weeks / 2, hours=12) if number == len(PLACES) - 1 else None
    activity = spaces.create_activity(
        viewer=course.staff[number % INSTRUCTORS].viewer,
        title=f"Ask here {number}",
        kind=Kind.QUESTIONS,
        settings=settings,
        event_at=event_at,
        external_id=f"place{number}",
    )
    return Place(course=course, activity=activity, opens_at=event_at - GATHERED if event_at else None)


def _expert(number: int, course: Course, weeks: int, dice: Random) -> Expert:
    """Somebody who holds one to three topics, is on call for one of them perhaps, and is away once or twice."""
    subject, zone, granting = f"expert{number}", dice.choice(ZONES), course.staff[0].viewer
    course.roster[subject] = _line(subject, dice)
    viewer = people.join(course.space, subject, course.roster[subject].name)
    held = tuple(dict.fromkeys([TOPICS[number % len(TOPICS)], *dice.sample(TOPICS, dice.choice((0, 0, 1, 2)))]))
    for topic in held:
        topics.grant_expertise(viewer=granting, topic=topic, person_id=viewer.person_id)
    if dice.random() < 0.5:
        days = "".join(sorted(dice.sample("1234567", dice.randint(1, 3))))
        topics.add_turn(viewer=granting, topic=held[0], person_id=viewer.person_id, weekdays=days)
    capacity = dice.randint(1, 6)
    topics.save_profile(viewer=viewer, capacity=capacity, time_zone=zone)
    return Expert(
        actor=Actor(subject=subject, viewer=viewer, awake=_hours(zone, dice.choice((5, 5, 7)), 8, 20)),
        course=course,
        capacity=capacity,
        topics=held,
        absences=list(_absences(weeks, dice)),
    )


def _absences(weeks: int, dice: Random) -> Iterator[tuple[datetime, datetime, datetime | None]]:
    """At most one in each half of the term; some are announced, some begin at once and without an end."""
    for half in range(2):
        if dice.random() < 0.5:
            continue
        begins = BEGINS + timedelta(weeks=(half + dice.random()) * weeks / 2)
        begins = begins.replace(second=0, microsecond=0)
        if dice.random() < 0.3:
            yield begins, begins, None
        else:
            yield begins - timedelta(days=dice.randint(0, 5)), begins, begins + timedelta(hours=dice.randint(30, 240))


def _hours(zone: str, days: int, begins: int, ends: int) -> WorkingHours:
    """On so many days of the week, from Monday on."""
    return WorkingHours(zone=zone, days=frozenset(range(1, days + 1)), begins=begins, ends=ends)


def _line(subject: str, dice: Random) -> spaces.RosterMember:
    name = f"{dice.choice(FIRST_NAMES)} {dice.choice(LAST_NAMES)}"
    return spaces.RosterMember(subject=subject, role=Role.LEARNER, name=name)
