"""The people and the courses of the demo, as plain values: importable without Django.

Ids are small integers, as in Moodle, and stay the same: the tool's own demo content refers to them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from pathlib import Path

CONTENT = Path(__file__).resolve().parent / "content"
STAFF_ROLES = ("instructor", "admin")


@dataclass(frozen=True)
class Person:
    """`role` is what the sign-in page says; what counts in a course is its `members`."""

    key: str
    name: str
    sub: str
    role: str
    email: str = ""
    blurb: str = ""
    shares_name: bool = True
    is_admin: bool = False
    is_expert: bool = False

    @property
    def given_name(self) -> str:
        return self.name.split(" ", 1)[0]

    @property
    def family_name(self) -> str:
        return self.name.split(" ", 1)[-1]

    @property
    def short_name(self) -> str:
        """Fits on a button in the header."""
        return self.given_name if self.shares_name else "Without name"


@dataclass(frozen=True)
class Video:
    """Paths are inside static/."""

    title: str
    src: str
    captions: str
    poster: str
    seconds: int


@dataclass(frozen=True)
class Event:
    """A live training, on the same weekday of every month so that the demo never goes stale."""

    title: str
    place: str
    weekday: int
    week_of_month: int
    start: time
    duration: timedelta

    @property
    def duration_text(self) -> str:
        hours, minutes = divmod(int(self.duration.total_seconds()) // 60, 60)
        return f"{hours} hours {minutes} minutes" if minutes else f"{hours} hours"

    def next_start(self, today: date) -> datetime:
        """The coming occurrence in UTC, today's included."""
        year, month = today.year, today.month
        while (day := self._day(year, month)) < today:
            year, month = (year, month + 1) if month < 12 else (year + 1, 1)
        return datetime.combine(day, self.start, tzinfo=UTC)

    def _day(self, year: int, month: int) -> date:
        first = date(year, month, 1)
        return first + timedelta(days=(self.weekday - first.weekday()) % 7 + 7 * (self.week_of_month - 1))


@dataclass(frozen=True)
class Unit:
    """A page of a course; `link_id` is None where no Companion activity is placed yet. `asks` places questions to
    experts, `follows_up` a series of prompts, not a discussion.
    """

    course_slug: str
    slug: str
    title: str
    minutes: int
    link_id: str | None = None
    video: Video | None = None
    event: Event | None = None
    asks: bool = False
    follows_up: bool = False

    @property
    def link_title(self) -> str:
        return self.title if self.asks or self.follows_up else f"Discuss: {self.title.split(':')[0]}"

    @cached_property
    def body(self) -> str:
        """Markdown, from content/<course>/<unit>.md."""
        return (CONTENT / self.course_slug / f"{self.slug}.md").read_text(encoding="utf-8")


@dataclass(frozen=True)
class Course:
    slug: str
    context_id: str
    label: str
    title: str
    summary: str
    units: tuple[Unit, ...]
    members: dict[str, str] = field(default_factory=dict)
    """Person key to "instructor" or "learner"."""

    def unit(self, slug: str) -> Unit | None:
        return next((unit for unit in self.units if unit.slug == slug), None)


PEOPLE = (
    Person("ana", "Ana Torres", "3", "learner", "ana.torres@demo.example", "Joins the rota next month"),
    Person("ben", "Ben Okafor", "4", "instructor", "ben.okafor@demo.example", "Teaches On-call"),
    Person(
        "chen",
        "Chen Wei",
        "5",
        "learner",
        "chen.wei@demo.example",
        "Knows databases and alerting",
        is_expert=True,
    ),
    Person(
        "noor",
        "Noor Haddad",
        "9",
        "learner",
        "noor.haddad@demo.example",
        "Has led forty incidents; little time",
        is_expert=True,
    ),
    Person("dee", "Dee Larsen", "6", "learner", "dee.larsen@demo.example", "Only in Lab safety"),
    Person(
        "noname",
        "Learner without name",
        "7",
        "learner",
        "",
        "The tool gets neither name nor e-mail",
        shares_name=False,
    ),
    Person("farah", "Farah Nasser", "8", "instructor", "farah.nasser@demo.example", "Teaches Lab safety"),
    Person(
        "admin",
        "Admin User",
        "2",
        "site admin",
        "admin@demo.example",
        "Sees every course, is in none",
        is_admin=True,
    ),
)

TIMELINE_VIDEO = Video(
    title="The first thirty minutes of an incident",
    src="demo_lms/incident-timeline.mp4",
    captions="demo_lms/incident-timeline.en.vtt",
    poster="demo_lms/incident-timeline.jpg",
    seconds=26,
)

GAME_DAY = Event(
    title="Game day: simulated outage",
    place="Room 2.14, Harbour building, and by video call",
    weekday=3,
    week_of_month=2,
    start=time(9, 30),
    duration=timedelta(hours=2, minutes=30),
)

ON_CALL = Course(
    slug="on-call",
    context_id="2",
    label="ONCALL1",
    title="On-call: your first incident",
    summary=(
        "You join the on-call rota next month. Eight short units take you from the first page at "
        "night to the review a week later, with one shop, one team and one bad Thursday."
    ),
    units=(
        Unit("on-call", "before-your-first-shift", "Before your first shift", 10, link_id="1"),
        Unit("on-call", "declaring-an-incident", "Declaring an incident", 10, link_id="2"),
        Unit(
            "on-call",
            "first-thirty-minutes",
            "The first thirty minutes",
            12,
            link_id="3",
            video=TIMELINE_VIDEO,
        ),
        Unit("on-call", "telling-people", "Telling people what is going on", 10, link_id="4"),
        Unit("on-call", "game-day", "Game day: simulated outage", 15, link_id="5", event=GAME_DAY),
        Unit("on-call", "ask-the-experts", "Ask the experts", 5, link_id="6", asks=True),
        Unit("on-call", "the-review", "The review: learning without blame", 12),
        Unit("on-call", "after-the-course", "After the course", 3, link_id="8", follows_up=True),
    ),
    members={"ben": "instructor", "ana": "learner", "chen": "learner", "noor": "learner", "noname": "learner"},
)

LAB_SAFETY = Course(
    slug="lab-safety",
    context_id="3",
    label="LAB1",
    title="Lab safety basics",
    summary="What you need to know before you get your key to the teaching laboratory.",
    units=(
        Unit("lab-safety", "before-you-enter", "Before you enter", 8),
        Unit("lab-safety", "chemicals-and-waste", "Chemicals and waste", 10, link_id="7"),
        Unit("lab-safety", "when-something-spills", "When something spills", 10),
    ),
    members={"farah": "instructor", "dee": "learner"},
)

COURSES = (ON_CALL, LAB_SAFETY)


def find_person(key: str) -> Person | None:
    return next((person for person in PEOPLE if person.key == key), None)


def find_person_by_sub(sub: str) -> Person | None:
    return next((person for person in PEOPLE if person.sub == sub), None)


def get_course(slug: str) -> Course:
    return next(course for course in COURSES if course.slug == slug)
