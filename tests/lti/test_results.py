"""Ben grades by hand in his platform, and the series that waits for the activity asks Ana."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from companion_lti import results
from companion_lti.models import GradeColumn
from companion_lti.mount import viewer_of
from django.core.cache import cache
from django_tasks_db.models import DBTaskResult

from companion import clock
from companion.reflections import api as reflections
from companion.reflections.models import Delivery
from companion.spaces import api as spaces
from companion.spaces.api import Activity
from companion.spaces.kinds import Kind
from companion.spaces.prompts import Anchor, PromptSettings
from companion.tasks import RetryLater
from tests.lti.conftest import new_browser
from tests.lti.far_end import Answer
from tests.lti.gradebook import Gradebook
from tests.lti.platform import ANA, BEN, Platform

pytestmark = pytest.mark.every_database

SUB = "6"
RULE = {"credit_threads": 2, "credit_points": 10}


class Course:
    """A graded discussion, a series that asks a week after it, and Ana in both."""

    def __init__(self, platform: Platform, *scopes: str, waits: bool = True) -> None:
        cache.clear()
        self.book = Gradebook(platform.server)
        claim = self.book.claim(*scopes, column=1)
        self.ben = viewer_of(platform.enter(new_browser(), BEN, claim))
        self.activity = Activity.objects.get()
        spaces.configure_activity(
            viewer=self.ben, uid=self.activity.uid, title="Week 1", settings=self.activity.settings | RULE
        )
        self.ana = viewer_of(platform.enter(new_browser(), ANA, claim))
        unit = str(self.activity.uid) if waits else "another"
        series = spaces.create_activity(
            viewer=self.ben,
            title="A week later",
            kind=Kind.REFLECTION,
            settings={"prompts": [PromptSettings(key="a", title="A", anchor=Anchor.UNIT, unit=unit, days=7)]},
            external_id="series",
        )
        reflections.publish_series(viewer=self.ben, uid=series.uid)

    def read(self) -> str:
        cache.clear()
        return results.read_results.func(GradeColumn.objects.get().pk)

    def state(self) -> str:
        return Delivery.objects.get(person_id=self.ana.person_id).state


@pytest.fixture
def course(platform: Platform) -> Course:
    return Course(platform)


def waiting() -> int:
    return DBTaskResult.objects.filter(task_path__endswith="read_results").count()


def test_it_works(course: Course) -> None:
    assert course.state() == "held"
    course.book.grade_by_hand(1, SUB, 70)
    results.read_hourly()
    assert waiting() == 1
    assert course.read() == "1 finished"
    assert course.state() == "planned"
    assert course.read() == "0 finished"


def test_it_is_asked_for_once_an_hour(course: Course) -> None:
    results.read_hourly()
    results.read_hourly()
    assert waiting() == 1
    with clock.at(clock.now() + timedelta(hours=1, minutes=1)):
        results.read_hourly()
    assert waiting() == 2


def test_where_nothing_waits_for_it_nobody_asks(platform: Platform) -> None:
    Course(platform, waits=False)
    results.read_hourly()
    assert waiting() == 0


def test_where_we_may_not_look_nobody_asks(platform: Platform) -> None:
    Course(platform, "score", "lineitem")
    results.read_hourly()
    assert waiting() == 0


@pytest.mark.parametrize("score", [0, None, -1])
def test_nothing_is_no_end(course: Course, score: float | None) -> None:
    course.book.grade_by_hand(1, SUB, score)
    assert course.read() == "0 finished"
    assert course.state() == "held"


def test_a_part_that_we_sent_ourselves_is_no_end(course: Course) -> None:
    column = GradeColumn.objects.get()
    column.scores.create(person_id=course.ana.person_id, share=0.5)
    course.book.grade_by_hand(1, SUB, 50)
    assert course.read() == "0 finished"
    course.book.grade_by_hand(1, SUB, 100)
    assert course.read() == "1 finished"


def test_page_after_page_and_whoever_we_do_not_know_is_passed_over(course: Course) -> None:
    for number in range(10, 20):
        course.book.grade_by_hand(1, str(number), 80)
    course.book.grade_by_hand(1, SUB, 80)
    assert course.read() == "1 finished"


@pytest.mark.parametrize(
    "answer",
    [{"userId": SUB}, "no", [None, 3, {"userId": [SUB], "resultScore": 1}, {"userId": SUB, "resultScore": "9"}]],
)
def test_what_is_no_result_is_none(course: Course, answer: Any) -> None:
    course.book.server.answers["/lineitems/1/lineitem/results"] = Answer(answer)
    if isinstance(answer, list):
        assert course.read() == "0 finished"
    else:
        with pytest.raises(RetryLater):
            course.read()
    assert course.state() == "held"


def test_a_platform_that_is_down_is_asked_again_and_its_page_says_so(course: Course) -> None:
    course.book.server.answers["/lineitems/1/lineitem/results"] = Answer({}, status=503)
    with pytest.raises(RetryLater):
        course.read()
    assert "grade service" in GradeColumn.objects.get().results_error
    course.book.server.answers["/lineitems/1/lineitem/results"] = Answer({}, status=403)
    assert course.read().startswith("stopped")
    course.book.add(1)
    assert course.read() == "0 finished"
    assert GradeColumn.objects.get().results_error == ""


def test_when_it_was_given_counts_and_never_the_future(course: Course) -> None:
    early = clock.now() - timedelta(days=3)
    result = {"userId": SUB, "resultScore": 9, "resultMaximum": 10, "timestamp": early.isoformat()}
    course.book.server.answers["/lineitems/1/lineitem/results"] = Answer([result])
    assert course.read() == "1 finished"
    opens_at = Delivery.objects.get(person_id=course.ana.person_id).opens_at
    assert opens_at is not None
    assert abs(opens_at - early - timedelta(days=7)) < timedelta(hours=2)
