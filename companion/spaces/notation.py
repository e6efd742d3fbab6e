"""A series of prompts as a text, for authors who set it in a field of a block: in Studio, in OLX, in a file.

    ## What will you do differently? {#plan}
    commitment, 2 days after course
    One small thing, tied to a moment that comes by itself.
    - write down who leads
    - call out the time

    ## How did it go? {#how}
    follow_up, 21 days after course, beside plan

A heading is a prompt's title, with the key that its answers are kept under (made of the title where there is none).
The line below says its format, its days before or after what, and whatever else there is: a scaffold ("text what"), a
unit ("after unit block-v1:..."), "beside" an earlier key, "3 minutes". The rest is its text in Markdown; lines that
begin with "- " are options ("- [x] " the right one), lines that begin with "> " what is shown after the answer.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

from django.utils.text import slugify
from django.utils.translation import gettext

from companion.spaces.prompts import (
    Anchor,
    Format,
    PromptSettings,
    Scaffold,
    read_prompts,
    write_prompts,
)
from companion.text import clean

_HEADING: Final = re.compile(r"^##\s+(?P<title>.*?)\s*(?:\{#(?P<key>[a-z0-9_-]{1,32})\})?\s*$")
_WHEN: Final = re.compile(
    r"^(?:(?P<days>\d{1,3})\s+days?\s+)?(?P<side>before|after)\s+(?P<anchor>[a-z_]+)(?:\s+(?P<unit>\S+))?$"
)
_OPTION: Final = re.compile(r"^- (?P<right>\[[xX]\] )?(?P<text>.*)$")


def read_notation(text: str) -> tuple[PromptSettings, ...]:
    """The prompts of a text. Raises ValueError, with a sentence that names the prompt."""
    found: list[dict[str, Any]] = []
    for line in clean(text).split("\n"):
        heading = _HEADING.match(line)
        if heading:
            found.append({"title": heading["title"], "key": heading["key"], "lines": []})
        elif found:
            found[-1]["lines"].append(line)
        elif line.strip():
            raise ValueError(gettext("Begin each prompt with a line “## Its title”."))
    keys: set[str] = {prompt["key"] for prompt in found if prompt["key"]}
    return read_prompts([_prompt(prompt, keys) for prompt in found])


def write_notation(prompts: Sequence[PromptSettings]) -> str:
    """The same text again, with every key in it."""
    return "\n\n".join("\n".join(_lines(prompt)) for prompt in prompts)


def _prompt(found: dict[str, Any], keys: set[str]) -> dict[str, Any]:
    lines = list(found["lines"])
    while lines and not lines[0].strip():
        lines.pop(0)
    facts = _facts(found["title"], lines.pop(0) if lines else "")
    options: list[str] = []
    feedback: list[str] = []
    text: list[str] = []
    for line in lines:
        option = _OPTION.match(line)
        if option:
            if option["right"]:
                facts["right"] = len(options)
            options.append(option["text"])
        elif line.startswith(">"):
            feedback.append(line[1:].strip())
        else:
            text.append(line)
    key = found["key"] or _free_key(found["title"], keys)
    keys.add(key)
    return {
        "key": key,
        "title": found["title"],
        "text": "\n".join(text).strip(),
        "options": options,
        "feedback": "\n".join(feedback),
        **facts,
    }


def _facts(title: str, line: str) -> dict[str, Any]:
    """What the line below a heading says."""
    kind, *others = [part.strip() for part in line.split(",")]
    form, _space, scaffold = kind.partition(" ")
    facts: dict[str, Any] = {"format": form, "scaffold": scaffold.strip()}
    for part in filter(None, others):
        when = _WHEN.match(part)
        if when:
            days = int(when["days"] or 0)
            facts |= {
                "days": -days if when["side"] == "before" else days,
                "anchor": when["anchor"],
                "unit": when["unit"] or "",
            }
        elif part.startswith("beside "):
            facts["pairs_with"] = part.removeprefix("beside ").strip()
        elif re.fullmatch(r"\d minutes?", part):
            facts["minutes"] = int(part[0])
        else:
            raise ValueError(_what_is_wrong(title, part))
    if form not in Format.values or scaffold.strip() not in Scaffold.values:
        raise ValueError(_what_is_wrong(title, kind))
    if facts.get("anchor", Anchor.UNIT) not in Anchor.values:
        raise ValueError(_what_is_wrong(title, facts["anchor"]))
    return facts


def _what_is_wrong(title: str, words: str) -> str:
    return gettext("“%(title)s”: this cannot be read: %(words)s") % {"title": title, "words": words}


def _free_key(title: str, taken: set[str]) -> str:
    base = slugify(title)[:24] or "prompt"
    return next(key for key in (base, *(f"{base}-{number}" for number in range(2, 100))) if key not in taken)


def _lines(prompt: PromptSettings) -> list[str]:
    facts = write_prompts([prompt])[0]
    head = [f"{prompt.format.value} {prompt.scaffold.value}".strip()]
    side = "before" if prompt.days < 0 else "after"
    count = f"{abs(prompt.days)} {'day' if abs(prompt.days) == 1 else 'days'} " if prompt.days else ""
    head.append(f"{count}{side} {prompt.anchor.value} {prompt.unit}".strip())
    if prompt.pairs_with:
        head.append(f"beside {prompt.pairs_with}")
    if prompt.minutes:
        head.append(f"{prompt.minutes} {'minute' if prompt.minutes == 1 else 'minutes'}")
    lines = [f"## {prompt.title} {{#{prompt.key}}}", ", ".join(head)]
    if prompt.text:
        lines.append(prompt.text)
    for place, option in enumerate(prompt.options):
        is_right = prompt.format is Format.RETRIEVAL and place == facts.get("right", 0)
        lines.append(f"- {'[x] ' if is_right else ''}{option}")
    lines.extend(f"> {line}" for line in prompt.feedback.split("\n") if prompt.feedback)
    return lines
