"""The prompts of a follow-up series, as an author sets them: plain values that travel with the activity's settings."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from hashlib import sha256
from typing import Any, Final

from django.db.models import TextChoices
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from companion.text import clean, clean_line, is_blank

MOST_PROMPTS: Final = 20
MOST_OPTIONS: Final = 12
MOST_DAYS: Final = 365 * 2
MOST_MINUTES: Final = 5
TITLE_LIMIT: Final = 120
TEXT_LIMIT: Final = 3_000
OPTION_LIMIT: Final = 300
UNIT_LIMIT: Final = 255
_KEY: Final = re.compile(r"[a-z0-9_-]{1,32}")


class Format(TextChoices):
    TEXT = "text", _("Free text")
    RATING = "rating", _("Rating, 0 to 10")
    CHOICE = "choice", _("Choice")
    RETRIEVAL = "retrieval", _("Question with an answer")
    COMMITMENT = "commitment", _("Plan: “When …, I will …”")
    FOLLOW_UP = "follow_up", _("How the plan went")


class Anchor(TextChoices):
    """What days are counted from: each learner's own moment, or the event's."""

    ENROLMENT = "enrolment", _("joining the course")
    UNIT = "unit", _("finishing a unit")
    COURSE = "course", _("finishing the course")
    EVENT_START = "event_start", _("the beginning of the event")
    EVENT_END = "event_end", _("the end of the event")
    DUE = "due", _("the day by which a unit is due")


# What is known before it happens: prompts may come before it.
FORESEEN: Final = frozenset({Anchor.EVENT_START, Anchor.EVENT_END, Anchor.DUE})


class Scaffold(TextChoices):
    """Small questions that a free text is made of; a learner may leave any of them empty."""

    NONE = "", _("None: one text")
    WHAT = "what", _("What? So what? Now what?")
    GIBBS = "gibbs", _("Gibbs' reflective cycle")
    THREE_TWO_ONE = "three_two_one", _("3-2-1")
    MUDDIEST = "muddiest", _("Muddiest point")
    MINUTE = "minute", _("Minute paper")


# How long each takes, in minutes, where the author says nothing else.
ESTIMATES: Final[Mapping[str, int]] = {
    Format.TEXT: 3,
    Format.RATING: 1,
    Format.CHOICE: 1,
    Format.RETRIEVAL: 1,
    Format.COMMITMENT: 3,
    Format.FOLLOW_UP: 2,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptSettings:
    """One prompt.

    - `key` names it for good: what people answered stays with it, however it is changed. Unique in its series.
    - `days` are counted from `anchor` in the learner's calendar; less than 0 is before it, where it is foreseen.
    - `unit`: of the anchors `unit` ("" is the activity itself) and `due` (never ""), which one.
    - `options`: what a choice or a retrieval question offers, or the plans that a commitment offers.
    - `right`: of a retrieval question, which option is right (0 is the first); `feedback` is shown after the answer.
    - `pairs_with`: the key of an earlier prompt whose answer is shown beside this one; of a follow-up, its commitment.
    - `minutes`: what a learner is told it takes; 0 is the usual for its format.
    """

    key: str
    format: Format = Format.TEXT
    title: str = ""
    text: str = ""
    scaffold: Scaffold = Scaffold.NONE
    options: tuple[str, ...] = ()
    right: int = 0
    feedback: str = ""
    anchor: Anchor = Anchor.UNIT
    unit: str = ""
    days: int = 0
    pairs_with: str = ""
    minutes: int = 0

    @property
    def days_before(self) -> int:
        """How many days before its anchor it comes; 0 for after."""
        return max(0, -self.days)

    @property
    def estimate(self) -> int:
        """Minutes, 1 to 5."""
        return self.minutes or ESTIMATES[self.format]


def option_tag(option: str) -> str:
    """What an option is called in forms and links: by its words, so that what was chosen stays what was read, whatever
    its author does to the list meanwhile.
    """
    return "o" + sha256(option.encode()).hexdigest()[:10]


def read_prompts(raw: object) -> tuple[PromptSettings, ...]:
    """Prompts from untrusted values: a list of mappings. Raises ValueError, with a sentence."""
    if not isinstance(raw, Sequence) or isinstance(raw, str | bytes):
        raise ValueError(gettext("The prompts are not readable."))
    if len(raw) > MOST_PROMPTS:
        raise ValueError(gettext("At most %(limit)d prompts, please.") % {"limit": MOST_PROMPTS})
    prompts = tuple(read_prompt(item) for item in raw)
    keys = [prompt.key for prompt in prompts]
    if len(set(keys)) < len(keys):
        raise ValueError(gettext("Two prompts have the same key: %(keys)s") % {"keys": ", ".join(keys)})
    return tuple(_paired(prompt, prompts[:place]) for place, prompt in enumerate(prompts))


def read_prompt(raw: object) -> PromptSettings:
    """One prompt from untrusted values. Unknown names are ignored. Raises ValueError, with a sentence."""
    if isinstance(raw, PromptSettings):
        raw = asdict(raw)
    if not isinstance(raw, Mapping) or not _KEY.fullmatch(str(raw.get("key", ""))):
        raise ValueError(gettext("The prompts are not readable."))
    values: dict[str, Any] = {"key": str(raw["key"])}
    for field in fields(PromptSettings):
        if field.name != "key" and raw.get(field.name) not in (None, ""):
            values[field.name] = _READERS[field.name](raw[field.name])
    return _checked(PromptSettings(**values))


def write_prompts(prompts: Sequence[PromptSettings]) -> list[dict[str, Any]]:
    """The same as plain JSON values; what is as usual is left out."""
    written = []
    for prompt in prompts:
        usual = PromptSettings(key=prompt.key)
        values = {name: value for name, value in asdict(prompt).items() if value != getattr(usual, name)}
        plain = {name: value.value if isinstance(value, TextChoices) else value for name, value in values.items()}
        written.append({"key": prompt.key, **plain} | ({"options": list(prompt.options)} if prompt.options else {}))
    return written


def _paired(prompt: PromptSettings, earlier: Sequence[PromptSettings]) -> PromptSettings:
    """A follow-up without a word about which plan it is about means the last one before it."""
    known = {other.key: other for other in earlier}
    if prompt.format is Format.FOLLOW_UP:
        plans = [other.key for other in earlier if other.format is Format.COMMITMENT]
        if prompt.pairs_with not in plans:
            if not plans:
                raise ValueError(
                    gettext("“%(title)s” asks how a plan went: put a plan before it.") % {"title": prompt.title}
                )
            return replace(prompt, pairs_with=plans[-1])
    elif prompt.pairs_with and prompt.pairs_with not in known:
        return replace(prompt, pairs_with="")
    return prompt


def _checked(prompt: PromptSettings) -> PromptSettings:
    if is_blank(prompt.title):
        raise ValueError(gettext("Give each prompt a title."))
    if prompt.format in (Format.CHOICE, Format.RETRIEVAL) and len(prompt.options) < 2:
        raise ValueError(gettext("“%(title)s” needs two options at least.") % {"title": prompt.title})
    if prompt.format is Format.RETRIEVAL and prompt.right >= len(prompt.options):
        raise ValueError(gettext("Say which option of “%(title)s” is right.") % {"title": prompt.title})
    if prompt.days < 0 and prompt.anchor not in FORESEEN:
        raise ValueError(
            gettext("“%(title)s”: only an event or a due date is known before it comes.") % {"title": prompt.title}
        )
    if prompt.anchor is Anchor.DUE and not prompt.unit:
        raise ValueError(gettext("“%(title)s”: say which unit's due date it goes by.") % {"title": prompt.title})
    return prompt


def _line(limit: int) -> Any:
    def read(value: object) -> str:
        return _limited(clean_line(_text(value)), limit)

    return read


def _long(limit: int) -> Any:
    def read(value: object) -> str:
        return _limited(clean(_text(value)).strip(), limit)

    return read


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError(gettext("This must be a text."))
    return value


def _limited(text: str, limit: int) -> str:
    if len(text) > limit:
        raise ValueError(gettext("At most %(limit)d characters, please.") % {"limit": limit})
    return text


def _one_of(choices: Any) -> Any:
    def read(value: object) -> Any:
        if value not in choices.values:
            raise ValueError(gettext("Choose one of the options."))
        return choices(value)

    return read


def _number(least: int, most: int) -> Any:
    def read(value: object) -> int:
        try:
            number = int(str(value).strip()) if not isinstance(value, bool | float) else None
        except ValueError:
            number = None
        if number is None or not least <= number <= most:
            limits = {"least": least, "most": most}
            raise ValueError(gettext("This must be a whole number from %(least)d to %(most)d.") % limits)
        return number

    return read


def _options(value: object) -> tuple[str, ...]:
    if not isinstance(value, Sequence) or isinstance(value, str | bytes):
        raise ValueError(gettext("The options are not readable."))
    found = [_line(OPTION_LIMIT)(option) for option in value]
    found = [option for option in found if not is_blank(option)]
    if len(found) > MOST_OPTIONS:
        raise ValueError(gettext("At most %(limit)d options, please.") % {"limit": MOST_OPTIONS})
    return tuple(found)


_READERS: Final[Mapping[str, Any]] = {
    "format": _one_of(Format),
    "title": _line(TITLE_LIMIT),
    "text": _long(TEXT_LIMIT),
    "scaffold": _one_of(Scaffold),
    "options": _options,
    "right": _number(0, MOST_OPTIONS - 1),
    "feedback": _long(TEXT_LIMIT),
    "anchor": _one_of(Anchor),
    "unit": _line(UNIT_LIMIT),
    "days": _number(-MOST_DAYS, MOST_DAYS),
    "pairs_with": _line(32),
    "minutes": _number(0, MOST_MINUTES),
}
