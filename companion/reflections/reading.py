"""What a learner reads: what is open in a course, their journal over all courses, what others shared."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext

from companion import clock, keyset, markdown
from companion.errors import InvalidInput, NotAllowed, NotFound
from companion.reflections.answering import find_plan, is_open, settings_of
from companion.reflections.entries import EntryView, OwnAnswer, own_answer, readable, view_entry
from companion.reflections.models import Commitment, Delivery, Entry, EntryReply, Privacy
from companion.reflections.publishing import get_series
from companion.reflections.scaffolds import parts_of
from companion.reflections.scheduling import State
from companion.spaces import api as spaces
from companion.spaces.api import Activity
from companion.spaces.prompts import Format, PromptSettings
from companion.text import clean, is_blank
from companion.viewer import Viewer

ENTRIES_A_PAGE: Final = 20
# A search looks at so many of one's own entries: nobody writes more in many years.
_MOST_SEARCHED: Final = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptView:
    """A prompt that can be answered, or that comes: `settings` as published, `earlier` what one answered before to the
    prompt that it pairs with, `plan` what it asks about.
    """

    delivery_id: int
    settings: PromptSettings
    text_html: str
    parts: list[str]
    opened_at: datetime
    is_answered: bool
    entry: EntryView | None
    own: OwnAnswer | None
    earlier: EntryView | None
    plan: Commitment | None


def list_open(*, viewer: Viewer, activity: Activity) -> list[PromptView]:
    """The prompts of an activity that the viewer can answer now, those without an answer first, the newest of them
    first. A fixed number of queries.
    """
    mine = Delivery.objects.filter(series_id=activity.pk, person_id=viewer.person_id)
    rows = [delivery for delivery in _with_all(mine) if is_open(delivery)]
    own = _entries_of(delivery.pk for delivery in rows)
    by_key = {delivery.prompt.key: view_entry(own[delivery.pk]) for delivery in rows if delivery.pk in own}
    plans = {key: find_plan(person_id=viewer.person_id, series_id=activity.pk, key=key) for key in _plan_keys(rows)}
    drawn = [_prompt(delivery, own.get(delivery.pk), by_key, plans) for delivery in rows]
    return sorted(drawn, key=lambda prompt: (prompt.is_answered, -prompt.opened_at.timestamp()))


def get_prompt(*, viewer: Viewer, delivery: Delivery) -> PromptView:
    """One of them, that has been through its gate."""
    found = list_open(viewer=viewer, activity=delivery.series.activity)
    return next(prompt for prompt in found if prompt.delivery_id == delivery.pk)


def list_coming(*, viewer: Viewer, activity: Activity) -> list[tuple[str, datetime]]:
    """(title, when) of what will be asked, the next first (20 at most)."""
    mine = Delivery.objects.filter(
        series_id=activity.pk, person_id=viewer.person_id, state=State.PLANNED.value, opens_at__gt=clock.now()
    )
    rows = mine.select_related("prompt").order_by("due_at")[:20]
    return [(settings_of(row).title, row.due_at) for row in rows if row.due_at is not None]


def list_waiting(*, viewer: Viewer) -> list[tuple[str, str, Activity]]:
    """(title, activity's title, activity) of what waits for the viewer's answer in their space (8 at most)."""
    now = clock.now()
    mine = Delivery.objects.filter(
        person_id=viewer.person_id,
        series__space_id=viewer.space_id,
        answered_at=None,
        opens_at__lte=now,
        prompt__removed_at=None,
    ).filter(state__in=[State.PLANNED.value, State.SENT.value])
    rows = mine.select_related("prompt", "series__activity").order_by("-opens_at")[:8]
    return [(settings_of(row).title, row.series.activity.title, row.series.activity) for row in rows]


def list_journal(*, viewer: Viewer, words: str = "", cursor: str = "") -> tuple[list[EntryView], str]:
    """One's own entries in all courses of the organization, the newest first, with the cursor of the next page or "".

    `words` are looked for in what one wrote and in the prompts' titles, all of them. Raises keyset.InvalidCursor.
    """
    mine = Entry.objects.filter(person_id=viewer.person_id)
    if cursor:
        mine = mine.filter(pk__lt=keyset.decode_numbers(cursor, 1)[0])
    wanted = clean(words).casefold().split()
    rows = readable(mine).order_by("-pk")
    if not wanted:
        found = list(rows[: ENTRIES_A_PAGE + 1])
        more = len(found) > ENTRIES_A_PAGE
        page = found[:ENTRIES_A_PAGE]
        return [view_entry(entry) for entry in page], keyset.encode(page[-1].pk) if more else ""
    views = [view_entry(entry) for entry in rows[:_MOST_SEARCHED]]
    return [view for view in views if _has(view, wanted)][:200], ""


def list_in_course(*, viewer: Viewer, besides: Activity) -> list[EntryView]:
    """What the viewer has answered elsewhere in this course, in the order in which they did (200 at most)."""
    mine = Entry.objects.filter(person_id=viewer.person_id, space_id=viewer.space_id)
    mine = mine.exclude(prompt__series_id=besides.pk)
    return [view_entry(entry) for entry in readable(mine).order_by("pk")[:200]]


def list_all(*, viewer: Viewer) -> list[EntryView]:
    """Everything that somebody wrote, the oldest first, for them to take along."""
    return [view_entry(entry) for entry in readable(Entry.objects.filter(person_id=viewer.person_id)).order_by("pk")]


def _has(view: EntryView, words: Sequence[str]) -> bool:
    text = " ".join([view.title, view.place, view.outcome, *(part for line in view.lines for part in line)]).casefold()
    return all(word in text for word in words)


def list_shared(*, viewer: Viewer, activity: Activity, cursor: str = "") -> tuple[list[EntryView], str]:
    """What others shared with the viewer, the newest first: with the course staff, or with their group.

    Never a private one. Raises keyset.InvalidCursor.
    """
    shared = Entry.objects.filter(prompt__series_id=activity.pk).filter(_shared_with(viewer))
    if cursor:
        shared = shared.filter(pk__lt=keyset.decode_numbers(cursor, 1)[0])
    found = list(readable(shared).order_by("-pk")[: ENTRIES_A_PAGE + 1])
    page = found[:ENTRIES_A_PAGE]
    names = spaces.names_of({entry.person_id for entry in page})
    more = len(found) > ENTRIES_A_PAGE
    views = [view_entry(entry, author=names[entry.person_id]) for entry in page]
    return views, keyset.encode(page[-1].pk) if more else ""


def _shared_with(viewer: Viewer) -> Q:
    """The read rule of other people's entries: a private one is nobody's, an entry is its space's."""
    here = Q(space_id=viewer.space_id)
    if viewer.is_staff:
        return here & Q(privacy__in=[Privacy.INSTRUCTOR, Privacy.GROUP])
    if viewer.is_guest:
        return Q(pk__in=[])
    others = here & Q(privacy=Privacy.GROUP) & ~Q(person_id=viewer.person_id)
    return others & Q(person_id__in=spaces.people_in_groups(viewer=viewer))


def get_shared_entry(*, viewer: Viewer, entry_id: int) -> Entry:
    """The gate of other people's entries. A private one looks as if there were none. Raises NotFound."""
    entry = readable(Entry.objects.filter(pk=entry_id).filter(_shared_with(viewer))).first()
    if entry is None:
        raise NotFound(gettext("There is no such entry here."))
    return entry


@transaction.atomic
def reply_to_entry(*, viewer: Viewer, entry_id: int, body: str) -> None:
    """A word of the course staff on what was shared with them, in Markdown; its author reads it beside the entry.

    Raises NotFound, NotAllowed, InvalidInput.
    """
    entry = get_shared_entry(viewer=viewer, entry_id=entry_id)
    if not viewer.is_staff:
        raise NotAllowed(gettext("Only the course staff can do this."))
    body = clean(body).strip()
    if is_blank(body) or len(body) > 5_000:
        raise InvalidInput({"body": gettext("Write something, of at most %(limit)d characters.") % {"limit": 5_000}})
    name = spaces.shown_name(person_id=viewer.person_id, name=viewer.name)
    EntryReply.objects.create(entry=entry, author_id=viewer.person_id, author_name=name, html=markdown.render(body))


def must_be_staff_of(*, viewer: Viewer, uid: UUID) -> Activity:
    """An activity for the eyes of the course staff. Raises NotFound, NotAllowed."""
    activity, _series = get_series(viewer=viewer, uid=uid)
    if not viewer.is_staff:
        raise NotAllowed(gettext("Only the course staff can do this."))
    return activity


def view_shared(entry: Entry) -> EntryView:
    """An entry that came through `get_shared_entry`, with the name of whoever wrote it."""
    return view_entry(entry, author=spaces.names_of([entry.person_id])[entry.person_id])


def _with_all(deliveries: QuerySet[Delivery]) -> QuerySet[Delivery]:
    return deliveries.select_related("prompt", "series").order_by("prompt__position", "round")


def _entries_of(delivery_ids: Iterable[int]) -> dict[int, Entry]:
    entries = readable(Entry.objects.filter(delivery_id__in=list(delivery_ids)))
    return {entry.delivery_id: entry for entry in entries}


def _plan_keys(rows: Iterable[Delivery]) -> set[str]:
    prompts = [settings_of(row) for row in rows]
    return {prompt.pairs_with for prompt in prompts if prompt.format is Format.FOLLOW_UP}


def _prompt(
    delivery: Delivery, own: Entry | None, by_key: dict[str, EntryView], plans: dict[str, Commitment | None]
) -> PromptView:
    settings = settings_of(delivery)
    moment = delivery.opens_at or delivery.sent_at or delivery.answered_at
    assert moment is not None
    return PromptView(
        delivery_id=delivery.pk,
        settings=settings,
        text_html=delivery.prompt.text_html,
        parts=parts_of(settings.scaffold),
        opened_at=moment,
        is_answered=delivery.answered_at is not None,
        entry=view_entry(own) if own is not None else None,
        own=own_answer(own) if own is not None else None,
        earlier=by_key.get(settings.pairs_with) if settings.format is not Format.FOLLOW_UP else None,
        plan=plans.get(settings.pairs_with) if settings.format is Format.FOLLOW_UP else None,
    )
