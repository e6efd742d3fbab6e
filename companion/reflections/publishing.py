"""An author's series: what it would do to whom, shown before it is confirmed, and then published.

The activity holds what an author edits; the series holds what was published, and deliveries go by that alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext

from companion import clock, keyset, markdown
from companion.errors import Conflict, InvalidInput, NotAllowed, NotFound
from companion.events import ActivityConfigured, SeriesPublished, announce
from companion.kept import forget
from companion.reflections.calculating import (
    Calendar,
    enrol_missing,
    is_drawn,
    is_settled,
    know,
    plan_for,
    recalculate,
    recalculate_series,
    settled_at,
    waited_key,
)
from companion.reflections.models import Delivery, Prompt, Series
from companion.reflections.reasons import in_words, state_in_words
from companion.reflections.scheduling import Plan
from companion.spaces import api as spaces
from companion.spaces.api import Activity
from companion.spaces.prompts import PromptSettings, read_prompt, write_prompts
from companion.viewer import Viewer

# So many learners have their dates at once; more get them from a task a moment later.
AT_ONCE: Final = 200
PEOPLE_A_PAGE: Final = 20
# A preview looks at so many learners to say how many dates change.
MOST_COUNTED: Final = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedPrompt:
    """What happens with one prompt for one learner. `before` is what was to happen so far, where it differs.

    `reason` is a sentence.
    """

    key: str
    title: str
    state: str
    reason: str
    at: datetime | None
    is_answered: bool = False
    before: datetime | None = None
    is_new: bool = False
    is_changed: bool = False

    @property
    def state_label(self) -> str:
        return state_in_words(self.state)


@dataclass(frozen=True, slots=True, kw_only=True)
class LearnerPlan:
    person_id: int
    name: str
    time_zone: str
    is_held_out: bool
    prompts: list[PlannedPrompt]


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What publishing would do. `changes` counts, over `counted` of `people` learners, deliveries that are "new",
    "moved", "dropped" or "same"; `rows` is a page of learners; `next` the cursor of the one after, or "".
    """

    prompts: list[PromptSettings]
    people: int
    counted: int
    changes: Mapping[str, int]
    rows: list[LearnerPlan]
    next: str


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
    return _snapshot(activity) != series.settings or activity.reflection.holdout_percent != series.holdout_percent


def preview_series(*, viewer: Viewer, uid: UUID, cursor: str = "") -> Preview:
    """Everybody's dates as they would be after publishing, beside those that hold. Writes nothing.

    A fixed number of queries for a page of learners, and some more for what is counted. Raises NotFound, NotAllowed,
    keyset.InvalidCursor.
    """
    activity, series = get_series(viewer=viewer, uid=uid)
    spaces.must_configure(viewer=viewer)
    learners = spaces.all_learners(space_id=activity.space_id)
    after = keyset.decode_numbers(cursor, 1)[0] if cursor else 0
    page = [person_id for person_id in learners if person_id > after][: PEOPLE_A_PAGE + 1]
    shown = page[:PEOPLE_A_PAGE]
    counted = learners[:MOST_COUNTED]
    rows = _rows(activity, series, sorted({*shown, *counted}))
    names = spaces.names_of(shown)
    changes = Counter(_change(prompt) for person_id in counted for prompt in rows[person_id].prompts)
    return Preview(
        prompts=list(activity.reflection.prompts),
        people=len(learners),
        counted=len(counted),
        changes={name: changes.get(name, 0) for name in ("new", "moved", "dropped", "same")},
        rows=[replace(rows[person_id], name=names[person_id]) for person_id in shown],
        next=keyset.encode(shown[-1]) if len(page) > PEOPLE_A_PAGE else "",
    )


def _change(prompt: PlannedPrompt) -> str:
    if prompt.is_new:
        return "new"
    if not prompt.is_changed:
        return "same"
    return "dropped" if prompt.at is None else "moved"


