"""Problem Builder's OLX into ours: what a course asked there, it goes on asking with `companion_reflection`.

Problem Builder (open-craft/problem-builder, archived) keeps its questions as children of `problem-builder`, `mentoring`
or `step-builder`, in the file of their unit. A block of it becomes one of ours in the same place: free-form answers
(`pb-answer`), ratings (`pb-rating`) and choices (`pb-mcq`, with their tips) are prompts, asked when the unit is opened;
recaps and tables of earlier answers become one block that shows learners what they answered in the course. Everything
else inside (texts, videos) stays as it is, before it. What learners had answered is in the platform's own tables, and
stays there.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Final
from xml.etree.ElementTree import Element

from django.utils.text import slugify

from companion.spaces.notation import write_notation
from companion.spaces.prompts import Anchor, Format, PromptSettings, read_prompt
from companion.text import clean_line

BUILDERS: Final = ("problem-builder", "mentoring", "step-builder")
_STEPS: Final = ("sb-step", "sb-review-step", "pb-column")
_RECAPS: Final = ("pb-answer-recap", "pb-table")
_SILENT: Final = ("pb-message", "sb-conditional-message", "sb-review-score", "sb-review-per-question-feedback")


@dataclass(slots=True)
class Converted:
    """`root` is the changed tree (another one where it was a block of Problem Builder itself), `count` how many blocks
    were converted, `notes` what could not be, in words.
    """

    root: Element
    count: int = 0
    notes: list[str] = field(default_factory=list)


def convert(root: Element) -> Converted:
    """Change a tree in place. What is none of Problem Builder's is left as it is."""
    if root.tag in BUILDERS:
        unit = Element("vertical", {"display_name": root.get("display_name", "")})
        unit.append(root)
        root = unit
    found = Converted(root=root)
    for parent in list(root.iter()):
        for builder in [child for child in parent if child.tag in BUILDERS]:
            place = list(parent).index(builder)
            parent.remove(builder)
            for offset, block in enumerate(_blocks(builder, found)):
                parent.insert(place + offset, block)
            found.count += 1
    return found


def _blocks(builder: Element, found: Converted) -> list[Element]:
    """What stands in the place of one block: what it held besides, then ours."""
    others: list[Element] = []
    prompts: list[PromptSettings] = []
    recaps = False
    for part in _parts(builder):
        if part.tag in _RECAPS:
            recaps = True
        elif part.tag in _READERS:
            prompts.extend(_read(part, {prompt.key for prompt in prompts}, found))
        elif part.tag.startswith(("pb-", "sb-")):
            if part.tag not in _SILENT:
                found.notes.append(f"left out: {part.tag} {part.get('name', '')}".strip())
        else:
            others.append(part)
    title = clean_line(builder.get("display_name", ""))
    ours = []
    if prompts:
        ours.append(_block(title, {"prompts": write_notation(prompts)}))
    if recaps:
        ours.append(_block(title, {"recaps": "true"}))
    return [*others, *ours]


def _block(title: str, facts: dict[str, str]) -> Element:
    return Element("companion_reflection", {**({"display_name": title} if title else {}), **facts})


def _parts(builder: Element) -> list[Element]:
    """The children, those of its steps among them. A table is one part, whatever is in it."""
    parts: list[Element] = []
    for child in builder:
        parts.extend(_parts(child) if child.tag in _STEPS else [child])
    return parts


def _read(part: Element, taken: set[str], found: Converted) -> list[PromptSettings]:
    name = slugify(part.get("name", ""))[:28] or "prompt"
    key = next(key for key in (name, *(f"{name}-{number}" for number in range(2, 200))) if key not in taken)
    try:
        return [read_prompt({"key": key, "anchor": Anchor.UNIT, **_READERS[part.tag](part)})]
    except ValueError as error:
        found.notes.append(f"left out: {part.tag} {part.get('name', '')}: {error}")
        return []


def _titled(part: Element) -> dict[str, object]:
    """A question is a title where it is short, else the text below one."""
    question = clean_line(part.get("question", ""))
    title = clean_line(part.get("display_name", "")) or question
    return {"title": title[:120] or "?", "text": question if question != title[:120] else ""}


def _answer(part: Element) -> dict[str, object]:
    return {"format": Format.TEXT, **_titled(part)}


def _rating(part: Element) -> dict[str, object]:
    facts = _titled(part)
    scale = f"0: {part.get('low', 'Not good at all')} · 10: {part.get('high', 'Extremely good')}"
    return {"format": Format.RATING, **facts, "text": "\n\n".join(filter(None, [str(facts["text"]), scale]))}


def _choice(part: Element) -> dict[str, object]:
    """One with a right answer becomes a question with an answer, and the tips of that one what is shown after it."""
    choices = [(child.get("value", ""), _words(child)) for child in part if child.tag == "pb-choice"]
    right = [value for value in _values(part.get("correct_choices", "")) if value in dict(choices)]
    facts: dict[str, object] = {"format": Format.CHOICE, **_titled(part), "options": [text for _value, text in choices]}
    if right:
        tips = [_words(tip) for tip in part if tip.tag == "pb-tip" and right[0] in _values(tip.get("values", ""))]
        place = [value for value, _text in choices].index(right[0])
        facts |= {"format": Format.RETRIEVAL, "right": place, "feedback": "\n\n".join(tips)}
    return facts


def _values(text: str) -> list[str]:
    """A list as Problem Builder writes one: JSON, or words with commas between."""
    try:
        found = json.loads(text)
    except ValueError:
        return [part.strip() for part in text.split(",") if part.strip()]
    return [str(value) for value in found] if isinstance(found, list) else [str(found)]


def _words(element: Element) -> str:
    """What is written in it, without tags."""
    return clean_line("".join(element.itertext()))


_READERS: Final = {"pb-answer": _answer, "pb-rating": _rating, "pb-mcq": _choice}
