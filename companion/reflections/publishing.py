"""An author's series: what it would do to whom, shown before it is confirmed, and then published.

The activity holds what an author edits; the series holds what was published, and deliveries go by that alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext

from companion import clock, markdown
from companion.errors import InvalidInput, NotFound
from companion.events import ActivityConfigured, SeriesPublished, announce
from companion.kept import forget
from companion.reflections.calculating import (
    enrol_missing,
    recalculate,
    recalculate_series,
    waited_key,
)
from companion.reflections.models import Prompt, Series
from companion.spaces import api as spaces
from companion.spaces.api import Activity
from companion.spaces.prompts import PromptSettings, write_prompts
from companion.viewer import Viewer

# So many learners have their dates at once; more get them from a task a moment later.
AT_ONCE: Final = 200


def title_of_series(*, series_id: int) -> str:
    """What a series is called, for whoever has a link of its e-mails. Raises NotFound."""
    activity = spaces.find_by_id(activity_id=series_id)
    if activity is None:
        raise NotFound
    return activity.title


def get_series(*, viewer: Viewer, uid: UUID) -> tuple[Activity, Series | None]:
    """An activity that asks back, with what was published of it. Raises NotFound, also for any other kind."""
    activity = spaces.get_activity(viewer=viewer, uid=uid)
    if not activity.asks_back:
        raise NotFound(gettext("There is no such activity here."))
    return activity, find_series(activity)


def seed_of(activity: Activity) -> int:
    """What the lots of an activity's series are drawn by: known before it is published, so that a preview is true."""
    return activity.uid.int % 2**31


def find_series(activity: Activity) -> Series | None:
    """What was published of an activity; None before that."""
    return Series.objects.filter(pk=activity.pk).first() if activity.pk else None


def is_draft(activity: Activity, series: Series | None) -> bool:
    """Whether an activity holds something that is not published yet."""
    if series is None:
        return bool(activity.reflection.prompts)
    known = {"closes_at": None, **series.settings}
    return _snapshot(activity) != known or activity.reflection.holdout_percent != series.holdout_percent


@transaction.atomic
def publish_series(*, viewer: Viewer, uid: UUID) -> Series:
    """Let what an author has set hold: everybody's dates are worked out anew. Twice is once; without any prompt, it is
    the end of a series that was published.

    Raises NotFound, NotAllowed, InvalidInput (no prompts, and none before).
    """
    activity, series = get_series(viewer=viewer, uid=uid)
    spaces.must_configure(viewer=viewer)
    if not activity.reflection.prompts and series is None:
        raise InvalidInput({"prompts": gettext("There is nothing to publish yet: add a prompt.")})
    return publish(activity, organization_id=viewer.organization_id)


def publish(activity: Activity, *, organization_id: int) -> Series:
    """The same for an activity in hand, in the caller's transaction."""
    spaces.hold_activity(activity_id=activity.pk)
    series, _is_new = Series.objects.get_or_create(
        activity=activity,
        defaults={
            "organization_id": organization_id,
            "space_id": activity.space_id,
            "seed": seed_of(activity),
        },
    )
    series.settings, series.published_at = _snapshot(activity), clock.now()
    series.holdout_percent = activity.reflection.holdout_percent
    series.save(update_fields=["settings", "published_at", "holdout_percent"])
    _keep_prompts(series, activity.reflection.prompts)
    forget(waited_key(activity.space_id))
    learners = spaces.all_learners(space_id=activity.space_id)
    if len(learners) <= AT_ONCE:
        recalculate(series)
    else:
        enrol_missing(series, ())
        recalculate_series.enqueue(series.pk)
    announce(SeriesPublished(organization_id=organization_id, space_id=activity.space_id, activity_id=activity.pk))
    return series


def _keep_prompts(series: Series, prompts: Iterable[PromptSettings]) -> None:
    wanted = list(prompts)
    for position, prompt in enumerate(wanted):
        facts = {
            "position": position,
            "settings": write_prompts([prompt])[0],
            "text_html": markdown.render(prompt.text) if prompt.text else "",
            "removed_at": None,
        }
        Prompt.objects.update_or_create(series=series, key=prompt.key, defaults=facts)
    gone = series.prompts.filter(removed_at=None).exclude(key__in=[prompt.key for prompt in wanted])
    gone.update(removed_at=clock.now())


def _snapshot(activity: Activity) -> dict[str, Any]:
    """What deliveries go by, as plain values."""
    settings = activity.reflection
    return {
        "prompts": write_prompts(settings.prompts),
        "time_zone": settings.time_zone,
        "working_days": settings.working_days,
        "day_begins": settings.day_begins,
        "day_ends": settings.day_ends,
        "event_at": activity.event_at.isoformat() if activity.event_at else None,
        "event_ends_at": activity.event_ends_at.isoformat() if activity.event_ends_at else None,
        "closes_at": activity.closes_at.isoformat() if activity.closes_at else None,
        "unit": str(activity.uid),
    }


def follow_settings(event: ActivityConfigured) -> None:
    """In the transaction of an activity's new settings: where those are published elsewhere, they hold at once."""
    activity = spaces.find_by_id(activity_id=event.activity_id)
    if activity is None or not activity.asks_back or not activity.reflection.publishes:
        return
    series = find_series(activity)
    if (activity.reflection.prompts or series is not None) and is_draft(activity, series):
        publish(activity, organization_id=event.organization_id)
