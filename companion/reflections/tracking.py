"""What the hosts and the other areas tell: somebody joined, or finished something. Dates follow at once."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime, timedelta

from django.db import transaction

from companion import clock
from companion.events import (
    PersonJoined,
    PersonLeft,
    PostAdded,
    RemindersMoved,
    RosterSynced,
    ThreadStarted,
    announce,
)
from companion.kept import kept
from companion.reflections.asking import ask_at
from companion.reflections.calculating import (
    anchors_on,
    calculate,
    enrol_missing,
    prompts_of,
    recalculate_series,
    waited_key,
)
from companion.reflections.known import hours_of
from companion.reflections.models import Contact, Delivery, Enrolment, EntryReply, Milestone, Series
from companion.reflections.scheduling import Reason, State
from companion.spaces import api as spaces
from companion.spaces.api import Activity
from companion.spaces.keys import external_key
from companion.spaces.prompts import Anchor
from companion.threads.api import get_credit
from companion.viewer import Viewer

COURSE = Milestone.COURSE


@transaction.atomic
def note_completion(*, space_id: int, person_id: int, unit: str, at: datetime | None = None) -> None:
    """Somebody has finished a unit (an activity's uid, a block's usage key), or the course (COURSE).

    `at` is when, aware; None is now. Told twice, the earlier moment counts. Dates that hang on it are worked out at
    once. What is told of somebody or something that no series asks about is kept all the same: one may be made later.
    """
    moment = at or clock.now()
    key = external_key(unit)
    milestone, is_new = Milestone.objects.get_or_create(
        space_id=space_id, person_id=person_id, key=key, defaults={"unit": unit[:255], "at": moment}
    )
    if not is_new:
        if moment >= milestone.at:
            return
        Milestone.objects.filter(pk=milestone.pk).update(at=moment)
    for series in Series.objects.filter(space_id=space_id):
        asked = [settings for row, settings in prompts_of(series).items() if row.removed_at is None]
        if anchors_on(asked, unit) or (unit == series.settings["unit"] and anchors_on(asked, "")):
            refresh(series, [person_id])


def note_seen(*, viewer: Viewer, activity: Activity, ends_course: bool, is_complete: Callable[[], bool]) -> None:
    """A learner looks at an activity: it is finished where `is_complete` says so, which is asked only where a series
    waits for it. With `ends_course` a look at a series of its own is the end of the course, too: where the host tells
    of no end, it stands last.

    Asked for at every look; without a series that waits for it, it costs a look into the cache.
    """
    if viewer.is_staff or viewer.is_guest:
        return
    waited = waited_for(space_id=viewer.space_id)
    own = str(activity.uid)
    # A series' own rule counts answers, and those may wait for this very look.
    units = [own] if own in waited and (activity.asks_back or is_complete()) else []
    if ends_course and activity.asks_back and COURSE in waited:
        units.append(COURSE)
    for unit in units:
        note_completion(space_id=viewer.space_id, person_id=viewer.person_id, unit=unit)


def when_wrote(event: ThreadStarted | PostAdded) -> None:
    """In the transaction of a post under somebody's name: it may be the last that an activity's rule for credit wanted.

    A post without a name is no sign of anybody.
    """
    waited = waited_for(space_id=event.space_id) if event.person_id is not None else ()
    if event.person_id is None or not waited:
        return
    activity = spaces.find_by_id(activity_id=event.activity_id)
    if activity is None or str(activity.uid) not in waited:
        return
    credit = get_credit(activity=activity, person_id=event.person_id)
    if credit is not None and credit.is_complete:
        note_completion(space_id=event.space_id, person_id=event.person_id, unit=str(activity.uid))


def note_due_date(*, space_id: int, unit: str, person_id: int | None = None) -> None:
    """The day by which a unit is due has moved, for one person or (None) for everybody: dates that hang on it are
    worked out anew, everybody's by a task.
    """
    for series in Series.objects.filter(space_id=space_id):
        asked = [settings for row, settings in prompts_of(series).items() if row.removed_at is None]
        if unit not in {prompt.unit for prompt in asked if prompt.anchor is Anchor.DUE}:
            continue
        if person_id is None:
            recalculate_series.enqueue(series.pk)
        else:
            with transaction.atomic():
                refresh(series, [person_id])


def recalculate_dated() -> None:
    """Once a day, the series that hang on due dates: a learner who begins a course at their own pace anew moves them
    all, and nobody tells.
    """
    stale = clock.now() - timedelta(days=1)
    dated = Series.objects.filter(
        prompts__removed_at=None, prompts__settings__anchor=Anchor.DUE.value, calculated_at__lt=stale
    )
    for pk in dated.distinct().values_list("pk", flat=True)[:100]:
        # Whoever moves the moment enqueues: the other workers find it moved.
        if Series.objects.filter(pk=pk, calculated_at__lt=stale).update(calculated_at=clock.now()):
            recalculate_series.enqueue(pk)


def finished_by(*, space_id: int, unit: str) -> set[int]:
    """The ids of those of whom it is known that they have finished a unit."""
    rows = Milestone.objects.filter(space_id=space_id, key=external_key(unit))
    return set(rows.values_list("person_id", flat=True))


def waited_for(*, space_id: int) -> Collection[str]:
    """The units that published series of a space wait for, or for whose due date (COURSE is the whole course); a change
    shows in a minute.
    """
    return kept(waited_key(space_id), lambda: _waited_for(space_id), seconds=60)


def _waited_for(space_id: int) -> list[str]:
    found = set()
    for series in Series.objects.filter(space_id=space_id):
        for row, prompt in prompts_of(series).items():
            if row.removed_at is None and prompt.anchor in (Anchor.UNIT, Anchor.DUE):
                found.add(prompt.unit or series.settings["unit"])
            elif row.removed_at is None and prompt.anchor is Anchor.COURSE:
                found.add(COURSE)
    return sorted(found)


def when_joined_or_left(event: PersonJoined | PersonLeft) -> None:
    """In the transaction in which somebody became a member, got another role, or left: series of the space ask their
    learners alone.
    """
    for series in Series.objects.filter(space_id=event.space_id):
        refresh(series, [event.person_id])


def when_roster_synced(event: RosterSynced) -> None:
    """In the transaction of a roster: a task for each series finds out whom it has brought and taken."""
    for pk in Series.objects.filter(space_id=event.space_id).values_list("pk", flat=True):
        recalculate_series.enqueue(pk)


def refresh(series: Series, person_ids: Collection[int]) -> None:
    """Work out the dates of a few people, those who are new to the series included, in the caller's transaction."""
    enrol_missing(series, person_ids)
    calculate(series, list(series.enrolments.filter(person_id__in=person_ids)))
    announce(RemindersMoved(space_id=series.space_id))


