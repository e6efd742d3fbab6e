"""The kinds of activity and the settings of each, validated: what an author may choose when placing one.

A kind's settings are a frozen dataclass; `read_settings` makes one from what a form, a deep link, a copied course or
a row holds. Unknown names are ignored (a newer version may have written them), wrong values are refused in words.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Final

from django.db.models import TextChoices
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from companion.errors import InvalidInput
from companion.text import clean

PROMPT_LIMIT: Final = 5_000
# The longest text and the greatest number that a setting takes.
LIMITS: Final[Mapping[str, int]] = {
    "prompt": PROMPT_LIMIT,
    "topic": 100,
    "credit_threads": 20,
    "credit_replies": 100,
    "credit_words": 1_000,
}


class Kind(TextChoices):
    DISCUSSION = "discussion", _("Discussion")


class Anonymity(TextChoices):
    """Who may hide their name. Fixed for each post when it is made."""

    OFF = "off", _("Off: every post shows its author's name")
    ALLOWED = "allowed", _("Allowed: authors choose for each post")
    DEFAULT = "default", _("By default: names are hidden unless the author shows theirs")


class Starters(TextChoices):
    EVERYONE = "everyone", _("Everyone in the course")
    STAFF = "staff", _("Course staff only; learners reply")


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscussionSettings:
    """What an author sets for a discussion. `prompt` is Markdown.

    The credit rule: so many threads and so many replies, each of at least so many words; all zero is no rule.
    """

    prompt: str = ""
    topic: str = ""
    anonymity: Anonymity = Anonymity.ALLOWED
    starters: Starters = Starters.EVERYONE
    credit_threads: int = 0
    credit_replies: int = 0
    credit_words: int = 0

    @property
    def has_credit_rule(self) -> bool:
        return bool(self.credit_threads or self.credit_replies)


SETTINGS: Final[Mapping[str, type[DiscussionSettings]]] = {Kind.DISCUSSION: DiscussionSettings}


def read_settings(kind: str, raw: object) -> DiscussionSettings:
    """The settings of an activity of this kind from untrusted values; what is missing gets its default.

    Raises InvalidInput with a sentence per field.
    """
    if kind not in SETTINGS:
        raise InvalidInput({"kind": gettext("There is no activity of this kind.")})
    if not isinstance(raw, Mapping):
        raise InvalidInput({"settings": gettext("The settings are not readable.")})
    values: dict[str, Any] = {}
    errors: dict[str, str] = {}
    for field in fields(SETTINGS[kind]):
        if field.name not in raw:
            continue
        try:
            values[field.name] = _read_value(field.type, raw[field.name], LIMITS.get(field.name, 0))
        except ValueError as error:
            errors[field.name] = str(error)
    if errors:
        raise InvalidInput(errors)
    return SETTINGS[kind](**values)


def write_settings(settings: DiscussionSettings) -> dict[str, Any]:
    """The settings as plain JSON values, for the row."""
    return {name: value.value if isinstance(value, TextChoices) else value for name, value in asdict(settings).items()}


def _read_value(wanted: Any, value: object, limit: int) -> Any:
    if wanted is int:
        return _read_number(value, limit)
    if not isinstance(value, str):
        raise ValueError(gettext("This must be a text."))
    if isinstance(wanted, type) and issubclass(wanted, TextChoices):
        if value not in wanted.values:
            raise ValueError(gettext("Choose one of the options."))
        return wanted(value)
    value = clean(value).strip()
    if len(value) > limit:
        raise ValueError(gettext("At most %(limit)d characters, please.") % {"limit": limit})
    return value


def _read_number(value: object, limit: int) -> int:
    """0 where nothing was given. `True` is no number, though Python says so."""
    if value in (None, ""):
        return 0
    if isinstance(value, bool) or not isinstance(value, int | str) or not str(value).strip().isdecimal():
        raise ValueError(gettext("This must be a whole number."))
    if int(value) > limit:
        raise ValueError(gettext("At most %(limit)d, please.") % {"limit": limit})
    return int(value)
