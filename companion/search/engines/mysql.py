"""FULLTEXT of InnoDB in MySQL and MariaDB. It finds what is committed, not what the same transaction has written."""

from __future__ import annotations

from typing import Any, Final

from django.db.models import QuerySet

from companion.search.engines.wanted import Wanted
from companion.search.models import SearchDocument, SearchDocumentQuerySet
from companion.search.terms import Term

_ALL: Final = "MATCH(scope, title_terms, terms) AGAINST (%s IN BOOLEAN MODE)"
_TITLE: Final = "MATCH(title_terms) AGAINST (%s IN BOOLEAN MODE)"
# MariaDB's statistics can be behind what was deleted, and then a relevance is no number: any sum with it is an error.
_FINITE: Final = "(CASE WHEN {match} BETWEEN 0 AND 1000 THEN {match} ELSE 0 END)"
_RANK: Final = f"{_FINITE.format(match=_ALL)} + 3 * {_FINITE.format(match=_TITLE)}"
_HAS: Final = "CONCAT(' ', title_terms, ' ', terms, ' ') LIKE %s"
# More than a relevance is, so that of two documents the one with more of the words comes first.
_A_WORD: Final = 100


def narrow(documents: SearchDocumentQuerySet, wanted: Wanted) -> QuerySet[SearchDocument, Any]:
    """Where any word will do, documents with more of the words are better ones, whatever their relevance.

    InnoDB goes on counting the words of rows that were deleted or edited until the table is optimized: a rare word
    that was edited often weighs nothing to it.
    """
    words = " ".join(_any_of(terms) for terms in wanted.words)
    asked = f"+({words})" if wanted.is_any else " ".join(f"+({_any_of(terms)})" for terms in wanted.words)
    counted = wanted.words if wanted.is_any else ()
    having = [f"{_A_WORD} * ({' OR '.join([_HAS] * len(terms))})" for terms in counted]
    # S610: the SQL is this file's own, and all that was asked for goes as parameters.
    return documents.extra(  # noqa: S610
        select={"rank": " + ".join([_RANK, *having])},
        select_params=[*[words] * 4, *(_pattern(term) for terms in counted for term in terms)],
        where=[_ALL],
        params=[f"+({' '.join(wanted.scopes)}) {asked}"],
    ).order_by("-pk")


def _any_of(terms: tuple[Term, ...]) -> str:
    return " ".join(f"{term.text}*" if term.is_prefix else term.text for term in terms)


def _pattern(term: Term) -> str:
    """Terms are letters and digits: nothing in them means something to LIKE."""
    return f"% {term.text}%" if term.is_prefix else f"% {term.text} %"
