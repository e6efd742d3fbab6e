"""Series to begin with. What they stand on is in docs/concepts/reflection.md, with what is not proven."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from companion.spaces.prompts import Anchor, Format, PromptSettings, Scaffold


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """`prompts` are the arguments of `PromptSettings`; texts are translated when a series is made of it."""

    name: Any
    about: Any
    prompts: tuple[Mapping[str, Any], ...]


_PLAN: Final = {
    "key": "plan",
    "format": Format.COMMITMENT,
    "title": _("What will you do differently?"),
    "text": _("One small thing, tied to a moment that will come by itself: “When the next alert comes in, I will …”"),
    "anchor": Anchor.COURSE,
    "days": 2,
}
_RECALL: Final = {
    "key": "recall",
    "format": Format.TEXT,
    "title": _("What do you remember?"),
    "text": _("Without looking: what are the two or three things of the course that you use, or would like to?"),
    "anchor": Anchor.COURSE,
    "days": 7,
}
_HOW: Final = {
    "key": "how",
    "format": Format.FOLLOW_UP,
    "title": _("How did it go?"),
    "text": _("Not yet is an answer, too. If you are stuck, somebody who knows can help."),
    "anchor": Anchor.COURSE,
    "days": 21,
    "pairs_with": "plan",
}
_STILL: Final = {
    **_HOW,
    "key": "still",
    "title": _("Two months later: what has become of it?"),
    "days": 60,
}

TEMPLATES: Final[Mapping[str, Template]] = {
    "after_course": Template(
        name=_("After a course"),
        about=_("A plan two days after the course; after 7, 21 and 60 days, what is remembered and what came of it."),
        prompts=(_PLAN, _RECALL, _HOW, _STILL),
    ),
    "compliance": Template(
        name=_("After a course with a duty"),
        about=_("The same, and once more after 180 days."),
        prompts=(
            _PLAN,
            _RECALL,
            _HOW,
            _STILL,
            {**_HOW, "key": "half_year", "title": _("Half a year later: do you still do it?"), "days": 180},
        ),
    ),
    "event": Template(
        name=_("Around a training event"),
        about=_("Expectations and confidence before it; confidence, a plan and what came of it after it."),
        prompts=(
            {
                "key": "expect",
                "format": Format.TEXT,
                "title": _("What do you want to take home?"),
                "text": _("Which situation at work should go better after this?"),
                "anchor": Anchor.EVENT_START,
                "days": -5,
            },
            {
                "key": "before",
                "format": Format.RATING,
                "title": _("How sure are you today?"),
                "text": _("0: I would not know where to begin. 10: I could teach it."),
                "anchor": Anchor.EVENT_START,
                "days": -1,
            },
            {
                "key": "after",
                "format": Format.RATING,
                "title": _("How sure are you now?"),
                "text": _("0: I would not know where to begin. 10: I could teach it."),
                "anchor": Anchor.EVENT_END,
                "days": 1,
                "pairs_with": "before",
            },
            {**_PLAN, "anchor": Anchor.EVENT_END},
            {**_HOW, "anchor": Anchor.EVENT_END},
            {**_STILL, "anchor": Anchor.EVENT_END},
        ),
    ),
    "unit": Template(
        name=_("In a unit"),
        about=_("A minute paper when the unit is opened, and its muddiest point a day later."),
        prompts=(
            {
                "key": "minute",
                "format": Format.TEXT,
                "scaffold": Scaffold.MINUTE,
                "title": _("One minute on this unit"),
                "anchor": Anchor.UNIT,
            },
            {
                "key": "muddiest",
                "format": Format.TEXT,
                "scaffold": Scaffold.MUDDIEST,
                "title": _("The muddiest point"),
                "anchor": Anchor.UNIT,
                "days": 1,
            },
        ),
    ),
}


def from_template(name: str) -> tuple[PromptSettings, ...]:
    """The prompts of a template, in the reader's language. KeyError for one that there is not."""
    found = []
    for facts in TEMPLATES[name].prompts:
        words = {key: str(facts[key]) for key in ("title", "text") if key in facts}
        found.append(PromptSettings(**{**facts, **words}))
    return tuple(found)
