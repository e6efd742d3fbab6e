"""When an activity's list last changed: what an open list asks every few seconds."""

from __future__ import annotations

from datetime import datetime

from django.utils.crypto import constant_time_compare

from companion.spaces.api import Activity
from companion.spaces.permissions import can_read_activity
from companion.threads.gates import seal
from companion.threads.models import Thread, ThreadQuerySet, of_own_group
from companion.viewer import Viewer


def latest_change(*, viewer: Viewer, activity: Activity) -> str:
    """When the newest post of an activity was made, as a text that only changes with it ("" where there is none)."""
    if not can_read_activity(viewer, activity):
        return ""
    return _latest(Thread.objects.shown_to(viewer, activity))


def _latest(threads: ThreadQuerySet) -> str:
    return moment_text(threads.opened().order_by("-last_at").values_list("last_at", flat=True).first())


def seal_latest(*, viewer: Viewer, activity: Activity, latest: str) -> str:
    """What `latest_change` said, as this viewer got it: it proves that they were let through the gate then, so that
    "is there anything newer?" costs one look.
    """
    facts = f"{activity.pk}|{int(activity.separates_groups)}|{latest}"
    return f"{facts}|{seal(viewer, 'list', facts)}"


def is_latest(*, viewer: Viewer, sealed: str) -> bool:
    """Whether a text that `seal_latest` made for this viewer still tells the latest change. False for any other."""
    facts, _bar, given = sealed.rpartition("|")
    if not given or not constant_time_compare(given, seal(viewer, "list", facts)):
        return False
    activity_id, separates, latest = facts.split("|")
    if not activity_id.isdigit():
        # A preview in Studio has no row.
        return False
    threads = Thread.objects.filter(activity_id=int(activity_id)).unhidden(viewer)
    if separates == "1" and not viewer.is_staff:
        threads = threads.filter(of_own_group(viewer))
    return _latest(threads) == latest


def moment_text(moment: datetime | None) -> str:
    return moment.isoformat() if moment else ""
