"""Why the staff did something, or why somebody calls for them: one line that a person will read."""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext

from companion.errors import InvalidInput
from companion.text import clean_line, is_blank

REASON_LIMIT: Final = 500


def checked_reason(reason: str, *, missing: str) -> str:
    """The reason as it is stored; `missing` is the sentence for an empty one. Raises InvalidInput."""
    reason = clean_line(reason)
    if is_blank(reason):
        raise InvalidInput({"reason": missing})
    if len(reason) > REASON_LIMIT:
        raise InvalidInput({"reason": gettext("At most %(limit)d characters, please.") % {"limit": REASON_LIMIT}})
    return reason
