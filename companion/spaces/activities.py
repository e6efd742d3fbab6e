"""Activities: one placement in a space, of a kind, with that kind's settings."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext

from companion import markdown
from companion.errors import InvalidInput, NotAllowed, NotFound
from companion.events import ActivityConfigured, announce
from companion.spaces.keys import external_key
from companion.spaces.kinds import SETTINGS, Groups, Kind, read_settings, write_settings
from companion.spaces.models import Activity
from companion.text import clean_line, is_blank
from companion.viewer import Viewer


def get_activity(*, viewer: Viewer, uid: UUID) -> Activity:
    """The gate of every activity. Raises NotFound where there is none or the viewer is not in its space."""
    activity = Activity.objects.visible_to(viewer).filter(uid=uid).first()
    if activity is None:
        raise NotFound(gettext("There is no such activity here."))
    return activity


def hold_activity(*, activity_id: int) -> None:
    """Let others who hold it wait until the end of the transaction: for what is counted over all of its threads."""
    list(Activity.objects.select_for_update().filter(pk=activity_id).values_list("pk", flat=True))


def list_activities(*, viewer: Viewer) -> list[Activity]:
    """The activities of the viewer's space that hold threads, the newest first (200 at most)."""
    return list(Activity.objects.visible_to(viewer).order_by("-id")[:200])


def find_activity(*, organization_id: int, uid: UUID) -> Activity | None:
    """An activity anywhere in an organization, for a host that decides what its link means."""
    return Activity.objects.filter(uid=uid, space__organization_id=organization_id).first()


def find_by_id(*, activity_id: int) -> Activity | None:
    """An activity that an event or a row names."""
    return Activity.objects.filter(pk=activity_id).first()


def find_by_ids(*, activity_ids: Collection[int]) -> list[Activity]:
    """The same for several, each with its space."""
    return list(Activity.objects.filter(pk__in=activity_ids).select_related("space"))


def ensure_activity(
    *, space_id: int, external_id: str, title: str, like: Activity | None = None, kind: Kind = Kind.DISCUSSION
) -> Activity:
    """The activity of a link that a platform placed, made at its first launch.

    `like` is the activity that the link was copied from: its kind and settings come along, its posts do not.
    """
    facts: dict[str, object] = {"title": clean_line(title)[:200] or gettext("Discussion")}
    if like is not None:
        facts |= {
            "kind": like.kind,
            "settings": like.settings,
            "prompt_html": like.prompt_html,
            "separates_groups": like.separates_groups,
        }
    else:
        facts |= {"kind": kind, "settings": write_settings(SETTINGS[kind]())}
    return Activity.objects.get_or_create(space_id=space_id, key=external_key(external_id), defaults=facts)[0]


def follow_activity(
    *,
    space_id: int,
    external_id: str,
    title: str,
    settings: Mapping[str, object],
    opens_at: datetime | None = None,
    closes_at: datetime | None = None,
    event_at: datetime | None = None,
    event_ends_at: datetime | None = None,
    kind: Kind = Kind.DISCUSSION,
) -> Activity:
    """The activity of a placement whose settings live in the platform: made at its first visit, changed to match.

    Raises InvalidInput with a sentence per field.
    """
    values = _activity_values(kind, title, settings, Dates(opens_at, closes_at, event_at, event_ends_at))
    activity = Activity.objects.filter(space_id=space_id, key=external_key(external_id)).first()
    changed = [field for field, value in values.items() if getattr(activity, field, None) != value]
    if not changed:
        assert activity is not None
        return activity
    with transaction.atomic():
        activity, is_new = Activity.objects.get_or_create(
            space_id=space_id, key=external_key(external_id), defaults={"kind": kind, **values}
        )
        if not is_new:
            for field in changed:
                setattr(activity, field, values[field])
            activity.save(update_fields=changed)
        announce(_configured(activity.space.organization_id, activity))
    return activity


