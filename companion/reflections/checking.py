"""What was typed as an answer, and what of it is kept for a prompt of a format."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.utils.translation import gettext

from companion.errors import InvalidInput
from companion.reflections.models import ANSWER_LIMIT, Outcome
from companion.reflections.scaffolds import parts_of
from companion.spaces.prompts import Format, PromptSettings
from companion.text import clean, clean_line, is_blank

_LINES: Final = {"cue": 300, "action": 500, "obstacle": 500}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What was typed: which of these count depends on the prompt's format.

    `parts` are the texts of a free text, one for each small question of its scaffold; `number` a rating (0 to 10), a
    choice (0 is the first option) or a confidence; `cue`, `action`, `obstacle` a plan; `outcome` how one went.
    """

    parts: Sequence[str] = ()
    number: int | None = None
    outcome: str = ""
    cue: str = ""
    action: str = ""
    obstacle: str = ""


def values_of(prompt: PromptSettings, answer: Answer) -> dict[str, Any]:
    """What is kept of an answer to a prompt of this format. Raises InvalidInput."""
    if prompt.format is Format.TEXT:
        return {"parts": _texts(prompt, answer), "number": None, "outcome": ""}
    if prompt.format is Format.RATING:
        return {"parts": _comment(answer), "number": _number(answer, 10), "outcome": ""}
    if prompt.format in (Format.CHOICE, Format.RETRIEVAL):
        return {"parts": _comment(answer), "number": _number(answer, len(prompt.options) - 1), "outcome": ""}
    if prompt.format is Format.COMMITMENT:
        number = None if answer.number is None else _number(answer, 10)
        return {"parts": list(checked_plan(answer).values()), "number": number, "outcome": ""}
    if answer.outcome not in Outcome.values:
        raise InvalidInput({"outcome": gettext("Say how it went.")})
    return {"parts": _comment(answer), "number": None, "outcome": answer.outcome}


def _texts(prompt: PromptSettings, answer: Answer) -> list[str]:
    count = len(parts_of(prompt.scaffold))
    parts = [clean(part).strip() for part in list(answer.parts)[:count]]
    if all(is_blank(part) for part in parts):
        raise InvalidInput({"parts": gettext("Write a sentence, or skip this one.")})
    return _within_limit(parts)


def _comment(answer: Answer) -> list[str]:
    return _within_limit([part for raw in list(answer.parts)[:1] if not is_blank(part := clean(raw).strip())])


def _within_limit(parts: list[str]) -> list[str]:
    if sum(len(part) for part in parts) > ANSWER_LIMIT:
        raise InvalidInput({"parts": gettext("At most %(limit)d characters, please.") % {"limit": ANSWER_LIMIT}})
    return parts


def _number(answer: Answer, most: int) -> int:
    if answer.number is None or not 0 <= answer.number <= most:
        raise InvalidInput({"number": gettext("Choose one.")})
    return answer.number


def checked_plan(answer: Answer) -> dict[str, str]:
    lines = {name: clean_line(getattr(answer, name)) for name in _LINES}
    errors = {
        name: gettext("At most %(limit)d characters, please.") % {"limit": limit}
        for name, limit in _LINES.items()
        if len(lines[name]) > limit
    }
    if is_blank(lines["action"]):
        errors["action"] = gettext("Say what you will do, even if it is small.")
    if errors:
        raise InvalidInput(errors)
    return lines
