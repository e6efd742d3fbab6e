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
from companion.spaces.hours import WorkingHours, are_days, is_zone
from companion.spaces.prompts import PromptSettings, read_prompts, write_prompts
from companion.spaces.videos import video_source
from companion.text import clean

PROMPT_LIMIT: Final = 5_000
# The longest text and the greatest number that a setting takes.
LIMITS: Final[Mapping[str, int]] = {
    "prompt": PROMPT_LIMIT,
    "topic": 100,
    "video": 1_000,
    "edit_minutes": 60 * 24 * 365,
    "before_days": 90,
    "before_prompt": PROMPT_LIMIT,
    "after_prompt": PROMPT_LIMIT,
    "credit_threads": 20,
    "credit_replies": 100,
    "credit_words": 1_000,
    "credit_points": 1_000,
    "peer_hours": 24 * 14,
    "expert_hours": 24 * 14,
    "author_hours": 24 * 14,
    "gather_days": 60,
    "working_days": 7,
    "day_begins": 23,
    "day_ends": 24,
    "time_zone": 60,
    "holdout_percent": 50,
}
LEAST_HOLDOUT: Final = 10


class Kind(TextChoices):
    DISCUSSION = "discussion", _("Discussion")
    QUESTIONS = "questions", _("Questions to experts")
    REFLECTION = "reflection", _("Reflection and follow-up")


class Anonymity(TextChoices):
    """Who may hide their name. Fixed for each post when it is made."""

    OFF = "off", _("Off: every post shows its author's name")
    ALLOWED = "allowed", _("Allowed: authors choose for each post")
    DEFAULT = "default", _("By default: names are hidden unless the author shows theirs")


class Starters(TextChoices):
    EVERYONE = "everyone", _("Everyone in the course")
    STAFF = "staff", _("Course staff only; learners reply")


