"""What stands in a platform's gradebook, read back: whoever has a grade for an activity has finished it.

It is asked for each hour where a follow-up series waits for the activity and a launch said that we may look. Of the
points that we sent ourselves, only all of them are an end; a grade that somebody gave by hand is one, whatever it is
but nothing. Platforms show a tool its own columns alone.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.db.models import Q

from companion import clock
from companion.reflections import api as reflections
from companion.spaces import api as spaces
from companion.tasks import RetryLater, task
from companion_lti.connector import NoAccess
from companion_lti.gradebooks import Gradebook, Result
from companion_lti.grades import ASLEEP
from companion_lti.models import GradeColumn, Score
from companion_lti.outgoing import CallFailed, retry_after
from companion_lti.scoring import SAME

EVERY: Final = timedelta(hours=1)
# So many columns are looked at in a minute: most have no series that waits for them, and cost a look into the cache.
MOST_A_TICK: Final = 500


def read_hourly() -> None:
    """Have results read that a series waits for."""
    now = clock.now()
    stale = Q(results_at=None) | Q(results_at__lt=now - EVERY)
    due = GradeColumn.objects.filter(
        stale,
        may_look=True,
        link__deployment__is_approved=True,
        link__deployment__registration__is_active=True,
        link__space__memberships__launched_at__gt=now - ASLEEP,
    ).exclude(line_item_url="")
    found = due.distinct().select_related("link__activity").order_by("results_at", "pk")[:MOST_A_TICK]
    for column in found:
        # Whoever moves the date enqueues: the other workers find it moved.
        moved = GradeColumn.objects.filter(stale, pk=column.pk).update(results_at=now)
        if moved and str(column.link.activity.uid) in reflections.waited_for(space_id=column.link.space_id):
            read_results.enqueue(column.pk)


@task()
def read_results(column_id: int) -> str:
    """Read everybody's results in a column, and note who has finished its activity. Twice is once."""
    columns = GradeColumn.objects.select_related("link__activity", "link__deployment__registration")
    column = columns.filter(pk=column_id).first()
    if column is None:
        return "gone"
    try:
        results = dict(Gradebook(column, renew=lambda: None).read_all())
    except CallFailed as error:
        GradeColumn.objects.filter(pk=column_id).update(results_error=f"The platform's grade service {error}."[:500])
        if isinstance(error, NoAccess) or error.status in (401, 403, 404):
            return f"stopped: {error}"
        raise RetryLater(str(error), after=retry_after(error)) from error
    GradeColumn.objects.filter(pk=column_id).exclude(results_error="").update(results_error="")
    return f"{_note(column, results)} finished"


def _note(column: GradeColumn, results: dict[str, Result]) -> int:
    space_id, unit = column.link.space_id, str(column.link.activity.uid)
    people = spaces.people_by_subject(space_id=space_id, issuer=column.link.deployment.identity, subjects=list(results))
    sent = {score.person_id: score for score in column.scores.filter(person_id__in=people)}
    known = reflections.finished_by(space_id=space_id, unit=unit)
    done = [
        (person_id, results[subject].at)
        for person_id, subject in people.items()
        if person_id not in known and _is_end(results[subject], sent.get(person_id))
    ]
    for person_id, at in done:
        reflections.note_completion(space_id=space_id, person_id=person_id, unit=unit, at=_past(at))
    return len(done)


def _is_end(result: Result, score: Score | None) -> bool:
    if not result.share or result.share < 0:
        return False
    ours = (score.share, score.tried_share) if score is not None else ()
    return result.share >= 1 - SAME or not any(share and abs(result.share - share) <= SAME for share in ours)


def _past(moment: datetime | None) -> datetime | None:
    """A platform's clock may be ahead of ours."""
    return min(moment, clock.now()) if moment is not None else None
