"""One table for the two forms of the read rule: `visible_to` in SQL, `can_see_thread` for a row in hand."""

from __future__ import annotations

from datetime import timedelta
from itertools import product

import pytest

from companion import clock
from companion.models import Activity, Thread
from companion.spaces.permissions import can_see_activity
from companion.threads import api as threads
from companion.threads.permissions import can_see_thread
from companion.threads.reading import is_mine
from tests.people import course as make_course
from tests.people import outsider

VIEWERS = ("ana", "ben", "chen", "other", "dee")
STATES = ("plain", "anonymous", "hidden", "anonymous hidden", "deleted")
SEEN = {
    "plain": {"ana", "ben", "chen"},
    "anonymous": {"ana", "ben", "chen"},
    "hidden": {"ana", "ben"},
    "anonymous hidden": {"ana", "ben"},
    "deleted": set(),
}


@pytest.mark.parametrize(("state", "opened"), list(product(STATES, (True, False))))
def test_both_forms_of_the_rule_agree_with_the_table(course, state, opened):
    viewers = {
        "ana": course.ana,
        "ben": course.ben,
        "chen": course.chen,
        "other": make_course(context="c2").ben,
        "dee": outsider(),
    }
    thread = threads.start_thread(
        viewer=course.ana, activity_uid=course.activity.uid, title="T", body="B", anonymous="anonymous" in state
    )
    if "hidden" in state:
        threads.hide_post(viewer=course.ben, thread_id=thread.pk, number=1, reason="r")
    if state == "deleted":
        threads.delete_post(viewer=course.ana, thread_id=thread.pk, number=1)
    if not opened:
        Activity.objects.update(opens_at=clock.now() + timedelta(days=1))
    expected = SEEN[state] if opened else SEEN[state] & {"ben"}
    for name in VIEWERS:
        viewer = viewers[name]
        in_sql = Thread.objects.visible_to(viewer).filter(pk=thread.pk).exists()
        row = Thread.objects.select_related("activity__space").get(pk=thread.pk)
        row.my_pseudonym = 1 if name == "ana" and "anonymous" in state else None
        in_hand = can_see_thread(viewer, row, is_mine=is_mine(viewer, row))
        assert (name, in_sql, in_hand) == (name, name in expected, name in expected)


def test_activities_too(course):
    viewers = {"ana": course.ana, "other": make_course(context="c2").ana, "dee": outsider()}
    row = Activity.objects.select_related("space").get(pk=course.activity.pk)
    for name, viewer in viewers.items():
        expected = name == "ana"
        assert Activity.objects.visible_to(viewer).filter(pk=row.pk).exists() is expected
        assert can_see_activity(viewer, row) is expected
