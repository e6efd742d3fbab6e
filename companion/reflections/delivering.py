"""Reminders at work: what is due is taken in batches, each row by one worker, and sent once.

A delivery is its own task: a row with a date, written in the transaction of whatever made it due. A worker takes a
batch by a mark on its rows. Before a letter is handed to the mail server, its row says that it may be out: a worker
that is killed then leaves it so, and nobody sends it again. A row that was taken and not begun is free again after a
while. Whoever gets no e-mail has the prompt in the course, and the row says why.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from smtplib import SMTPRecipientsRefused
from typing import Any, Final

from django.core import mail
from django.core.mail import EmailMultiAlternatives
from django.db import connection, transaction
from django.db.models import Max, Q

from companion import clock
from companion.languages import language_of
from companion.reflections.calculating import calendar_of
from companion.reflections.letters import Recipient, compose
from companion.reflections.links import address_of
from companion.reflections.models import Commitment, Contact, Delivery, Series
from companion.reflections.scheduling import STILL_OPEN, Reason, State, local_date, next_day
from companion.spaces import api as spaces
from companion.spaces.api import Activity
from companion.spaces.hours import WorkingHours, is_zone
from companion.spaces.prompts import Format, PromptSettings, read_prompt

logger = logging.getLogger(__name__)

BATCH: Final = 100
# A look at what is due lasts so long at most: other housekeeping waits behind it.
SPELL: Final = timedelta(seconds=45)
# A row that was taken so long ago and not begun belongs to a worker that was killed.
LEASE: Final = timedelta(minutes=15)
MAIL_AGAIN: Final = timedelta(minutes=15)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Facts:
    """What a batch needs, asked for once. All by id."""

    series: dict[int, Series]
    activities: dict[int, Activity]
    addresses: dict[int, str]
    learners: dict[int, dict[int, Any]]
    contacts: dict[int, Contact]
    planned: set[tuple[int, str]]
    later: dict[int, int]


def deliver_due() -> int:
    """Send what is due, as long as a spell lasts; gives how many rows got their end."""
    until = clock.now_elsewhere() + SPELL
    _free_abandoned()
    count = 0
    while batch := take():
        deliver(batch)
        count += len(batch)
        if clock.now_elsewhere() >= until:
            break
    return count


def next_due() -> datetime | None:
    """When the next reminder is due, or None."""
    planned = Delivery.objects.filter(state=State.PLANNED.value, taken_at=None).order_by("due_at")
    return planned.values_list("due_at", flat=True).first()


def _free_abandoned() -> None:
    gone = Delivery.objects.filter(state=State.PLANNED.value, taken_at__lt=clock.now() - LEASE)
    gone.update(taken_at=None)


@transaction.atomic
def take() -> list[Delivery]:
    """The next rows that are due, this worker's alone from now on: those that another one holds are passed over."""
    now = clock.now()
    due = Delivery.objects.filter(state=State.PLANNED.value, due_at__lte=now, taken_at=None).order_by("due_at", "pk")
    if connection.features.has_select_for_update:
        due = due.select_for_update(skip_locked=connection.features.has_select_for_update_skip_locked, of=_own_rows())
    batch = list(due.select_related("prompt", "enrolment")[:BATCH])
    Delivery.objects.filter(pk__in=[delivery.pk for delivery in batch]).update(taken_at=now)
    for delivery in batch:
        delivery.taken_at = now
    return batch


def _own_rows() -> tuple[str, ...]:
    return ("self",) if connection.features.has_select_for_update_of else ()


def deliver(batch: Sequence[Delivery]) -> None:
    """Send a batch that was taken, or say of each row why not."""
    facts = _facts_of(batch)
    letters: list[tuple[Delivery, EmailMultiAlternatives, WorkingHours]] = []
    ends: dict[tuple[State, Reason], list[int]] = {}
    for delivery in batch:
        hours = _hours_of(delivery, facts)
        outcome = _decide(delivery, facts)
        if outcome is not None:
            ends.setdefault(outcome, []).append(delivery.pk)
        elif not hours.is_open(clock.now()):
            # Working hours ended while it waited: the next ones are its time.
            _put_off(delivery, hours.next_open(clock.now()), Reason.QUIET)
        else:
            letters.append((delivery, _letter(delivery, facts), hours))
    for (state, reason), ids in ends.items():
        _finish(ids, state, reason)
    if letters:
        _send_all(letters)


