from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django_tasks_db.models import DBTaskResult

from companion.threads import api as threads
from tests import people


@pytest.fixture
def start(course: people.Course) -> Callable[..., threads.Thread]:
    """A thread in the course, Ana's if nothing else is said."""

    def start(title: str, body: str = "Please help.", viewer: Any = None, **facts: Any) -> threads.Thread:
        facts.setdefault("activity_uid", course.activity.uid)
        return threads.start_thread(viewer=viewer or course.ana, title=title, body=body, **facts)

    return start


@pytest.fixture
def run_tasks() -> Callable[[], int]:
    """Do what was promised for later, and what that promises; gives how many. Not by the worker, which closes the
    connection that a story is told in.
    """

    def run() -> int:
        count = 0
        while waiting := DBTaskResult.objects.ready().first():
            waiting.task.func(*waiting.args_kwargs["args"], **waiting.args_kwargs["kwargs"])
            waiting.delete()
            count += 1
        return count

    return run
