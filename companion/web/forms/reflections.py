"""What a learner types about follow-up: answers to prompts, and how they are reminded."""

from __future__ import annotations

from typing import Any, Final

from django import forms
from django.utils.crypto import get_random_string
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from companion.reflections import api as reflections
from companion.reflections.api import Answer, Outcome, Privacy
from companion.reflections.scaffolds import parts_of
from companion.spaces.prompts import Format, PromptSettings, option_tag
from companion.web.forms.posts import VerbForm

SCALE: Final = [(str(number), str(number)) for number in range(11)]
OWN: Final = "own"


class LineField(forms.CharField):
    def __init__(self, label: Any, help_text: Any = "", limit: int = 300) -> None:
        attrs = {"dir": "auto", "autocomplete": "off", "maxlength": limit}
        super().__init__(label=label, help_text=help_text, required=False, widget=forms.TextInput(attrs=attrs))


class TextField(forms.CharField):
    def __init__(self, label: Any, help_text: Any = "", rows: int = 3) -> None:
        attrs = {"rows": rows, "dir": "auto", "class": "grow"}
        widget = forms.Textarea(attrs=attrs)
        super().__init__(label=label, help_text=help_text, required=False, strip=False, widget=widget)


class ScaleField(forms.ChoiceField):
    def __init__(self, label: Any, choices: Any = SCALE, help_text: Any = "") -> None:
        widget = forms.RadioSelect
        super().__init__(label=label, help_text=help_text, required=False, choices=choices, widget=widget)


