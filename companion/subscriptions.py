"""Which event reaches which handler: the whole list on one screen.

Handlers run after commit. What must not be lost is a durable task (companion/tasks.py), enqueued by the verb in
the same transaction as the fact.
"""

import logging
from typing import Final

from companion import events

facts = logging.getLogger("companion.facts")


def log_fact(event: events.Fact) -> None:
    """One line a fact, with ids only: what an operator greps when somebody asks "when did that happen?"."""
    facts.info("%r", event)


SUBSCRIPTIONS: Final[tuple[tuple[type, events.Handler], ...]] = (
    (events.ActivityConfigured, log_fact),
    (events.ThreadStarted, log_fact),
    (events.ThreadPinned, log_fact),
    (events.ThreadLocked, log_fact),
    (events.PostAdded, log_fact),
    (events.PostEdited, log_fact),
    (events.PostDeleted, log_fact),
    (events.PostHidden, log_fact),
    (events.PostRestored, log_fact),
    (events.RosterSynced, log_fact),
)


def connect() -> None:
    for fact, handler in SUBSCRIPTIONS:
        events.subscribe(fact, handler)
