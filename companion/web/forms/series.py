"""What the course staff types about follow-up: the prompts of a series, and replies to what was shared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from companion.spaces.prompts import Anchor, Format, PromptSettings, Scaffold, read_prompt
from companion.web.forms.activities import NumberInput
from companion.web.forms.posts import VerbForm
from companion.web.forms.reflections import LineField, TextField


class ReplyForm(VerbForm):
    body = TextField(_("Your reply"), rows=3)


_TO_CHOOSE: Final = frozenset(Anchor) - {Anchor.DUE}


class PromptForm(VerbForm):
    """One prompt of a series, as its author sets it."""

    title = LineField(_("Title"), _("It is the subject of the e-mail, too."), limit=120)
    text = TextField(_("What is asked (Markdown)"), rows=4)
    format = forms.ChoiceField(label=_("Format"), choices=Format.choices, required=False)
    scaffold = forms.ChoiceField(label=_("Small questions of a free text"), choices=Scaffold.choices, required=False)
    options = TextField(
        _("Options, one a line"),
        _("Of a choice or a question with an answer; of a plan, what is offered beside one's own words."),
        rows=4,
    )
    right = forms.CharField(
        label=_("Which option is right"),
        help_text=_("Its number, from 1; of a question with an answer."),
        required=False,
        widget=NumberInput(),
    )
    feedback = TextField(_("Shown after the answer (Markdown)"), rows=3)
    days = forms.CharField(
        label=_("Days"),
        help_text=_("Less than 0 is before an event."),
        required=False,
        widget=forms.NumberInput(attrs={"step": 1}),
    )
    anchor = forms.ChoiceField(label=_("Counted from"), required=False)
    unit = forms.ChoiceField(
        label=_("Which unit"),
        help_text=_(
            "Where days are counted from finishing a unit. An activity with a rule for credit is finished once that is"
            " met, any other when it is opened."
        ),
        required=False,
    )
    pairs_with = forms.ChoiceField(label=_("Beside the answer to"), required=False)
    minutes = forms.CharField(
        label=_("Minutes"),
        help_text=_("At most 5; 0 is the usual for the format."),
        required=False,
        widget=NumberInput(),
    )

    def __init__(
        self,
        *args: Any,
        prompt: PromptSettings,
        others: Sequence[PromptSettings],
        units: Sequence[tuple[str, str]],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        # What a host set otherwise stays what it is.
        kept = [] if prompt.unit in dict(units) else [(prompt.unit, prompt.unit)]
        # Due dates are another host's, and set there.
        anchors = [(value, label) for value, label in Anchor.choices if value in (prompt.anchor, *_TO_CHOOSE)]
        pairs = [(other.key, other.title) for other in others]
        self._offer(pairs_with=[("", gettext("nothing")), *pairs], unit=[*units, *kept], anchor=anchors)

    def _offer(self, **choices: list[tuple[str, Any]]) -> None:
        for name, offered in choices.items():
            self.fields[name].choices = offered  # type: ignore[attr-defined]

    @classmethod
    def for_prompt(
        cls,
        prompt: PromptSettings,
        others: Sequence[PromptSettings],
        units: Sequence[tuple[str, str]],
        data: Any = None,
    ) -> PromptForm:
        """`others` stand before it; `units` are (name, title) of what it may hang on, the first of them "" for its own
        activity.
        """
        facts = asdict(prompt)
        facts |= {"options": "\n".join(prompt.options), "right": prompt.right + 1}
        return cls(data, initial=facts, prompt=prompt, others=others, units=units, auto_id="prompt-%s")

    @property
    def is_special(self) -> bool:
        """Whether the rarer fields hold something, or something may be wrong with them: then they stand open."""
        names = ("scaffold", "options", "feedback", "pairs_with")
        return bool(self.errors) or any(self[name].value() for name in names)

    def prompt(self, key: str) -> PromptSettings | None:
        """The prompt that was typed, or None, with what is wrong said at its field or above the form."""
        data: Mapping[str, Any] = self.cleaned_data
        right = data["right"].strip() or "1"
        raw = {
            **data,
            "key": key,
            "options": data["options"].splitlines(),
            "right": int(right) - 1 if right.isascii() and right.isdecimal() and right != "0" else right,
        }
        for name in ("days", "minutes"):
            raw[name] = data[name].strip() or 0
        try:
            return read_prompt(raw)
        except ValueError as error:
            self.add_error(None, str(error))
        return None