def refresh_person(person_id: int) -> None:
    """Work out somebody's dates in every series, in the caller's transaction: they are in another time zone."""
    for enrolment in Enrolment.objects.filter(person_id=person_id).select_related("series"):
        refresh(enrolment.series, [person_id])


@transaction.atomic
def stop_series(*, person_id: int, series_id: int, stopped: bool) -> None:
    """Ask somebody nothing more in a series, or go on. What they wrote stays. Twice is once."""
    now = clock.now() if stopped else None
    mine = Enrolment.objects.filter(series_id=series_id, person_id=person_id)
    changed = mine.filter(stopped_at=None) if stopped else mine.exclude(stopped_at=None)
    if not changed.update(stopped_at=now):
        return
    open_ones = Delivery.objects.filter(series_id=series_id, person_id=person_id, state=State.PLANNED.value)
    if stopped:
        # Dates of their own, too: a snoozed prompt is stopped as every other.
        open_ones.update(
            state=State.DROPPED.value, reason=Reason.STOPPED.value, due_at=None, opens_at=None, taken_at=None
        )
    else:
        _ask_again_what_was_stopped(series_id, person_id)
    refresh(Series.objects.get(pk=series_id), [person_id])


def _ask_again_what_was_stopped(series_id: int, person_id: int) -> None:
    """Second rounds have dates of their own, and no plan brings them back."""
    rows = Delivery.objects.filter(series_id=series_id, person_id=person_id, round__gt=1, answered_at=None)
    for delivery in rows.filter(reason=Reason.STOPPED.value).select_related("series"):
        moment = hours_of(delivery.series, person_id).next_open(clock.now())
        ask_at(delivery, moment, Reason.ASKED_AGAIN)


def has_stopped(*, viewer: Viewer, series_id: int) -> bool:
    """Whether the viewer has stopped a series."""
    return Enrolment.objects.filter(series_id=series_id, person_id=viewer.person_id).exclude(stopped_at=None).exists()


def forget_people(*, person_ids: Collection[int]) -> None:
    """Whoever has left for good leaves no entry, plan or date behind."""
    Enrolment.objects.filter(person_id__in=person_ids).delete()
    Milestone.objects.filter(person_id__in=person_ids).delete()
    Contact.objects.filter(person_id__in=person_ids).delete()
    EntryReply.objects.filter(author_id__in=person_ids).update(author=None, author_name="")