def preview_activity(
    *,
    space_id: int | None,
    external_id: str,
    title: str,
    settings: Mapping[str, object],
    opens_at: datetime | None = None,
    closes_at: datetime | None = None,
    event_at: datetime | None = None,
    event_ends_at: datetime | None = None,
    kind: Kind = Kind.DISCUSSION,
) -> Activity:
    """What `follow_activity` would give, without writing anything. Raises InvalidInput."""
    values = _activity_values(kind, title, settings, Dates(opens_at, closes_at, event_at, event_ends_at))
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
    event_at: datetime | None = None,
    event_ends_at: datetime | None = None,
    external_id: str,
) -> Activity:
    """A new activity in the viewer's space. The same `external_id` again gives the one that exists.

    Raises NotAllowed for somebody who may not place activities, InvalidInput with a sentence per field.
    """
    must_configure(viewer=viewer)
    values = _activity_values(kind, title, settings or {}, Dates(opens_at, closes_at, event_at, event_ends_at))
    try:
        with transaction.atomic():
            activity = Activity.objects.create(
                space_id=viewer.space_id,
                key=external_key(external_id),
                kind=kind,
                author_id=viewer.person_id,
                **values,
            )
    except IntegrityError:
        return Activity.objects.get(space_id=viewer.space_id, key=external_key(external_id))
    announce(_configured(viewer.organization_id, activity))
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
    event_at: datetime | None = None,
    event_ends_at: datetime | None = None,
) -> Activity:
    """Change an activity's title, settings and dates. Posts keep the anonymity they were made with.

    Raises NotFound, NotAllowed, InvalidInput.
    """
    activity = get_activity(viewer=viewer, uid=uid)
    must_configure(viewer=viewer)
    values = _activity_values(Kind(activity.kind), title, settings, Dates(opens_at, closes_at, event_at, event_ends_at))
    for field, value in values.items():
        setattr(activity, field, value)
    if activity.author_id is None:
        activity.author_id = viewer.person_id
    activity.save(update_fields=[*values, "author"])
    announce(_configured(viewer.organization_id, activity))
    return activity


def must_configure(*, viewer: Viewer) -> None:
    """Raises NotAllowed for whoever may not place activities and change their settings."""
    if not viewer.can_configure:
        raise NotAllowed(gettext("Only instructors can change activities."))


def _configured(organization_id: int, activity: Activity) -> ActivityConfigured:
    return ActivityConfigured(organization_id=organization_id, space_id=activity.space_id, activity_id=activity.pk)


@dataclass(frozen=True, slots=True)
class Dates:
    opens_at: datetime | None
    closes_at: datetime | None
    event_at: datetime | None
    event_ends_at: datetime | None

    def problems(self) -> dict[str, str]:
        errors = {
            name: gettext("This must be a date of this century.")
            for name, moment in asdict(self).items()
            if moment is not None and not 1970 <= moment.year <= 9000
        }
        if errors:
            # No page could show it in every time zone.
            return errors
        if self.opens_at and self.closes_at and self.closes_at <= self.opens_at:
            errors["closes_at"] = gettext("The closing date must be after the opening date.")
        if self.event_ends_at and not self.event_at:
            errors["event_at"] = gettext("Say when the event begins, too.")
        elif self.event_ends_at and self.event_at and self.event_ends_at < self.event_at:
            errors["event_ends_at"] = gettext("The event must end after it begins.")
        return errors


def _activity_values(kind: Kind, title: str, settings: Mapping[str, object], dates: Dates) -> dict[str, object]:
    errors = dates.problems()
    title = clean_line(title)
    if is_blank(title):
        errors["title"] = gettext("Give it a title.")
    elif len(title) > 200:
        errors["title"] = gettext("At most %(limit)d characters, please.") % {"limit": 200}
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
        "separates_groups": read.groups is Groups.SEPARATE,
        **asdict(dates),
    }
