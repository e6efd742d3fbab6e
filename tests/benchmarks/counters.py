"""What is kept must be what is counted: checks of a whole database after many have written at once."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from django.db.models import Aggregate, Count, F, Max, Model, QuerySet, Sum

from companion.threads.models import PATH_DIGITS, PATH_LEVELS, AnonymousAuthor, HelpfulMark, Post, ReadState, Thread
from tests.benchmarks.writers import Written

WORD = re.compile(r"\bword\d+x\d+\b")


@dataclass(frozen=True, kw_only=True)
class Kept:
    """A field of `of` that must be what `counted` gives for the `rows` that point to it by `by`."""

    of: type[Model]
    field: str
    rows: QuerySet[Any]
    by: str
    counted: Aggregate
    # For whatever has no such rows.
    none: object = None


POSTS = Post.objects.all()
OPENING = Post.objects.filter(number=1)
SHOWN = Post.objects.filter(deleted_at=None, hidden_at=None)
SHOWN_REPLIES = Post.objects.filter(number__gt=1, deleted_at=None, hidden_at=None)

# A line for each kept value.
KEPT = (
    Kept(of=Thread, field="last_number", rows=POSTS, by="thread", counted=Max("number")),
    Kept(of=Thread, field="last_number", rows=POSTS, by="thread", counted=Count("pk"), none=0),
    Kept(of=Thread, field="reply_count", rows=SHOWN_REPLIES, by="thread", counted=Count("pk"), none=0),
    Kept(of=Post, field="helpful_count", rows=HelpfulMark.objects.all(), by="post", counted=Count("pk"), none=0),
    Kept(of=Thread, field="helpful_count", rows=SHOWN, by="thread", counted=Sum("helpful_count"), none=0),
    Kept(of=Thread, field="endorsed_count", rows=SHOWN, by="thread", counted=Count("endorsed_at"), none=0),
    Kept(of=Thread, field="last_at", rows=POSTS, by="thread", counted=Max("created_at")),
    Kept(of=Thread, field="hidden_at", rows=OPENING, by="thread", counted=Max("hidden_at")),
    Kept(of=Thread, field="pseudonym", rows=OPENING, by="thread", counted=Max("pseudonym")),
    Kept(of=Thread, field="author_id", rows=OPENING, by="thread", counted=Max("author_id")),
)


def wrong_counters() -> list[str]:
    """A sentence for each kept value, number, path, pseudonym or read state that is not what the posts say."""
    checks: tuple[Callable[[], Iterator[str]], ...] = (_kept, _numbers, _paths, _pseudonyms, _read_states)
    return [wrong for check in checks for wrong in check()]


def lost(written: Sequence[Written]) -> list[str]:
    """A sentence for each acknowledged post that is not there as its author remembers it: text, state, author."""
    posts = {(post.thread_id, post.number): post for post in POSTS.select_related("thread").iterator()}
    people = {(author.thread_id, author.number): author.person_id for author in AnonymousAuthor.objects.iterator()}
    found = []
    for memory in written:
        post = posts.get((memory.thread_id, memory.number))
        found += [f"{memory.thread_id}/{memory.number} {wrong}" for wrong in _differences(memory, post, people)]
    return found


def doubled(written: Sequence[Written]) -> list[str]:
    """A sentence for each text that is in several posts, and for each place that was acknowledged to several."""
    places: dict[str, list[str]] = defaultdict(list)
    for post in POSTS.only("thread_id", "number", "body").iterator():
        for word in WORD.findall(post.body):
            places[word].append(str(post))
    memories: dict[tuple[int, int], list[str]] = defaultdict(list)
    for memory in written:
        memories[memory.thread_id, memory.number] += memory.texts[:1]
    found = [f"{word} is in {', '.join(posts)}" for word, posts in places.items() if len(posts) > 1]
    return found + [f"{place} was acknowledged for {texts}" for place, texts in memories.items() if len(texts) > 1]


def _differences(memory: Written, post: Post | None, people: dict[tuple[int, int], int]) -> Iterator[str]:
    if post is None:
        yield "is not there"
        return
    if post.body not in memory.texts:
        yield f"says {post.body!r}, not {memory.texts}"
    if post.is_opening and post.thread.title.split()[-1] != post.body.split()[-1]:
        yield f"has the title of another text: {post.thread.title!r}, {post.body!r}"
    if memory.is_deleted is not None and memory.is_deleted != (post.deleted_at is not None):
        yield f"is {'still there' if memory.is_deleted else 'deleted'}"
    if post.is_anonymous != memory.is_anonymous:
        yield f"is {'anonymous' if post.is_anonymous else 'signed'}"
    author = post.author_id if post.pseudonym is None else people.get((post.thread_id, post.pseudonym))
    if author != memory.person_id:
        yield f"is by {author}, not {memory.person_id}"


def _kept() -> Iterator[str]:
    for row in KEPT:
        counted = dict(row.rows.order_by().values_list(row.by).annotate(counted=row.counted))
        for pk, kept in row.of._default_manager.values_list("pk", row.field):
            value = counted.get(pk, row.none)
            if kept != value:
                yield f"{row.of.__name__} {pk}: {row.field} is {kept}, counted {value}"


def _numbers() -> Iterator[str]:
    """1, 2, 3 ... without gaps and doubles."""
    numbers = POSTS.order_by("thread_id", "number").values_list("thread_id", "number")
    for thread_id, rows in groupby(numbers, key=lambda row: row[0]):
        found = [number for _thread, number in rows]
        if found != list(range(1, len(found) + 1)):
            yield f"Thread {thread_id}: its numbers are {found}"


def _paths() -> Iterator[str]:
    """Each once in its thread, ending with the post's own number, below its parent's as far as paths go."""
    known = set()
    fields = ("thread_id", "number", "path", "parent__path")
    for thread_id, number, path, parent in POSTS.values_list(*fields).iterator():
        stem, own = path[:-PATH_DIGITS], path[-PATH_DIGITS:]
        if stem != (parent or "")[: PATH_DIGITS * (PATH_LEVELS - 1)] or int(own, 36) != number:
            yield f"{thread_id}/{number}: its path is {path}, that of its parent {parent}"
        if (thread_id, path) in known:
            yield f"{thread_id}/{number}: another post has its path {path}"
        known.add((thread_id, path))


def _pseudonyms() -> Iterator[str]:
    """Each belongs to somebody, and everybody has one in a thread."""
    authors = list(AnonymousAuthor.objects.values_list("thread_id", "number", "person_id"))
    for (thread_id, _person), times in Counter((thread, person) for thread, _number, person in authors).items():
        if times > 1:
            yield f"Thread {thread_id}: somebody has {times} pseudonyms"
    known = {(thread_id, number) for thread_id, number, _person in authors}
    used = set(POSTS.exclude(pseudonym=None).values_list("thread_id", "pseudonym"))
    yield from (f"Thread {thread_id}: nobody is behind pseudonym {number}" for thread_id, number in used - known)


def _read_states() -> Iterator[str]:
    """Nobody has seen what is not written yet: unread would be less than nothing."""
    ahead = ReadState.objects.filter(seen_number__gt=F("thread__last_number"))
    yield from (f"{state} was seen" for state in ahead)
