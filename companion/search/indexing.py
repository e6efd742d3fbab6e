"""Documents follow what they are made of, in the transaction that changes it (companion/subscriptions.py)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Final

from django.db import connection, transaction

from companion import events
from companion.search.engines.wanted import scope_of
from companion.search.models import TEXT_LIMIT, Kind, SearchDocument
from companion.search.terms import document_terms
from companion.tasks import task
from companion.text import plain_text
from companion.threads import api as threads

# So many posts of a thread are brought in line at once; the rest is a durable task.
MOST_AT_ONCE: Final = 100
_FOLLOWING: Final = ("organization_id", "space_id", "activity_id", "group_id", "parent_id", "number", "is_opening")
_FIELDS: Final = (
    *_FOLLOWING,
    *("is_shared", "standing", "helpful_count", "opens_at", "at", "scope", "title", "text", "title_terms", "terms"),
    "is_learned",
)


def index_posts(*, post_ids: Collection[int]) -> None:
    """Bring the documents of these posts in line with them: three queries, however many."""
    found = threads.list_findable(post_ids=post_ids)
    if gone := set(post_ids) - {post.post_id for post in found}:
        _documents(gone).delete()
    documents = [SearchDocument(kind=Kind.POST, object_id=post.post_id, **_fields(post)) for post in found]
    # MySQL goes by any unique key that there is.
    named = connection.features.supports_update_conflicts_with_target
    SearchDocument.objects.bulk_create(
        documents,
        update_conflicts=True,
        update_fields=_FIELDS,
        unique_fields=["kind", "object_id"] if named else None,
    )


def index_thread(thread_id: int) -> None:
    """The same for all posts of a thread; beyond MOST_AT_ONCE by a task."""
    ids = threads.list_post_ids(thread_id=thread_id, limit=MOST_AT_ONCE + 1)
    index_posts(post_ids=ids[:MOST_AT_ONCE])
    if len(ids) > MOST_AT_ONCE:
        index_rest.enqueue("thread", thread_id, ids[MOST_AT_ONCE - 1])


@task()
def index_rest(what: str, pk: int, after: int) -> None:
    """All posts of a "thread" or an "activity" above an id, some at a time."""
    place = {"thread_id" if what == "thread" else "activity_id": pk}
    with transaction.atomic():
        ids = threads.list_post_ids(after=after, limit=MOST_AT_ONCE, **place)
        if not ids:
            return
        threads.hold_threads(post_ids=ids)
        index_posts(post_ids=ids)
        if len(ids) == MOST_AT_ONCE:
            index_rest.enqueue(what, pk, ids[-1])


# -- what happened ---------------------------------------------------------------------------------------------


def post_added(event: events.PostAdded) -> None:
    for post in threads.list_findable(post_ids=[event.post_id]):
        # No bulk_create with conflicts, which MySQL locks more for than one row: this one is new.
        SearchDocument(kind=Kind.POST, object_id=post.post_id, **_fields(post)).save(force_insert=True)


def post_changed(event: events.PostEvent) -> None:
    """It was edited or deleted, hidden, sent back or shown again: a thread is hidden with its first post."""
    if event.number == 1 and isinstance(event, events.PostHidden | events.PostReturned):
        SearchDocument.objects.filter(kind=Kind.POST, parent_id=event.thread_id).delete()
        return
    if event.number == 1 and isinstance(event, events.PostRestored):
        index_thread(event.thread_id)
        return
    found = threads.list_findable(post_ids=[event.post_id])
    if not found:
        _documents([event.post_id]).delete()
    for post in found:
        if not _documents([event.post_id]).update(**_fields(post)):
            SearchDocument(kind=Kind.POST, object_id=post.post_id, **_fields(post)).save(force_insert=True)


def post_marked(event: events.PostMarkedHelpful) -> None:
    for post in threads.list_findable(post_ids=[event.post_id]):
        _documents([event.post_id]).update(standing=_standing(post), helpful_count=post.helpful_count)


def answer_marked(event: events.PostEndorsed | events.AnswerAccepted) -> None:
    """A question that has an answer may be one for the whole organization; what was accepted before is no longer."""
    of_thread = SearchDocument.objects.filter(kind=Kind.POST, parent_id=event.thread_id)
    ids = {event.post_id}
    if isinstance(event, events.AnswerAccepted):
        ids |= set(of_thread.filter(standing=3).values_list("object_id", flat=True))
    for post in threads.list_findable(post_ids=ids):
        _documents([post.post_id]).update(standing=_standing(post))
        changed = of_thread.exclude(is_shared__in=[post.is_shared])
        changed.update(is_shared=post.is_shared, scope=_scope(post))


def thread_started(event: events.ThreadStarted) -> None:
    ids = threads.list_post_ids(thread_id=event.thread_id, limit=1)
    for post in threads.list_findable(post_ids=ids):
        SearchDocument(kind=Kind.POST, object_id=post.post_id, **_fields(post)).save(force_insert=True)


def thread_changed(event: events.ThreadEvent) -> None:
    index_thread(event.thread_id)


def thread_merged(event: events.ThreadMerged) -> None:
    index_thread(event.into_thread_id)


def thread_split(event: events.ThreadSplit) -> None:
    index_thread(event.new_thread_id)


def posts_rewritten(event: events.PostsRewritten) -> None:
    index_posts(post_ids=event.post_ids)


def activity_configured(event: events.ActivityConfigured) -> None:
    """Who reads it may have changed: all that was found of it is looked at again."""
    if SearchDocument.objects.filter(activity_id=event.activity_id).exists():
        index_rest.enqueue("activity", event.activity_id, 0)


def _documents(post_ids: Sequence[int] | set[int]) -> Any:
    return SearchDocument.objects.filter(kind=Kind.POST, object_id__in=post_ids)


def _fields(post: threads.FindablePost) -> dict[str, Any]:
    text = plain_text(post.html)[:TEXT_LIMIT]
    return {
        "organization_id": post.organization_id,
        "space_id": post.space_id,
        "activity_id": post.activity_id,
        "group_id": post.group_id,
        "parent_id": post.thread_id,
        "number": post.number,
        "is_opening": post.number == 1,
        "is_shared": post.is_shared,
        "standing": _standing(post),
        "helpful_count": post.helpful_count,
        "opens_at": post.opens_at,
        "at": post.at,
        "scope": _scope(post),
        "title": post.title,
        "text": text,
        "title_terms": document_terms(post.title),
        "terms": document_terms(text),
        "is_learned": False,
    }


def _scope(post: threads.FindablePost) -> str:
    own = scope_of(space_id=post.space_id)
    return f"{own} {scope_of(organization_id=post.organization_id)}" if post.is_shared else own


def _standing(post: threads.FindablePost) -> int:
    if post.is_accepted:
        return 3
    return 2 if post.is_endorsed else int(post.helpful_count > 0)
