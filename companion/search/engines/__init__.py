"""The index of each database: documents that have given terms, the newest first.

All of them get terms that need no care (companion/search/terms.py), so what they find is alike.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Protocol

from django.db import connection
from django.db.models import QuerySet

from companion.search.engines import mysql, postgresql, sqlite
from companion.search.engines.wanted import Wanted
from companion.search.models import SearchDocument, SearchDocumentQuerySet

__all__ = ["Match", "Wanted", "find"]

# Ranking costs microseconds a document, and common words have a hundred thousand: the newest so many are ranked.
MOST_RANKED: Final = 2_000


class Engine(Protocol):
    def narrow(self, documents: SearchDocumentQuerySet, wanted: Wanted) -> QuerySet[SearchDocument, Any]:
        """Those of the documents that match, the newest first, each with `rank`: the higher the better."""


@dataclass(frozen=True, slots=True)
class Match:
    """A document that was found, without its texts."""

    pk: int
    rank: float
    parent_id: int
    object_id: int
    space_id: int
    standing: int
    is_opening: bool


_ENGINES: Final[dict[str, Engine]] = {"sqlite": sqlite, "postgresql": postgresql, "mysql": mysql}
_FIELDS: Final = ("pk", "rank", "parent_id", "object_id", "space_id", "standing", "is_opening")


def find(documents: SearchDocumentQuerySet, wanted: Wanted) -> list[Match]:
    """The best matches among the newest MOST_RANKED, best first, in one query."""
    if not wanted.words:
        return []
    found = _ENGINES[connection.vendor].narrow(documents, wanted).values_list(*_FIELDS)[:MOST_RANKED]
    return sorted((Match(*row) for row in found), key=lambda match: (-match.rank, -match.pk))
