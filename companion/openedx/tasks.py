"""The platform's Celery works off the same table of tasks that the standalone worker does."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.core.cache import cache
from django.db import transaction
from django_tasks.signals import task_enqueued

from companion import clock, events
from companion.questions.api import next_due as next_question
from companion.reflections.api import next_due as next_reminder
from companion.tasks import next_run, worker

try:
    from celery import shared_task
except ImportError:  # the workbench has no Celery; `companion worker` does the same
    shared_task = None


def drain() -> int:
    """Run what is ready, and come back for what is to be tried later; gives the seconds until then, or 0.

    The platform has no beat by default, so each enqueued task asks for one run, and each run for the next.
    """
    worker(interval=0).work(forever=False)
    moments = [moment for moment in (next_run(), next_question(), next_reminder()) if moment is not None]
    if not moments:
        return 0
    coming = min(moments)
    seconds = max(1, int((coming - clock.now()).total_seconds()) + 1)
    if shared_task is not None:
        _ask_again(coming, seconds)
    return seconds


def _ask_again(coming: datetime, seconds: int) -> None:
    """Once for each moment: or every enqueued task would leave a chain of runs behind while another one waits, and
    Celery that runs tasks at once, without a countdown, would come back for ever.
    """
    if cache.add(f"companion.drain.{int(coming.timestamp())}", True, timeout=seconds):
        drain_task.apply_async(countdown=seconds)


if shared_task is not None:
    drain_task = shared_task(name="companion.drain", ignore_result=True)(drain)


_MOVING = (
    events.QuestionAsked,
    events.QuestionAssigned,
    events.QuestionReleased,
    events.QuestionReopened,
    events.ActivityConfigured,
    events.SeriesPublished,
    events.EntryWritten,
    events.RemindersMoved,
)


def _ask_for(_fact: events.Fact) -> None:
    _ask()


def _ask(**_kwargs: Any) -> None:
    """Asked after commit: before that the row is not there for another process.

    A broker that does not answer fails nobody's request: what was enqueued is in the table, for the next run.
    """
    transaction.on_commit(lambda: drain_task.apply_async(), robust=True)


def connect() -> None:
    if shared_task is not None:
        task_enqueued.connect(_ask, dispatch_uid="companion.openedx.tasks")
        # What moves a question's next step: the run that follows comes back when that is due.
        for fact in _MOVING:
            events.subscribe(fact, _ask_for)
