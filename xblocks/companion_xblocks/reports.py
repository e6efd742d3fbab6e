"""What an instructor's response report says of a discussion."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

from django.utils.translation import gettext as _

from companion.openedx import compat
from companion.spaces import api as spaces
from companion.threads import api as threads


def rows(block: Any, states: Any, limit: int | None) -> Iterator[tuple[str, dict[str, Any]]]:
    """(username, {column: value}) for each state (`.username`). Anonymous posts are counted for nobody."""
    space_id = block.host.space_id()
    if space_id is None:
        return
    activity = spaces.preview_activity(space_id=space_id, **block.values())
    for state in islice(states, limit):
        user_id = compat.user_id(state.username)
        person = spaces.find_person(space_id=space_id, issuer=compat.issuer(), subject=str(user_id))
        if user_id is None or person is None or activity.pk is None:
            continue
        written = threads.count_signed(activity=activity, person_id=person.pk)
        yield (
            state.username,
            {_("Threads"): written.threads, _("Replies"): written.replies, _("Words"): written.words},
        )
