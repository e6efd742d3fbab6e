from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from django import forms
from django.utils import timezone
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext_lazy as _

from companion.spaces.api import Activity
from companion.spaces.kinds import Anonymity, Groups, Kind, QuestionSettings, ReflectionSettings, Starters
from companion.viewer import Mount
from companion.web.forms.posts import VerbForm

# What forms ask for; the prompts of a series have pages of their own.
SETTINGS: Final = tuple(
    {**asdict(QuestionSettings()), **asdict(ReflectionSettings())}.keys() - {"prompts", "publishes"}
)
# Left empty, these are not said: what was there stays.
_NUMBERS: Final = (
    *("before_days", "gather_days", "peer_hours", "expert_hours", "author_hours", "day_begins", "day_ends"),
    "holdout_percent",
)
# ISO digits, as working hours and rotas keep them.
DAYS: Final = tuple((str(number + 1), name) for number, name in WEEKDAYS.items())
# The dates of an activity are its own, not settings: they do not come along with a copied course.
DATES: Final = ("opens_at", "closes_at", "event_at", "event_ends_at")


class MomentInput(forms.DateTimeInput):
    input_type = "datetime-local"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%dT%H:%M")


class MomentField(forms.DateTimeField):
    """A date that every database holds, also some months before it and in another time zone."""

    def __init__(self, label: Any, help_text: Any = "") -> None:
        super().__init__(label=label, help_text=help_text, required=False, widget=MomentInput())

    def clean(self, value: Any) -> datetime | None:
        moment: datetime | None = super().clean(value)
        if moment is not None and not 1970 <= moment.year <= 9000:
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid")
        return moment


class NumberInput(forms.NumberInput):
    def __init__(self) -> None:
        super().__init__(attrs={"min": 0, "step": 1, "inputmode": "numeric"})


class MarkdownField(forms.CharField):
    def __init__(self, label: Any, help_text: Any) -> None:
        widget = forms.Textarea(attrs={"rows": 3, "dir": "auto", "class": "grow"})
        super().__init__(label=label, help_text=help_text, required=False, strip=False, widget=widget)


class ActivityForm(VerbForm):
    """What an author sets for a discussion."""

    kept: Mapping[str, object] = MappingProxyType({})

    title = forms.CharField(
        label=_("Title"), required=False, widget=forms.TextInput(attrs={"dir": "auto", "maxlength": 200})
    )
    prompt = MarkdownField(_("Prompt"), _("What should people write about? Shown above the threads. Markdown works."))
    topic = forms.CharField(
        label=_("Topic"),
        help_text=_("What it is about, in a word or two, such as “Incident response”; several set apart by commas."),
        required=False,
        widget=forms.TextInput(attrs={"dir": "auto", "maxlength": 100}),
    )
    anonymity = forms.ChoiceField(label=_("Anonymous posts"), choices=Anonymity.choices, widget=forms.RadioSelect)
    starters = forms.ChoiceField(label=_("Who may start threads"), choices=Starters.choices, widget=forms.RadioSelect)
    groups = forms.ChoiceField(
        label=_("Groups"), choices=Groups.choices, widget=forms.RadioSelect, initial=Groups.NONE.value, required=False
    )
    post_first = forms.BooleanField(label=_("Learners write in a thread before they read its replies"), required=False)
    edit_minutes = forms.CharField(
        label=_("Minutes to change one's own post"),
        help_text=_("0: as long as the discussion is open."),
        required=False,
        widget=NumberInput(),
    )
    video = forms.CharField(
        label=_("Video"),
        help_text=_(
            "The https address of a video file, or of a YouTube or Vimeo page. Threads can hang on its seconds."
        ),
        required=False,
        widget=forms.URLInput(attrs={"dir": "ltr", "maxlength": 1000}),
    )
    event_at = MomentField(_("The event begins"))
    event_ends_at = MomentField(_("The event ends"))
    before_days = forms.CharField(
        label=_("Days before, when the first thread opens"), required=False, initial=7, widget=NumberInput()
    )
    before_prompt = forms.CharField(
        label=_("Prompt before the event"),
        help_text=_("Opens a thread with these words. Markdown works."),
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 2, "dir": "auto", "class": "grow"}),
    )
    after_prompt = forms.CharField(
        label=_("Prompt after the event"),
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 2, "dir": "auto", "class": "grow"}),
    )
    opens_at = MomentField(_("Opens"))
    closes_at = MomentField(_("Closes"), help_text=_("After this, learners can read but not write."))

    @classmethod
    def for_activity(cls, activity: Activity, data: Mapping[str, Any] | None = None) -> ActivityForm:
        """The form for an activity's settings, filled in with what was sent or with what it has."""
        form = cls(data, initial=_values_of(activity))
        form.kept = activity.settings
        return form

    @property
    def choices(self) -> list[forms.BoundField]:
        return [self[name] for name in ("anonymity", "starters", "groups") if name in self.fields]

    @property
    def event(self) -> list[forms.BoundField]:
        names = ("event_at", "event_ends_at", "before_days", "before_prompt", "after_prompt")
        return [self[name] for name in names]

    @property
    def has_event(self) -> bool:
        """Whether the part about the event has anything in it, or anything wrong: then it stands open."""
        return any(field.errors or (field.name != "before_days" and field.value()) for field in self.event)

    @property
    def dates(self) -> list[forms.BoundField]:
        return [self["opens_at"], self["closes_at"]]

    @property
    def dates_zone(self) -> str:
        """The zone in which the dates are read."""
        return str(timezone.get_current_timezone())

    def _is_said(self, name: str) -> bool:
        """An empty choice or number is not a choice: what was there stays."""
        return name in self.cleaned_data and not (name in ("groups", *_NUMBERS) and not self.cleaned_data[name])

    def activity(self) -> dict[str, Any]:
        """The arguments of `create_activity` and `configure_activity`."""
        data = self.cleaned_data
        return {
            "title": data["title"],
            # What this form does not ask for stays as it is.
            "settings": {**self.kept, **{name: data[name] for name in SETTINGS if self._is_said(name)}},
            **{name: data[name] for name in DATES},
        }