def _rows(activity: Activity, series: Series | None, person_ids: Sequence[int]) -> dict[int, LearnerPlan]:
    settings, now = activity.reflection, clock.now()
    calendar = Calendar(
        hours=settings.hours,
        event_at=activity.event_at,
        event_ends_at=activity.event_ends_at,
        activity_unit=str(activity.uid),
    )
    known = know(space_id=activity.space_id, person_ids=person_ids)
    have, held_out = _deliveries(series, person_ids), _held_out(series, person_ids)
    rows = {}
    for person_id in person_ids:
        mine = have.get(person_id, {})
        settled = {key: settled_at(delivery) for key, delivery in mine.items() if is_settled(delivery)}
        drawn = is_drawn(seed_of(activity), person_id, settings.holdout_percent)
        is_out = held_out.get(person_id, drawn)
        plans = plan_for(settings.prompts, calendar, known[person_id], now, settled=settled, is_held_out=is_out)
        rows[person_id] = LearnerPlan(
            person_id=person_id,
            name="",
            time_zone=known[person_id].time_zone or settings.hours.zone,
            is_held_out=is_out,
            prompts=[_planned(prompt, plans.get(prompt.key), mine.get(prompt.key)) for prompt in settings.prompts],
        )
    return rows


def _planned(prompt: PromptSettings, plan: Plan | None, have: Delivery | None) -> PlannedPrompt:
    if plan is None:
        assert have is not None
        return _settled(have)
    before = have.due_at if have is not None else None
    return PlannedPrompt(
        key=prompt.key,
        title=prompt.title,
        state=plan.state.value,
        reason=in_words(plan.reason),
        at=plan.due_at,
        before=before,
        is_new=have is None,
        is_changed=have is not None and before != plan.due_at,
    )


def _settled(delivery: Delivery) -> PlannedPrompt:
    """A delivery as it is."""
    prompt = read_prompt(delivery.prompt.settings)
    return PlannedPrompt(
        key=prompt.key,
        title=prompt.title,
        state=delivery.state,
        reason=in_words(delivery.reason),
        at=delivery.sent_at or delivery.due_at,
        is_answered=delivery.answered_at is not None,
    )


def _deliveries(series: Series | None, person_ids: Sequence[int]) -> dict[int, dict[str, Delivery]]:
    found: dict[int, dict[str, Delivery]] = {}
    if series is not None:
        rows = Delivery.objects.filter(series=series, enrolment__person_id__in=person_ids, round=1)
        for delivery in rows.select_related("prompt"):
            found.setdefault(delivery.person_id, {})[delivery.prompt.key] = delivery
    return found


def _held_out(series: Series | None, person_ids: Sequence[int]) -> dict[int, bool]:
    if series is None:
        return {}
    rows = series.enrolments.filter(person_id__in=person_ids)
    return dict(rows.values_list("person_id", "is_held_out"))


@transaction.atomic
def publish_series(*, viewer: Viewer, uid: UUID) -> Series:
    """Let what an author has set hold: everybody's dates are worked out anew. Twice is once.

    Raises NotFound, NotAllowed, InvalidInput (no prompts).
    """
    activity, _series = get_series(viewer=viewer, uid=uid)
    spaces.must_configure(viewer=viewer)
    if not activity.reflection.prompts:
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
        "unit": str(activity.uid),
    }


def follow_settings(event: ActivityConfigured) -> None:
    """In the transaction of an activity's new settings: where those are published elsewhere, they hold at once."""
    activity = spaces.find_by_id(activity_id=event.activity_id)
    if activity is None or not activity.asks_back or not activity.reflection.publishes:
        return
    series = find_series(activity)
    if activity.reflection.prompts and is_draft(activity, series):
        publish(activity, organization_id=event.organization_id)


@transaction.atomic
def change_prompts(*, viewer: Viewer, uid: UUID, prompts: Sequence[PromptSettings]) -> Activity:
    """Keep an author's prompts as a draft. Raises NotFound, NotAllowed, InvalidInput."""
    activity, _series = get_series(viewer=viewer, uid=uid)
    spaces.must_configure(viewer=viewer)
    settings = {**activity.settings, "prompts": write_prompts(prompts)}
    return spaces.configure_activity(
        viewer=viewer,
        uid=uid,
        title=activity.title,
        settings=settings,
        opens_at=activity.opens_at,
        closes_at=activity.closes_at,
        event_at=activity.event_at,
        event_ends_at=activity.event_ends_at,
    )


