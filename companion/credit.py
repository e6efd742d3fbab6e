"""Credit in an activity of any kind: one rule, read on its page and told to the platform as completion or grade."""

from __future__ import annotations

from companion.reflections import api as reflections
from companion.spaces.api import Activity
from companion.threads import api as threads
from companion.threads.api import Credit, credit_rule, credit_worth

__all__ = ["Credit", "credit_rule", "credit_worth", "get_credit", "list_credit"]


def get_credit(*, activity: Activity, person_id: int) -> Credit | None:
    """Somebody's credit in an activity, or None where it has no rule."""
    if activity.asks_back:
        return reflections.get_credit(activity=activity, person_id=person_id)
    return threads.get_credit(activity=activity, person_id=person_id)


def list_credit(*, activity: Activity) -> dict[int, Credit]:
    """The credit of everybody who has some, by person."""
    return reflections.list_credit(activity=activity) if activity.asks_back else threads.list_credit(activity=activity)
