"""Reminders at work: what is due is taken in batches, each row by one worker, and sent once.

A delivery is its own task: a row with a date, written in the transaction of whatever made it due. A worker takes a
batch by a mark on its rows. Before a letter is handed to the mail server, its row says that it may be out: a worker
that is killed then leaves it so, and nobody sends it again. A row that was taken and not begun is free again after a
while. Whoever gets no e-mail has the prompt in the course, and the row says why.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from smtplib import SMTPRecipientsRefused
from typing import Any, Final

from django.core import mail
from django.core.mail import EmailMultiAlternatives
from django.db import connection, transaction
from django.db.models import Min, Q, QuerySet

from companion import clock
from companion.languages import language_of
from companion.reflections.calculating import lacks_plan
from companion.reflections.known import calendar_of, plans_made
from companion.reflections.letters import Recipient, compose
from companion.reflections.links import address_of
from companion.reflections.models import Contact, Delivery, Series
from companion.reflections.scheduling import OWN_DATES, STILL_OPEN, Reason, State, day_begins, next_day
from companion.spaces import api as spaces
from companion.spaces.api import Activity
from companion.spaces.hours import WorkingHours, is_zone
from companion.spaces.prompts import PromptSettings, read_prompt

logger = logging.getLogger(__name__)

BATCH: Final = 100
# A look at what is due lasts so long at most: other housekeeping waits behind it.
SPELL: Final = timedelta(seconds=45)
# A row that was taken so long ago and not begun belongs to a worker that was killed.
LEASE: Final = timedelta(minutes=15)
MAIL_AGAIN: Final = timedelta(minutes=15)
# What is so late gives way to a later one of its series.
OVERDUE: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Facts:
    """What a batch needs, asked for once. All by id."""

    series: dict[int, Series]
    activities: dict[int, Activity]
    addresses: dict[int, str]
    learners: dict[int, dict[int, Any]]
    contacts: dict[int, Contact]
    planned: dict[tuple[int, int], set[str]]
    latest: dict[int, tuple[datetime, int]]


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
    """When the next reminder is due, or one that a worker holds is free again; None where there is none."""
    planned = Delivery.objects.filter(state=State.PLANNED.value)
    due = planned.filter(taken_at=None).order_by("due_at").values_list("due_at", flat=True).first()
    taken = planned.filter(taken_at__isnull=False).aggregate(first=Min("taken_at"))["first"]
    return min((moment for moment in (due, taken and taken + LEASE) if moment is not None), default=None)


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
    ends: dict[tuple[State, Reason], list[Delivery]] = {}
    for delivery in batch:
        hours = _hours_of(delivery, facts)
        outcome = _decide(delivery, facts)
        if outcome is not None:
            ends.setdefault(outcome, []).append(delivery)
        elif not hours.is_open(clock.now()):
            # Working hours ended while it waited: the next ones are its time.
            _put_off(_held([delivery]), delivery, hours.next_open(clock.now()), Reason.QUIET)
        else:
            letters.append((delivery, _letter(delivery, facts), hours))
    for (state, reason), rows in ends.items():
        _finish(rows, state, reason)
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
            _put_off(_held([delivery]), delivery, clock.now() + MAIL_AGAIN, Reason.MAIL_SERVER)
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
    begun = _begun(delivery)
    try:
        letter.send()
    except Exception as error:
        if is_refused_for_good(error):
            begun.update(reason=Reason.BOUNCED.value, taken_at=None)
            Contact.objects.filter(pk=delivery.person_id).update(bounced_address=letter.to[0])
            return
        logger.warning("A reminder was not taken (%s)", type(error).__name__)
        with transaction.atomic():
            Contact.objects.filter(pk=delivery.person_id).update(reminded_at=None)
            begun.filter(answered_at__isnull=False).update(reason=Reason.ANSWERED.value, taken_at=None)
            _put_off(begun, delivery, clock.now() + MAIL_AGAIN, Reason.MAIL_SERVER)
    else:
        # It says "sent" already, since before the letter went; put off or skipped meanwhile, it says that.
        begun.update(reason=Reason.MAILED.value, taken_at=None)


def is_refused_for_good(error: Exception) -> bool:
    """Whether a mail server has said that an address takes no mail: a code of 400 to 499 (RFC 5321, 4.2.1) only means
    not now.
    """
    return isinstance(error, SMTPRecipientsRefused) and all(code >= 500 for code, _why in error.recipients.values())


@transaction.atomic
def _begin(delivery: Delivery, hours: WorkingHours) -> bool:
    """Write down that a letter may be out from now on, as the one of its day; gives whether it is to be sent."""
    now = clock.now()
    rows = _held([delivery]).filter(prompt__removed_at=None)
    if not rows.update(state=State.SENT.value, reason=Reason.IN_DOUBT.value, sent_at=now):
        # Stopped, skipped, answered or taken out of its series since it was taken.
        return False
    mine = Contact.objects.filter(pk=delivery.person_id)
    if not mine.filter(Q(reminded_at=None) | Q(reminded_at__lt=day_begins(now, hours))).update(reminded_at=now):
        _put_off(_begun(delivery), delivery, next_day(now, hours), Reason.ONE_A_DAY)
        return False
    return True


def _begun(delivery: Delivery) -> QuerySet[Delivery]:
    """The row of a letter that may be out, unless its learner has decided something about it meanwhile."""
    return Delivery.objects.filter(pk=delivery.pk, state=State.SENT.value, reason=Reason.IN_DOUBT.value)


def _held(rows: Collection[Delivery]) -> QuerySet[Delivery]:
    """Those of these rows that are still this worker's, as it took them: nobody has answered, stopped, skipped or put
    off, and no other worker has taken them over.
    """
    taken_at = {row.taken_at for row in rows}
    mine = Delivery.objects.filter(pk__in=[row.pk for row in rows], taken_at__in=taken_at)
    return mine.filter(state=State.PLANNED.value, answered_at=None)


def _finish(rows: Collection[Delivery], state: State, reason: Reason) -> None:
    facts: dict[str, Any] = {"state": state.value, "reason": reason.value, "taken_at": None}
    if state is State.SENT:
        facts["sent_at"] = clock.now()
    elif state is State.DROPPED:
        facts |= {"due_at": None} if reason in STILL_OPEN else {"due_at": None, "opens_at": None}
    _held(rows).update(**facts)


def _put_off(rows: QuerySet[Delivery], delivery: Delivery, due_at: datetime, reason: Reason) -> None:
    """Another time; what is not worth it then is in the course alone."""
    rows = rows.filter(answered_at=None)
    if delivery.worth_until is not None and due_at > delivery.worth_until:
        shown = _INSTEAD[reason].value
        rows.update(state=State.SENT.value, reason=shown, sent_at=clock.now(), taken_at=None)
        return
    # A date of its own stays one, with its reason: working out everybody's anew would take it away.
    said = delivery.reason if delivery.reason in OWN_DATES else reason.value
    rows.update(state=State.PLANNED.value, reason=said, due_at=due_at, sent_at=None, taken_at=None)


_INSTEAD: Final = {
    Reason.ONE_A_DAY: Reason.SHOWN,
    Reason.QUIET: Reason.NO_HOUR,
    Reason.MAIL_SERVER: Reason.NOT_TAKEN,
}


def _decide(delivery: Delivery, facts: _Facts) -> tuple[State, Reason] | None:
    """What ends a delivery without an e-mail; None for one that is to be sent. Rights are those of this moment."""
    series = facts.series.get(delivery.series_id)
    person = facts.learners.get(series.space_id, {}).get(delivery.person_id) if series else None
    if person is None:
        return State.DROPPED, Reason.LEFT
    if facts.activities[delivery.series_id].has_closed():
        return State.DROPPED, Reason.CLOSED
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
    return Reason.OVERTAKEN if _is_overtaken(delivery, facts) else None


def _is_overtaken(delivery: Delivery, facts: _Facts) -> bool:
    """After an outage: what is a day late, while a later one of the series is due as well."""
    if delivery.due_at is None or delivery.due_at > clock.now() - OVERDUE or delivery.reason in OWN_DATES:
        return False
    latest = facts.latest.get(delivery.enrolment_id)
    return latest is not None and delivery.opens_at is not None and latest > _turn(delivery)


def _why_no_mail(address: str, contact: Contact | None) -> Reason | None:
    if not address:
        return Reason.NO_ADDRESS
    if contact is not None and contact.bounced_address == address:
        return Reason.BOUNCED
    if contact is not None and contact.stopped_at is not None:
        return Reason.NO_REMINDERS
    return None


def _lacks_plan(delivery: Delivery, prompt: PromptSettings, facts: _Facts) -> bool:
    if delivery.enrolment.is_held_out and facts.series[delivery.series_id].holdout_percent:
        return False
    return lacks_plan(prompt, facts.planned.get((delivery.series_id, delivery.person_id), ()))


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
    planned = plans_made(series_ids=list(series), person_ids=people)
    return _Facts(
        series=series,
        activities=activities,
        addresses={pk: address_of(activity) for pk, activity in activities.items()},
        learners={pk: spaces.learners_of(space_id=pk, person_ids=ids) for pk, ids in by_space.items()},
        contacts=Contact.objects.in_bulk(people),
        planned=planned,
        latest=_latest(batch, planned),
    )


def _latest(batch: Sequence[Delivery], planned: Mapping[tuple[int, int], set[str]]) -> dict[int, tuple[datetime, int]]:
    """For each enrolment of a batch, the turn of the last that is due and will be asked."""
    due = Delivery.objects.filter(
        enrolment__in={delivery.enrolment_id for delivery in batch},
        state=State.PLANNED.value,
        due_at__lte=clock.now(),
        round=1,
        prompt__removed_at=None,
    )
    latest: dict[int, tuple[datetime, int]] = {}
    for row in due.filter(opens_at__isnull=False).select_related("prompt"):
        made = planned.get((row.series_id, row.person_id), ())
        if not lacks_plan(read_prompt(row.prompt.settings), made):
            latest[row.enrolment_id] = max(_turn(row), latest.get(row.enrolment_id, _turn(row)))
    return latest


def _turn(delivery: Delivery) -> tuple[datetime, int]:
    """When it was wanted; of equal moments, its place in the series counts."""
    assert delivery.opens_at is not None
    return delivery.opens_at, delivery.prompt.position
