"""Facts that happened, in the past tense, sent after commit.

An area announces what it did; `companion/subscriptions.py` says who hears of it. Payloads are small and frozen:
ids and numbers, never text, and `person_id` is None where the author is anonymous, so that no handler, log or
webhook can give a name away.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

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
class SeriesPublished(Event):
    """The prompts of a follow-up series hold from now on, as they are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryWritten(Event):
    """Somebody answered a prompt, or changed an answer. What they wrote is not part of this."""

    person_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivityFollowed(Event):
    """Somebody follows an activity, or no longer does."""

    person_id: int
    following: bool


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
class ThreadFollowed(ThreadEvent):
    """Somebody chose to follow a thread, or not to. Following by taking part is no event: it would name an author."""

    person_id: int
    following: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadMoved(ThreadEvent):
    """A thread went from `activity_id` to another activity; `pointer_id` is the row that it left behind."""

    to_activity_id: int
    pointer_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadMerged(ThreadEvent):
    """All posts of a thread went to another one; it only points there now."""

    into_thread_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadSplit(ThreadEvent):
    """A post and its replies became a thread of their own."""

    new_thread_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadKept(ThreadEvent):
    """A thread that an activity keeps around its event was made, changed or taken away, as its settings say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadPublished(ThreadEvent):
    """What was asked of the experts alone is for everybody now; whoever asked agreed to it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadTagged(ThreadEvent):
    """What a thread is about was said, or said anew."""

    topic_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionAsked(ThreadEvent):
    """A question waits for an answer. Who asked is not part of this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionAssigned(ThreadEvent):
    """`person_id` has a question now: the ladder gave it to them, somebody handed it over, or they took it."""

    person_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionReleased(ThreadEvent):
    """`person_id` has a question no longer. `outcome` says why, as in companion.questions.models.Outcome."""

    person_id: int
    outcome: str


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionAnswered(ThreadEvent):
    """Somebody who knows has answered, or somebody who knows stands by a reply. Not yet that it helped."""

    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionReopened(ThreadEvent):
    """The answer did not help: the question waits anew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionClosed(ThreadEvent):
    """A question waits no longer without an answer of its own: `duplicate_of_id` is the thread that has it, or None
    where it was taken back.
    """

    duplicate_of_id: int | None


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
    """The text of a post was changed, by its author or by the course staff. `was_returned`: it had been sent back to
    its author, and is shown again.
    """

    by_staff: bool
    was_returned: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PostDeleted(PostEvent):
    """A post was deleted by its author."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PostHidden(PostEvent):
    """A post was hidden by the course staff."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PostRestored(PostEvent):
    """A hidden post was shown again, or its author brought a deleted one back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PostReturned(PostEvent):
    """The course staff sent a post back to its author, who alone sees it until it is changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PostMarkedHelpful(PostEvent):
    """Somebody found a post helpful, or took that back. Who is said to nobody."""

    marked: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PostEndorsed(PostEvent):
    """A member of the staff or an expert endorsed a post, or took that back."""

    person_id: int
    endorsed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerAccepted(PostEvent):
    """A reply was accepted as the answer, or no longer is."""

    accepted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerVerified(PostEvent):
    """Somebody who knows says that an answer holds until a date."""

    person_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerCorrected(PostEvent):
    """An answer that people had relied on was changed. Those who opened it read so once on their pages."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonMentioned(PostEvent):
    """`person_id` was named in a post, who may see it. Its author is not part of this."""

    person_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PostReported(PostEvent):
    """A post waits for the course staff to look at it. Who reported it is not part of this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportsClosed(PostEvent):
    """The course staff has looked at what was reported. `outcome` is hidden, returned or dismissed."""

    outcome: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PostsRewritten:
    """Posts say something else, or nothing, because somebody left for good. It is in no log: side by side, the ids of
    what somebody wrote with and without their name would tell that it was the same person.
    """

    post_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonMuted:
    """A member of a space may only read for now, or may write again."""

    organization_id: int
    space_id: int
    person_id: int
    is_muted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpertiseGranted:
    """A person holds a topic from now on."""

    organization_id: int
    topic_id: int
    person_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpertiseWithdrawn:
    """A person holds a topic no longer."""

    organization_id: int
    topic_id: int
    person_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpertiseRequested:
    """A person would hold a topic; somebody has to approve it."""

    organization_id: int
    topic_id: int
    person_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicFollowed:
    """Somebody follows a topic, or no longer does."""

    organization_id: int
    topic_id: int
    person_id: int
    following: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicsMerged:
    """A topic has become another name of `into_id`."""

    organization_id: int
    topic_id: int
    into_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonJoined:
    """Somebody is a member of a space now, or again, or has another role there."""

    space_id: int
    person_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonLeft:
    """Somebody is no member of a space any more."""

    space_id: int
    person_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RemindersMoved:
    """Reminders of a space have other dates. Whose is not said: one that follows an answer would name who asked."""

    space_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RosterSynced:
    """A space's members were read from its platform. `left` were deactivated."""

    organization_id: int
    space_id: int
    active: int
    left: int