class CreditForm(ActivityForm):
    """The same with a credit rule, where the host carries credit to the platform."""

    credit_threads = forms.CharField(label=_("Threads to start"), required=False, widget=NumberInput())
    credit_replies = forms.CharField(label=_("Replies to write"), required=False, widget=NumberInput())
    credit_words = forms.CharField(label=_("Words in each, at least"), required=False, widget=NumberInput())

    @property
    def credit(self) -> list[forms.BoundField]:
        return [self["credit_threads"], self["credit_replies"], self["credit_words"]]


class GradedForm(CreditForm):
    """The same where the credit goes to the platform's gradebook as points."""

    credit_points = forms.CharField(
        label=_("Points for all of it"),
        help_text=_("In the course's gradebook; 0 leaves it alone."),
        required=False,
        widget=NumberInput(),
    )
    credit_whole = forms.BooleanField(label=_("Points only once all of it is done, none for a part"), required=False)

    @property
    def credit(self) -> list[forms.BoundField]:
        return [*super().credit, self["credit_points"]]


class DaysField(forms.MultipleChoiceField):
    """Weekdays, as one text of ISO digits: "12345"."""

    def __init__(self, label: Any) -> None:
        super().__init__(label=label, required=False, choices=DAYS, widget=forms.CheckboxSelectMultiple)

    def prepare_value(self, value: Any) -> Any:
        return list(value) if isinstance(value, str) else value

    def clean(self, value: Any) -> Any:
        return "".join(super().clean(value))


