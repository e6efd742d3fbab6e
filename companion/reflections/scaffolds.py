"""The small questions that a free text is made of. Each may stay empty; together they are one entry.

Sources: Borton, "Reach, Touch and Teach" (1970), what / so what / now what, as Driscoll took it up for practice;
Gibbs, "Learning by Doing" (1988); Mosteller, "The 'Muddiest Point in the Lecture' as a feedback device" (1989); Angelo
and Cross, "Classroom Assessment Techniques" (1993), the minute paper. 3-2-1 is classroom lore.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from companion.spaces.prompts import Scaffold

_PARTS: Final[Mapping[str, Sequence[Any]]] = {
    Scaffold.NONE: ("",),
    Scaffold.WHAT: (_("What happened?"), _("So what: why does it matter?"), _("Now what will you do?")),
    Scaffold.GIBBS: (
        _("What happened?"),
        _("What did you think and feel?"),
        _("What was good about it, and what was not?"),
        _("What sense can you make of it?"),
        _("What else could you have done?"),
        _("What will you do next time?"),
    ),
    Scaffold.THREE_TWO_ONE: (
        _("Three things that you found out"),
        _("Two things that you want to try"),
        _("One question that you still have"),
    ),
    Scaffold.MUDDIEST: (_("What is still the least clear to you?"),),
    Scaffold.MINUTE: (
        _("What is the most important thing that you learned?"),
        _("Which question is still open for you?"),
    ),
}


def parts_of(scaffold: str) -> list[str]:
    """The small questions in their order; one without words for a text without scaffold."""
    return [str(part) for part in _PARTS[Scaffold(scaffold)]]
