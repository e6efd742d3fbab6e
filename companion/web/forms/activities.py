from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from types import MappingProxyType
from typing import Any, Final

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from companion.spaces.api import Activity
from companion.spaces.kinds import Anonymity, DiscussionSettings, Starters
from companion.web.forms.posts import VerbForm

SETTINGS: Final = tuple(asdict(DiscussionSettings()))


class MomentInput(forms.DateTimeInput):
    input_type = "datetime-local"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%dT%H:%M")


class NumberInput(forms.NumberInput):
    def __init__(self) -> None:
        super().__init__(attrs={"min": 0, "step": 1, "inputmode": "numeric"})


class ActivityForm(VerbForm):
    """What an author sets for a discussion."""

    kept: Mapping[str, object] = MappingProxyType({})

    title = forms.CharField(
        label=_("Title"), required=False, widget=forms.TextInput(attrs={"dir": "auto", "maxlength": 200})
    )
    prompt = forms.CharField(
        label=_("Prompt"),
        help_text=_("What should people write about? Shown above the threads. Markdown works."),
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 3, "dir": "auto", "class": "grow"}),
    )
    topic = forms.CharField(
        label=_("Topic"),
        help_text=_("What it is about, in a word or two, such as “Incident response”. May stay empty."),
        required=False,
        widget=forms.TextInput(attrs={"dir": "auto", "maxlength": 100}),
    )
    anonymity = forms.ChoiceField(label=_("Anonymous posts"), choices=Anonymity.choices, widget=forms.RadioSelect)
    starters = forms.ChoiceField(label=_("Who may start threads"), choices=Starters.choices, widget=forms.RadioSelect)
    opens_at = forms.DateTimeField(label=_("Opens"), required=False, widget=MomentInput())
    closes_at = forms.DateTimeField(
        label=_("Closes"),
        help_text=_("After this, learners can read but not write."),
        required=False,
        widget=MomentInput(),
    )

    @classmethod
    def for_activity(cls, activity: Activity, data: Mapping[str, Any] | None = None) -> ActivityForm:
        """The form for an activity's settings, filled in with what was sent or with what it has."""
        form = cls(data, initial=_values_of(activity))
        form.kept = activity.settings
        return form

    @property
    def choices(self) -> list[forms.BoundField]:
        return [self["anonymity"], self["starters"]]

    @property
    def dates(self) -> list[forms.BoundField]:
        return [self["opens_at"], self["closes_at"]]

    @property
    def time_zone(self) -> str:
        """The zone in which the dates are read."""
        return str(timezone.get_current_timezone())

    def activity(self) -> dict[str, Any]:
        """The arguments of `create_activity` and `configure_activity`."""
        data = self.cleaned_data
        return {
            "title": data["title"],
            # What this form does not ask for stays as it is.
            "settings": {**self.kept, **{name: data[name] for name in SETTINGS if name in data}},
            "opens_at": data["opens_at"],
            "closes_at": data["closes_at"],
        }


class CreditForm(ActivityForm):
    """The same with a credit rule, where the host carries credit to the platform."""

    credit_threads = forms.CharField(label=_("Threads to start"), required=False, widget=NumberInput())
    credit_replies = forms.CharField(label=_("Replies to write"), required=False, widget=NumberInput())
    credit_words = forms.CharField(label=_("Words in each, at least"), required=False, widget=NumberInput())

    @property
    def credit(self) -> list[forms.BoundField]:
        return [self["credit_threads"], self["credit_replies"], self["credit_words"]]


def _values_of(activity: Activity) -> dict[str, Any]:
    return {
        **asdict(activity.discussion),
        "title": activity.title,
        "opens_at": activity.opens_at,
        "closes_at": activity.closes_at,
    }
