"""A text as the terms that an index holds and a query asks for, the same for every database.

A term is ASCII: `[a-z][a-z0-9]*`. Whatever a database thinks of accents, scripts, short words and stopwords, it only
ever sees words that it takes as they are (docs/decisions/0023-search-documents.md).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from threading import local
from typing import Final
from unicodedata import category, normalize

import snowballstemmer

from companion import conf

# Written without spaces between words: Thai, Lao, Burmese, Khmer, kana, Han, Hangul.
_DENSE: Final = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff"
    "\U00020000-\U000323af"
)
# Indian scripts and those around them write vowels as marks: without them a word is another one.
_VOWELS: Final = "".join(chr(code) for code in range(0x0900, 0x1200) if category(chr(code)).startswith("M"))
_WORD: Final = re.compile(
    rf"[^\W_](?:[^\W_]|[\u0300-\u036f\u0591-\u05c7\u064b-\u065f\u0670\u3099\u309a{_VOWELS}])*"
    r"(?:['’](?:s|t|m|d|ll|re|ve)(?![^\W_]))?"
)
# "don't" and "Ana's" without what hangs on them.
_HANGING: Final = re.compile(r"['’].*")
_JOINED: Final = re.compile(r"(?<![\w-])([^\W\d_]{1,20})-([^\W\d_]{1,20})(?![\w-])")
_RUN: Final = re.compile(rf"[{_DENSE}\u3099\u309a]+|[^{_DENSE}\u3099\u309a]+")
_IS_DENSE: Final = re.compile(rf"[{_DENSE}]")
# Accents, but those of Cyrillic letters (й is no и); the points of Hebrew and Arabic, and Arabic's filler.
_MARKS: Final = re.compile(
    "(?<![\u0400-\u04ff])[\u0300-\u036f]+|[\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u0640]+"
)
# What Unicode does not take apart.
_LETTERS: Final = str.maketrans(
    {"æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i", "ё": "е", "ς": "σ"}
)
# InnoDB leaves out words of one and two letters and its stopwords, the longest of which has five ("about").
_SHORTEST: Final = 6
_FILLER: Final = "q"
# InnoDB leaves out words of more than 84 bytes.
_LONGEST: Final = 40
_LONGEST_ENCODED: Final = 20
_DIGITS: Final = "0123456789abcdefghijklmnopqrstuvwxyz"

STOPWORDS: Final = frozenset(
    "a about after all also am an and any are as at be been before but by can could did do does for from get had has"
    " have he her here him his how i if in into is it its just like me my no not of on or our out she so some than that"
    " the their them then there these they this to up us was we were what when where which who why will with would you"
    " your"
    " aber als am an auch auf aus bei bin bis das dem den der des die du ein eine einem einen einer er es fur hat ich"
    " ihr im in ist ja kann man mein mit nach nicht noch nur oder sich sie sind so um und uns von was wann wenn wer wie"
    " wir wo zu zum zur".split()
)


@dataclass(frozen=True, slots=True)
class Term:
    """What an index is asked for: this term, or all that begin so."""

    text: str
    is_prefix: bool = False


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a query: `folded` as it was typed but for case and accents, and the terms any of which will do."""

    folded: str
    terms: tuple[Term, ...]

    @property
    def is_stopword(self) -> bool:
        return self.folded in STOPWORDS or (len(self.folded) == 1 and self.folded.isascii())

    @property
    def may_be_misspelt(self) -> bool:
        return len(self.folded) > 3 and self.folded.isalpha() and not _IS_DENSE.search(self.folded)


def fold(text: str) -> str:
    """The same without case and accents: é is e, ß is ss."""
    apart = _MARKS.sub("", normalize("NFKD", _HANGING.sub("", text).casefold()))
    return normalize("NFC", apart).translate(_LETTERS)


def document_terms(text: str) -> str:
    """The terms of a text as an index holds them, in their order, with spaces between."""
    language = _language()
    terms = [term for found in _WORD.finditer(text) for term in _terms_of(found[0], language)]
    # "e-mail" is "email" to others.
    joined = [term for found in _JOINED.finditer(text) for term in _terms_of("".join(found.groups()), language)]
    return " ".join(terms + joined)


