"""Credit for answering: the rule of threads/credit.py, with answered prompts in the place of replies.

That somebody answered is known to the course staff anyway; what they answered is not. The length of a text is counted
as in posts; a tap on a scale has no words and counts where the rule asks for none.
"""

from __future__ import annotations

from collections import Counter

from companion.reflections.models import Entry
from companion.spaces.api import Activity
from companion.text import count_words
from companion.threads.api import Credit, credit_of


def get_credit(*, activity: Activity, person_id: int) -> Credit | None:
    """Somebody's credit in a series, or None where it has no rule."""
    if not activity.discussion.has_credit_rule:
        return None
    return credit_of(activity, threads=0, replies=_counts(activity, person_id)[person_id])


def list_credit(*, activity: Activity) -> dict[int, Credit]:
    """The credit of everybody who has some, by person, in one query."""
    if not activity.discussion.has_credit_rule:
        return {}
    counts = _counts(activity)
    return {person_id: credit_of(activity, threads=0, replies=count) for person_id, count in counts.items()}


def _counts(activity: Activity, person_id: int | None = None) -> Counter[int]:
    """How many prompts each has answered that count; one that was asked twice counts once."""
    entries = Entry.objects.filter(prompt__series_id=activity.pk)
    if person_id is not None:
        entries = entries.filter(person_id=person_id)
    least = activity.discussion.credit_words
    found = {(entry.person_id, entry.prompt_id) for entry in entries if count_words("\n".join(entry.parts)) >= least}
    return Counter(person for person, _prompt in found)
