"""On-call: your first incident. A module for each unit that has a discussion."""

from __future__ import annotations

from examples.demo_lms.conversations.kinds import Conversation, FollowUp, Member, Setup
from examples.demo_lms.conversations.on_call import (
    after_the_course,
    ask_the_experts,
    before_your_first_shift,
    declaring_an_incident,
    first_thirty_minutes,
    game_day,
    telling_people,
)

MEMBERS = (
    Member(key="jonas", name="Jonas Lindqvist", sub="101", context_id="2"),
    Member(key="priya", name="Priya Raghavan", sub="102", context_id="2"),
    Member(key="mateus", name="Mateus Carvalho", sub="103", context_id="2"),
    Member(key="aiko", name="Aiko Tanabe", sub="104", context_id="2"),
    Member(key="zainab", name="Zainab Haddad", sub="105", context_id="2"),
    Member(key="luca", name="Luca Ferrante", sub="106", context_id="2"),
    Member(key="grace", name="Grace Mutua", sub="107", context_id="2"),
    Member(key="oksana", name="Oksana Bondarenko", sub="108", context_id="2"),
    Member(key="tomas", name="Tomáš Novotný", sub="109", context_id="2"),
    Member(key="sione", name="Sione Taufa", sub="110", context_id="2"),
)

_UNITS = {
    "1": before_your_first_shift,
    "2": declaring_an_incident,
    "3": first_thirty_minutes,
    "4": telling_people,
    "5": game_day,
    "6": ask_the_experts,
    "8": after_the_course,
}

SETUPS: dict[str, Setup] = {key: unit.SETUP for key, unit in _UNITS.items()}
FOLLOW_UPS: dict[str, FollowUp] = {"8": after_the_course.FOLLOW_UP}
CONVERSATIONS: dict[str, tuple[Conversation, ...]] = {key: unit.CONVERSATIONS for key, unit in _UNITS.items()}
