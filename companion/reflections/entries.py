"""An entry as somebody reads it: by the prompt as it was when it was answered."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet
from django.utils.translation import gettext

from companion.reflections.models import Commitment, Entry, Outcome
from companion.reflections.scaffolds import parts_of
from companion.spaces.prompts import Format, PromptSettings, option_tag, read_prompt


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryView:
    """An entry as its author, or somebody it was shared with, reads it.

    `lines` are (small question, answer), the question "" where there is none; `reply` texts are safe HTML.
    """

    id: int
    delivery_id: int
    title: str
    place: str
    author: str
    format: str
    lines: list[tuple[str, str]]
    number: int | None
    out_of: int
    outcome: str
    privacy: str
    created_at: datetime
    is_edited: bool
    replies: list[tuple[str, str, datetime]]


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnAnswer:
    """What one answered, as a form takes it up again."""

    parts: list[str]
    # A number, or of a choice the tag of the option.
    chosen: str
    option: str
    outcome: str
    privacy: str
    plan: Commitment | None


def view_entry(entry: Entry, *, author: str = "") -> EntryView:
    """An entry that was found `readable`."""
    prompt = asked_of(entry)
    return EntryView(
        id=entry.pk,
        delivery_id=entry.delivery_id,
        title=prompt.title,
        place=" · ".join(filter(None, [str(entry.space), entry.prompt.series.activity.title])),
        author=author,
        format=prompt.format.value,
        lines=_lines(entry, prompt),
        number=entry.number if prompt.format in (Format.RATING, Format.COMMITMENT) else None,
        out_of=10,
        outcome=str(Outcome(entry.outcome).label) if entry.outcome else "",
        privacy=entry.privacy,
        created_at=entry.created_at,
        is_edited=entry.version > 1,
        replies=[(reply.author_name, reply.html, reply.created_at) for reply in entry.replies.all()],
    )


def asked_of(entry: Entry) -> PromptSettings:
    """A prompt as it was when it was answered; as it is now, of an answer from before that was kept."""
    return read_prompt(entry.asked or entry.prompt.settings)


def chosen_option(entry: Entry) -> str:
    """The words of the option that was chosen; "" of another format."""
    prompt = asked_of(entry)
    if prompt.format not in (Format.CHOICE, Format.RETRIEVAL) or entry.number is None:
        return ""
    return prompt.options[entry.number] if entry.number < len(prompt.options) else ""


def _lines(entry: Entry, prompt: PromptSettings) -> list[tuple[str, str]]:
    if prompt.format is Format.COMMITMENT:
        plan = getattr(entry, "commitment", None)
        if plan is None:
            return []
        said = [(gettext("When"), plan.cue), (gettext("I will"), plan.action), (gettext("In the way"), plan.obstacle)]
        return [(label, text) for label, text in said if text]
    lines = []
    if prompt.format in (Format.CHOICE, Format.RETRIEVAL) and entry.number is not None:
        lines.append(("", chosen_option(entry) or gettext("An option that is offered no longer")))
    labels = parts_of(prompt.scaffold) if prompt.format is Format.TEXT else [""]
    for place, text in enumerate(entry.parts):
        if text:
            lines.append((labels[place] if place < len(labels) else "", text))
    return lines


def readable(entries: QuerySet[Entry]) -> QuerySet[Entry]:
    """Entries with all that a view of them needs."""
    return entries.select_related("prompt__series__activity", "space", "commitment").prefetch_related("replies")


def own_answer(entry: Entry) -> OwnAnswer:
    option = chosen_option(entry)
    return OwnAnswer(
        parts=list(entry.parts),
        chosen=option_tag(option) if option else "" if entry.number is None else str(entry.number),
        option=option,
        outcome=entry.outcome,
        privacy=entry.privacy,
        plan=getattr(entry, "commitment", None),
    )
