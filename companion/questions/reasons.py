"""Why somebody has a question, or nobody does, in the reader's words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from companion.questions.models import Question
from companion.questions.routing import Reason

_WORDS: Final[Mapping[str, Any]] = {
    Reason.ON_CALL: _("on call for %(topic)s; %(number)s of %(capacity)s this week"),
    Reason.KNOWS: _("expert for %(topic)s; %(number)s of %(capacity)s this week"),
    Reason.AUTHOR: _("placed these questions in the course; %(number)s of %(capacity)s this week"),
    Reason.INSTRUCTOR: _("teaches the course; %(number)s of %(capacity)s this week"),
    Reason.CLAIMED: _("took it; %(number)s of %(capacity)s this week"),
    Reason.HANDED_OVER: _("got it handed over; %(number)s of %(capacity)s this week"),
    Reason.PEERS: _("Everybody here may answer first."),
    Reason.QUIET: _("Experts are asked again in working hours."),
    Reason.FULL: _("Everybody who could answer has as many questions as they take this week."),
    Reason.AWAY: _("Everybody who could answer is away."),
    Reason.NOBODY: _("No expert could be asked; the course staff sees it."),
    Reason.GATHERING: _("Questions are gathered for the event."),
}


def why(question: Question) -> str:
    """Why whoever has a question has it, or why nobody does. Its assignment is at hand, or asked for."""
    held = question.assignment
    return in_words(held.reason, held.facts) if held else in_words(question.reason, question.facts)


def in_words(reason: str, facts: Mapping[str, Any]) -> str:
    """The reason as a phrase (where somebody has it) or a sentence; "" for one that is not known any more."""
    words = _WORDS.get(reason)
    if words is None:
        return ""
    text = str(words)
    try:
        return text % facts
    except (KeyError, TypeError, ValueError):
        return text.partition(";")[0].partition("%(")[0].strip()
