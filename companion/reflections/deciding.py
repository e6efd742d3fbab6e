"""What becomes of a reminder that is due, as things are then: sent, in the course alone, or dropped, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.core.mail import EmailMultiAlternatives

from companion import clock
from companion.languages import language_of
from companion.reflections.calculating import lacks_plan
from companion.reflections.known import calendar_of, in_zone, plans_made
from companion.reflections.letters import Recipient, compose
from companion.reflections.links import address_of
from companion.reflections.models import Contact, Delivery, Series
from companion.reflections.scheduling import OWN_DATES, Reason, State
from companion.spaces import api as spaces
from companion.spaces.api import Activity
from companion.spaces.hours import WorkingHours
from companion.spaces.prompts import PromptSettings, read_prompt

# What is so late gives way to a later one of its series.
OVERDUE: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a batch needs, asked for once. All by id."""

    series: dict[int, Series]
    activities: dict[int, Activity]
    addresses: dict[int, str]
    learners: dict[int, dict[int, Any]]
    contacts: dict[int, Contact]
    planned: dict[tuple[int, int], set[str]]
    latest: dict[int, tuple[datetime, int]]


def decide(delivery: Delivery, facts: Facts) -> tuple[State, Reason] | None:
    """What ends a delivery without an e-mail; None for one that is to be sent. Rights are those of this moment."""
    person = facts.learners[facts.series[delivery.series_id].space_id].get(delivery.person_id)
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


def _why_dropped(delivery: Delivery, facts: Facts) -> Reason | None:
    if delivery.prompt.removed_at is not None:
        return Reason.REMOVED
    if delivery.enrolment.stopped_at is not None:
        return Reason.STOPPED
    if delivery.worth_until is not None and clock.now() > delivery.worth_until:
        return Reason.TOO_OLD
    return Reason.OVERTAKEN if _is_overtaken(delivery, facts) else None


def _is_overtaken(delivery: Delivery, facts: Facts) -> bool:
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


def _lacks_plan(delivery: Delivery, prompt: PromptSettings, facts: Facts) -> bool:
    if delivery.enrolment.is_held_out and facts.series[delivery.series_id].holdout_percent:
        return False
    return lacks_plan(prompt, facts.planned.get((delivery.series_id, delivery.person_id), ()))


def letter_for(delivery: Delivery, facts: Facts) -> EmailMultiAlternatives:
    series = facts.series[delivery.series_id]
    person = facts.learners[series.space_id][delivery.person_id]
    activity = facts.activities[series.pk]
    recipient = Recipient(
        person_id=person.pk, address=person.email, name=person.name, language=language_of(person.locale)
    )
    return compose(delivery, str(activity.space), recipient, course_url=facts.addresses[series.pk])


def hours_for(delivery: Delivery, facts: Facts) -> WorkingHours:
    contact = facts.contacts.get(delivery.person_id)
    hours = calendar_of(facts.series[delivery.series_id]).hours
    return in_zone(hours, contact.time_zone if contact is not None else "")


def facts_of(batch: Sequence[Delivery]) -> Facts:
    people = {delivery.person_id for delivery in batch}
    # So that there is a row to claim the day by.
    Contact.objects.bulk_create([Contact(person_id=pk) for pk in people], ignore_conflicts=True)
    series = Series.objects.in_bulk({delivery.series_id for delivery in batch})
    activities = {activity.pk: activity for activity in spaces.find_by_ids(activity_ids=list(series))}
    by_space: dict[int, set[int]] = {}
    for delivery in (row for row in batch if row.series_id in series):
        by_space.setdefault(series[delivery.series_id].space_id, set()).add(delivery.person_id)
    planned = plans_made(series_ids=list(series), person_ids=people)
    return Facts(
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
