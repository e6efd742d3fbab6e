from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from companion.spaces.api import Activity
from companion.spaces.kinds import Anonymity, Starters
from companion.web.forms.posts import VerbForm


class MomentInput(forms.DateTimeInput):
    input_type = "datetime-local"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%dT%H:%M")


class ActivityForm(VerbForm):
    """What an author sets for a discussion."""

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
    def for_activity(cls, activity: Activity) -> ActivityForm:
        settings = activity.discussion
        return cls(
            initial={
                "title": activity.title,
                "prompt": settings.prompt,
                "anonymity": settings.anonymity,
                "starters": settings.starters,
                "opens_at": activity.opens_at,
                "closes_at": activity.closes_at,
            }
        )

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
            "settings": {name: data[name] for name in ("prompt", "anonymity", "starters")},
            "opens_at": data["opens_at"],
            "closes_at": data["closes_at"],
        }
