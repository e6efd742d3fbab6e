"""The words of an organization's documents: how common one is, and what somebody meant who mistyped it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from time import monotonic
from typing import Final

from django.db import transaction
from django.db.models import F, Q
from rapidfuzz import process
from rapidfuzz.distance import OSA

from companion.search.models import SearchDocument, SearchWord
from companion.search.terms import Term, Word, decode, encode, stem

# How common a beginning is taken for that is too short to count.
EVERYWHERE: Final = 10**9
_SHORTEST_START: Final = 3
_MOST_OF_A_START: Final = 500
# Mistyped words are put right in so many places of a query, each by so many known ones.
_MOST_MENDED: Final = 3
_MOST_MEANT: Final = 3
_MOST_COMPARED: Final = 20_000
_DOCUMENTS_A_BATCH: Final = 500
_SECONDS_A_TICK: Final = 20
# Sorts behind every term that begins with what it is added to.
_BEHIND: Final = "zzzz"


@dataclass(frozen=True, slots=True)
class Known:
    """The words of a query as the vocabulary knows them, mended where it does not, each with its documents."""

    words: list[Word]
    counts: dict[str, int]

    def of(self, word: Word) -> int:
        """In how many documents a word is, about; more than there are for a beginning that says little."""
        return sum(self.counts.get(_key(term), 0) for term in word.terms)


def look_up(*, organization_id: int, words: Sequence[Word]) -> Known:
    """Two queries at most, and one more where a word is unknown."""
    known = SearchWord.objects.filter(organization_id=organization_id)
    exact = {term.text for word in words for term in word.terms if not term.is_prefix}
    counts = dict(known.filter(word__in=exact).values_list("word", "count"))
    for term in {term for word in words for term in word.terms if term.is_prefix}:
        counts[_key(term)] = _count_start(organization_id, term.text)
    unknown = [word for word in words if word.may_be_misspelt and not any(counts.get(_key(t), 0) for t in word.terms)]
    if not unknown or not counts and not known.exists():
        return Known(list(words), counts)
    meant = _meant(organization_id, unknown[:_MOST_MENDED])
    mended = []
    for word in words:
        terms = meant.get(word.folded, {})
        counts |= terms
        mended.append(replace(word, terms=(*word.terms, *(Term(text) for text in terms))))
    return Known(mended, counts)


def learn(*, most_seconds: float = _SECONDS_A_TICK) -> int:
    """Count the words of documents that are new; gives how many documents. It may run twice at once."""
    started, count = monotonic(), 0
    new = SearchDocument.objects.filter(is_learned__in=[False])
    while monotonic() - started < most_seconds and new.exists():
        count += _learn_some()
    return count


@transaction.atomic
def _learn_some() -> int:
    new = SearchDocument.objects.select_for_update().filter(is_learned__in=[False]).order_by("pk")
    rows = list(new.values_list("pk", "organization_id", "title_terms", "terms")[:_DOCUMENTS_A_BATCH])
    counts: dict[int, Counter[str]] = {}
    for _pk, organization_id, title_terms, terms in rows:
        counts.setdefault(organization_id, Counter()).update({*title_terms.split(), *terms.split()})
    for organization_id in sorted(counts):
        _add(organization_id, counts[organization_id])
    SearchDocument.objects.filter(pk__in=[row[0] for row in rows]).update(is_learned=True)
    return len(rows)


def _add(organization_id: int, counts: Counter[str]) -> None:
    words = [SearchWord(organization_id=organization_id, word=word) for word in sorted(counts)]
    SearchWord.objects.bulk_create(words, batch_size=500, ignore_conflicts=True)
    by_count: dict[int, list[str]] = {}
    for word, count in sorted(counts.items()):
        by_count.setdefault(count, []).append(word)
    for count, group in sorted(by_count.items()):
        for some in _parts(group, 500):
            known = SearchWord.objects.filter(organization_id=organization_id, word__in=some)
            known.update(count=F("count") + count)


def _parts(words: list[str], size: int) -> Iterable[list[str]]:
    return (words[start : start + size] for start in range(0, len(words), size))


def _key(term: Term) -> str:
    return term.text + ("*" if term.is_prefix else "")


def _count_start(organization_id: int, start: str) -> int:
    if len(start) < _SHORTEST_START:
        return EVERYWHERE
    found = SearchWord.objects.filter(organization_id=organization_id, word__gte=start, word__lt=start + _BEHIND)
    counts = list(found.values_list("count", flat=True)[:_MOST_OF_A_START])
    return EVERYWHERE if len(counts) == _MOST_OF_A_START else sum(counts)


def _meant(organization_id: int, words: Collection[Word]) -> dict[str, dict[str, int]]:
    """For each word, the terms of known words that are spelt nearly so, with how common they are.

    Of the same first letter, or with the first two the other way round: that is how people mistype, and all others
    would be too many to compare.
    """
    starts = Q()
    for start in {start for word in words for start in (word.folded[0], word.folded[1::-1])}:
        first = encode(start, is_start=True)
        starts |= Q(word__gte=first, word__lt=first + _BEHIND)
    known = SearchWord.objects.filter(starts, organization_id=organization_id)
    counts = dict(known.values_list("word", "count")[:_MOST_COMPARED])
    meant: dict[str, dict[str, int]] = {}
    for word in words:
        is_ascii = word.folded.isascii()
        spellings = {decode(term, is_ascii=is_ascii): term for term in counts if _is_like(term, is_ascii=is_ascii)}
        near = process.extract(
            word.folded,
            [text for text in spellings if _begins_alike(text, word.folded)],
            scorer=OSA.distance,
            score_cutoff=1 if len(word.folded) < 7 else 2,
            limit=50,
        )
        best = sorted(near, key=lambda found: (found[1], -counts[spellings[found[0]]]))[:_MOST_MEANT]
        terms: dict[str, int] = {}
        for text, _distance, _place in best:
            terms[encode(stem(text))] = counts.get(encode(stem(text)), counts[spellings[text]])
        meant[word.folded] = terms
    return meant


def _begins_alike(text: str, typed: str) -> bool:
    return text[:1] == typed[0] or text[:2] == typed[1::-1]


def _is_like(term: str, *, is_ascii: bool) -> bool:
    """Whether a term is of a word in this kind of letters; what only looks like one is never near."""
    return is_ascii or (len(term) % 4 == 1 and term.startswith("u"))