def _send_all(letters: Sequence[tuple[Delivery, EmailMultiAlternatives, WorkingHours]]) -> None:
    server = mail.get_connection()
    try:
        server.open()
    except Exception as error:
        # Its words may hold a password: they are not kept.
        logger.warning("The mail server does not answer (%s)", type(error).__name__)
        for delivery, _letter, _hours in letters:
            _put_off(delivery, clock.now() + MAIL_AGAIN, Reason.MAIL_SERVER)
        return
    try:
        for delivery, letter, hours in letters:
            letter.connection = server
            _send(delivery, letter, hours)
    finally:
        server.close()


def _send(delivery: Delivery, letter: EmailMultiAlternatives, hours: WorkingHours) -> None:
    if not _begin(delivery, hours):
        return
    try:
        letter.send()
    except SMTPRecipientsRefused:
        Delivery.objects.filter(pk=delivery.pk).update(reason=Reason.BOUNCED.value, taken_at=None)
        Contact.objects.filter(pk=delivery.person_id).update(bounced_address=letter.to[0])
    except Exception as error:
        logger.warning("A reminder was not taken (%s)", type(error).__name__)
        with transaction.atomic():
            Contact.objects.filter(pk=delivery.person_id).update(reminded_on=None)
            _put_off(delivery, clock.now() + MAIL_AGAIN, Reason.MAIL_SERVER)
    else:
        # It says "sent" already, since before the letter went; answered meanwhile, it says that.
        rows = Delivery.objects.filter(pk=delivery.pk, reason=Reason.IN_DOUBT.value)
        rows.update(reason=Reason.MAILED.value, taken_at=None)


@transaction.atomic
def _begin(delivery: Delivery, hours: WorkingHours) -> bool:
    """Write down that a letter may be out from now on, as the one of its day; gives whether it is to be sent."""
    now = clock.now()
    today = local_date(now, hours)
    mine = Contact.objects.filter(Q(reminded_on=None) | Q(reminded_on__lt=today), pk=delivery.person_id)
    if not mine.update(reminded_on=today):
        _put_off(delivery, next_day(now, hours), Reason.ONE_A_DAY)
        return False
    rows = Delivery.objects.filter(pk=delivery.pk, state=State.PLANNED.value, taken_at=delivery.taken_at)
    begun = rows.update(state=State.SENT.value, reason=Reason.IN_DOUBT.value, sent_at=now)
    if not begun:
        # Stopped, skipped or answered since it was taken: its day is free again.
        Contact.objects.filter(pk=delivery.person_id, reminded_on=today).update(reminded_on=None)
    return bool(begun)


def _finish(ids: Collection[int], state: State, reason: Reason) -> None:
    facts: dict[str, Any] = {"state": state.value, "reason": reason.value, "taken_at": None}
    rows = Delivery.objects.filter(pk__in=ids)
    if state is State.SENT:
        facts["sent_at"] = clock.now()
    elif state is State.DROPPED:
        facts |= {"due_at": None} if reason in STILL_OPEN else {"due_at": None, "opens_at": None}
    rows.filter(answered_at=None).update(**facts)


def _put_off(delivery: Delivery, due_at: datetime, reason: Reason) -> None:
    """Another time; what is not worth it then is in the course alone."""
    rows = Delivery.objects.filter(pk=delivery.pk, answered_at=None)
    if delivery.worth_until is not None and due_at > delivery.worth_until:
        rows.update(state=State.SENT.value, reason=Reason.SHOWN.value, sent_at=clock.now(), taken_at=None)
        return
    rows.update(state=State.PLANNED.value, reason=reason.value, due_at=due_at, sent_at=None, taken_at=None)


