"""Facts that happened, in the past tense, sent after commit.

An area announces what it did; `companion/subscriptions.py` says who hears of it. Payloads are small and frozen:
ids and numbers, never text, and `person_id` is None where the author is anonymous, so that no handler, log or
webhook can give a name away.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from django.db import transaction

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened in an activity."""

    organization_id: int
    space_id: int
    activity_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivityConfigured(Event):
    """An activity was created, or its title, dates or settings were changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadEvent(Event):
    thread_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadStarted(ThreadEvent):
    """A thread was started. `person_id` is None where the author is anonymous."""

    person_id: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadPinned(ThreadEvent):
    """A thread was pinned to the top of its list, or unpinned."""

    pinned: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadLocked(ThreadEvent):
    """A thread was closed for replies, or opened again."""

    locked: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PostEvent(ThreadEvent):
    post_id: int
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PostAdded(PostEvent):
    """A reply was added. `parent_number` is the post it answers; `person_id` is None for an anonymous author."""

    parent_number: int
    person_id: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PostEdited(PostEvent):
    """The text of a post was changed by its author."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PostDeleted(PostEvent):
    """A post was deleted by its author."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PostHidden(PostEvent):
    """A post was hidden by the course staff."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PostRestored(PostEvent):
    """A hidden post was shown again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RosterSynced:
    """A space's members were read from its platform. `left` were deactivated."""

    organization_id: int
    space_id: int
    active: int
    left: int


Fact = Event | RosterSynced
Handler = Callable[..., None]
_handlers: dict[type, list[Handler]] = {}


def subscribe(fact: type, handler: Handler) -> None:
    """Call `handler(event)` after commit for every event of exactly this type. Twice is once."""
    handlers = _handlers.setdefault(fact, [])
    if handler not in handlers:
        handlers.append(handler)


def unsubscribe(fact: type, handler: Handler) -> None:
    """Stop calling a handler; unknown ones are ignored."""
    if handler in _handlers.get(fact, []):
        _handlers[fact].remove(handler)


def announce(event: Fact) -> None:
    """Send an event when the current transaction commits, or at once outside of one.

    A handler that fails is logged and does not stop the others: the fact has happened all the same.
    """
    for handler in _handlers.get(type(event), ()):
        transaction.on_commit(partial(_send, handler, event))


def _send(handler: Handler, event: Fact) -> None:
    try:
        handler(event)
    except Exception:
        logger.exception("A handler of %s failed", type(event).__name__)
