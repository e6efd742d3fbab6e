"""How an activity's threads lie along its video."""

from __future__ import annotations

from functools import partial

from django.db.models import Count

from companion.kept import kept
from companion.spaces.api import Activity
from companion.spaces.permissions import can_read_activity
from companion.threads.models import Thread
from companion.viewer import Viewer


def list_seconds(*, viewer: Viewer, activity: Activity) -> list[tuple[int, int]]:
    """(second of the activity's video, threads that hang on it), in order, for the strip above the list.

    Of threads that everybody sees (in separate groups: everybody of the viewer's groups), as they were a minute ago at
    the most: it is a drawing, and counting a hundred thousand threads for each reader would be dear.
    """
    if not can_read_activity(viewer, activity):
        return []
    groups = "-".join(map(str, sorted(viewer.group_ids))) if activity.separates_groups and not viewer.is_staff else ""
    key = f"companion.seconds.{activity.pk}.{viewer.is_staff}.{groups}"
    return kept(key, partial(_seconds, viewer, activity), seconds=60)


def _seconds(viewer: Viewer, activity: Activity) -> list[tuple[int, int]]:
    threads = Thread.objects.shown_to(viewer, activity).filter(hidden_at=None, is_private=False, second__isnull=False)
    counted = threads.values("second").annotate(count=Count("pk")).order_by("second")
    return [(row["second"] or 0, row["count"]) for row in counted]
