"""SQLite's FTS5. The index keeps no texts: a row of it is the document of the same id (migration 0005)."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from companion.search.engines.wanted import Wanted
from companion.search.models import SearchDocument, SearchDocumentQuerySet
from companion.search.terms import Term


def narrow(documents: SearchDocumentQuerySet, wanted: Wanted) -> QuerySet[SearchDocument, Any]:
    # By the index's own row ids, which it walks backwards: sorting would rank every match before the newest are taken.
    return documents.extra(
        select={"rank": "-bm25(companion_searchindex, 0.0, 4.0, 1.0)"},
        tables=["companion_searchindex"],
        where=["companion_searchindex MATCH %s", "companion_searchindex.rowid = companion_searchdocument.id"],
        params=[_expression(wanted)],
        order_by=["-companion_searchindex.rowid"],
    )


def _expression(wanted: Wanted) -> str:
    scopes = " OR ".join(f'"{scope}"' for scope in wanted.scopes)
    words = (" OR " if wanted.is_any else " AND ").join(f"({_any_of(terms)})" for terms in wanted.words)
    return f"scope : ({scopes}) AND {{title_terms terms}} : ({words})"


def _any_of(terms: tuple[Term, ...]) -> str:
    return " OR ".join(f'"{term.text}" *' if term.is_prefix else f'"{term.text}"' for term in terms)
