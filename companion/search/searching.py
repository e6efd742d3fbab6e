"""Looking for words, while somebody types them or after: the best threads first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.utils.safestring import SafeString

from companion import keyset
from companion.search.engines import MOST_RANKED, Match, Wanted, find
from companion.search.engines.wanted import scope_of
from companion.search.models import SearchDocument, SearchDocumentQuerySet
from companion.search.snippets import Marker, snippet
from companion.search.terms import Word, query_words
from companion.search.vocabulary import Known, look_up
from companion.spaces import api as spaces
from companion.text import clean
from companion.threads import api as threads
from companion.viewer import Viewer

HITS_A_PAGE: Final = 20
# Whoever has not found it among these needs other words.
MOST_HITS: Final = 100
# More of a query is not read.
QUERY_LIMIT: Final = 500
MOST_WORDS: Final = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A thread that was found, by its post `number`. `title` is text, `snippet` safe HTML with <mark>.

    `standing` of that post: 3 accepted as the answer, 2 endorsed, 1 found helpful, 0 none. `is_elsewhere`: in the space
    `space_title`, where it is read by `document_id`. `more` posts of the thread match as well.
    """

    kind: str
    document_id: int
    thread_id: int
    number: int
    activity_uid: UUID
    title: str
    snippet: SafeString
    at: datetime
    standing: int
    reply_count: int
    more: int
    is_elsewhere: bool
    space_title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchPage:
    """A page of hits; `next` is the cursor of the page after, or "". `is_partial`: no text has all of the words."""

    hits: list[Hit]
    next: str
    is_partial: bool


def search(*, viewer: Viewer, text: str, cursor: str = "", here_only: bool = False) -> SearchPage:
    """Threads with all words of a text, the last as the beginning of one; where there is none, with some of them.

    In the viewer's space, in others where they are a member, and what is shared in their organization; `here_only` in
    the first alone. Raises keyset.InvalidCursor.
    """
    skipped = keyset.decode_numbers(cursor, 1)[0] if cursor else 0
    words = asked_words(text, most=MOST_WORDS)
    if not words:
        return SearchPage(hits=[], next="", is_partial=False)
    known = look_up(organization_id=viewer.organization_id, words=words)
    documents, scopes = readable(viewer, here_only=here_only)
    matches = find(documents, Wanted(scopes=scopes, words=tuple(word.terms for word in known.words)))
    is_partial = not matches and len(words) > 1
    if is_partial:
        some = rarest(known, most=MOST_RANKED)
        matches = find(documents, Wanted(scopes=scopes, words=tuple(word.terms for word in some), is_any=True))
    grouped = by_thread(viewer, matches)[:MOST_HITS]
    page = grouped[skipped : skipped + HITS_A_PAGE]
    shown = skipped + len(page)
    return SearchPage(
        hits=_hits(viewer, page, Marker.of(known.words)),
        # Not by key: what is ranked anew each time has none. It ends at MOST_HITS.
        next=keyset.encode(shown) if shown < len(grouped) else "",
        is_partial=is_partial and bool(matches),
    )


def asked_words(text: str, *, most: int) -> list[Word]:
    """The words of what somebody types, without those that say nothing beside others."""
    words = query_words(clean(text[:QUERY_LIMIT]), is_typing=True)
    telling = [word for word in words if not word.is_stopword]
    return (telling or words)[:most]


def readable(viewer: Viewer, *, here_only: bool = False) -> tuple[SearchDocumentQuerySet, tuple[str, ...]]:
    """The documents that a viewer may find, and the scopes that they are in. One query."""
    own = scope_of(space_id=viewer.space_id)
    if here_only:
        return SearchDocument.objects.visible_to(viewer).filter(space_id=viewer.space_id), (own,)
    mine = spaces.spaces_of(organization_id=viewer.organization_id, person_id=viewer.person_id)
    others = [pk for pk in mine if pk != viewer.space_id]
    scopes = (own, scope_of(organization_id=viewer.organization_id), *(scope_of(space_id=pk) for pk in others))
    return SearchDocument.objects.visible_to(viewer, elsewhere=others), scopes


def rarest(known: Known, *, most: int) -> list[Word]:
    """The rarest words of a query as long as all their documents together are no more than `most`, one at least: very
    common words say little, and would make a query slow.
    """
    chosen: list[Word] = []
    documents = 0
    for word in sorted(known.words, key=known.of):
        documents += known.of(word)
        if chosen and documents > most:
            break
        chosen.append(word)
    return chosen


def by_thread(viewer: Viewer, matches: Sequence[Match]) -> list[tuple[Match, int]]:
    """The best match of each thread, best first, with how many more the thread has."""
    top = max((match.rank for match in matches), default=0) or 1
    best: dict[int, Match] = {}
    count: dict[int, int] = {}
    for match in sorted(matches, key=lambda match: -_score(viewer, match, top)):
        best.setdefault(match.parent_id, match)
        count[match.parent_id] = count.get(match.parent_id, 0) + 1
    return [(match, count[parent] - 1) for parent, match in best.items()]


def _score(viewer: Viewer, match: Match, top: float) -> float:
    """How well it matches, and a little for who stands by it and for where it is."""
    return match.rank / top + 0.05 * match.standing + 0.1 * (match.space_id == viewer.space_id)


def _hits(viewer: Viewer, page: Sequence[tuple[Match, int]], marker: Marker) -> list[Hit]:
    found = threads.list_found(viewer=viewer, post_ids=[match.object_id for match, _more in page])
    documents = SearchDocument.objects.filter(pk__in=[match.pk for match, _more in page])
    texts = {row["pk"]: row for row in documents.values("pk", "kind", "at", "text")}
    return [
        Hit(
            kind=texts[match.pk]["kind"],
            document_id=match.pk,
            thread_id=post.thread_id,
            number=post.number,
            activity_uid=post.activity_uid,
            title=post.title,
            snippet=snippet(texts[match.pk]["text"], marker),
            at=texts[match.pk]["at"],
            standing=match.standing,
            reply_count=post.reply_count,
            more=more,
            is_elsewhere=post.is_elsewhere,
            space_title=post.space_title,
        )
        for match, more in page
        if (post := found.get(match.object_id)) is not None and match.pk in texts
    ]
