"""The settings form of a block: that of an activity, with a credit rule and what it counts for."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from companion.web.forms.activities import SETTINGS, CreditForm


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
    def for_block(cls, block: Any) -> BlockForm:
        """The form filled in from the fields, also from those that an import broke."""
        names = (*SETTINGS, "graded_credit", "weight")
        first = {}
        for name in (*names, "opens_at", "closes_at"):
            try:
                first[name] = getattr(block, name)
            except (TypeError, ValueError):
                first[name] = None
        return cls(initial={**first, "title": block.display_name}, auto_id="studio-%s")

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("graded_credit") and not any(
            str(data.get(name) or "0").strip() not in ("", "0") for name in ("credit_threads", "credit_replies")
        ):
            self.add_error("graded_credit", gettext("Say first what a learner does for it: threads, replies or both."))
        if data.get("weight") is None and "weight" not in self.errors:
            data["weight"] = 1.0
        return data