# Every fact that a log may have.
ALL: Final[tuple[type, ...]] = (
    ActivityConfigured,
    SeriesPublished,
    EntryWritten,
    ActivityFollowed,
    ThreadStarted,
    ThreadPinned,
    ThreadLocked,
    ThreadFollowed,
    ThreadMoved,
    ThreadMerged,
    ThreadSplit,
    ThreadKept,
    ThreadPublished,
    ThreadTagged,
    QuestionAsked,
    QuestionAssigned,
    QuestionReleased,
    QuestionAnswered,
    QuestionReopened,
    QuestionClosed,
    PostAdded,
    PostEdited,
    PostDeleted,
    PostHidden,
    PostReturned,
    PostRestored,
    PostMarkedHelpful,
    PostEndorsed,
    AnswerAccepted,
    AnswerVerified,
    AnswerCorrected,
    PersonMentioned,
    PostReported,
    ReportsClosed,
    PersonMuted,
    ExpertiseGranted,
    ExpertiseWithdrawn,
    ExpertiseRequested,
    TopicFollowed,
    TopicsMerged,
    PersonJoined,
    PersonLeft,
    RemindersMoved,
    RosterSynced,
)
Fact = (
    Event
    | PersonJoined
    | PersonLeft
    | RemindersMoved
    | RosterSynced
    | PostsRewritten
    | PersonMuted
    | ExpertiseGranted
    | ExpertiseWithdrawn
    | ExpertiseRequested
    | TopicFollowed
    | TopicsMerged
)
Handler = Callable[..., None]
_handlers: dict[type, list[Handler]] = {}
_promises: dict[type, list[Handler]] = {}


def subscribe(fact: type, handler: Handler) -> None:
    """Call `handler(event)` after commit for every event of exactly this type. Twice is once."""
    handlers = _handlers.setdefault(fact, [])
    if handler not in handlers:
        handlers.append(handler)


def promise(fact: type, handler: Handler) -> None:
    """Call `handler(event)` in the transaction of the fact, to enqueue a durable task: both are kept, or neither.

    It must be quick and must not fail: what it raises undoes the fact. Twice is once.
    """
    handlers = _promises.setdefault(fact, [])
    if handler not in handlers:
        handlers.append(handler)


def unsubscribe(fact: type, handler: Handler) -> None:
    """Stop calling a handler; unknown ones are ignored."""
    for known in (_handlers.get(fact, []), _promises.get(fact, [])):
        if handler in known:
            known.remove(handler)


def announce(event: Fact) -> None:
    """Send an event when the current transaction commits, or at once outside of one.

    A handler that fails is logged and does not stop the others: the fact has happened all the same.
    """
    for handler in _promises.get(type(event), ()):
        handler(event)
    for handler in _handlers.get(type(event), ()):
        transaction.on_commit(partial(_send, handler, event))


def _send(handler: Handler, event: Fact) -> None:
    try:
        handler(event)
    except Exception:
        logger.exception("A handler of %s failed", type(event).__name__)
