"""Which facts the LTI tool hears of: the whole list on one screen, as companion/subscriptions.py for the rest."""

from __future__ import annotations

from companion import events
from companion_lti import grades


def connect() -> None:
    events.promise(events.ThreadStarted, grades.when_somebody_wrote)
    events.promise(events.PostAdded, grades.when_somebody_wrote)
    events.promise(events.EntryWritten, grades.when_somebody_wrote)
    events.promise(events.ActivityConfigured, grades.when_configured)
