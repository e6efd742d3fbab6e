"""What people report and the staff decides."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from companion.spaces.api import Activity
from companion.web.forms.activities import MomentField
from companion.web.forms.posts import ReasonField, ThreadNumberField, TitleField, VerbForm


class HideForm(VerbForm):
    reason = ReasonField(_("The author and the course staff read it; nobody else does."))


class ReportForm(VerbForm):
    reason = ReasonField(
        _("The course staff reads it. Nobody learns that it was you."), label=_("What is wrong with it?")
    )


class CaseForm(VerbForm):
    reason = ReasonField(_("To hide it or send it back, say why: the author reads it."))


class MuteForm(VerbForm):
    days = forms.TypedChoiceField(
        label=_("For how long"),
        coerce=int,
        choices=[(1, _("One day")), (7, _("A week")), (30, _("A month")), (0, _("Until it is lifted"))],
        widget=forms.RadioSelect,
        initial=7,
    )
    reason = ReasonField(_("They read it when they want to write."))


class SplitForm(VerbForm):
    title = TitleField()


class MergeForm(VerbForm):
    into = ThreadNumberField(_("Number of the other thread"))


class MoveForm(VerbForm):
    to = forms.ChoiceField(label=_("To which discussion"), required=False)

    def __init__(self, *args: Any, activities: list[Activity], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["to"].choices = [(str(activity.uid), activity.title) for activity in activities]  # type: ignore[attr-defined]


class ExpertForm(VerbForm):
    person = forms.CharField(
        label=_("Name"),
        help_text=_("As it stands on what they wrote."),
        required=False,
        widget=forms.TextInput(attrs={"dir": "auto", "autocomplete": "off", "maxlength": 255}),
    )
    expires_at = MomentField(_("Until"))
