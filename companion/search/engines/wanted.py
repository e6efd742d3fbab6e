"""What an index is asked for."""

from __future__ import annotations

from dataclasses import dataclass

from companion.search.terms import Term


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Documents in one of the scopes with all of the words, or with `is_any` at least one of them.

    A word is the terms any of which will do. Every text in it is `[a-z][a-z0-9]*`.
    """

    scopes: tuple[str, ...]
    words: tuple[tuple[Term, ...], ...]
    is_any: bool = False


def scope_of(*, space_id: int | None = None, organization_id: int | None = None) -> str:
    """The term of a space, or of what is shared in an organization: long enough for every index."""
    return f"o{organization_id:04d}" if space_id is None else f"s{space_id:04d}"
