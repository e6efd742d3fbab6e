"""Grades in the demo LMS held against the credit that the Companion gives, and time that is made to pass."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

from companion_lti import grades
from companion_lti.models import GradeColumn, Score
from django.db.models import Q
from django_tasks_db.models import DBTaskResult

from companion import clock
from companion.spaces.api import Activity
from companion.spaces.models import Person
from companion.threads import api as threads
from tests.benchmarks.between import Sent

LIVE = ("READY", "RUNNING")
# A task that waits for nothing stands in the table as one of the year 9999.
NEVER = timedelta(days=2)


def hours_pass() -> int:
    """Stand in for hours: what waits for another try may have it, and a column that nobody tends is found again.
    Gives how many tasks there were to send scores.

    Without this a run would take as long as the backoff of tasks: two hours, and after the last try another twelve.
    """
    now = clock.now()
    DBTaskResult.objects.filter(status="READY", run_after__gt=now, run_after__lt=now + NEVER).update(run_after=now)
    count: int = _live_tasks().filter(task_path__endswith="send_scores").count()
    if not count:
        GradeColumn.objects.exclude(queued_at=None).update(queued_at=now - timedelta(days=1))
        grades.wake_stalled()
    return count


def tried_in_vain() -> dict[int, str]:
    """Whoever is due and was sent something that the Companion has not heard of: it may be there. Their subjects."""
    due = Score.objects.filter(state=Score.State.DUE, tried_share__isnull=False).select_related("person")
    return {score.person_id: score.person.subject for score in due if score.tried_share != score.share}


def bury_the_killed() -> None:
    """Stand in for the minutes after which it is clear that nobody is at what a killed worker had begun."""
    now = clock.now()
    DBTaskResult.objects.filter(status="RUNNING").update(started_at=now - timedelta(hours=1))
    GradeColumn.objects.exclude(busy_until=None).update(busy_until=now)


def night_comes() -> None:
    """What the worker does each night: look at everybody's credit in each column."""
    for pk in GradeColumn.objects.values_list("pk", flat=True):
        grades.settle_column.enqueue(pk)


def not_sent() -> dict[str, int]:
    """How many scores are in another state than sent, by state and reason."""
    rows = Score.objects.exclude(state=Score.State.SENT).values_list("state", "reason")
    return dict(Counter(f"{state}: {reason}" for state, reason in rows))


def is_settled() -> bool:
    return not _live_tasks().exists() and not Score.objects.filter(state=Score.State.DUE).exists()


def given_up() -> dict[str, int]:
    """The tasks that used up their tries, by name."""
    paths = DBTaskResult.objects.filter(status="FAILED").values_list("task_path", flat=True)
    return dict(Counter(path.rpartition(".")[2] for path in paths))


def broken() -> list[str]:
    """A sentence for each task that failed of anything but the services of the LMS."""
    failed = DBTaskResult.objects.filter(status="FAILED").exclude(exception_class_path__endswith=".RetryLater")
    return [f"{task.task_path} failed: {task.traceback}" for task in failed]


def wrong_grades(folder: Path, link_id: int, activity: Activity, people: Sequence[int]) -> list[str]:
    """A sentence for each learner whose grade in the LMS is not their credit, and for a column too many."""
    columns, given = _gradebook(folder, link_id)
    wrong = [] if columns == 1 else [f"the link has {columns} columns"]
    points = activity.discussion.credit_points
    for person in Person.objects.filter(pk__in=people):
        credit = threads.get_credit(activity=activity, person_id=person.pk)
        wanted = round(credit.share * points, 4) if credit and credit.share else None
        if given.get(person.subject) != wanted:
            known = Score.objects.filter(column__link__link_id=str(link_id), person=person).values().first()
            wrong.append(f"{person.subject} has {given.get(person.subject)}, not {wanted}: {known}")
    return wrong


def unordered(sent: Sequence[Sent]) -> list[str]:
    """A sentence for each score that was not sent after the one before, or not up, or from the future."""
    return [wrong for scores in _by_person(sent).values() for wrong in _unordered(scores)]


def doubled(sent: Sequence[Sent]) -> list[str]:
    """A sentence for each person whose gradebook took one grade twice."""
    taken = Counter((score.subject, score.points) for score in sent if score.was_taken)
    return [f"{subject} was given {points} {count} times" for (subject, points), count in taken.items() if count > 1]


def _unordered(scores: Sequence[Sent]) -> Iterator[str]:
    for score in scores:
        if score.timestamp > score.arrived:
            yield f"{score} is from the future"
    for before, score in pairwise(scores):
        if score.timestamp <= before.timestamp:
            yield f"{score} came after {before}"
    for before, score in pairwise([score for score in scores if score.was_taken]):
        if score.points < before.points:
            yield f"{score} is less than {before}"


def _by_person(sent: Sequence[Sent]) -> Mapping[str, list[Sent]]:
    found: dict[str, list[Sent]] = {}
    for score in sorted(sent, key=lambda score: score.arrived):
        found.setdefault(score.subject, []).append(score)
    return found


def _gradebook(folder: Path, link_id: int) -> tuple[int, dict[str, float | None]]:
    """From the tables of the LMS: how many columns a link has, and what everybody has in them."""
    with closing(sqlite3.connect(f"file:{folder / 'demo_lms.sqlite3'}?mode=ro", uri=True)) as lms:
        columns: Any = lms.execute("SELECT COUNT(*) FROM demo_lms_lineitem WHERE link_id = ?", [link_id]).fetchone()
        rows = lms.execute(
            "SELECT sub, score_given FROM demo_lms_result JOIN demo_lms_lineitem item ON item.id = line_item_id"
            " WHERE item.link_id = ?",
            [link_id],
        )
        return columns[0], dict(rows.fetchall())


def _live_tasks() -> Any:
    return DBTaskResult.objects.filter(Q(status__in=LIVE))
