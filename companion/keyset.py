"""Pages by key: the last row of a page is where the next one starts, however far in and whatever came meanwhile."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from datetime import UTC, datetime


class InvalidCursor(ValueError):
    """A cursor that this service never made."""


def encode(*parts: str | int | datetime) -> str:
    """A cursor safe in a URL: `encode(thread.last_at, thread.pk)`."""
    texts = [part.isoformat() if isinstance(part, datetime) else str(part) for part in parts]
    return urlsafe_b64encode("|".join(texts).encode()).decode().rstrip("=")


def decode(cursor: str, length: int) -> Sequence[str]:
    """The `length` parts of a cursor as text.

    Raises InvalidCursor for anything that `encode` does not make.
    """
    try:
        parts = urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4)).decode().split("|")
    except ValueError as error:
        raise InvalidCursor(cursor) from error
    if len(parts) != length:
        raise InvalidCursor(cursor)
    return parts


def decode_moment(cursor: str) -> tuple[datetime, int]:
    """A cursor of (aware moment, id).

    Raises InvalidCursor.
    """
    moment, number = decode(cursor, 2)
    try:
        parsed = datetime.fromisoformat(moment)
        # Databases ask in UTC: what is no moment there is none.
        parsed.astimezone(UTC)
        identifier = int(number)
    except (ValueError, OverflowError) as error:
        raise InvalidCursor(cursor) from error
    if parsed.tzinfo is None or not 0 <= identifier < 2**63:
        raise InvalidCursor(cursor)
    return parsed, identifier


def decode_numbers(cursor: str, length: int) -> list[int]:
    """A cursor of `length` whole numbers.

    Raises InvalidCursor.
    """
    parts = decode(cursor, length)
    if not all(part.isascii() and part.isdigit() and len(part) < 19 for part in parts):
        raise InvalidCursor(cursor)
    return [int(part) for part in parts]
