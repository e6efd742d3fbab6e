"""Activities: one placement in a space, of a kind, with that kind's settings."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext

from companion import markdown
from companion.errors import InvalidInput, NotAllowed, NotFound
from companion.events import ActivityConfigured, announce
from companion.spaces.keys import external_key
from companion.spaces.kinds import DiscussionSettings, Kind, read_settings, write_settings
from companion.spaces.models import Activity
from companion.text import clean_line
from companion.viewer import Viewer


def get_activity(*, viewer: Viewer, uid: UUID) -> Activity:
    """The gate of every activity. Raises NotFound where there is none or the viewer is not in its space."""
    activity = Activity.objects.visible_to(viewer).filter(uid=uid).first()
    if activity is None:
        raise NotFound(gettext("There is no such activity here."))
    return activity


def list_activities(*, viewer: Viewer, kind: Kind = Kind.DISCUSSION) -> list[Activity]:
    """The activities of the viewer's space, the newest first (200 at most)."""
    return list(Activity.objects.visible_to(viewer).filter(kind=kind).order_by("-id")[:200])


def find_activity(*, organization_id: int, uid: UUID) -> Activity | None:
    """An activity anywhere in an organization, for a host that decides what its link means."""
    return Activity.objects.filter(uid=uid, space__organization_id=organization_id).first()


def ensure_activity(*, space_id: int, external_id: str, title: str, like: Activity | None = None) -> Activity:
    """The activity of a link that a platform placed, made at its first launch.

    `like` is the activity that the link was copied from: its settings come along, its posts do not.
    """
    facts: dict[str, object] = {"title": clean_line(title)[:200] or gettext("Discussion")}
    if like is not None:
        facts |= {"kind": like.kind, "settings": like.settings, "prompt_html": like.prompt_html}
    else:
        facts["settings"] = write_settings(DiscussionSettings())
    return Activity.objects.get_or_create(space_id=space_id, key=external_key(external_id), defaults=facts)[0]


def follow_activity(
    *,
    space_id: int,
    external_id: str,
    title: str,
    settings: Mapping[str, object],
    opens_at: datetime | None = None,
    closes_at: datetime | None = None,
    kind: Kind = Kind.DISCUSSION,
) -> Activity:
    """The activity of a placement whose settings live in the platform: made at its first visit, changed to match.

    Raises InvalidInput with a sentence per field.
    """
    values = _activity_values(kind, title, settings, opens_at, closes_at)
    activity, is_new = Activity.objects.get_or_create(
        space_id=space_id, key=external_key(external_id), defaults={"kind": kind, **values}
    )
    changed = [] if is_new else [field for field, value in values.items() if getattr(activity, field) != value]
    if changed:
        for field in changed:
            setattr(activity, field, values[field])
        activity.save(update_fields=changed)
    return activity


def preview_activity(
    *,
    space_id: int | None,
    external_id: str,
    title: str,
    settings: Mapping[str, object],
    opens_at: datetime | None = None,
    closes_at: datetime | None = None,
    kind: Kind = Kind.DISCUSSION,
) -> Activity:
    """What `follow_activity` would give, without writing anything. Raises InvalidInput."""
    values = _activity_values(kind, title, settings, opens_at, closes_at)
    known = Activity.objects.filter(space_id=space_id, key=external_key(external_id)).first() if space_id else None
    activity = known or Activity(kind=kind)
    for field, value in values.items():
        setattr(activity, field, value)
    return activity


@transaction.atomic
def create_activity(
    *,
    viewer: Viewer,
    title: str,
    kind: Kind = Kind.DISCUSSION,
    settings: Mapping[str, object] | None = None,
    opens_at: datetime | None = None,
    closes_at: datetime | None = None,
    external_id: str,
) -> Activity:
    """A new activity in the viewer's space. The same `external_id` again gives the one that exists.

    Raises NotAllowed for somebody who may not place activities, InvalidInput with a sentence per field.
    """
    must_configure(viewer=viewer)
    values = _activity_values(kind, title, settings or {}, opens_at, closes_at)
    try:
        with transaction.atomic():
            activity = Activity.objects.create(
                space_id=viewer.space_id, key=external_key(external_id), kind=kind, **values
            )
    except IntegrityError:
        return Activity.objects.get(space_id=viewer.space_id, key=external_key(external_id))
    announce(_configured(viewer, activity))
    return activity


@transaction.atomic
def configure_activity(
    *,
    viewer: Viewer,
    uid: UUID,
    title: str,
    settings: Mapping[str, object],
    opens_at: datetime | None = None,
    closes_at: datetime | None = None,
) -> Activity:
    """Change an activity's title, settings and dates. Posts keep the anonymity they were made with.

    Raises NotFound, NotAllowed, InvalidInput.
    """
    activity = get_activity(viewer=viewer, uid=uid)
    must_configure(viewer=viewer)
    values = _activity_values(Kind(activity.kind), title, settings, opens_at, closes_at)
    for field, value in values.items():
        setattr(activity, field, value)
    activity.save(update_fields=list(values))
    announce(_configured(viewer, activity))
    return activity


def must_configure(*, viewer: Viewer) -> None:
    """Raises NotAllowed for whoever may not place activities and change their settings."""
    if not viewer.can_configure:
        raise NotAllowed(gettext("Only instructors can change activities."))


def _configured(viewer: Viewer, activity: Activity) -> ActivityConfigured:
    return ActivityConfigured(organization_id=viewer.organization_id, space_id=viewer.space_id, activity_id=activity.pk)


def _activity_values(
    kind: Kind,
    title: str,
    settings: Mapping[str, object],
    opens_at: datetime | None,
    closes_at: datetime | None,
) -> dict[str, object]:
    errors: dict[str, str] = {}
    title = clean_line(title)
    if not title:
        errors["title"] = gettext("Give it a title.")
    elif len(title) > 200:
        errors["title"] = gettext("At most %(limit)d characters, please.") % {"limit": 200}
    if opens_at and closes_at and closes_at <= opens_at:
        errors["closes_at"] = gettext("The closing date must be after the opening date.")
    try:
        read = read_settings(kind, settings)
    except InvalidInput as invalid:
        errors |= invalid.errors
    if errors:
        raise InvalidInput(errors)
    return {
        "title": title,
        "settings": write_settings(read),
        "prompt_html": markdown.render(read.prompt) if read.prompt else "",
        "opens_at": opens_at,
        "closes_at": closes_at,
    }
