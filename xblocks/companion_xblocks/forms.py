"""The settings form of a block: that of an activity, with a credit rule and what it counts for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from companion.reflections.api import TEMPLATES, Template, from_template
from companion.spaces.notation import read_notation, write_notation
from companion.web.forms.activities import (
    DATES,
    CreditForm,
    LadderFields,
    NumberInput,
    SeriesFields,
    without_threads,
)


class BlockForm(CreditForm):
    graded_credit = forms.BooleanField(label=_("Credit counts as a grade"), required=False)
    weight = forms.FloatField(
        label=_("Points"),
        required=False,
        min_value=0,
        max_value=10_000,
        widget=forms.NumberInput(attrs={"min": 0, "step": "any"}),
    )

    @classmethod
    def for_block(cls, block: Any, data: Mapping[str, Any] | None = None) -> BlockForm:
        """The form for a block's fields, filled in with what was sent or with what they hold."""
        names = (*block.settings_names, *DATES, "display_name", "graded_credit", "weight")
        found = {name: _value_of(block, name) for name in names}
        form = cls(data, initial={**found, "title": found["display_name"]}, auto_id="studio-%s")
        form.kept = {name: found[name] for name in block.settings_names}
        return form

    def clean(self) -> None:
        super().clean()
        data = self.cleaned_data
        if data.get("graded_credit") and not any(
            str(data.get(name) or "0").strip() not in ("", "0") for name in ("credit_threads", "credit_replies")
        ):
            self.add_error("graded_credit", gettext("Say first what a learner does for it: threads, replies or both."))
        if data.get("weight") is None and "weight" not in self.errors:
            data["weight"] = 1.0


class QuestionsBlockForm(LadderFields, BlockForm):
    """The same for questions to experts."""


class ReflectionBlockForm(SeriesFields, BlockForm):
    """The same for a follow-up series, with its prompts as a text."""

    prompts = forms.CharField(
        label=_("Prompts"),
        help_text=_(
            "Each begins with “## Its title”; the line below says its format and when: “commitment, 2 days after"
            " course”. Then its text, and options as “- …”. Take a template below, and change its words and days."
        ),
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 12, "dir": "auto", "class": "grow"}),
    )
    credit_replies = forms.CharField(label=_("Prompts to answer"), required=False, widget=NumberInput())

    @property
    def credit(self) -> list[forms.BoundField]:
        return [self["credit_replies"], self["credit_words"]]

    @property
    def templates(self) -> list[tuple[Template, str]]:
        """Series to begin with, and each as the text that it is in the field."""
        return [(template, write_notation(from_template(name))) for name, template in TEMPLATES.items()]

    def activity(self) -> dict[str, Any]:
        found = super().activity()
        found["settings"]["prompts"] = read_notation(self.cleaned_data["prompts"])
        return found

    def clean_prompts(self) -> str:
        text = str(self.cleaned_data["prompts"])
        try:
            read_notation(text)
        except ValueError as error:
            raise forms.ValidationError(str(error)) from error
        return text


without_threads(ReflectionBlockForm)


def _value_of(block: Any, name: str) -> Any:
    """What a field holds; its default where an import brought what cannot be read."""
    try:
        return getattr(block, name)
    except (TypeError, ValueError):
        return block.fields[name].default
