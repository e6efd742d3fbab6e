"""What a seeded discussion, and a seeded question to experts, is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from textwrap import dedent


@dataclass(frozen=True, kw_only=True)
class Member:
    """A further learner of a course, who writes but does not sign in."""

    key: str
    name: str
    sub: str
    context_id: str


@dataclass(frozen=True, kw_only=True)
class Message:
    """`by` is the key of a person or a member, `text` Markdown, `days_ago` relative to now."""

    by: str
    text: str
    days_ago: float
    anonymous: bool = False
    replies: tuple[Message, ...] = ()
    # Keys of those whom it helped, and of who endorses it.
    helped: tuple[str, ...] = ()
    endorsed_by: str = ""
    # Whoever asked says that it is the answer; for so many days from now, `by` vouches for it.
    accepted: bool = False
    holds_days: int = 0
    # A second of the unit's video.
    second: int | None = None


@dataclass(frozen=True, kw_only=True)
class Conversation:
    title: str
    opening: Message
    kind: str = "discussion"
    pinned: bool = False
    locked: bool = False
    to_course: bool = False


@dataclass(frozen=True, kw_only=True)
class Question(Conversation):
    """A question to experts. `too` are the keys of those who have it as well; `taken_by` took it so long ago."""

    tags: tuple[str, ...] = ()
    private: bool = False
    too: tuple[str, ...] = ()
    taken_by: str = ""
    taken_days_ago: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Expert:
    """Who holds the topic: `key` of a person, on call on `weekdays` (ISO digits). Without a capacity, the usual one."""

    key: str
    weekdays: str = ""
    capacity: int | None = None
    about: str = ""


@dataclass(frozen=True, kw_only=True)
class Setup:
    """Prompts are Markdown; `anonymity` is off, allowed or default; `starters` is everyone or staff.

    `with_video` puts the unit's video above the threads. The prompts before and after are for a unit with an event,
    the `ladder` (further settings of the kind) for one that asks or follows up. `experts` hold the `topic`.
    """

    prompt: str
    anonymity: str = "allowed"
    starters: str = "everyone"
    topic: str = ""
    experts: tuple[Expert, ...] = ()
    ladder: Mapping[str, str | int] = field(default_factory=dict)
    with_video: bool = False
    before_prompt: str = ""
    after_prompt: str = ""


@dataclass(frozen=True)
class Said:
    """What one member answered to the prompts of a follow-up; None for what they left out. `plan` is an option."""

    by: str
    sure: int | None = None
    cue: str = ""
    plan: int | None = None
    recalls: int | None = None
    outcome: str = ""
    surer: int | None = None
    shares: bool = False


@dataclass(frozen=True, kw_only=True)
class FollowUp:
    """A series: its prompts as plain values, and what members answered who finished the course so long ago."""

    prompts: tuple[Mapping[str, object], ...]
    finished_days_ago: int
    said: tuple[Said, ...] = ()


def post(
    by: str,
    days_ago: float,
    text: str,
    *replies: Message,
    anonymous: bool = False,
    helped: str = "",
    endorsed_by: str = "",
    second: int | None = None,
    accepted: bool = False,
    holds_days: int = 0,
) -> Message:
    """A message whose text is indented like the code around it, the answers behind it."""
    return Message(
        by=by,
        text=dedent(text).strip("\n"),
        days_ago=days_ago,
        anonymous=anonymous,
        replies=replies,
        helped=tuple(helped.split()),
        endorsed_by=endorsed_by,
        second=second,
        accepted=accepted,
        holds_days=holds_days,
    )
