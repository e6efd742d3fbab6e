"""A follow-up series in a unit: prompts at the right time, answers in the unit."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from django.utils.translation import gettext_noop
from xblock.fields import Boolean, Integer, Scope, String

from companion import clock
from companion.errors import InvalidInput
from companion.spaces.kinds import Kind, ReflectionSettings
from companion.spaces.notation import read_notation
from companion_xblocks.base import CompanionBlock
from companion_xblocks.forms import ReflectionBlockForm

_USUAL: Final = ReflectionSettings()


class ReflectionBlock(CompanionBlock):
    """`companion_reflection`. What its course publishes holds at once."""

    kind = Kind.REFLECTION
    settings_form = ReflectionBlockForm
    icon_class = "other"

    display_name = String(
        default=gettext_noop("Companion reflection"), scope=Scope.settings, help="The title above the prompts."
    )
    starters = String(
        default=_USUAL.starters.value, scope=Scope.content, help="Of no use here: a series holds no threads."
    )
    prompts = String(
        default="", scope=Scope.content, help="The prompts as a text, as docs/references/reflection.md describes it."
    )
    working_days = String(
        default=_USUAL.working_days, scope=Scope.content, help="Days of reminders: 1 is Monday, 7 is Sunday."
    )
    day_begins = Integer(
        default=_USUAL.day_begins, scope=Scope.content, help="The full hour from which on they go out."
    )
    day_ends = Integer(default=_USUAL.day_ends, scope=Scope.content, help="The full hour at which they end.")
    time_zone = String(
        default=_USUAL.time_zone, scope=Scope.content, help="The time zone of whoever told none, such as Europe/Berlin."
    )
    holdout_percent = Integer(
        default=0, scope=Scope.content, help="Per cent of the learners who are asked at the end alone; 0, or 10 to 50."
    )

    recaps = Boolean(
        default=False, scope=Scope.content, help="Whether learners read again what they answered in this course."
    )

    def values(self) -> dict[str, Any]:
        """The fields, with the prompts read from their text. Raises InvalidInput."""
        found = super().values()
        try:
            prompts = read_notation(self._read("prompts"))
        except ValueError as error:
            raise InvalidInput({"prompts": str(error)}) from error
        found["settings"] |= {"prompts": prompts, "publishes": True}
        return found

    @staticmethod
    def workbench_scenarios() -> list[tuple[str, str]]:
        soon = (clock.now() + timedelta(days=3)).replace(minute=0, second=0, microsecond=0)
        # The workbench knows no working hours: what is asked at night is to be seen at night.
        always = 'working_days="1234567" day_begins="0" day_ends="24"'
        return [
            (
                "Companion: a reflection in a unit, asked at once",
                f"""<vertical_demo>
                      <html_demo><h2>Who is in command?</h2></html_demo>
                      <companion_reflection display_name="One minute on this unit" credit_replies="1" {always}
                        prompts="{_attribute(_IN_A_UNIT)}"/>
                    </vertical_demo>""",
            ),
            (
                "Companion: prompts around a training event",
                f"""<companion_reflection display_name="Around the game day" event_at="{soon.isoformat()}" {always}
                     prompts="{_attribute(_AROUND)}"/>""",
            ),
            (
                "Companion: a reflection whose prompts cannot be read",
                """<companion_reflection display_name="Broken" prompts="## A title&#10;whenever"/>""",
            ),
        ]


def _attribute(text: str) -> str:
    """A text of several lines as XML keeps it in an attribute."""
    return text.strip().replace("\n", "&#10;")


_IN_A_UNIT: Final = """
## One minute on this unit {#minute}
text minute, after unit

## What will you do? {#plan}
commitment, after unit
- write down who leads
- call out the time

## How did it go? {#how}
follow_up, after unit
"""
_AROUND: Final = """
## How sure are you today? {#before}
rating, 3 days before event_start

## How sure are you now? {#after}
rating, 1 days after event_end, beside before
"""
