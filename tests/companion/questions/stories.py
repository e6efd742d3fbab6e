"""A course that takes questions about incident command, Chen who answers them, and a clock that can be moved."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from companion import clock
from companion.questions import api as questions
from companion.questions.models import Assignment, Question
from companion.spaces import api as spaces
from companion.spaces.kinds import Kind
from companion.threads import api as threads
from companion.topics import api as topics
from companion.viewer import Role, Viewer
from tests import people

TOPIC = "Incident command"
# A Monday at nine.
MONDAY = datetime(2026, 3, 2, 9, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
# No time for peers, and no nights: the ladder moves by the clock alone.
AT_ONCE = {
    "peer_hours": 0,
    "expert_hours": 8,
    "author_hours": 8,
    "working_days": "1234567",
    "day_begins": 0,
    "day_ends": 24,
    "time_zone": "UTC",
}


@dataclass(frozen=True)
class Asked:
    """A course whose activity takes questions."""

    space: spaces.Space
    activity: spaces.Activity
    ana: Viewer
    ben: Viewer
    chen: Viewer
    eve: Viewer
    nameless: Viewer


def course(*, topic: str = TOPIC, at_once: bool = True, chen_knows: bool = True, **settings: Any) -> Asked:
    """Ana and Eve learn, Ben teaches and placed the questions, Chen holds the topic."""
    base = people.course()
    activity = spaces.create_activity(
        viewer=base.ben,
        title="Ask about incidents",
        kind=Kind.QUESTIONS,
        settings={"topic": topic, **(AT_ONCE if at_once else {"time_zone": "UTC"}), **settings},
        external_id=f"questions about {topic}",
    )
    if chen_knows:
        topics.grant_expertise(viewer=base.ben, topic=topic, person_id=base.chen.person_id)
    eve = people.join(base.space, "eve", "Eve Larsen")
    return Asked(
        space=base.space, activity=activity, ana=base.ana, ben=base.ben, chen=base.chen, eve=eve, nameless=base.nameless
    )


def expert(asked: Asked, name: str, topic: str = TOPIC, **facts: Any) -> Viewer:
    viewer = people.join(asked.space, name.lower(), name)
    topics.grant_expertise(viewer=asked.ben, topic=topic, person_id=viewer.person_id)
    if facts:
        topics.save_profile(viewer=viewer, **{"capacity": topics.USUAL_CAPACITY, **facts})
    return viewer


def ask(
    asked: Asked, title: str = "Who declares an incident?", by: Viewer | None = None, **facts: Any
) -> threads.Thread:
    facts = {"body": "It is two at night and nobody else is up.", **facts}
    return questions.ask_question(viewer=by or asked.ana, activity_uid=asked.activity.uid, title=title, **facts)


def row(thread: threads.Thread) -> Question:
    return Question.objects.select_related("assignment").get(pk=thread.pk)


def holder(thread: threads.Thread) -> int | None:
    held = row(thread).assignment
    return held.person_id if held else None


def history(thread: threads.Thread) -> list[tuple[int, str]]:
    """(person, outcome) of everybody who had a question."""
    return list(Assignment.objects.filter(question=thread.pk).order_by("pk").values_list("person_id", "outcome"))


def tick(moment: datetime) -> int:
    with clock.at(moment):
        return questions.route_due()


def reply(viewer: Viewer, thread: threads.Thread, body: str = "Whoever sees it first.", **facts: Any) -> threads.Post:
    lent = questions.lend(viewer=viewer, thread_id=thread.pk) if viewer.space_id != thread.space_id else None
    return threads.add_reply(viewer=lent or viewer, thread_id=thread.pk, body=body, **facts)


def elsewhere(asked: Asked, role: Role = Role.LEARNER, name: str = "Fay Ito") -> Viewer:
    """Somebody in another course of the same organization."""
    space = spaces.ensure_space(
        organization_id=asked.space.organization_id, issuer=people.ISSUER, external_id="c2", title="Course c2"
    )
    return people.join(space, name.lower(), name, role)


def look(viewer: Viewer, thread: threads.Thread) -> questions.QuestionView:
    """What a viewer sees of the question beside its thread."""
    seen = threads.get_thread(viewer=viewer, thread_id=thread.pk)
    view = questions.view_question(viewer=viewer, thread=seen)
    assert view is not None
    return view
