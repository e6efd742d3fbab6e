"""A journal to take along: as Markdown, or as plain values for JSON."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from companion.reflections.entries import EntryView
from companion.reflections.models import Privacy


def as_markdown(entries: Iterable[EntryView]) -> str:
    """What one wrote, entry by entry, the oldest first."""
    return "\n".join(_one(entry) for entry in entries)


def _one(entry: EntryView) -> str:
    lines = [f"## {entry.title}", "", f"*{entry.created_at:%Y-%m-%d} · {entry.place}*", ""]
    if entry.number is not None:
        lines += [f"{entry.number} / {entry.out_of}", ""]
    if entry.outcome:
        lines += [entry.outcome, ""]
    for label, text in entry.lines:
        lines += [f"**{label}**", "", text, ""] if label else [text, ""]
    return "\n".join(lines)


def as_values(entries: Iterable[EntryView]) -> list[dict[str, Any]]:
    """The same as lists, mappings and texts; moments as ISO 8601."""
    return [
        {
            "title": entry.title,
            "place": entry.place,
            "written_at": entry.created_at.isoformat(),
            "shared_with": {Privacy.PRIVATE: "nobody"}.get(Privacy(entry.privacy), entry.privacy),
            "number": entry.number,
            "outcome": entry.outcome,
            "lines": [{"question": label, "answer": text} for label, text in entry.lines],
        }
        for entry in entries
    ]
