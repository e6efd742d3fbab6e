"""What a learner does with a prompt: answers it, changes the answer, shares it, puts it off, skips it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from django.db import connection, transaction
from django.utils.translation import gettext

from companion import clock, limits
from companion.errors import Conflict, InvalidInput, NotAllowed, NotFound
from companion.events import EntryWritten, announce
from companion.reflections.asking import ask_at
from companion.reflections.checking import Answer, checked_plan, values_of
from companion.reflections.known import hours_of
from companion.reflections.models import (
    Commitment,
    Delivery,
    Entry,
    EntryVersion,
    Privacy,
)
from companion.reflections.scheduling import STILL_OPEN, Reason, State, days_after
from companion.spaces import api as spaces
from companion.spaces.prompts import Format, PromptSettings, read_prompt, write_prompts
from companion.viewer import Viewer

MOST_SNOOZED: Final = 14
_READ_BY: Final = frozenset({"key", "format", "title", "scaffold", "options"})


def get_delivery(*, viewer: Viewer, delivery_id: int) -> Delivery:
    """The gate of prompts: one's own, in the viewer's space, from its moment on. Raises NotFound."""
    mine = Delivery.objects.filter(pk=delivery_id, person_id=viewer.person_id, series__space_id=viewer.space_id)
    delivery = mine.select_related("prompt", "series__activity", "enrolment").first()
    if delivery is None or not is_open(delivery):
        raise NotFound(gettext("There is no such prompt here."))
    return delivery


def is_open(delivery: Delivery) -> bool:
    """Whether a prompt can be answered: from its moment on, until it is dropped or taken out of its series; what was
    answered stays open.
    """
    if delivery.answered_at is not None:
        return True
    if delivery.prompt.removed_at is not None:
        return False
    if delivery.state == State.SENT.value:
        return True
    may_be = delivery.state == State.PLANNED.value or delivery.reason in STILL_OPEN
    return may_be and delivery.opens_at is not None and delivery.opens_at <= clock.now()


def can_answer(delivery: Delivery) -> bool:
    """Whether somebody outside of the course's pages may still answer: they are in it, and it is asked, if only later
    because they put it off.
    """
    here = spaces.is_member(space_id=delivery.series.space_id, person_id=delivery.person_id)
    is_asked = is_open(delivery) or delivery.reason == Reason.SNOOZED.value
    return here and is_asked and not delivery.series.activity.has_closed()


def answer_once(*, delivery: Delivery, answer: Answer) -> bool:
    """Take the one answer that an e-mail's link may give, in the caller's transaction; False where there is one
    already. It is private. Raises InvalidInput.
    """
    if _hold(delivery.pk).answered_at is not None:
        return False
    write_entry(delivery=delivery, answer=answer, privacy=Privacy.PRIVATE)
    return True


def note_looked_at(*, delivery: Delivery) -> None:
    """Its learner has opened a prompt: the first time counts."""
    if delivery.opened_at is None:
        Delivery.objects.filter(pk=delivery.pk, opened_at=None).update(opened_at=clock.now())


def text_of(delivery: Delivery) -> str:
    """What a prompt says, as safe HTML."""
    return delivery.prompt.text_html


def settings_of(delivery: Delivery) -> PromptSettings:
    return read_prompt(delivery.prompt.settings)


@transaction.atomic
def answer_prompt(*, viewer: Viewer, delivery_id: int, answer: Answer, privacy: Privacy = Privacy.PRIVATE) -> Entry:
    """Answer a prompt, or change the answer: what it said before is kept for its author alone.

    Raises NotFound, NotAllowed, InvalidInput (a sentence by field), TooMany.
    """
    delivery = get_delivery(viewer=viewer, delivery_id=delivery_id)
    activity = delivery.series.activity
    if activity.has_closed():
        raise NotAllowed(gettext("This is closed: you can read everything, but not write any more."))
    limits.take(person_id=viewer.person_id, what="entries", most=60, window=timedelta(minutes=10))
    return write_entry(delivery=delivery, answer=answer, privacy=privacy)


def write_entry(*, delivery: Delivery, answer: Answer, privacy: Privacy) -> Entry:
    """The same for a delivery that has been through a gate. Raises InvalidInput."""
    prompt = settings_of(delivery)
    values = values_of(prompt, answer) | {"asked": _asked(prompt)}
    held = _hold(delivery.pk)
    entry = Entry.objects.filter(delivery=held).first()
    if entry is None:
        entry = Entry.objects.create(
            delivery=held,
            prompt_id=held.prompt_id,
            person_id=held.person_id,
            space_id=delivery.series.space_id,
            privacy=privacy,
            **values,
        )
    else:
        _change(entry, values, privacy)
    if prompt.format is Format.COMMITMENT:
        _keep_plan(entry, delivery, answer)
    elif prompt.format is Format.FOLLOW_UP:
        _note_outcome(entry, prompt)
    _note_answer(held)
    activity = delivery.series.activity
    announce(
        EntryWritten(
            organization_id=delivery.series.organization_id,
            space_id=activity.space_id,
            activity_id=activity.pk,
            person_id=held.person_id,
        )
    )
    return entry


def _change(entry: Entry, values: dict[str, Any], privacy: Privacy) -> None:
    said = {name: getattr(entry, name) for name in values}
    if any(said[name] != value for name, value in values.items() if name != "asked") or _means_another(said, values):
        EntryVersion.objects.create(entry=entry, version=entry.version, at=entry.edited_at or entry.created_at, **said)
        entry.version, entry.edited_at = entry.version + 1, clock.now()
        for name, value in values.items():
            setattr(entry, name, value)
    entry.privacy = privacy
    entry.save()


def _means_another(said: Mapping[str, Any], values: Mapping[str, Any]) -> bool:
    """Whether the same number stands for another option now."""
    return said["asked"] is not None and said["asked"].get("options") != values["asked"].get("options")


def _asked(prompt: PromptSettings) -> dict[str, Any]:
    """What of a prompt its answers are read by."""
    return {name: value for name, value in write_prompts([prompt])[0].items() if name in _READ_BY}


def _note_answer(delivery: Delivery) -> None:
    """What is answered needs no reminder."""
    if delivery.state != State.SENT.value:
        delivery.state, delivery.reason = State.SENT.value, Reason.ANSWERED.value
        delivery.sent_at = delivery.sent_at or clock.now()
    delivery.answered_at = delivery.answered_at or clock.now()
    delivery.opened_at = delivery.opened_at or clock.now()
    delivery.taken_at = None
    delivery.save(update_fields=["state", "reason", "sent_at", "answered_at", "opened_at", "taken_at"])


def _keep_plan(entry: Entry, delivery: Delivery, answer: Answer) -> None:
    facts = {**checked_plan(answer), "confidence": entry.number}
    _plan, is_new = Commitment.objects.update_or_create(entry=entry, defaults=facts)
    if is_new:
        _ask_about_plan(delivery)


def _ask_about_plan(delivery: Delivery) -> None:
    """Follow-ups that had no plan to ask about have one now: as long after it as they stand apart in the series."""
    plan = settings_of(delivery)
    waiting = Delivery.objects.filter(
        enrolment=delivery.enrolment_id, state=State.HELD.value, reason=Reason.NO_PLAN.value
    ).select_related("prompt", "series")
    hours = hours_of(delivery.series, delivery.person_id)
    for follow_up in waiting:
        settings = settings_of(follow_up)
        if settings.pairs_with != plan.key:
            continue
        moment = days_after(clock.now(), max(1, settings.days - plan.days), zone=hours.zone)
        ask_at(follow_up, hours.next_open(moment), Reason.AFTER_PLAN)


def _note_outcome(entry: Entry, prompt: PromptSettings) -> None:
    plan = find_plan(person_id=entry.person_id, series_id=entry.delivery.series_id, key=prompt.pairs_with)
    if plan is not None:
        Commitment.objects.filter(pk=plan.pk).update(outcome=entry.outcome)


def find_plan(*, person_id: int, series_id: int, key: str) -> Commitment | None:
    """What somebody planned at a prompt of a series; the last of several rounds."""
    plans = Commitment.objects.filter(entry__person_id=person_id, entry__prompt__series_id=series_id)
    return plans.filter(entry__prompt__key=key).select_related("entry").order_by("-pk").first()


@transaction.atomic
def share_entry(*, viewer: Viewer, delivery_id: int, privacy: Privacy) -> None:
    """Say who reads one's own entry. Taken back, it is gone from others' pages at once. Raises NotFound."""
    mine = Entry.objects.filter(delivery_id=delivery_id, person_id=viewer.person_id)
    if not mine.update(privacy=privacy):
        raise NotFound(gettext("There is no such entry here."))


@transaction.atomic
def skip_prompt(*, viewer: Viewer, delivery_id: int) -> None:
    """Not this one: it costs nothing. Twice is once. Raises NotFound, Conflict (answered)."""
    delivery = _hold(get_delivery(viewer=viewer, delivery_id=delivery_id).pk)
    if delivery.answered_at is not None:
        raise Conflict(gettext("You have answered it already."))
    delivery.state, delivery.reason, delivery.taken_at = State.DROPPED.value, Reason.SKIPPED.value, None
    delivery.due_at = delivery.opens_at = None
    delivery.save(update_fields=["state", "reason", "due_at", "opens_at", "taken_at"])


@transaction.atomic
def snooze_prompt(*, viewer: Viewer, delivery_id: int, days: int) -> None:
    """Ask again in so many days (1 to MOST_SNOOZED), within working hours, and before what it is to come before.

    Raises NotFound, InvalidInput, Conflict (answered).
    """
    if not 1 <= days <= MOST_SNOOZED:
        raise InvalidInput({"days": gettext("From 1 to %(most)d days.") % {"most": MOST_SNOOZED}})
    found = get_delivery(viewer=viewer, delivery_id=delivery_id)
    delivery = _hold(found.pk)
    if delivery.answered_at is not None:
        raise Conflict(gettext("You have answered it already."))
    hours = hours_of(found.series, viewer.person_id)
    moment = hours.next_open(days_after(clock.now(), days, zone=hours.zone))
    before = delivery.worth_until if settings_of(found).days < 0 else None
    if before is not None and moment >= before:
        raise InvalidInput({"days": gettext("Then it is too late: choose fewer days.")})
    ask_at(delivery, moment, Reason.SNOOZED, before=before)


def _hold(delivery_id: int) -> Delivery:
    """A delivery's row, held until the end of the transaction."""
    rows = Delivery.objects.filter(pk=delivery_id)
    if connection.features.has_select_for_update:
        rows = rows.select_for_update()
    return rows.get()