class LadderFields(forms.Form):
    """What an author sets for questions to experts besides."""

    peer_hours = forms.CharField(label=_("Everybody answers first (hours)"), required=False, widget=NumberInput())
    expert_hours = forms.CharField(label=_("Then an expert has it (hours)"), required=False, widget=NumberInput())
    author_hours = forms.CharField(
        label=_("Then whoever placed it here (hours)"),
        help_text=_("After that, whoever teaches the course."),
        required=False,
        widget=NumberInput(),
    )
    working_days = DaysField(_("Working days"))
    day_begins = forms.CharField(label=_("The working day begins at"), required=False, widget=NumberInput())
    day_ends = forms.CharField(label=_("and ends at"), required=False, widget=NumberInput())
    time_zone = forms.CharField(
        label=_("In the time zone"),
        help_text=_("Such as Europe/Berlin; empty is that of this service."),
        required=False,
        widget=forms.TextInput(attrs={"dir": "ltr", "autocomplete": "off", "maxlength": 60}),
    )
    allows_private = forms.BooleanField(label=_("Learners may ask the experts alone"), required=False)
    is_shared = forms.BooleanField(
        label=_("Answered questions are found in every course of the organization"), required=False
    )
    gather_days = forms.CharField(
        label=_("Days before an event, when questions for it are gathered"), required=False, widget=NumberInput()
    )

    @property
    def ladder(self) -> list[forms.BoundField]:
        return [self["peer_hours"], self["expert_hours"], self["author_hours"]]

    @property
    def hours(self) -> list[forms.BoundField]:
        return [self["day_begins"], self["day_ends"], self["time_zone"]]

    @property
    def switches(self) -> list[forms.BoundField]:
        return [self["allows_private"], self["is_shared"]]


class SeriesFields(forms.Form):
    """What an author sets for a follow-up series besides its prompts: when people may be reminded."""

    prompt = MarkdownField(_("What this is for"), _("Shown above what people are asked. Markdown works."))
    working_days = DaysField(_("Days on which people are reminded"))
    day_begins = forms.CharField(label=_("From (hour)"), required=False, widget=NumberInput())
    day_ends = forms.CharField(label=_("Until (hour)"), required=False, widget=NumberInput())
    time_zone = forms.CharField(
        label=_("In the time zone"),
        help_text=_("Such as Europe/Berlin, for learners who have told none of their own."),
        required=False,
        widget=forms.TextInput(attrs={"dir": "ltr", "autocomplete": "off", "maxlength": 60}),
    )
    holdout_percent = forms.CharField(
        label=_("Per cent of the learners who are held out"),
        help_text=_(
            "0, or 10 to 50: drawn by lot, they are asked at the end alone. The figures then show what the prompts have"
            " changed. Tell your learners."
        ),
        required=False,
        widget=NumberInput(),
    )

    recaps = forms.BooleanField(
        label=_("Show learners again what they answered elsewhere in this course"), required=False
    )

    @property
    def is_series(self) -> bool:
        return True

    @property
    def hours(self) -> list[forms.BoundField]:
        return [self["day_begins"], self["day_ends"], self["time_zone"]]

    @property
    def event(self) -> list[forms.BoundField]:
        return [self["event_at"], self["event_ends_at"]]


def without_threads(form: type[ActivityForm]) -> type[ActivityForm]:
    """The same without the fields that are about threads."""
    for name in ("anonymity", "starters", "groups", "post_first", "edit_minutes", "video", *_AROUND):
        form.base_fields.pop(name, None)
    form.base_fields.pop("credit_threads", None)
    return form


_AROUND: Final = ("before_days", "before_prompt", "after_prompt")


class _Series(SeriesFields, ActivityForm):
    pass


class _GradedSeries(_Series, GradedForm):
    credit_replies = forms.CharField(label=_("Prompts to answer"), required=False, widget=NumberInput())

    @property
    def credit(self) -> list[forms.BoundField]:
        return [self["credit_replies"], self["credit_words"], self["credit_points"]]


SeriesForm, GradedSeriesForm = without_threads(_Series), without_threads(_GradedSeries)


class QuestionsForm(LadderFields, ActivityForm):
    pass


class GradedQuestionsForm(LadderFields, GradedForm):
    credit_threads = forms.CharField(label=_("Questions to ask"), required=False, widget=NumberInput())


def form_of(mount: Mount, kind: str = Kind.DISCUSSION) -> type[ActivityForm]:
    """The form for what this host can do with the settings of a kind."""
    if kind == Kind.QUESTIONS:
        return GradedQuestionsForm if mount.report_credit else QuestionsForm
    if kind == Kind.REFLECTION:
        return GradedSeriesForm if mount.report_credit else SeriesForm
    return GradedForm if mount.report_credit else ActivityForm


def _values_of(activity: Activity) -> dict[str, Any]:
    return {
        **asdict(activity.discussion),
        "title": activity.title,
        **{name: getattr(activity, name) for name in DATES},
    }
