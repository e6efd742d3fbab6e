"""Reminders at work: what is due is taken in batches, each row by one worker, and sent once.

A delivery is its own task: a row with a date, written in the transaction of whatever made it due. A worker takes a
batch by a mark on its rows. Before a letter is handed to the mail server, its row says that it may be out: a worker
that is killed then leaves it so, and nobody sends it again. A row that was taken and not begun is free again after a
while. Whoever gets no e-mail has the prompt in the course, and the row says why.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from smtplib import SMTPRecipientsRefused
from typing import Any, Final

from django.core import mail
from django.core.mail import EmailMultiAlternatives
from django.db import connection, transaction
from django.db.models import Min, Q, QuerySet

from companion import clock
from companion.reflections.deciding import decide, facts_of, hours_for, letter_for
from companion.reflections.models import Contact, Delivery
from companion.reflections.scheduling import OWN_DATES, STILL_OPEN, Reason, State, day_begins, next_day
from companion.spaces.hours import WorkingHours

logger = logging.getLogger(__name__)

BATCH: Final = 100
# A look at what is due lasts so long at most: other housekeeping waits behind it.
SPELL: Final = timedelta(seconds=45)
# A row that was taken so long ago and not begun belongs to a worker that was killed.
LEASE: Final = timedelta(minutes=15)
MAIL_AGAIN: Final = timedelta(minutes=15)


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
    """Send a batch that was taken, or say of each row why not; of a series that is gone meanwhile, there is none."""
    facts = facts_of(batch)
    letters: list[tuple[Delivery, EmailMultiAlternatives, WorkingHours]] = []
    ends: dict[tuple[State, Reason], list[Delivery]] = {}
    for delivery in (row for row in batch if row.series_id in facts.activities):
        hours = hours_for(delivery, facts)
        outcome = decide(delivery, facts)
        if outcome is not None:
            ends.setdefault(outcome, []).append(delivery)
        elif not hours.is_open(clock.now()):
            # Working hours ended while it waited: the next ones are its time.
            _put_off(_held([delivery]), delivery, hours.next_open(clock.now()), Reason.QUIET)
        else:
            letters.append((delivery, letter_for(delivery, facts), hours))
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
