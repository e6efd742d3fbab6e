"""Durable tasks: tried again, taken back from the dead, never lost."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.db import transaction
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from companion import clock, tasks

# The worker closes its connections between tasks, so these tests cannot live in one transaction.
pytestmark = pytest.mark.django_db(transaction=True)

calls: list[str] = []
plan: list[Exception | None] = []


@tasks.task()
def errand(name: str) -> str:
    calls.append(name)
    outcome = plan.pop(0) if plan else None
    if outcome is not None:
        raise outcome
    return "done"


@pytest.fixture(autouse=True)
def _fresh():
    calls.clear()
    plan.clear()


@pytest.fixture(autouse=True)
def _log_reaches_the_test(caplog):
    caplog.set_level("INFO")


def work() -> None:
    tasks.worker(interval=0).work(forever=False)


def only() -> DBTaskResult:
    return DBTaskResult.objects.get()


def test_it_works():
    errand.enqueue("one")
    work()
    assert (calls, only().status, only().return_value) == (["one"], "SUCCESSFUL", "done")


def test_a_task_of_a_transaction_that_failed_was_never_there():
    with transaction.atomic():
        errand.enqueue("one")
        transaction.set_rollback(True)
    work()
    assert calls == []


def test_one_that_wants_another_try_gets_it_later_and_later():
    plan.extend([tasks.RetryLater("busy"), tasks.RetryLater("still busy"), None])
    errand.enqueue("one")
    start = timezone.now()
    for minutes, tries in ((0, 1), (0.5, 1), (1.1, 2), (2.5, 2), (3.3, 3), (60, 3)):
        with time_machine.travel(start + timedelta(minutes=minutes), tick=False):
            work()
        assert len(calls) == tries
    assert only().status == "SUCCESSFUL"


def test_the_other_side_may_say_how_long():
    plan.extend([tasks.RetryLater("busy", after=timedelta(hours=2)), None])
    errand.enqueue("one")
    start = timezone.now()
    for hours, tries in ((0, 1), (1.9, 1), (2.1, 2)):
        with time_machine.travel(start + timedelta(hours=hours), tick=False):
            work()
        assert len(calls) == tries


def test_another_try_is_no_error_in_the_log(caplog):
    plan.extend([tasks.RetryLater("busy"), None])
    errand.enqueue("one")
    work()
    assert "busy" in caplog.text
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


def test_what_is_finished_goes_after_a_while_and_reasons_stay_longer():
    plan.extend([None, ValueError("a bug")])
    errand.enqueue("one")
    errand.enqueue("two")
    work()
    for days, left in ((13, 2), (15, 1), (91, 0)):
        with time_machine.travel(timezone.now() + timedelta(days=days), tick=False):
            work()
        assert DBTaskResult.objects.count() == left


def test_it_gives_up_in_the_end_and_keeps_the_reason():
    plan.extend([tasks.RetryLater("the platform does not answer")] * 20)
    errand.enqueue("one")
    start = timezone.now()
    for day in range(20):
        with time_machine.travel(start + timedelta(days=day), tick=False):
            work()
    assert len(calls) == tasks.MOST_TRIES
    assert only().status == "FAILED"
    assert "the platform does not answer" in only().traceback


def test_any_other_error_is_not_tried_again():
    plan.append(ValueError("a bug"))
    errand.enqueue("one")
    start = timezone.now()
    for day in range(3):
        with time_machine.travel(start + timedelta(days=day), tick=False):
            work()
    assert (len(calls), only().status) == (1, "FAILED")


def test_a_killed_workers_task_is_done_by_another():
    errand.enqueue("one")
    only().claim("a worker that is killed now")
    work()
    assert calls == []
    with time_machine.travel(timezone.now() + tasks.LEASE + timedelta(seconds=1), tick=False):
        work()
    assert (calls, only().status) == (["one"], "SUCCESSFUL")


def test_housekeeping_does_not_wait_for_the_last_task(monkeypatch):
    """Where there always is a task, a worker never comes to an end."""
    ticked = []
    monkeypatch.setattr(tasks, "_housekeeping", [lambda: ticked.append(len(calls))])
    monkeypatch.setattr(tasks, "TICK", timedelta())
    for name in ("one", "two", "three"):
        errand.enqueue(name)
    work()
    assert ticked == [0, 0, 1, 2]


def test_housekeeping_that_fails_stops_nothing(monkeypatch, caplog):
    ticked = []

    def fails() -> None:
        raise RuntimeError("no")

    monkeypatch.setattr(tasks, "_housekeeping", [])
    tasks.each_tick(fails)
    tasks.each_tick(lambda: ticked.append(clock.now()))
    errand.enqueue("one")
    work()
    assert (len(ticked), calls) == (1, ["one"])
    assert "Housekeeping fails failed" in caplog.text
