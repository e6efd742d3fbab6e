"""The discussions that the demo is seeded with, as plain values: importable without Django.

The keys of SETUPS and CONVERSATIONS are the link ids of course.py. All people are invented.
"""

from __future__ import annotations

from examples.demo_lms.conversations import lab_safety, on_call
from examples.demo_lms.conversations.kinds import (
    Conversation,
    Expert,
    FollowUp,
    Member,
    Message,
    Question,
    Said,
    Setup,
)

MEMBERS: tuple[Member, ...] = on_call.MEMBERS + lab_safety.MEMBERS
SETUPS: dict[str, Setup] = on_call.SETUPS | lab_safety.SETUPS
FOLLOW_UPS: dict[str, FollowUp] = on_call.FOLLOW_UPS
CONVERSATIONS: dict[str, tuple[Conversation, ...]] = on_call.CONVERSATIONS | lab_safety.CONVERSATIONS

__all__ = [
    "CONVERSATIONS",
    "FOLLOW_UPS",
    "MEMBERS",
    "SETUPS",
    "Conversation",
    "Expert",
    "FollowUp",
    "Member",
    "Message",
    "Question",
    "Said",
    "Setup",
]
