"""The outage runs; what it looks for it would find."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from companion.threads import api as threads
from tests import people
from tests.benchmarks import grading
from tests.benchmarks.between import Sent
from tests.benchmarks.serving import ROOT

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def test_it_works():
    """Grades are not asked about: whether one is missed depends on what a long run has time for."""
    command = [sys.executable, "-m", "tests.benchmarks.outage", "--seconds", "6", "--learners", "4"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.stdout, done.stderr
    figures = json.loads(done.stdout)
    assert figures["posts"] > 0
    assert figures["scores"]["200"] > 0
    kinds = ("wrong_grades", "unordered", "doubled", "broken", "tracebacks", "unanswered", "unsettled")
    assert {kind: figures[kind] for kind in kinds} == dict.fromkeys(kinds, 0), done.stderr


def sent(points: float, *, after: int = 0, status: int = 200, **changes: Any) -> Sent:
    """Ana's score, so many seconds after noon."""
    moment = NOON + timedelta(seconds=after)
    arrived = moment + timedelta(seconds=1)
    found = Sent(arrived=arrived, answered=arrived, status=status, subject="ana", points=points, timestamp=moment)
    return replace(found, **changes)


def test_nothing_is_found_where_nothing_is_wrong():
    scores = [sent(1), sent(2, after=5, status=503), sent(2, after=9), sent(2, after=9, subject="chen")]
    assert grading.unordered(scores) + grading.doubled(scores) == []


@pytest.mark.parametrize(
    ("second", "said"),
    [
        (sent(2, arrived=NOON + timedelta(seconds=9)), "came after"),
        (sent(2, after=5, arrived=NOON), "is from the future"),
        (sent(0.5, after=5), "is less than"),
    ],
)
def test_what_is_out_of_order_is_found(second: Sent, said: str):
    found = grading.unordered([sent(1), second])
    assert any(said in line for line in found), found


def test_a_grade_that_was_taken_twice_is_found():
    assert grading.doubled([sent(1), sent(1, after=5)]) == ["ana was given 1 2 times"]
    assert grading.doubled([sent(1, status=503), sent(1, after=5)]) == []


@pytest.mark.parametrize(
    ("columns", "grade", "said"),
    [
        (1, 5.0, []),
        (1, 2.5, ["ana has 2.5, not 5.0: None"]),
        (1, None, ["ana has None, not 5.0: None"]),
        (2, 5.0, ["the link has 2 columns"]),
    ],
)
def test_a_grade_that_is_not_the_credit_is_found(tmp_path: Path, columns: int, grade: float | None, said: list[str]):
    course = people.course(credit_threads="2", credit_points="10")
    threads.start_thread(viewer=course.ana, activity_uid=course.activity.uid, title="T", body="B")
    _write_gradebook(tmp_path / "demo_lms.sqlite3", columns, grade)
    course.activity.refresh_from_db()
    assert grading.wrong_grades(tmp_path, 7, course.activity, [course.ana.person_id]) == said


def _write_gradebook(path: Path, columns: int, grade: float | None) -> None:
    """As the LMS keeps it: the columns of link 7, and what Ana has in the first."""
    with closing(sqlite3.connect(path)) as lms, lms:
        lms.execute("CREATE TABLE demo_lms_lineitem (id INTEGER, link_id INTEGER)")
        lms.execute("CREATE TABLE demo_lms_result (line_item_id INTEGER, sub TEXT, score_given REAL)")
        lms.executemany("INSERT INTO demo_lms_lineitem VALUES (?, 7)", [[number] for number in range(columns)])
        lms.execute("INSERT INTO demo_lms_result VALUES (0, 'ana', ?)", [grade])
