"""What a seeded discussion is made of."""

from __future__ import annotations

from dataclasses import dataclass
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


@dataclass(frozen=True, kw_only=True)
class Conversation:
    title: str
    opening: Message
    pinned: bool = False
    locked: bool = False


@dataclass(frozen=True, kw_only=True)
class Setup:
    """`prompt` is Markdown; `anonymity` is off, allowed or default; `starters` is everyone or staff."""

    prompt: str
    anonymity: str = "allowed"
    starters: str = "everyone"


def post(by: str, days_ago: float, text: str, *replies: Message, anonymous: bool = False) -> Message:
    """A message whose text is indented like the code around it, the answers behind it."""
    return Message(
        by=by,
        text=dedent(text).strip("\n"),
        days_ago=days_ago,
        anonymous=anonymous,
        replies=replies,
    )