class AnswerForm(VerbForm):
    """An answer to one prompt: the fields are those of its format. Without `can_share` it stays private."""

    privacy = forms.ChoiceField(
        label=_("Who reads this"),
        choices=Privacy.choices,
        initial=Privacy.PRIVATE.value,
        required=False,
        widget=forms.RadioSelect,
    )

    def __init__(self, *args: Any, prompt: PromptSettings, can_share: bool = True, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.prompt = prompt
        self.fields = {**_fields_of(prompt), **({"privacy": self.fields["privacy"]} if can_share else {})}

    @classmethod
    def for_prompt(cls, found: reflections.PromptView, data: Any = None) -> AnswerForm:
        """The form with what was answered so far."""
        return cls(data, prompt=found.settings, initial=_initial(found), auto_id="answer-%s")

    def answer(self) -> Answer:
        data = self.cleaned_data
        number = data.get("number") or ""
        tags = [option_tag(option) for option in self.prompt.options]
        action = data.get("action", "")
        chosen = data.get("offered", OWN)
        if chosen not in ("", OWN):
            action = self.prompt.options[tags.index(chosen)]
        return Answer(
            parts=[data[name] for name in self.fields if name.startswith("part_")],
            number=tags.index(number) if number in tags else int(number) if number else None,
            outcome=data.get("outcome", ""),
            cue=data.get("cue", ""),
            action=action,
            obstacle=data.get("obstacle", ""),
        )

    def offers(self, tapped: str) -> bool:
        """Whether one tap in an e-mail is an answer to the prompt as it is now."""
        is_one_tap = self.prompt.format in (Format.RATING, Format.CHOICE)
        return is_one_tap and tapped in dict(self.fields["number"].choices)  # type: ignore[attr-defined]

    @property
    def shared(self) -> Privacy:
        return Privacy(self.cleaned_data.get("privacy") or Privacy.PRIVATE)

    def refuse(self, error: Any) -> None:
        """What is wrong with the whole of a text is said at its first part."""
        for field, message in error.errors.items():
            name = "part_0" if field == "parts" else field
            self.add_error(name if name in self.fields else None, message)


def _fields_of(prompt: PromptSettings) -> dict[str, forms.Field]:
    if prompt.format is Format.TEXT:
        return {
            f"part_{place}": TextField(label or _("Your answer"), rows=3 if label else 5)
            for place, label in enumerate(parts_of(prompt.scaffold))
        }
    if prompt.format is Format.COMMITMENT:
        return _plan_fields(prompt)
    comment = {"part_0": TextField(_("A word about it (optional)"), rows=2)}
    if prompt.format is Format.RATING:
        return {"number": ScaleField(_("From 0 to 10")), **comment}
    if prompt.format is Format.FOLLOW_UP:
        return {"outcome": ScaleField(_("How did it go?"), Outcome.choices), **comment}
    options = [(option_tag(option), option) for option in prompt.options]
    number = ScaleField(_("Choose one"), options)
    return {"number": number} if prompt.format is Format.RETRIEVAL else {"number": number, **comment}


def _plan_fields(prompt: PromptSettings) -> dict[str, forms.Field]:
    found: dict[str, forms.Field] = {
        "cue": LineField(_("When …"), _("A moment that comes by itself, such as “the next alert comes in”.")),
    }
    if prompt.options:
        options = [*((option_tag(option), option) for option in prompt.options), (OWN, _("Something else:"))]
        found["offered"] = ScaleField(_("I will …"), options)
        found["action"] = LineField(_("In your own words"), limit=500)
    else:
        found["action"] = LineField(_("I will …"), limit=500)
    found["obstacle"] = LineField(_("What may get in the way? (optional)"), limit=500)
    found["number"] = ScaleField(_("How sure are you that you will do it? (0 to 10, optional)"))
    return found


def _initial(found: reflections.PromptView) -> dict[str, Any]:
    """What the form begins with: what was answered already."""
    own = found.own
    if own is None:
        return {}
    facts: dict[str, Any] = {f"part_{place}": text for place, text in enumerate(own.parts)}
    facts |= {"privacy": own.privacy, "outcome": own.outcome, "number": own.chosen}
    if own.plan is not None:
        options = list(found.settings.options)
        offered = option_tag(own.plan.action) if own.plan.action in options else OWN
        facts |= {"cue": own.plan.cue, "obstacle": own.plan.obstacle, "offered": offered}
        facts["action"] = own.plan.action if offered == OWN else ""
    return facts


class SnoozeForm(VerbForm):
    days = forms.TypedChoiceField(
        label=_("Ask me again"),
        choices=[(1, _("tomorrow")), (3, _("in three days")), (7, _("in a week"))],
        coerce=int,
        required=False,
    )


class StuckForm(VerbForm):
    """A question to the experts, filled in with a plan: nothing is sent before its author has read it."""

    title = LineField(_("Your question in a line"), limit=200)
    body = TextField(_("What they will read"), rows=7)
    activity = forms.ChoiceField(label=_("Where to ask"), required=False)
    is_private = forms.BooleanField(label=_("Ask the experts alone"), required=False)
    anonymous = forms.BooleanField(label=_("Do not show my name"), required=False)
    consent = forms.BooleanField(label=_("They may read this about my plan"), required=False)
    submission = forms.CharField(widget=forms.HiddenInput, required=False, max_length=64)

    def __init__(self, *args: Any, places: Any, **kwargs: Any) -> None:
        kwargs["initial"] = {"submission": get_random_string(22), **kwargs.get("initial", {})}
        super().__init__(*args, **kwargs)
        self.fields["activity"].choices = places  # type: ignore[attr-defined]
        if len(places) == 1:
            self.fields["activity"].widget = forms.HiddenInput()
            self.initial["activity"] = places[0][0]

    def clean(self) -> None:
        super().clean()
        if not self.cleaned_data.get("consent"):
            self.add_error("consent", gettext("Without your word, nobody is shown your plan."))


class TellForm(VerbForm):
    """Somebody outside of the course who is told of a plan."""

    address = forms.CharField(
        label=_("E-mail address of your manager or mentor"),
        help_text=_("Of your own organization."),
        required=False,
        widget=forms.EmailInput(attrs={"dir": "ltr", "autocomplete": "off", "maxlength": 320}),
    )
    consents = forms.BooleanField(label=_("They may read this plan, with my name"), required=False)


class RemindersForm(VerbForm):
    wants_mail = forms.BooleanField(label=_("Remind me by e-mail, at most once a day over all courses"), required=False)
    time_zone = forms.CharField(
        label=_("My time zone"),
        help_text=_("Such as Europe/Berlin; empty is that of each course."),
        required=False,
        widget=forms.TextInput(attrs={"dir": "ltr", "autocomplete": "off", "maxlength": 60, "data-zone": ""}),
    )