def _decide(delivery: Delivery, facts: _Facts) -> tuple[State, Reason] | None:
    """What ends a delivery without an e-mail; None for one that is to be sent. Rights are those of this moment."""
    series = facts.series.get(delivery.series_id)
    person = facts.learners.get(series.space_id, {}).get(delivery.person_id) if series else None
    if person is None:
        return State.DROPPED, Reason.LEFT
    dropped = _why_dropped(delivery, facts)
    if dropped is not None:
        return State.DROPPED, dropped
    if _lacks_plan(delivery, read_prompt(delivery.prompt.settings), facts):
        return State.HELD, Reason.NO_PLAN
    shown = _why_no_mail(person.email, facts.contacts.get(delivery.person_id))
    return None if shown is None else (State.SENT, shown)


def _why_dropped(delivery: Delivery, facts: _Facts) -> Reason | None:
    if delivery.prompt.removed_at is not None:
        return Reason.REMOVED
    if delivery.enrolment.stopped_at is not None:
        return Reason.STOPPED
    if delivery.worth_until is not None and clock.now() > delivery.worth_until:
        return Reason.TOO_OLD
    if facts.later.get(delivery.enrolment_id, 0) > delivery.prompt.position and delivery.round == 1:
        return Reason.OVERTAKEN
    return None


def _why_no_mail(address: str, contact: Contact | None) -> Reason | None:
    if not address:
        return Reason.NO_ADDRESS
    if contact is not None and contact.bounced_address == address:
        return Reason.BOUNCED
    if contact is not None and contact.stopped_at is not None:
        return Reason.NO_REMINDERS
    return None


def _lacks_plan(delivery: Delivery, prompt: PromptSettings, facts: _Facts) -> bool:
    if prompt.format is not Format.FOLLOW_UP or delivery.enrolment.is_held_out:
        return False
    return (delivery.person_id, prompt.pairs_with) not in facts.planned


def _letter(delivery: Delivery, facts: _Facts) -> EmailMultiAlternatives:
    series = facts.series[delivery.series_id]
    person = facts.learners[series.space_id][delivery.person_id]
    activity = facts.activities[series.pk]
    recipient = Recipient(
        person_id=person.pk, address=person.email, name=person.name, language=language_of(person.locale)
    )
    return compose(delivery, str(activity.space), recipient, course_url=facts.addresses[series.pk])


def _hours_of(delivery: Delivery, facts: _Facts) -> WorkingHours:
    hours = calendar_of(facts.series[delivery.series_id]).hours
    contact = facts.contacts.get(delivery.person_id)
    if contact is None or not is_zone(contact.time_zone):
        return hours
    return WorkingHours(zone=contact.time_zone, days=hours.days, begins=hours.begins, ends=hours.ends)


def _facts_of(batch: Sequence[Delivery]) -> _Facts:
    people = {delivery.person_id for delivery in batch}
    # So that there is a row to claim the day by.
    Contact.objects.bulk_create([Contact(person_id=pk) for pk in people], ignore_conflicts=True)
    series = Series.objects.in_bulk({delivery.series_id for delivery in batch})
    activities = {activity.pk: activity for activity in spaces.find_by_ids(activity_ids=list(series))}
    by_space: dict[int, set[int]] = {}
    for delivery in batch:
        by_space.setdefault(series[delivery.series_id].space_id, set()).add(delivery.person_id)
    made = Commitment.objects.filter(entry__person_id__in=people, entry__prompt__series__in=series)
    due = Delivery.objects.filter(
        enrolment__in=[delivery.enrolment_id for delivery in batch],
        state=State.PLANNED.value,
        due_at__lte=clock.now(),
        round=1,
    )
    return _Facts(
        series=series,
        activities=activities,
        addresses={pk: address_of(activity) for pk, activity in activities.items()},
        learners={pk: spaces.learners_of(space_id=pk, person_ids=ids) for pk, ids in by_space.items()},
        contacts=Contact.objects.in_bulk(people),
        planned=set(made.values_list("entry__person_id", "entry__prompt__key")),
        later=dict(due.values_list("enrolment_id").annotate(last=Max("prompt__position"))),
    )
