"""Durable tasks in an LMS: Celery is asked when something is enqueued, and again for what is to be tried later."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import transaction
from django.utils import timezone
from django_tasks.signals import task_enqueued
from django_tasks_db.models import DBTaskResult
from kombu.exceptions import OperationalError

from companion import clock
from companion import tasks as durable
from companion.openedx import tasks
from companion.reflections import api as reflections
from companion.spaces import api as spaces
from companion.spaces.prompts import Anchor, PromptSettings
from companion.viewer import Role
from tests.companion.questions import stories
from tests.companion.reflections import stories as follow_up
from tests.companion.reflections.stories import MONDAY

# The worker closes its connections between tasks, so these tests cannot live in one transaction.
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.every_database]

calls: list[str] = []
plan: list[Exception | None] = []


@durable.task()
def errand(name: str) -> str:
    calls.append(name)
    outcome = plan.pop(0) if plan else None
    if outcome is not None:
        raise outcome
    return "done"


@pytest.fixture(autouse=True)
def _fresh() -> None:
    calls.clear()
    plan.clear()


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """When Celery was asked to run `drain`: seconds from now. Nothing is sent."""
    seconds: list[float] = []
    monkeypatch.setattr(tasks.drain_task, "apply_async", lambda countdown=0: seconds.append(countdown))
    return seconds


@pytest.fixture
def eager() -> Iterator[None]:
    """Celery runs a task where it is asked for, as in a developer's LMS."""
    conf = tasks.drain_task.app.conf
    before, conf.task_always_eager = conf.task_always_eager, True
    yield
    conf.task_always_eager = before


def test_it_works(eager):
    errand.enqueue("one")
    assert (calls, DBTaskResult.objects.get().status) == (["one"], "SUCCESSFUL")


def test_an_enqueued_task_asks_once(asked):
    errand.enqueue("one")
    assert (asked, calls) == ([0], [])
    assert tasks.drain() == 0
    assert (asked, calls) == ([0], ["one"])


def test_reminders_are_come_back_for(asked):
    """Whatever gives a reminder another date asks for the run that sends it: there is no beat."""
    with clock.at(MONDAY):
        prompt = PromptSettings(key="plan", title="Welcome?", anchor=Anchor.ENROLMENT, days=1)
        followed = follow_up.course(prompts=[prompt])
        asked.clear()
        person = spaces.admit_person(
            organization_id=followed.ben.organization_id, issuer=followed.space.issuer, subject="new"
        )
        spaces.enrol(space_id=followed.space.pk, person_id=person.pk, role=Role.LEARNER)
        assert asked
    with clock.at(MONDAY + timedelta(days=1)):
        tasks.drain()
        asked.clear()
        reflections.snooze_prompt(viewer=followed.ana, delivery_id=follow_up.row(followed.ana, "plan").pk, days=1)
        assert asked


def test_connected_again_it_still_asks_once(asked):
    """An app may be made ready more than once."""
    tasks.connect()
    errand.enqueue("one")
    assert asked == [0]


def test_it_asks_after_commit_because_the_row_is_not_there_before(asked):
    with transaction.atomic():
        errand.enqueue("one")
        assert asked == []
    assert asked == [0]


def test_what_was_rolled_back_asks_for_nothing(asked):
    with transaction.atomic():
        errand.enqueue("one")
        transaction.set_rollback(True)
    assert asked == []
    assert tasks.drain() == 0
    assert calls == []


@pytest.mark.parametrize("in_transaction", [True, False])
def test_a_broker_that_does_not_answer_fails_nobodys_request(monkeypatch, caplog, in_transaction):
    def refuse(**_options: Any) -> None:
        raise OperationalError("connection refused")

    with monkeypatch.context() as without:
        without.setattr(tasks.drain_task, "apply_async", refuse)
        if in_transaction:
            with transaction.atomic():
                errand.enqueue("one")
        else:
            errand.enqueue("one")
    assert "connection refused" in caplog.text
    # The next run, whatever asked for it, does it.
    assert (tasks.drain(), calls) == (0, ["one"])