def query_words(text: str, *, is_typing: bool = False) -> list[Word]:
    """The words of a query, each once, in their order. With `is_typing` the last one is the beginning of a word, unless
    something that ends a word follows it.
    """
    found = list(_WORD.finditer(text))
    words: dict[str, Word] = {}
    joined = {
        place: Term(encode(stem(fold("".join(pair.groups())))))
        for pair in _JOINED.finditer(text)
        for place in pair.span()
    }
    for place, match in enumerate(found):
        is_last = is_typing and place == len(found) - 1 and match.end() == len(text)
        for word in _query_words_of(match[0], is_last=is_last):
            if whole := joined.get(match.start()) or joined.get(match.end()):
                word = replace(word, terms=(*word.terms, whole))
            words.pop(word.folded, None)
            words[word.folded] = word
    return list(words.values())


def spans(text: str) -> Iterator[tuple[int, int, tuple[str, ...]]]:
    """(start, end, terms) of the words of a text, bigram by bigram where there are no spaces, for marking them."""
    language = _language()
    for found in _WORD.finditer(text):
        word = found[0]
        if not _IS_DENSE.search(word):
            yield found.start(), found.end(), _terms_of(word, language)
            continue
        for run in _RUN.finditer(word):
            start = found.start() + run.start()
            if not _IS_DENSE.search(run[0]):
                yield start, start + len(run[0]), _terms_of(run[0], language)
                continue
            for at in range(len(run[0])):
                pair = run[0][at : at + 2]
                yield start + at, start + at + len(pair), (encode(fold(pair)),)


def encode(word: str, *, is_start: bool = False) -> str:
    """A folded word as a term; with `is_start` as the beginning of one."""
    if not word.isascii():
        return "u" + "".join(_as_digits(character) for character in word[:_LONGEST_ENCODED])
    # PostgreSQL takes what begins with a digit for a number and may part it ("1e5").
    term = "n" + word[:_LONGEST] if word[0].isdigit() else word[:_LONGEST]
    return term if is_start else term.ljust(_SHORTEST, _FILLER)


def decode(term: str, *, is_ascii: bool) -> str:
    """About the word that became this term: good enough to compare spellings."""
    if is_ascii:
        return term.rstrip(_FILLER) if len(term) == _SHORTEST else term
    codes = (term[at : at + 4] for at in range(1, len(term), 4))
    return "".join(chr(min(int(code, 36), 0x10FFFF)) for code in codes)


def stem(word: str) -> str:
    """What a folded word has in common with its other forms, in the language of the service."""
    return _stem(word, _language())


def _language() -> str:
    return str(conf.get("COMPANION_SEARCH_LANGUAGE"))


@lru_cache(maxsize=50_000)
def _terms_of(word: str, language: str) -> tuple[str, ...]:
    """The terms of a word as it was written: its stem, and all of it, for those who have not typed it to its end."""
    terms: dict[str, None] = {}
    for run in _RUN.findall(fold(word)):
        if _IS_DENSE.search(run):
            # The last character by itself as well: each one is found as the beginning of something.
            terms |= {encode(run[at : at + 2]): None for at in range(len(run))}
        else:
            terms[encode(_stem(run, language))] = None
            terms[encode(run)] = None
    return tuple(terms)


def _query_words_of(word: str, *, is_last: bool) -> Iterator[Word]:
    for run in _RUN.findall(fold(word)):
        if not _IS_DENSE.search(run):
            exact = Term(encode(stem(run)))
            terms = (exact, Term(encode(run, is_start=True), is_prefix=True)) if is_last else (exact,)
            yield Word(run, terms)
        elif len(run) == 1:
            yield Word(run, (Term(encode(run), is_prefix=True),))
        else:
            yield from (Word(run[at : at + 2], (Term(encode(run[at : at + 2])),)) for at in range(len(run) - 1))


def _as_digits(character: str) -> str:
    """Four digits of base 36, which hold any character: the beginning of a word is the beginning of its term."""
    number, digits = ord(character), ""
    for _place in range(4):
        number, digit = divmod(number, 36)
        digits = _DIGITS[digit] + digits
    return digits


_stemmers = local()


@lru_cache(maxsize=50_000)
def _stem(word: str, language: str) -> str:
    if not language or len(word) < 4 or not word.isalpha():
        return word
    # One a thread: a stemmer keeps what it is working on in itself.
    known = _stemmers.__dict__.get(language)
    if known is None:
        known = _stemmers.__dict__[language] = snowballstemmer.stemmer(language)
    return str(known.stemWord(word)) or word
