"""What is least clear in a course, unit by unit: from the muddiest points and the minute papers of all of its series.

What was shared with the staff is shown as it was written. Of everything else there are numbers alone: how many wrote
about a topic of the organization, under the rules of suppressing.py. Topics may overlap, so none can be worked out from
the others.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext

from companion.errors import NotAllowed
from companion.reflections.calculating import prompts_of
from companion.reflections.entries import EntryView, asked_of, readable, view_entry
from companion.reflections.models import Entry, Privacy, Prompt, Series
from companion.reflections.suppressing import LEAST, whole_groups
from companion.spaces import api as spaces
from companion.spaces.prompts import Anchor, PromptSettings, Scaffold
from companion.topics.api import topics_spoken_of
from companion.viewer import Viewer

# Which of a scaffold's small questions asks for what is not clear.
_UNCLEAR: Final[Mapping[Scaffold, int]] = {Scaffold.MUDDIEST: 0, Scaffold.MINUTE: 1}
# Of more answers in a unit, the newest are looked at.
_MOST: Final = 1_000
SHARED_A_UNIT: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class UnclearUnit:
    """One unit: how many wrote something, (topic, how many of them wrote about it), and what was shared, the newest
    first.
    """

    title: str
    answered: int
    counted: int
    topics: list[tuple[str, int]]
    shared: list[EntryView]


def list_unclear(*, viewer: Viewer) -> list[UnclearUnit]:
    """The units of the viewer's space of which something was asked, those that most have written about first.

    For the course staff. A fixed number of queries. Raises NotAllowed.
    """
    if not viewer.is_staff:
        raise NotAllowed(gettext("Only the course staff can do this."))
    prompts = {
        row: settings
        for series in Series.objects.filter(space_id=viewer.space_id).select_related("activity")
        for row, settings in prompts_of(series).items()
        if settings.scaffold in _UNCLEAR
    }
    titles = {str(activity.uid): activity.title for activity in spaces.list_activities(viewer=viewer)}
    units: dict[str, list[int]] = {}
    for row, settings in prompts.items():
        units.setdefault(_unit_of(row, settings, titles), []).append(row.pk)
    written = _written(list(prompts))
    shared = _shared(list(prompts))
    found = [_unit(viewer, title, rows, written, shared) for title, rows in units.items()]
    return sorted(found, key=lambda unit: (-unit.answered, unit.title))


def _unit_of(row: Prompt, settings: PromptSettings, titles: Mapping[str, str]) -> str:
    """What the staff calls the unit that a prompt is about: of one that is about none, the series."""
    unit = settings.unit if settings.anchor in (Anchor.UNIT, Anchor.DUE) else ""
    return titles.get(unit, unit) or row.series.activity.title


def _written(rows: Sequence[Prompt]) -> dict[int, list[str]]:
    """What was said to be unclear, by prompt, the first answer first."""
    found: dict[int, list[str]] = {}
    entries = Entry.objects.filter(prompt__in=rows, delivery__round=1).select_related("prompt").order_by("pk")
    for entry in entries:
        place = _UNCLEAR.get(asked_of(entry).scaffold)
        text = entry.parts[place] if place is not None and place < len(entry.parts) else ""
        if text:
            found.setdefault(entry.prompt_id, []).append(text)
    return found


def _shared(rows: Sequence[Prompt]) -> list[Entry]:
    """The newest that were shared with the staff, of all units."""
    shared = Entry.objects.filter(prompt__in=rows, privacy__in=[Privacy.INSTRUCTOR, Privacy.GROUP])
    return list(readable(shared).order_by("-pk")[: _MOST // 5])


def _unit(
    viewer: Viewer, title: str, rows: Sequence[int], written: Mapping[int, list[str]], shared: Sequence[Entry]
) -> UnclearUnit:
    texts = [text for row in rows for text in written.get(row, [])]
    counted = whole_groups(texts)[-_MOST:]
    topics = Counter(
        name for names in topics_spoken_of(organization_id=viewer.organization_id, texts=counted) for name in names
    )
    mine = [entry for entry in shared if entry.prompt_id in rows][:SHARED_A_UNIT]
    names = spaces.names_of({entry.person_id for entry in mine})
    return UnclearUnit(
        title=title,
        answered=len(texts),
        counted=len(counted),
        # Nor one that nearly everybody wrote about: it would say what each of them wrote.
        topics=[(name, count) for name, count in topics.most_common() if LEAST <= count <= len(counted) - LEAST],
        shared=[view_entry(entry, author=names[entry.person_id]) for entry in mine],
    )
