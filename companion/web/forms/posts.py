from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from companion.errors import InvalidInput
from companion.reasons import REASON_LIMIT
from companion.spaces.kinds import Anonymity
from companion.spaces.videos import read_timecode
from companion.threads.api import BODY_LIMIT, TITLE_LIMIT, Kind


class VerbForm(forms.Form):
    """A form whose rules are those of a verb: nothing is required or stripped here."""

    use_required_attribute = False

    def clean(self) -> None:
        """What is wrong with a hidden field is said where somebody reads it."""
        if any(field.errors for field in self.hidden_fields()):
            self.add_error(None, gettext("This form is not complete. Open it again, and copy your text into it."))

    def refuse(self, error: InvalidInput) -> None:
        """Put a verb's sentences beside their fields."""
        for field, message in error.errors.items():
            self.add_error(field if field in self.fields else None, message)


class BodyWidget(forms.Textarea):
    def __init__(self, rows: int = 4) -> None:
        super().__init__(attrs={"rows": rows, "dir": "auto", "class": "grow", "data-limit": BODY_LIMIT})


class TitleField(forms.CharField):
    def __init__(self) -> None:
        attrs = {"dir": "auto", "autocomplete": "off", "maxlength": TITLE_LIMIT}
        super().__init__(label=_("Title"), required=False, widget=forms.TextInput(attrs=attrs))


class ReasonField(forms.CharField):
    def __init__(self, help_text: Any, label: Any = None) -> None:
        attrs = {"dir": "auto", "autocomplete": "off", "maxlength": REASON_LIMIT}
        super().__init__(
            label=label or _("Reason"), help_text=help_text, required=False, widget=forms.TextInput(attrs=attrs)
        )


class ThreadNumberField(forms.IntegerField):
    """Another thread, by the number that its menu tells."""

    def __init__(self, label: Any) -> None:
        help_text = _("It stands in the menu “More” of every thread.")
        widget = forms.NumberInput(attrs={"min": 1, "step": 1})
        super().__init__(label=label, help_text=help_text, required=False, min_value=1, widget=widget)


class SecondField(forms.CharField):
    """A place in a video, typed as 1:32."""

    def __init__(self) -> None:
        attrs = {"autocomplete": "off", "inputmode": "numeric", "placeholder": "1:32", "size": 8, "maxlength": 9}
        super().__init__(label=_("At this time of the video"), required=False, widget=forms.TextInput(attrs=attrs))

    def clean(self, value: Any) -> int | None:
        try:
            return read_timecode(super().clean(value))
        except ValueError as error:
            raise forms.ValidationError(gettext("Write it as minutes and seconds, such as 1:32.")) from error


class PostForm(VerbForm):
    """A text, whether to sign it, and the random id that makes a double submit one post.

    A picture may come with the form itself, for whoever runs no scripts.
    """

    body = forms.CharField(label=_("Text"), required=False, strip=False, widget=BodyWidget())
    picture = forms.FileField(
        label=_("Picture"),
        required=False,
        widget=forms.FileInput(attrs={"accept": "image/png,image/jpeg,image/gif,image/webp"}),
    )
    picture_alt = forms.CharField(
        label=_("What the picture shows"),
        help_text=_("For people who cannot see it."),
        required=False,
        widget=forms.TextInput(attrs={"dir": "auto", "autocomplete": "off", "maxlength": 300}),
    )
    second = SecondField()
    anonymous = forms.BooleanField(label=_("Do not show my name"), required=False)
    submission = forms.CharField(widget=forms.HiddenInput, required=False, max_length=64)

    def __init__(self, *args: Any, anonymity: Anonymity, has_video: bool = True, **kwargs: Any) -> None:
        kwargs["initial"] = {
            "submission": secrets.token_urlsafe(16),
            "anonymous": anonymity is Anonymity.DEFAULT,
            **kwargs.get("initial", {}),
        }
        super().__init__(*args, **kwargs)
        # What was sent is read whole: whoever ticked the box before the policy changed must hear of it from the verb.
        if not self.is_bound:
            self.follow(anonymity, has_video=has_video)

    def follow(self, anonymity: Anonymity, *, has_video: bool) -> None:
        """Show the box for anonymity and the field for the video as the activity says now."""
        self.initial["anonymous"] = anonymity is Anonymity.DEFAULT
        if anonymity is Anonymity.OFF:
            self._drop("anonymous")
        if not has_video:
            self._drop("second")

    def _drop(self, name: str) -> None:
        """Take a field away; what was wrong with it is said above the form."""
        wrong = self.errors.pop(name, None)
        self.fields.pop(name, None)
        if wrong:
            self.add_error(None, list(wrong))

    def post(self) -> dict[str, Any]:
        """The arguments that every writing verb takes."""
        return {
            "body": self.cleaned_data["body"],
            "second": self.cleaned_data.get("second"),
            "anonymous": self.cleaned_data.get("anonymous", False),
            "submission": self.cleaned_data["submission"],
        }


class ThreadForm(PostForm):
    """A new thread. `groups` are those it can be for; who may announce sees the kind and the whole course. Where
    questions go to experts, they have a form of their own: then no thread is one (`can_ask`).
    """

    title = TitleField()
    kind = forms.ChoiceField(label=_("Kind"), required=False, choices=Kind.choices)
    group = forms.TypedChoiceField(label=_("For"), required=False, coerce=int, empty_value=None)
    to_space = forms.BooleanField(label=_("Show it in every discussion of the course"), required=False)
    field_order = ["title", "kind", "body", "second", "group", "to_space", "anonymous", "submission"]

    def __init__(
        self,
        *args: Any,
        can_announce: bool,
        groups: Sequence[tuple[int, str]] | None,
        can_ask: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        kinds: Any = self.fields["kind"]
        refused = {Kind.ANNOUNCEMENT: not can_announce, Kind.QUESTION: not can_ask}
        kinds.choices = [choice for choice in Kind.choices if not refused.get(Kind(choice[0]))]
        if not can_announce:
            del self.fields["to_space"]
        # Whoever chose a group that they are in no longer must not write for another one unasked.
        if groups is None or (len(groups) == 1 and not can_announce and not self.data.get("group")):
            del self.fields["group"]
        else:
            everybody = [("", _("Everybody"))] if can_announce else []
            self.fields["group"].choices = [*everybody, *groups]  # type: ignore[attr-defined]

    def thread(self) -> dict[str, Any]:
        """The arguments of `start_thread`."""
        data = self.cleaned_data
        return {
            **self.post(),
            "title": data["title"],
            "kind": Kind(data["kind"] or Kind.DISCUSSION),
            "group_id": data.get("group"),
            "to_space": data.get("to_space", False),
        }


class EditForm(VerbForm):
    """A change of one's own words, or the staff's of another's, with a reason; `version` is what it was made from."""

    title = TitleField()
    body = forms.CharField(label=_("Text"), required=False, strip=False, widget=BodyWidget())
    reason = ReasonField(_("Everybody reads it beside the post."), label=_("Why you change it"))
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1)

    def __init__(self, *args: Any, with_title: bool, with_reason: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not with_title:
            del self.fields["title"]
        if not with_reason:
            del self.fields["reason"]

    def follow(self, version: int) -> None:
        """Let the next attempt be one on this version."""
        self.data = {**{name: self.data.get(name) for name in self.data}, "version": str(version)}