class Groups(TextChoices):
    """What the platform's groups (Open edX: cohorts) mean for a discussion."""

    NONE = "none", _("Off: one discussion for all")
    VISIBLE = "visible", _("Visible: everyone reads, groups write among themselves")
    SEPARATE = "separate", _("Separate: each group sees its own threads only")


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscussionSettings:
    """What an author sets for a discussion. Prompts are Markdown.

    - The credit rule: so many threads and so many replies, each of at least so many words; all zero is no rule.
    - `credit_points`: what the whole of it is worth in the gradebook of a course over LTI; 0 leaves that alone. With
      `credit_whole` (completion) they are given once all is done, else each thread and reply has its part.
    - `edit_minutes`: how long authors may change their own posts; 0 is as long as the discussion is open.
    - `post_first`: learners read the replies of a thread once they have written in it themselves.
    - `topic`: what it is about; several are set apart by commas.
    - `video`: the address of a video file, or of a page at YouTube or Vimeo.
    - `before_days`, `before_prompt`, `after_prompt`: threads around a training event, whose date is the activity's.
    """

    prompt: str = ""
    topic: str = ""
    anonymity: Anonymity = Anonymity.ALLOWED
    starters: Starters = Starters.EVERYONE
    groups: Groups = Groups.NONE
    post_first: bool = False
    edit_minutes: int = 0
    video: str = ""
    before_days: int = 7
    before_prompt: str = ""
    after_prompt: str = ""
    credit_threads: int = 0
    credit_replies: int = 0
    credit_words: int = 0
    credit_points: int = 0
    credit_whole: bool = False

    @property
    def topics(self) -> tuple[str, ...]:
        return tuple(name for part in self.topic.split(",") if (name := part.strip()))

    @property
    def has_credit_rule(self) -> bool:
        return bool(self.credit_threads or self.credit_replies)

    @property
    def is_graded(self) -> bool:
        return self.has_credit_rule and self.credit_points > 0


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionSettings(DiscussionSettings):
    """The same for questions to experts, with the ladder that a question climbs until it is answered.

    - For `peer_hours` everybody may answer, then the expert on call has it for `expert_hours`, then whoever placed the
      activity for `author_hours`, then an instructor. Working hours all of them; 0 leaves no time to that step.
    - `working_days` are ISO weekdays ("12345" is Monday to Friday), `day_begins` and `day_ends` full hours in
      `time_zone` ("" is the service's own). Nobody is given a question outside of them.
    - `allows_private`: whether one may ask the experts alone.
    - `is_shared`: whether its answered questions may be found and read in the whole organization.
    - `gather_days`: with a date (an ask-the-expert event), how long before it questions are gathered and voted on.
    """

    peer_hours: int = 8
    expert_hours: int = 16
    author_hours: int = 16
    working_days: str = "12345"
    day_begins: int = 8
    day_ends: int = 18
    time_zone: str = ""
    allows_private: bool = True
    is_shared: bool = False
    gather_days: int = 7

    @property
    def hours(self) -> WorkingHours:
        return WorkingHours(
            zone=self.time_zone, days=frozenset(map(int, self.working_days)), begins=self.day_begins, ends=self.day_ends
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ReflectionSettings(DiscussionSettings):
    """A follow-up series: prompts, and when people may be reminded of them.

    - `prompts` are what is asked, and when (companion.spaces.prompts).
    - `working_days` are ISO weekdays, `day_begins` and `day_ends` full hours of the day in each learner's own zone;
      `time_zone` is that of whoever told none ("" is the service's own). No reminder goes out outside of them.
    - `holdout_percent`: the share of learners who are asked at the end alone, to compare; 0, or 10 to 50.
    - `recaps`: whether learners read here again what they answered in this course, wherever that was.
    - `publishes`: whether what is set here holds at once, because whoever sets it publishes elsewhere (Studio).
    - The credit rule counts answered prompts as replies.
    """

    starters: Starters = Starters.STAFF
    prompts: tuple[PromptSettings, ...] = ()
    working_days: str = "12345"
    day_begins: int = 8
    day_ends: int = 18
    time_zone: str = ""
    holdout_percent: int = 0
    recaps: bool = False
    publishes: bool = False

    @property
    def hours(self) -> WorkingHours:
        return WorkingHours(
            zone=self.time_zone, days=frozenset(map(int, self.working_days)), begins=self.day_begins, ends=self.day_ends
        )


SETTINGS: Final[Mapping[str, type[DiscussionSettings]]] = {
    Kind.DISCUSSION: DiscussionSettings,
    Kind.QUESTIONS: QuestionSettings,
    Kind.REFLECTION: ReflectionSettings,
}


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
    errors = _wrong_together({field.name: field.default for field in fields(SETTINGS[kind])} | values) | errors
    if errors:
        raise InvalidInput(errors)
    return SETTINGS[kind](**values)


def _wrong_together(values: Mapping[str, Any]) -> dict[str, str]:
    """What is wrong with values that are each of the right type."""
    errors = _wrong_hours(values)
    if 0 < values.get("holdout_percent", 0) < LEAST_HOLDOUT:
        errors["holdout_percent"] = gettext("0, or from %(least)d to 50.") % {"least": LEAST_HOLDOUT}
    if values["video"] and video_source(values["video"]) is None:
        errors["video"] = gettext("This must be the https address of a video file, or of a YouTube or Vimeo page.")
    return errors


def _wrong_hours(values: Mapping[str, Any]) -> dict[str, str]:
    """What is wrong with the working hours of a kind that has some."""
    errors = {}
    if "working_days" not in values:
        return {}
    if not are_days(values["working_days"]):
        errors["working_days"] = gettext("Choose at least one day.")
    if values["day_ends"] <= values["day_begins"]:
        errors["day_ends"] = gettext("The working day must end after it begins.")
    if values["time_zone"] and not is_zone(values["time_zone"]):
        errors["time_zone"] = gettext("There is no time zone of this name. Write it like Europe/Berlin.")
    return errors


def write_settings(settings: DiscussionSettings) -> dict[str, Any]:
    """The settings as plain JSON values, for the row."""
    plain = {name: value.value if isinstance(value, TextChoices) else value for name, value in asdict(settings).items()}
    if isinstance(settings, ReflectionSettings):
        plain["prompts"] = write_prompts(settings.prompts)
    return plain


def _read_value(wanted: Any, value: object, limit: int) -> Any:
    if wanted == tuple[PromptSettings, ...]:
        return read_prompts(value)
    if wanted is int:
        return _read_number(value, limit)
    if wanted is bool:
        return _read_switch(value)
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


def _read_switch(value: object) -> bool:
    """True or False from JSON, a form's box ("on") or OLX ("true")."""
    if value in (None, "", False, "false", "False", "0", "off"):
        return False
    if value in (True, "true", "True", "1", "on"):
        return True
    raise ValueError(gettext("This is either on or off."))