def test_one_run_does_all_that_is_ready(asked):
    for name in ("one", "two", "three"):
        errand.enqueue(name)
    assert tasks.drain() == 0
    assert calls == ["one", "two", "three"]
    assert (tasks.drain(), calls) == (0, ["one", "two", "three"])


def test_for_what_is_to_be_tried_again_it_comes_back(asked):
    plan.extend([durable.RetryLater("busy", after=timedelta(minutes=5)), None])
    start = timezone.now()
    with time_machine.travel(start, tick=False):
        errand.enqueue("one")
        asked.clear()
        assert tasks.drain() == pytest.approx(301, abs=1)
        assert asked == [pytest.approx(301, abs=1)]
    with time_machine.travel(start + timedelta(seconds=asked.pop()), tick=False):
        assert tasks.drain() == 0
    assert (calls, asked, DBTaskResult.objects.get().status) == (["one", "one"], [], "SUCCESSFUL")


def test_many_runs_ask_once_for_the_same_moment(asked):
    """Or each of a hundred enqueued tasks would leave a chain of runs behind while one waits."""
    plan.append(durable.RetryLater("busy", after=timedelta(hours=1)))
    errand.enqueue("waits")
    tasks.drain()
    for name in ("one", "two", "three"):
        errand.enqueue(name)
        tasks.drain()
    assert calls == ["waits", "one", "two", "three"]
    assert [seconds for seconds in asked if seconds] == [pytest.approx(3601, abs=2)]


def test_a_run_that_comes_too_early_asks_again_when_it_is_time(asked):
    plan.extend([durable.RetryLater("busy", after=timedelta(minutes=5))] * 2)
    start = timezone.now()
    for minutes in (0, 4, 6, 12):
        with time_machine.travel(start + timedelta(minutes=minutes), tick=False):
            if not minutes:
                errand.enqueue("one")
                asked.clear()
            tasks.drain()
    assert len(calls) == 3
    assert asked == [pytest.approx(301, abs=1)] * 2


def test_celery_that_runs_tasks_at_once_does_not_come_back_for_ever(eager, monkeypatch):
    """It knows no countdown."""
    runs: list[int] = []
    once = tasks.next_run
    monkeypatch.setattr(tasks, "next_run", lambda: (runs.append(1), once())[1] if len(runs) < 9 else None)
    plan.append(durable.RetryLater("busy"))
    errand.enqueue("one")
    assert (len(calls), DBTaskResult.objects.get().status) == (1, "READY")
    assert len(runs) == 2


def test_the_next_run_is_now_where_something_is_ready():
    """In the table, what waits for nothing is dated in the year 9999."""
    assert durable.next_run() is None
    DBTaskResult.objects.create(
        task_path="x", args_kwargs={}, backend_name="default", run_after=datetime(9999, 1, 1, tzinfo=UTC)
    )
    assert abs(durable.next_run() - timezone.now()) < timedelta(minutes=1)
    DBTaskResult.objects.all().delete()
    later = timezone.now() + timedelta(hours=2)
    DBTaskResult.objects.create(task_path="x", args_kwargs={}, backend_name="default", run_after=later)
    assert abs(durable.next_run() - later) < timedelta(seconds=1)


def test_without_celery_nothing_is_asked_and_a_run_still_runs(monkeypatch, asked):
    """The workbench; there `companion worker` does the same."""
    task_enqueued.disconnect(dispatch_uid="companion.openedx.tasks")
    try:
        monkeypatch.setattr(tasks, "shared_task", None)
        tasks.connect()
        plan.append(durable.RetryLater("busy"))
        errand.enqueue("one")
        assert tasks.drain() == pytest.approx(61, abs=2)
        assert (asked, calls) == ([], ["one"])
    finally:
        monkeypatch.undo()
        tasks.connect()


def test_a_question_that_waits_asks_for_the_run_that_moves_it():
    asked = stories.course(peer_hours=2)
    stories.ask(asked)
    assert 0 < tasks.drain() <= 2 * 60 * 60 + 1
