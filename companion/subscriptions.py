"""Which event reaches which handler: the whole list on one screen.

Handlers run after commit. What must not be lost is a durable task (companion/tasks.py), enqueued by the verb in
the same transaction as the fact.
"""

import logging
from typing import Final

from companion import events
from companion.moderation import api as moderation
from companion.questions import keeping
from companion.reflections import blocked, publishing, tracking
from companion.search import indexing

facts = logging.getLogger("companion.facts")


def log_fact(event: events.Fact) -> None:
    """One line a fact, with ids only: what an operator greps when somebody asks "when did that happen?"."""
    facts.info("%r", event)


SUBSCRIPTIONS: Final[tuple[tuple[type, events.Handler], ...]] = (
    *((fact, log_fact) for fact in events.ALL),
    (events.ThreadStarted, moderation.flag_words),
    (events.PostAdded, moderation.flag_words),
    (events.PostEdited, moderation.flag_words),
    (events.PostEdited, moderation.look_again),
    (events.PostHidden, moderation.close_reports),
    (events.PostReturned, moderation.close_reports),
)

# Handlers in the transaction of the fact: what they write is there together with it, or not at all.
PROMISES: Final[tuple[tuple[type, events.Handler], ...]] = (
    (events.PostAdded, keeping.note_reply),
    (events.PostEdited, keeping.note_edit),
    (events.PostDeleted, keeping.note_gone),
    (events.PostHidden, keeping.note_gone),
    (events.PostReturned, keeping.note_gone),
    (events.PostRestored, keeping.note_back),
    (events.PostEndorsed, keeping.note_endorsement),
    (events.AnswerAccepted, keeping.note_acceptance),
    (events.ThreadMoved, keeping.note_move),
    (events.ThreadMerged, keeping.note_merge),
    (events.ThreadSplit, keeping.note_split),
    (events.ThreadTagged, keeping.note_tags),
    (events.PostsRewritten, keeping.note_rewriting),
    (events.ActivityConfigured, keeping.note_settings),
    (events.ExpertiseWithdrawn, keeping.note_withdrawal),
    (events.RosterSynced, keeping.note_roster),
    (events.ActivityConfigured, publishing.follow_settings),
    (events.ThreadStarted, tracking.when_wrote),
    (events.PostAdded, tracking.when_wrote),
    (events.PersonJoined, tracking.when_joined_or_left),
    (events.PersonLeft, tracking.when_joined_or_left),
    (events.RosterSynced, tracking.when_roster_synced),
    (events.QuestionAnswered, blocked.ask_again),
    (events.AnswerAccepted, blocked.ask_again),
    # The index comes last: it holds what the others have made of it.
    (events.ThreadStarted, indexing.thread_started),
    (events.ThreadMoved, indexing.thread_changed),
    (events.ThreadMerged, indexing.thread_merged),
    (events.ThreadSplit, indexing.thread_split),
    (events.ThreadKept, indexing.thread_changed),
    (events.ThreadPublished, indexing.thread_changed),
    (events.PostAdded, indexing.post_added),
    (events.PostEdited, indexing.post_changed),
    (events.PostDeleted, indexing.post_changed),
    (events.PostHidden, indexing.post_changed),
    (events.PostReturned, indexing.post_changed),
    (events.PostRestored, indexing.post_changed),
    (events.PostMarkedHelpful, indexing.post_marked),
    (events.PostEndorsed, indexing.answer_marked),
    (events.AnswerAccepted, indexing.answer_marked),
    (events.PostsRewritten, indexing.posts_rewritten),
    (events.ActivityConfigured, indexing.activity_configured),
)


def connect() -> None:
    for fact, handler in SUBSCRIPTIONS:
        events.subscribe(fact, handler)
    for fact, handler in PROMISES:
        events.promise(fact, handler)
