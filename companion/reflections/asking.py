"""Dates of a prompt's own: put off, asked because of a plan, asked once more."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from companion.events import RemindersMoved, announce
from companion.reflections.models import Delivery
from companion.reflections.scheduling import Reason, State

# A reminder with a date of its own is worth sending for so long after it.
WORTH: Final = timedelta(days=30)


def ask_at(delivery: Delivery, moment: datetime, reason: Reason, *, before: datetime | None = None) -> None:
    """Plan a delivery for a moment of its own, in the caller's transaction. After `before` it is not worth it."""
    worth_until = moment + WORTH
    delivery.state, delivery.reason = State.PLANNED.value, reason.value
    delivery.opens_at, delivery.due_at = moment, moment
    delivery.worth_until = min(worth_until, before) if before is not None else worth_until
    delivery.sent_at = delivery.taken_at = None
    delivery.save(update_fields=["state", "reason", "opens_at", "due_at", "worth_until", "sent_at", "taken_at"])
    announce(RemindersMoved(space_id=delivery.series.space_id))
