"""A course with a follow-up series after it, Ana who finished it, and a clock that can be moved."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from companion import clock
from companion.questions import api as questions
from companion.reflections import api as reflections
from companion.reflections.models import Delivery
from companion.spaces import api as spaces
from companion.spaces.kinds import Kind
from companion.spaces.prompts import Anchor, Format, PromptSettings
from companion.viewer import Viewer
from tests import people

# A Monday at nine.
MONDAY = datetime(2026, 3, 2, 9, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ALWAYS = {"working_days": "1234567", "day_begins": 0, "day_ends": 24, "time_zone": "UTC"}
PLAN = PromptSettings(
    key="plan",
    format=Format.COMMITMENT,
    title="What will you do?",
    anchor=Anchor.COURSE,
    days=2,
    options=("write down who leads", "call out the time"),
)
HOW = PromptSettings(
    key="how", format=Format.FOLLOW_UP, title="How did it go?", anchor=Anchor.COURSE, days=21, pairs_with="plan"
)
SURE = PromptSettings(key="sure", format=Format.RATING, title="How sure are you?", anchor=Anchor.COURSE, days=7)
PROMPTS = (PLAN, SURE, HOW)


@dataclass(frozen=True)
class Followed:
    """A course with a series in it."""

    space: spaces.Space
    activity: spaces.Activity
    ana: Viewer
    ben: Viewer
    chen: Viewer
    nameless: Viewer

    @property
    def series(self) -> reflections.Series:
        found = reflections.find_series(self.activity)
        assert found is not None
        return found


def course(*, prompts: Sequence[PromptSettings] = PROMPTS, published: bool = True, **settings: Any) -> Followed:
    """Ana, Chen and somebody without a name learn, Ben teaches and has published a series."""
    base = people.course()
    dates = {name: settings.pop(name) for name in ("event_at", "event_ends_at") if name in settings}
    activity = spaces.create_activity(
        viewer=base.ben,
        title="After the course",
        kind=Kind.REFLECTION,
        settings={**ALWAYS, "prompts": list(prompts), **settings},
        external_id="follow-up",
        **dates,
    )
    for viewer, address in ((base.ana, "ana@example.org"), (base.chen, "chen@example.org")):
        give_address(viewer, address)
    if published:
        reflections.publish_series(viewer=base.ben, uid=activity.uid)
    return Followed(
        space=base.space, activity=activity, ana=base.ana, ben=base.ben, chen=base.chen, nameless=base.nameless
    )


def give_address(viewer: Viewer, address: str) -> None:
    person = spaces.Person.objects.get(pk=viewer.person_id)
    spaces.admit_person(
        organization_id=viewer.organization_id,
        issuer=person.issuer,
        subject=person.subject,
        name=person.name,
        email=address,
    )


def finish(followed: Followed, *viewers: Viewer, at: datetime | None = None) -> None:
    """These people have finished the course."""
    for viewer in viewers or (followed.ana,):
        reflections.note_completion(
            space_id=followed.space.pk, person_id=viewer.person_id, unit=reflections.COURSE, at=at
        )


def row(viewer: Viewer, key: str, round: int = 1) -> Delivery:
    return Delivery.objects.select_related("prompt").get(person_id=viewer.person_id, prompt__key=key, round=round)


def said(viewer: Viewer, key: str, round: int = 1) -> tuple[str, str]:
    found = row(viewer, key, round)
    return found.state, found.reason


@contextmanager
def after(days: float) -> Iterator[datetime]:
    """So many days after MONDAY, with everything done that was due until then."""
    moment = MONDAY + timedelta(days=days)
    with clock.at(moment):
        reflections.deliver_due()
        yield moment


def commit(followed: Followed, viewer: Viewer | None = None, **plan: Any) -> reflections.Entry:
    who = viewer or followed.ana
    facts = {"cue": "the next alert comes in", "action": "write down who leads", "number": 7, **plan}
    privacy = facts.pop("privacy", reflections.Privacy.PRIVATE)
    return reflections.answer_prompt(
        viewer=who, delivery_id=row(who, "plan").pk, answer=reflections.Answer(**facts), privacy=privacy
    )


def answer(viewer: Viewer, key: str, round: int = 1, **facts: Any) -> reflections.Entry:
    privacy = facts.pop("privacy", reflections.Privacy.PRIVATE)
    return reflections.answer_prompt(
        viewer=viewer,
        delivery_id=row(viewer, key, round).pk,
        answer=reflections.Answer(**facts),
        privacy=privacy,
    )


def ask(followed: Followed, viewer: Viewer, delivery: Delivery) -> int:
    """Whoever is stuck asks the experts because of it; gives the thread's id."""
    place = spaces.create_activity(viewer=followed.ben, title="Q", kind=Kind.QUESTIONS, external_id="q")
    thread = questions.ask_question(
        viewer=viewer,
        activity_uid=place.uid,
        title="Stuck",
        body="I do not know whom to ask.",
        is_private=False,
        anonymous=False,
        submission="s1",
    )
    reflections.note_question(viewer=viewer, delivery_id=delivery.pk, thread_id=thread.pk)
    return thread.pk
