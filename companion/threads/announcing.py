"""Announcements to a whole space. Which threads they are is kept in the cache for half a minute: every list asks."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Final

from django.db import transaction
from django.db.models import Exists, OuterRef

from companion import clock
from companion.kept import forget, kept
from companion.spaces.api import Activity
from companion.threads.gates import with_own
from companion.threads.listing import ThreadRow, row_of
from companion.threads.models import ReadMark, ReadState, Thread
from companion.viewer import Viewer

# After that an announcement is history.
ANNOUNCED: Final = timedelta(days=30)


def list_announcements(*, viewer: Viewer, besides: Activity | None = None) -> list[ThreadRow]:
    """Announcements to the whole course that the viewer has not opened yet, the newest first, three at most.

    `besides` is the activity in whose list they stand anyway.
    """
    announced = kept(_key(viewer.space_id), partial(_announced, viewer.space_id), seconds=30)
    if not announced:
        # As on most pages of most courses: one look into the cache.
        return []
    unseen = ~Exists(ReadState.objects.filter(person_id=viewer.person_id, thread=OuterRef("pk")))
    marked = ReadMark.objects.filter(person_id=viewer.person_id, activity=OuterRef("activity"))
    unmarked = ~Exists(marked.filter(read_until__gte=OuterRef("created_at")))
    threads = Thread.objects.visible_to(viewer).filter(
        unseen, unmarked, pk__in=announced, hidden_at=None, is_withdrawn=False, moved_to=None
    )
    if besides is not None:
        threads = threads.exclude(activity_id=besides.pk)
    return [row_of(viewer, thread) for thread in with_own(viewer, threads).order_by("-id")[:3]]


def forget_announced(space_id: int) -> None:
    """Something was announced: lists of this process show it at once, those of others within half a minute."""
    transaction.on_commit(partial(forget, _key(space_id)))


def _key(space_id: int) -> str:
    return f"companion.announced.{space_id}"


def _announced(space_id: int) -> list[int]:
    # `in` and not `=`: see listing.list_threads.
    recent = Thread.objects.filter(
        space_id=space_id,
        to_space__in=[True],
        deleted_at=None,
        created_at__gt=clock.now() - ANNOUNCED,
    )
    return list(recent.order_by("-id").values_list("pk", flat=True)[:20])
