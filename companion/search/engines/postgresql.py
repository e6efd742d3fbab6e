"""PostgreSQL's tsvector, a generated column with a GIN index (migration 0005)."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from companion.search.engines.wanted import Wanted
from companion.search.models import SearchDocument, SearchDocumentQuerySet
from companion.search.terms import Term


def narrow(documents: SearchDocumentQuerySet, wanted: Wanted) -> QuerySet[SearchDocument, Any]:
    scopes = " | ".join(f"'{scope}'" for scope in wanted.scopes)
    words = (" | " if wanted.is_any else " & ").join(f"({_any_of(terms)})" for terms in wanted.words)
    # No weights in the condition: the index does not know them, and would read every row to see. That a scope is one
    # and no word of a text is the business of the row conditions.
    return documents.extra(
        select={"rank": "ts_rank('{0, 0.25, 1, 0}', companion_searchdocument.vector, %s::tsquery)"},
        select_params=[words],
        where=["companion_searchdocument.vector @@ %s::tsquery"],
        params=[f"({scopes}) & ({words})"],
    ).order_by("-pk")


def _any_of(terms: tuple[Term, ...]) -> str:
    return " | ".join(f"'{term.text}':*" if term.is_prefix else f"'{term.text}'" for term in terms)
