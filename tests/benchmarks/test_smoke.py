"""The benchmarks run, and the numbers of queries keep their promise. Times are never asserted."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.core import signals
from django.db import close_old_connections

from tests.benchmarks.run import run

PAGES = {"home", "list", "list_deep", "list_newest", "list_unanswered", "list_unread", "list_mine", "thread_20"}
PAGES |= {"list_helpful", "list_video", "list_following", "list_endorsed", "list_question"}
PAGES |= {"thread_5000", "thread_5000_last", "thread_5000_middle", "thread_5000_newest", "thread_5000_helpful"}
PAGES |= {"thread_20_unseen", "thread_1000", "thread_1000_last", "thread_1000_staff", "poll_thread", "poll_list"}
OTHERS = {
    "student_view",
    "student_view_first",
    "reply",
    "launch_check",
    "launch_validation",
    "launch",
    "login",
    "markdown_2000",
}


pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _one_connection() -> Iterator[None]:
    """A request ends with its connection closed, which would be the end of the test's transaction."""
    ends = (signals.request_started, signals.request_finished)
    for signal in ends:
        signal.disconnect(close_old_connections)
    yield
    for signal in ends:
        signal.connect(close_old_connections)


def test_it_works():
    figures = {figure["name"]: figure for figure in run(30, rounds=1)}
    assert set(figures) == PAGES | OTHERS
    for figure in figures.values():
        assert figure["unit"] == "ms"
        assert figure["value"] > 0
        assert figure["ratio"] > 0
    assert {name: figures[name]["queries"] for name in PAGES if figures[name]["queries"] > 10} == {}
    assert figures["reply"]["queries"] <= 15


def test_only_what_was_asked_for():
    assert [figure["name"] for figure in run(30, only=["poll_l"], rounds=1)] == ["poll_list"]
