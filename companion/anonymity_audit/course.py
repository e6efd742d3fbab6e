"""The course of an audit: who is in it, and its discussions. What is written in it stands in story.py."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Final, ParamSpec, TypeVar

from companion import clock
from companion.anonymity_audit import people
from companion.anonymity_audit.people import AUTHORS, Author
from companion.spaces import api as spaces
from companion.spaces.api import Activity
from companion.spaces.kinds import Kind
from companion.viewer import Role

TOPIC: Final = "Incident response"
# No time for peers, and no nights.
AT_ONCE: Final = {"peer_hours": 0, "working_days": "1234567", "day_begins": 0, "day_ends": 24}
# Nobody who may be the author holds it: its experts are named on every page of its questions.
ASKED: Final = "Ways of working"
# A plan and how it went, asked at once: both who may be the author answer them, and one is stuck.
FOLLOW_UP: Final = (
    {"key": "plan", "format": "commitment", "title": "A plan", "anchor": "event_start"},
    {"key": "how", "format": "follow_up", "title": "How it went", "anchor": "event_start"},
)
# Far enough apart for every limit on how often one may do a thing.
STEP: Final = timedelta(minutes=11)

# Who looks. The author is one more.
ROLES: Final = (
    *("learner", "nameless learner", "expert", "assistant", "instructor", "administrator"),
    # Of another course in the same organization.
    "outsider",
)

P = ParamSpec("P")
T = TypeVar("T")


class Course:
    """A course in which `author` writes what is anonymous; all else is the same whoever that is.

    `readers` are those who look, by role. `threads` and `posts` (thread, number) are known by what happened to them,
    `cases` are reports, `picture` is the token of the only one; `random` says what stands for a text that chance made.
    `after` is called after each act.
    """

    def __init__(self, author: Author, *, organization: str, moment: datetime, after: Callable[[], None]) -> None:
        self.author, self.moment, self.after = author, moment, after
        owner = spaces.ensure_organization(name=organization)
        self.space, other = (
            spaces.ensure_space(organization_id=owner.pk, issuer="audit", external_id=title, title=title)
            for title in ("A course", "Another course")
        )
        self.authors = {who: people.admit(who, self.space) for who in AUTHORS}
        self.writer = self.authors[author]
        self.ana = people.join(self.space, "Ana Torres", group=people.GROUP)
        self.nameless = people.join(self.space, "")
        self.chen = people.join(self.space, "Chen Wei", group=people.GROUP)
        self.tia = people.join(self.space, "Tia Moana", Role.ASSISTANT)
        self.ben = people.join(self.space, "Ben Okafor", Role.INSTRUCTOR)
        ada = people.join(self.space, "Ada Lund", Role.ADMINISTRATOR)
        dee = people.join(other, "Dee Ferro")
        looking = (self.ana, self.nameless, self.chen, self.tia, self.ben, ada, dee)
        self.readers = dict(zip(ROLES, looking, strict=True))
        self.main = self._place(
            "Discuss the unit",
            {
                "prompt": "What would you ask?",
                "topic": TOPIC,
                "video": "https://videos.example/unit.mp4",
                "credit_threads": 1,
                "credit_replies": 1,
                "credit_words": 100,
            },
        )
        self.grouped = self._place("Among yourselves", {"groups": "separate", "anonymity": "default"})
        self.event = self._place(
            "Around the day",
            {"before_prompt": "What do you expect?", "after_prompt": "What did you take home?"},
            event_at=moment - timedelta(days=2),
        )
        self.questions = self._place(
            "Ask an expert", {"topic": ASKED, **AT_ONCE}, moment - timedelta(days=2), Kind.QUESTIONS
        )
        self.followup = self._place(
            "After the course",
            {"prompts": FOLLOW_UP, "working_days": "1234567", "day_begins": 0, "day_ends": 24},
            event_at=moment - timedelta(days=1),
            kind=Kind.REFLECTION,
        )
        self.activities = (self.main, self.grouped, self.event, self.questions, self.followup)
        self.threads: dict[str, int] = {}
        self.posts: dict[str, tuple[int, int]] = {}
        # Questions by name, which pages of questions are asked about.
        self.asked: dict[str, int] = {}
        self.cases: list[int] = []
        self.picture = ""
        self.random = {str(activity.uid): activity.title for activity in self.activities}

    def then(self, verb: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """One act, some minutes after the last one."""
        self.moment += STEP
        with clock.at(self.moment):
            done = verb(*args, **kwargs)
            self.after()
        return done

    def written_anonymously(self) -> list[tuple[int, int]]:
        return [place for name, place in self.posts.items() if not name.startswith("signed")]

    def _place(
        self,
        title: str,
        settings: Mapping[str, object],
        event_at: datetime | None = None,
        kind: Kind = Kind.DISCUSSION,
    ) -> Activity:
        return spaces.create_activity(
            viewer=self.ben, title=title, settings=settings, event_at=event_at, external_id=title, kind=kind
        )
