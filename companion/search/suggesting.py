"""What was asked before, and how it was answered: shown to somebody while they write a question."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import log
from typing import Any, Final
from uuid import UUID

from django.db.models import OuterRef, Q, Subquery
from django.utils.safestring import SafeString
from rapidfuzz import fuzz

from companion.search.engines import MOST_RANKED, Wanted, find
from companion.search.models import Kind, SearchDocument
from companion.search.searching import asked_words, by_thread, rarest, readable
from companion.search.snippets import Marker, paragraph
from companion.search.terms import Word
from companion.search.vocabulary import EVERYWHERE, Known, look_up
from companion.threads import api as threads
from companion.viewer import Viewer

# So many threads are looked at closely.
_CANDIDATES: Final = 25
_MOST_WORDS: Final = 40
# A thread with less of what was asked is about something else.
_LEAST_COMMON: Final = 0.15
# What one that nobody has used weighs.
_NEW_WORD: Final = 3.0
_ROW: Final = ("pk", "parent_id", "object_id", "space_id", "is_opening", "at", "text", "title_terms", "terms")


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """A thread that asks about the same. `answer` is the paragraph of its reply `number` that answers, as safe HTML
    with <mark>, or "" and None where nobody has replied. `is_answered`: somebody who knows stands by it.

    `document_id` is for `get_found`, where `is_elsewhere`.
    """

    document_id: int
    thread_id: int
    activity_uid: UUID
    title: str
    answer: SafeString
    number: int | None
    standing: int
    is_answered: bool
    reply_count: int
    at: datetime
    is_elsewhere: bool
    space_title: str


@dataclass(slots=True)
class _Candidate:
    """A thread with what was found of it, its first post and its best reply, all of which the viewer may read."""

    rows: list[dict[str, Any]]
    posts: Mapping[int, threads.FoundPost]
    best_reply: int | None = None
    best_terms: str = ""
    standing: int = 0
    score: float = 0.0

    @property
    def opening(self) -> dict[str, Any]:
        """The first post, or what was found where that was taken back."""
        return next((row for row in self.rows if row["is_opening"]), self.rows[0])

    @property
    def matched_reply(self) -> dict[str, Any] | None:
        return next((row for row in self.rows if not row["is_opening"]), None)


def suggest_answers(*, viewer: Viewer, text: str, limit: int = 5) -> list[Suggestion]:
    """Threads that are about what somebody is writing, the most alike first, in the scope of `search`.

    Found by their rarest words in common, then compared with all of what was written: those of the title, the first
    post and the replies that matched, of which an answered one and one of the own space is better.
    """
    words = [word for word in asked_words(text, most=_MOST_WORDS) if not word.is_stopword]
    if not words:
        return []
    known = look_up(organization_id=viewer.organization_id, words=words)
    some = rarest(known, most=MOST_RANKED)
    if known.of(some[0]) >= EVERYWHERE:
        # A letter or two, of which everything begins.
        return []
    documents, scopes = readable(viewer)
    matches = find(documents, Wanted(scopes=scopes, words=tuple(word.terms for word in some), is_any=True))
    matched = {match.parent_id: match.pk for match, _more in by_thread(viewer, matches)[:_CANDIDATES]}
    candidates = _candidates(viewer, matched)
    marker, weights = Marker.of(known.words), _weights(known)
    for candidate in candidates:
        candidate.score = _score(viewer, candidate, known.words, marker, weights)
    best = sorted((candidate for candidate in candidates if candidate.score > 0), key=lambda each: -each.score)[:limit]
    replies = _replies(best)
    return [_suggestion(candidate, replies, marker, weights) for candidate in best]


def _weights(known: Known) -> list[float]:
    """A rare word says more than a common one; one that nobody has used says that this may be something new."""
    return [log(1 + 100_000 / (1 + known.of(word))) if known.of(word) else _NEW_WORD for word in known.words]


def _candidates(viewer: Viewer, matched: Mapping[int, int]) -> list[_Candidate]:
    """The threads that matched, by id with the document that did. A query, and the gate's."""
    replies = SearchDocument.objects.filter(kind=Kind.POST, parent_id=OuterRef("parent_id"), is_opening__in=[False])
    best = replies.order_by("-standing", "-helpful_count", "number")
    of_best = {f"best_{name}": Subquery(best.values(name)[:1]) for name in ("object_id", "standing", "terms")}
    openings = Q(kind=Kind.POST, parent_id__in=matched.keys(), is_opening__in=[True])
    documents = SearchDocument.objects.filter(Q(pk__in=matched.values()) | openings)
    rows = list(documents.annotate(**of_best).values(*_ROW, *of_best))
    wanted = {row[name] for row in rows for name in ("object_id", "best_object_id")} - {None}
    posts = threads.list_found(viewer=viewer, post_ids=wanted)
    candidates: dict[int, _Candidate] = {}
    for row in rows:
        if row["object_id"] not in posts:
            continue
        candidate = candidates.setdefault(row["parent_id"], _Candidate([], posts))
        candidate.rows.append(row)
        if row["best_object_id"] in posts:
            candidate.best_reply, candidate.standing = row["best_object_id"], row["best_standing"]
            candidate.best_terms = row["best_terms"]
    # What matched may be what they may not read: then nothing of the thread is suggested for it.
    found = {row["pk"] for row in rows if row["object_id"] in posts}
    return [candidate for pk, candidate in candidates.items() if matched[pk] in found]


