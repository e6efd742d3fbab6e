"""What the course staff did, on record: written with the act, in its transaction, and never changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from django.utils.translation import gettext, gettext_lazy

from companion.errors import NotAllowed
from companion.spaces.models import AuditEntry
from companion.viewer import Viewer

ENTRIES_A_PAGE: Final = 50
# Acts in words, for the page.
ACTS: Final[Mapping[str, Any]] = MappingProxyType(
    {
        "pin": gettext_lazy("pinned a thread"),
        "unpin": gettext_lazy("unpinned a thread"),
        "lock": gettext_lazy("locked a thread"),
        "unlock": gettext_lazy("unlocked a thread"),
        "hide": gettext_lazy("hid a post"),
        "restore": gettext_lazy("restored a post"),
        "return": gettext_lazy("sent a post back to its author"),
        "edit": gettext_lazy("changed a post"),
        "dismiss": gettext_lazy("dismissed a report"),
        "split": gettext_lazy("split a thread"),
        "merge": gettext_lazy("merged a thread into another"),
        "move": gettext_lazy("moved a thread"),
        "accept": gettext_lazy("accepted an answer for whoever asked"),
        "unaccept": gettext_lazy("took the acceptance of an answer back"),
        "mute": gettext_lazy("muted a member"),
        "unmute": gettext_lazy("let a member write again"),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """A line of the record. `person` is who was muted; an author is never named here."""

    id: int
    actor: str
    act: str
    thread_id: int | None
    post_number: int | None
    person: str
    reason: str
    at: datetime


def record_act(
    *,
    viewer: Viewer,
    act: str,
    activity_id: int | None = None,
    thread_id: int | None = None,
    post_number: int | None = None,
    person_id: int | None = None,
    reason: str = "",
) -> None:
    """Write an act down. Call it in the act's own transaction; `act` is a key of ACTS."""
    AuditEntry.objects.create(
        space_id=viewer.space_id,
        actor_id=viewer.person_id,
        actor_name=viewer.name,
        act=act,
        activity_id=activity_id,
        thread_id=thread_id,
        post_number=post_number,
        person_id=person_id,
        reason=reason,
    )


def list_acts(
    *, viewer: Viewer, thread_id: int | None = None, post_number: int | None = None, before: int = 0
) -> list[Act]:
    """What the staff did in the viewer's space (or on one thread or post of it), the newest first.

    A page has ENTRIES_A_PAGE; `before` is the id of the last one seen. Raises NotAllowed for learners.
    """
    if not viewer.is_staff:
        raise NotAllowed(gettext("Only the course staff can do this."))
    entries = AuditEntry.objects.filter(space_id=viewer.space_id).select_related("person")
    if thread_id is not None:
        entries = entries.filter(thread_id=thread_id)
    if post_number is not None:
        entries = entries.filter(post_number=post_number)
    if before:
        entries = entries.filter(pk__lt=before)
    return [_act(entry) for entry in entries.order_by("-pk")[:ENTRIES_A_PAGE]]


def _act(entry: AuditEntry) -> Act:
    person = ""
    if entry.person is not None:
        person = entry.person.name or gettext("Participant %(number)d") % {"number": entry.person.pk}
    actor = entry.actor_name
    if not actor:
        number = {"number": entry.actor_id}
        actor = gettext("Participant %(number)d") % number if entry.actor_id else gettext("Former participant")
    return Act(
        id=entry.pk,
        actor=actor,
        act=str(ACTS.get(entry.act, entry.act)),
        thread_id=entry.thread_id,
        post_number=entry.post_number,
        person=person,
        reason=entry.reason,
        at=entry.at,
    )