def save_prompt(*, viewer: Viewer, uid: UUID, prompt: PromptSettings) -> None:
    """Change a prompt of the draft, or add it at the end. Raises NotFound, NotAllowed, InvalidInput."""
    activity, _series = get_series(viewer=viewer, uid=uid)
    prompts = list(activity.reflection.prompts)
    places = [place for place, other in enumerate(prompts) if other.key == prompt.key]
    if places:
        prompts[places[0]] = prompt
    else:
        prompts.append(prompt)
    change_prompts(viewer=viewer, uid=uid, prompts=prompts)


def remove_prompt(*, viewer: Viewer, uid: UUID, key: str) -> None:
    """Take a prompt out of the draft. Raises NotFound, NotAllowed, Conflict (a follow-up hangs on it)."""
    activity, _series = get_series(viewer=viewer, uid=uid)
    prompts = list(activity.reflection.prompts)
    if key not in [prompt.key for prompt in prompts]:
        raise NotFound(gettext("There is no such prompt here."))
    try:
        change_prompts(viewer=viewer, uid=uid, prompts=[prompt for prompt in prompts if prompt.key != key])
    except InvalidInput as error:
        raise Conflict(str(error)) from error


def move_prompt(*, viewer: Viewer, uid: UUID, key: str, up: bool) -> None:
    """Change places with the prompt before or after. Raises NotFound, NotAllowed, Conflict."""
    activity, _series = get_series(viewer=viewer, uid=uid)
    prompts = list(activity.reflection.prompts)
    place = next((place for place, prompt in enumerate(prompts) if prompt.key == key), None)
    if place is None:
        raise NotFound(gettext("There is no such prompt here."))
    other = place - 1 if up else place + 1
    if not 0 <= other < len(prompts):
        return
    prompts[place], prompts[other] = prompts[other], prompts[place]
    try:
        change_prompts(viewer=viewer, uid=uid, prompts=prompts)
    except InvalidInput as error:
        raise Conflict(str(error)) from error


def list_deliveries(*, viewer: Viewer, uid: UUID, cursor: str = "") -> tuple[list[LearnerPlan], str]:
    """A page of learners with what became of every prompt for each, and the cursor of the next page, or "".

    For the course staff. A fixed number of queries. Raises NotFound, NotAllowed, keyset.InvalidCursor.
    """
    _activity, series = get_series(viewer=viewer, uid=uid)
    if not viewer.is_staff:
        raise NotAllowed(gettext("Only the course staff can do this."))
    if series is None:
        return [], ""
    after = keyset.decode_numbers(cursor, 1)[0] if cursor else 0
    found = list(series.enrolments.filter(person_id__gt=after).order_by("person_id")[: PEOPLE_A_PAGE + 1])
    shown = found[:PEOPLE_A_PAGE]
    rows: dict[int, list[Delivery]] = {enrolment.pk: [] for enrolment in shown}
    # That somebody is asked once more would tell who asked the question that was answered just then, without a name.
    deliveries = Delivery.objects.filter(enrolment__in=shown, round=1).select_related("prompt")
    for delivery in deliveries.order_by("prompt__position"):
        rows[delivery.enrolment_id].append(delivery)
    names = spaces.names_of([enrolment.person_id for enrolment in shown])
    page = [
        LearnerPlan(
            person_id=enrolment.person_id,
            name=names[enrolment.person_id],
            time_zone="",
            is_held_out=enrolment.is_held_out,
            prompts=[
                _planned(read_prompt(delivery.prompt.settings), None, delivery) for delivery in rows[enrolment.pk]
            ],
        )
        for enrolment in shown
    ]
    return page, keyset.encode(shown[-1].person_id) if len(found) > PEOPLE_A_PAGE else ""
