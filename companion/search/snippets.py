"""Pieces of plain text with the words that were asked for marked, as safe HTML."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from django.utils.html import escape
from django.utils.safestring import SafeString

from companion.search.terms import Word, document_terms, spans

SNIPPET: Final = 220
# What is shown before the first marked word.
_LEAD: Final = 40
_MOST_MARKED: Final = 200
# Terms of a paragraph that says something.
_TELLING: Final = 40


@dataclass(frozen=True, slots=True)
class Marker:
    """The terms that are marked, each with the number of the word that it was asked for by."""

    exact: Mapping[str, int]
    starts: tuple[tuple[str, int], ...]

    @classmethod
    def of(cls, words: Sequence[Word]) -> Marker:
        terms = [(term, number) for number, word in enumerate(words) for term in word.terms]
        return cls(
            exact={term.text: number for term, number in terms if not term.is_prefix},
            starts=tuple((term.text, number) for term, number in terms if term.is_prefix),
        )

    def find(self, text: str) -> list[tuple[int, int, int]]:
        """(start, end, number of the word) of what is marked in a text."""
        found = []
        for start, end, terms in spans(text):
            number = self._number(terms)
            if number is not None:
                found.append((start, end, number))
                if len(found) == _MOST_MARKED:
                    break
        return found

    def numbers(self, terms: Iterable[str]) -> set[int]:
        """The numbers of the words that are among the terms of a document."""
        among = set(terms)
        found = {self.exact[term] for term in self.exact.keys() & among}
        return found | {number for start, number in self.starts if any(term.startswith(start) for term in among)}

    def _number(self, terms: tuple[str, ...]) -> int | None:
        for term in terms:
            if term in self.exact:
                return self.exact[term]
            for start, number in self.starts:
                if term.startswith(start):
                    return number
        return None


def snippet(text: str, marker: Marker, *, length: int = SNIPPET) -> SafeString:
    """The stretch of a text with the most of the words, in one line."""
    found = marker.find(text)
    start = 0 if len(text) <= length else _best_start(found, length)
    start = 0 if start <= _LEAD else _word_start(text, start - _LEAD)
    end = _word_end(text, start + length)
    return _html(text, found, start, end)


def paragraph(
    text: str,
    marker: Marker,
    weights: Sequence[float],
    *,
    about: frozenset[str] = frozenset(),
    length: int = 2 * SNIPPET,
) -> SafeString:
    """The paragraph that says most about the words, each of which weighs so much; and about the terms of `about`.

    Of two that say as much the longer one: a greeting is short.
    """
    parts = [part for part in text.split("\n\n") if part.strip()] or [""]
    best = max(parts, key=lambda part: _worth(part, marker, weights, about))
    return snippet(best, marker, length=length)


def _worth(part: str, marker: Marker, weights: Sequence[float], about: frozenset[str]) -> float:
    terms = document_terms(part).split()
    asked = sum(weights[number] for number in marker.numbers(terms)) / (sum(weights) or 1)
    taken_up = len(about.intersection(terms)) / (len(about) or 1)
    return asked + taken_up + min(len(terms), _TELLING) / _TELLING / 4


def _best_start(found: Sequence[tuple[int, int, int]], length: int) -> int:
    best, most = 0, 0
    for place, (start, _end, _number) in enumerate(found):
        words = {number for begin, _stop, number in found[place : place + 40] if begin < start + length - _LEAD}
        if len(words) > most:
            best, most = start, len(words)
    return best


def _word_start(text: str, at: int) -> int:
    """A place near `at` where a word begins; `at` itself where there are no spaces."""
    space = max(text.find(" ", at, at + _LEAD), text.find("\n", at, at + _LEAD))
    return at if space < 0 else space + 1


def _word_end(text: str, at: int) -> int:
    if at >= len(text):
        return len(text)
    space = max(text.rfind(" ", at - _LEAD, at), text.rfind("\n", at - _LEAD, at))
    return at if space < 0 else space


def _html(text: str, found: Sequence[tuple[int, int, int]], start: int, end: int) -> SafeString:
    parts, at = ["…" if start else ""], start
    for begin, stop, _number in found:
        # Bigrams overlap: only what is not marked yet.
        begin, stop = max(begin, at), min(stop, end)
        if begin < stop:
            parts += [escape(text[at:begin]), "<mark>", escape(text[begin:stop]), "</mark>"]
            at = stop
    parts += [escape(text[at:end]), "…" if end < len(text) else ""]
    # Escaped piece by piece.
    return SafeString(" ".join("".join(parts).replace("</mark><mark>", "").split()))
