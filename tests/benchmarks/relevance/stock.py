"""What is asked at a company's training courses: written for this measurement, and nobody's real words.

`questions.json` has the questions that are looked for, each with other ways to type it; `near.json` those that are
only like them, as sentences with gaps and what goes into these; `unheard.json` what nobody has asked before.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent


@dataclass(frozen=True, kw_only=True)
class Question:
    """A question and its answer, paragraph by paragraph. `typed` is what others wrote who wanted to know the same, and
    paragraph `right` of the answer would have told them.
    """

    language: str
    title: str
    body: str
    answer: tuple[str, ...]
    typed: tuple[str, ...] = ()
    right: int = 0


def questions(part: float = 1) -> list[Question]:
    """The questions that are looked for, or a part of them, taken evenly from all subjects and languages."""
    rows = _part(_read("questions.json"), part)
    return [Question(**row | {name: tuple(row[name]) for name in ("answer", "typed")}) for row in rows]


def near(part: float = 1) -> list[Question]:
    """Those that are like them, or a part of these."""
    filled = [
        Question(
            language=row["language"],
            title=row["title"].format(**gaps),
            body=row["body"].format(**gaps),
            answer=tuple(paragraph.format(**gaps) for paragraph in row["answer"]),
        )
        for row in _read("near.json")
        for gaps in row["with"]
    ]
    return _part(filled, part)


def unheard() -> list[str]:
    return _read("unheard.json")


def _part(all_of_them: list[Any], part: float) -> list[Any]:
    count = max(round(part * len(all_of_them)), 1)
    return [all_of_them[number * len(all_of_them) // count] for number in range(count)]


def _read(name: str) -> list[Any]:
    return list(json.loads((FOLDER / name).read_text(encoding="utf-8")))