def _score(
    viewer: Viewer, candidate: _Candidate, words: Sequence[Word], marker: Marker, weights: Sequence[float]
) -> float:
    """Between 0 (about something else) and about 1."""
    # What the best reply says counts whether or not it is what matched.
    shares = dict.fromkeys(marker.numbers(candidate.best_terms.split()), 0.6)
    for row in candidate.rows:
        for terms, share in ((row["title_terms"], 1.0), (row["terms"], 0.8 if row["is_opening"] else 0.6)):
            for number in marker.numbers(terms.split()):
                shares[number] = max(shares.get(number, 0.0), share)
    common = sum(weights[number] * share for number, share in shares.items()) / sum(weights)
    if common < _LEAST_COMMON:
        return 0.0
    asked = " ".join(word.terms[0].text for word in words)
    alike: float = fuzz.token_set_ratio(asked, candidate.opening["title_terms"]) / 100
    is_own = bool(candidate.rows[0]["space_id"] == viewer.space_id)
    return 0.6 * common + 0.25 * alike + 0.03 * candidate.standing + 0.05 * is_own


def _replies(candidates: Sequence[_Candidate]) -> dict[int, str]:
    """The texts of the best replies, by the ids of their posts."""
    wanted = [candidate.best_reply for candidate in candidates if candidate.best_reply is not None]
    documents = SearchDocument.objects.filter(kind=Kind.POST, object_id__in=wanted)
    return dict(documents.values_list("object_id", "text"))


def _asked(row: Mapping[str, Any]) -> frozenset[str]:
    """The terms of a question, which its answer takes up where the words of whoever asks anew are others."""
    return frozenset(f"{row['title_terms']} {row['terms']}".split())


def _suggestion(
    candidate: _Candidate, replies: Mapping[int, str], marker: Marker, weights: Sequence[float]
) -> Suggestion:
    row, matched = candidate.opening, candidate.matched_reply
    post = candidate.posts[row["object_id"]]
    # The reply that somebody stands by; where there is none, the one that matched, or the first.
    reply, text = candidate.best_reply, replies.get(candidate.best_reply or 0, "")
    if candidate.standing == 0 and matched is not None:
        reply, text = matched["object_id"], matched["text"]
    return Suggestion(
        document_id=row["pk"],
        thread_id=post.thread_id,
        activity_uid=post.activity_uid,
        title=post.title,
        answer=paragraph(text, marker, weights, about=_asked(row)) if reply else SafeString(""),
        number=candidate.posts[reply].number if reply else None,
        standing=candidate.standing,
        is_answered=candidate.standing > 1,
        reply_count=post.reply_count,
        at=row["at"],
        is_elsewhere=post.is_elsewhere,
        space_title=post.space_title,
    )
