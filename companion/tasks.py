"""Durable tasks: what may fail or wait is a row, enqueued in the same transaction as the fact that caused it.

Django's tasks API and its database worker hold the rows. Ours are what they lack: trying again later, taking back
what a killed worker left behind, and a tick for housekeeping. Every task runs at least once and must be idempotent.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import close_old_connections
from django.db.models import Q
from django.utils.crypto import get_random_string
from django_tasks import TaskResultStatus, task
from django_tasks_db.management.commands.db_worker import Worker as DatabaseWorker
from django_tasks_db.models import DBTaskResult

from companion import clock

__all__ = ["MOST_TRIES", "RetryLater", "Worker", "each_tick", "next_run", "task", "take_back_abandoned"]

logger = logging.getLogger(__name__)

MOST_TRIES: Final = 8
# A task that has run this long belongs to a worker that was killed: none of ours takes a tenth of it.
LEASE: Final = timedelta(minutes=15)
TICK: Final = timedelta(minutes=1)
KEEP_SUCCESSFUL: Final = timedelta(days=14)
# The reason of a failure is what somebody will ask for.
KEEP_FAILED: Final = timedelta(days=90)

_housekeeping: list[Callable[[], object]] = []


class RetryLater(Exception):
    """Raised by a task that wants another try. `after` is how long the other side asked us to wait, if it did."""

    def __init__(self, reason: str, *, after: timedelta | None = None) -> None:
        super().__init__(reason)
        self.after = after


def each_tick(function: Callable[[], object]) -> Callable[[], object]:
    """Have the worker call this about once a minute: pruning and the like. It must be safe to call twice at once."""
    if function not in _housekeeping:
        _housekeeping.append(function)
    return function


def take_back_abandoned() -> int:
    """Make the tasks of killed workers ready again; gives how many."""
    # The tasks' own table goes by the machine's clock, as all of its times are that Django's worker writes.
    now = clock.now_elsewhere()
    abandoned = DBTaskResult.objects.running().filter(started_at__lt=now - LEASE)
    count = abandoned.update(status=TaskResultStatus.READY, run_after=now)
    if count:
        logger.warning("%d abandoned tasks are ready again", count)
    return count


def next_run() -> datetime | None:
    """When the next task wants to run (now, for one that waits for nothing), or None where there is none."""
    # A task that waits for nothing stands in the table as one of the year 9999.
    if DBTaskResult.objects.ready().exists():
        return clock.now_elsewhere()
    waiting = DBTaskResult.objects.filter(status=TaskResultStatus.READY).order_by("run_after")
    return waiting.values_list("run_after", flat=True).first()


def prune_finished() -> int:
    """Delete tasks that succeeded two weeks ago or failed three months ago; gives how many."""
    now = clock.now_elsewhere()
    old = Q(status=TaskResultStatus.SUCCESSFUL, finished_at__lt=now - KEEP_SUCCESSFUL)
    old |= Q(status=TaskResultStatus.FAILED, finished_at__lt=now - KEEP_FAILED)
    return DBTaskResult.objects.filter(old).delete()[0]


class Worker(DatabaseWorker):
    """The database worker, with retries by backoff (1, 2, 4 ... minutes, or longer where the other side asks)."""

    _ticked: datetime | None = None

    def run_task(self, db_task_result: Any) -> None:
        # Between tasks too: where there always is one, the housekeeping must not wait for an end.
        self._tick_when_due()
        set_failed = db_task_result.set_failed

        # In place of "failed", in the same statement: a worker killed in between would leave a task nobody retries.
        def set_failed_or_ready(error: BaseException) -> None:
            tries = len(db_task_result.worker_ids)
            if not isinstance(error, RetryLater) or tries >= MOST_TRIES:
                set_failed(error)
                return
            db_task_result.status = TaskResultStatus.READY
            # Not sooner than our own wait: a second or two each time would use up all tries in a moment.
            wait = max(error.after or timedelta(), timedelta(minutes=2 ** (tries - 1)))
            db_task_result.run_after = clock.now_elsewhere() + wait
            db_task_result.save(update_fields=["status", "run_after"])
            logger.info("%s waits: %s", db_task_result.task_path, error)

        db_task_result.set_failed = set_failed_or_ready
        super().run_task(db_task_result)

    def work(self, *, forever: bool = True) -> None:
        """Run what is ready; with `forever`, until a signal says stop."""
        self.batch = True
        while self.running:
            self._tick_when_due()
            self.run()
            if not forever:
                return
            close_old_connections()
            if self.running:
                time.sleep(self.interval)

    def _tick_when_due(self) -> None:
        # By the clock that the housekeeping goes by: what is due once that is moved is done at once.
        now = clock.now()
        if self._ticked is None or abs(now - self._ticked) >= TICK:
            self._ticked = now
            self._tick()

    def _tick(self) -> None:
        for function in (take_back_abandoned, prune_finished, *_housekeeping):
            try:
                function()
            except Exception:
                logger.exception("Housekeeping %s failed", getattr(function, "__name__", function))


def worker(*, interval: float = 1.0) -> Worker:
    """A worker over all queues."""

    return Worker(
        queue_names=["*"],
        interval=interval,
        batch=True,
        backend_name="default",
        startup_delay=False,
        max_tasks=None,
        worker_id=get_random_string(32),
        excluded_queue_names=[],
    )
