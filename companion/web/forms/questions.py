"""What is typed about questions: asking, answering for them, and what an expert takes on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from companion.topics.api import ABOUT_LIMIT, NAME_LIMIT, USUAL_CAPACITY
from companion.web.forms.activities import DAYS, MomentField, NumberInput
from companion.web.forms.posts import BodyWidget, ReasonField, ThreadForm, ThreadNumberField, VerbForm


class DateField(forms.DateField):
    def __init__(self, label: Any, help_text: Any = "") -> None:
        widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
        super().__init__(label=label, help_text=help_text, required=False, widget=widget)


class TopicsField(forms.CharField):
    """Names set apart by commas."""

    def __init__(self) -> None:
        attrs = {"dir": "auto", "autocomplete": "off", "maxlength": 5 * (NAME_LIMIT + 2)}
        help_text = _("What it is about, set apart by commas. It finds people who know.")
        super().__init__(label=_("Topics"), help_text=help_text, required=False, widget=forms.TextInput(attrs=attrs))

    def clean(self, value: Any) -> list[str]:
        return [part for part in (super().clean(value) or "").split(",") if part.strip()]


class QuestionForm(ThreadForm):
    """A question. `similar_url` is where answers are looked for while the title is typed."""

    topics = TopicsField()
    is_private = forms.BooleanField(label=_("Ask the experts alone"), required=False)
    field_order = ["title", "body", "topics", "second", "group", "is_private", "anonymous", "submission"]

    def __init__(self, *args: Any, allows_private: bool, similar_url: str, **kwargs: Any) -> None:
        super().__init__(*args, can_announce=False, **kwargs)
        del self.fields["kind"]
        self.fields["title"].label = _("Your question in a line")
        self.fields["body"].label = _("What have you tried, and where are you stuck?")
        self.fields["title"].widget.attrs |= {
            "hx-get": similar_url,
            "hx-trigger": "input changed delay:300ms, search",
            "hx-target": "#similar",
            "hx-swap": "innerHTML",
            "hx-sync": "this:replace",
            "hx-include": "this",
        }
        if not allows_private and not self.is_bound:
            del self.fields["is_private"]

    def question(self) -> dict[str, Any]:
        """The arguments of `ask_question`."""
        return {
            **self.post(),
            "title": self.cleaned_data["title"],
            "topic_names": self.cleaned_data["topics"],
            "is_private": self.cleaned_data.get("is_private", False),
            "group_id": self.cleaned_data.get("group"),
        }


class UnhelpfulForm(VerbForm):
    body = forms.CharField(
        label=_("What is missing?"),
        help_text=_("It stands as your reply, and the question goes back to the experts."),
        required=False,
        strip=False,
        widget=BodyWidget(rows=3),
    )
    submission = forms.CharField(widget=forms.HiddenInput, required=False, max_length=64)


class DeclineForm(VerbForm):
    reason = ReasonField(_("The course staff reads it. Somebody else is asked at once."))


class HandOverForm(VerbForm):
    person = forms.TypedChoiceField(label=_("To whom"), required=False, coerce=int, empty_value=None)
    note = ReasonField(_("They and the course staff read it. May stay empty."), label=_("A word to them"))

    def __init__(self, *args: Any, people: Sequence[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["person"].choices = people  # type: ignore[attr-defined]


class DuplicateForm(VerbForm):
    of = ThreadNumberField(_("Number of the question that has the answer"))


class VerifyForm(VerbForm):
    until = DateField(_("Holds until"), _("After that day, nobody vouches for it until it is looked at again."))

    def moment(self) -> datetime | None:
        """The end of the day, in the zone of the page."""
        day = self.cleaned_data.get("until")
        return timezone.make_aware(datetime.combine(day, time(23, 59))) if day else None


class TopicsForm(VerbForm):
    topics = TopicsField()


class ProfileForm(VerbForm):
    """What an expert says of themselves."""

    capacity = forms.IntegerField(
        label=_("Questions a week"),
        help_text=_("You are never given more. 0 gives you none."),
        required=False,
        min_value=0,
        initial=USUAL_CAPACITY,
        widget=NumberInput(),
    )
    away_from = MomentField(_("Away from"))
    away_until = MomentField(_("Back on"), _("Meanwhile others are asked."))
    time_zone = forms.CharField(
        label=_("Your time zone"),
        help_text=_("Such as Europe/Berlin. Your week begins on Monday there."),
        required=False,
        widget=forms.TextInput(attrs={"dir": "ltr", "autocomplete": "off", "maxlength": 60}),
    )
    about = forms.CharField(
        label=_("About you"),
        help_text=_("What people may ask you, in a few sentences."),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "dir": "auto", "class": "grow", "maxlength": ABOUT_LIMIT}),
    )
    is_listed = forms.BooleanField(label=_("Show a page about me"), required=False, initial=True)

    def profile(self) -> dict[str, Any]:
        """The arguments of `save_profile`."""
        data = self.cleaned_data
        return {**data, "capacity": data["capacity"] if data["capacity"] is not None else USUAL_CAPACITY}


class TurnForm(VerbForm):
    """On which days an expert is on call."""

    expert = forms.TypedChoiceField(label=_("Expert"), required=False, coerce=int, empty_value=None)
    weekdays = forms.MultipleChoiceField(
        label=_("On call on"), required=False, choices=DAYS, widget=forms.CheckboxSelectMultiple
    )
    starts_on = DateField(_("From"))
    ends_on = DateField(_("Until"), _("Dates may stay empty: then it is for ever."))

    def __init__(self, *args: Any, experts: Sequence[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["expert"].choices = experts  # type: ignore[attr-defined]

    def turn(self) -> dict[str, Any]:
        """The arguments of `add_turn`."""
        data = self.cleaned_data
        return {
            "person_id": data["expert"] or 0,
            "weekdays": "".join(data["weekdays"]),
            "starts_on": data["starts_on"],
            "ends_on": data["ends_on"],
        }


class SynonymForm(VerbForm):
    synonym = forms.CharField(
        label=_("Another name for it"),
        required=False,
        widget=forms.TextInput(attrs={"dir": "auto", "autocomplete": "off", "maxlength": NAME_LIMIT}),
    )


class TopicMergeForm(VerbForm):
    into = forms.TypedChoiceField(label=_("It is the same as"), required=False, coerce=int, empty_value=None)

    def __init__(self, *args: Any, topics: Sequence[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["into"].choices = [("", "—"), *topics]  # type: ignore[attr-defined]
