"""What a series costs does not grow with its learners: pages, dates, reminders."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from companion import clock
from companion.models import Milestone, Person
from companion.reflections import api as reflections
from companion.reflections import delivering
from companion.reflections.models import Delivery
from companion.spaces.keys import external_key
from tests.companion.reflections import stories
from tests.companion.reflections.stories import DAY, MONDAY, finish
from tests.people import crowd as make_crowd

FEW, MANY = 25, 400


def crowd(followed: stories.Followed, count: int) -> None:
    """So many more learners, who have finished the course."""
    space = followed.space
    people = make_crowd(space, range(count))
    Milestone.objects.bulk_create(
        Milestone(space=space, person=person, unit="course", key=external_key("course"), at=MONDAY) for person in people
    )
    reflections.recalculate(followed.series)


def queries_of(call: Callable[[], object]) -> int:
    with CaptureQueriesContext(connection) as captured:
        call()
    return sum(not query["sql"].startswith(("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE")) for query in captured)


PAGES = {
    "preview": lambda followed: reflections.preview_series(viewer=followed.ben, uid=followed.activity.uid),
    "people": lambda followed: reflections.list_deliveries(viewer=followed.ben, uid=followed.activity.uid),
    "report": lambda followed: reflections.make_report(followed.series),
    "shared": lambda followed: reflections.list_shared(viewer=followed.ben, activity=followed.activity),
    "open": lambda followed: reflections.list_open(viewer=followed.ana, activity=followed.activity),
    "journal": lambda followed: reflections.list_journal(viewer=followed.ana),
    "completion": lambda followed: finish(followed, followed.chen),
}


@pytest.mark.parametrize("page", PAGES)
def test_a_page_asks_the_same_for_few_and_for_many(db: None, page: str) -> None:
    counts = []
    with clock.at(MONDAY):
        followed = stories.course()
        finish(followed)
        crowd(followed, FEW)
        for more in (0, MANY):
            if more:
                Person.objects.filter(name__startswith="Learner").delete()
                crowd(followed, more)
            if page == "completion":
                finish(followed, followed.nameless if more else followed.chen)
            with clock.at(MONDAY + 2 * DAY):
                counts.append(queries_of(lambda: PAGES[page](followed)))
    assert counts[0] == counts[1]
    assert counts[0] <= 16


def test_a_batch_of_reminders_asks_the_same_for_each(db: None) -> None:
    """Some queries a batch, and three for each letter: it may be out, it is the one of its day, it is out."""
    with clock.at(MONDAY):
        followed = stories.course()
        crowd(followed, 120)
    with clock.at(MONDAY + 2 * DAY):
        counts = []
        for size in (10, 100):
            batch = delivering.take()
            others, batch = batch[size:], batch[:size]
            Delivery.objects.filter(pk__in=[delivery.pk for delivery in others]).update(taken_at=None)
            counts.append(queries_of(lambda batch=batch: delivering.deliver(batch)))
    assert (counts[1] - counts[0]) / 90 == 3
    assert counts[0] - 30 <= 14


def test_dates_of_more_learners_cost_no_more_queries_each(db: None) -> None:
    with clock.at(MONDAY):
        followed = stories.course()
        crowd(followed, 100)
        few = queries_of(lambda: reflections.recalculate(followed.series))
        Person.objects.filter(name__startswith="Learner").delete()
        crowd(followed, 450)
        assert queries_of(lambda: reflections.recalculate(followed.series)) == few
