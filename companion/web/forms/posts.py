from __future__ import annotations

import secrets
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from companion.errors import InvalidInput
from companion.spaces.kinds import Anonymity
from companion.threads.api import BODY_LIMIT, REASON_LIMIT, TITLE_LIMIT


class VerbForm(forms.Form):
    """A form whose rules are those of a verb: nothing is required or stripped here."""

    use_required_attribute = False

    def refuse(self, error: InvalidInput) -> None:
        """Put a verb's sentences beside their fields."""
        for field, message in error.errors.items():
            self.add_error(field if field in self.fields else None, message)


class PostForm(VerbForm):
    """A text, whether to sign it, and the random id that makes a double submit one post."""

    body = forms.CharField(
        label=_("Text"),
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 4, "dir": "auto", "class": "grow", "data-limit": BODY_LIMIT}),
    )
    anonymous = forms.BooleanField(label=_("Do not show my name"), required=False)
    submission = forms.CharField(widget=forms.HiddenInput, required=False, max_length=64)

    def __init__(self, *args: Any, anonymity: Anonymity, **kwargs: Any) -> None:
        kwargs["initial"] = {"submission": secrets.token_urlsafe(16), "anonymous": anonymity is Anonymity.DEFAULT}
        super().__init__(*args, **kwargs)
        if anonymity is Anonymity.OFF:
            del self.fields["anonymous"]

    def follow(self, anonymity: Anonymity) -> None:
        """Show the box for anonymity as the policy says, after a form was read without knowing it."""
        self.initial["anonymous"] = anonymity is Anonymity.DEFAULT
        if anonymity is Anonymity.OFF:
            del self.fields["anonymous"]

    def post(self) -> dict[str, Any]:
        """The arguments that every writing verb takes."""
        return {
            "body": self.cleaned_data["body"],
            "anonymous": self.cleaned_data.get("anonymous", False),
            "submission": self.cleaned_data["submission"],
        }


class ThreadForm(PostForm):
    title = forms.CharField(
        label=_("Title"),
        required=False,
        widget=forms.TextInput(attrs={"dir": "auto", "autocomplete": "off", "maxlength": TITLE_LIMIT}),
    )
    field_order = ["title", "body", "anonymous", "submission"]


class EditForm(VerbForm):
    """A change of one's own words; `version` is the one it was made from."""

    title = forms.CharField(
        label=_("Title"),
        required=False,
        widget=forms.TextInput(attrs={"dir": "auto", "autocomplete": "off", "maxlength": TITLE_LIMIT}),
    )
    body = PostForm.base_fields["body"]
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1)

    def __init__(self, *args: Any, with_title: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not with_title:
            del self.fields["title"]


class HideForm(VerbForm):
    reason = forms.CharField(
        label=_("Reason"),
        help_text=_("The author and the course staff read it; nobody else does."),
        required=False,
        widget=forms.TextInput(attrs={"dir": "auto", "autocomplete": "off", "maxlength": REASON_LIMIT}),
    )
