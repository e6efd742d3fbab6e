"""One table for the two forms of the read rule: `visible_to` in SQL, `can_see_thread` for a row in hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import product

import pytest

from companion import clock
from companion.models import Activity, Thread
from companion.spaces import api as spaces
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
# Ana and Chen are in a group each; who sees a thread of Ana's, by what groups mean.
GROUPS = {"none": {"ana", "ben", "chen"}, "visible": {"ana", "ben", "chen"}, "separate": {"ana", "ben"}}
# When activity and thread open; before that, the staff alone sees it.
OPENED = {"open": True, "activity waits": False, "thread waits": False, "both opened": True}


@pytest.mark.parametrize(("state", "groups", "opened"), list(product(STATES, GROUPS, OPENED)))
def test_both_forms_of_the_rule_agree_with_the_table(db, state, groups, opened):
    course = make_course(groups=groups)
    viewers = {
        "ana": grouped(course, course.ana, "red"),
        "ben": course.ben,
        "chen": grouped(course, course.chen, "blue"),
        "other": make_course(context="c2").ben,
        "dee": outsider(),
    }
    thread = threads.start_thread(
        viewer=viewers["ana"], activity_uid=course.activity.uid, title="T", body="B", anonymous="anonymous" in state
    )
    if "hidden" in state:
        threads.hide_post(viewer=course.ben, thread_id=thread.pk, number=1, reason="r")
    if state == "deleted":
        threads.delete_post(viewer=viewers["ana"], thread_id=thread.pk, number=1)
    moment = clock.now() + timedelta(days=1 if "waits" in opened else -1)
    if opened in ("activity waits", "both opened"):
        Activity.objects.update(opens_at=moment)
    if opened in ("thread waits", "both opened"):
        Thread.objects.update(opens_at=moment)
    expected = SEEN[state] & GROUPS[groups]
    expected = expected if OPENED[opened] else expected & {"ben"}
    activity = Activity.objects.get(pk=course.activity.pk)
    for name in VIEWERS:
        viewer = viewers[name]
        found = Thread.objects.filter(pk=thread.pk)
        in_sql = found.visible_to(viewer).exists()
        row = found.select_related("activity__space").get()
        row.my_pseudonym = 1 if name == "ana" and "anonymous" in state else None
        in_hand = can_see_thread(viewer, row, is_mine=is_mine(viewer, row))
        in_list = bool(rows_of(viewer, activity))
        assert (name, in_sql, in_hand, in_list) == (name, *[name in expected] * 3)


def grouped(course, viewer, group: str):
    ids = spaces.set_groups(space_id=course.space.pk, person_id=viewer.person_id, external_ids=[group])
    return replace(viewer, group_ids=ids)


def rows_of(viewer, activity) -> list[threads.ThreadRow]:
    return threads.list_threads(viewer=viewer, activity=activity).rows


def test_activities_too(course):
    viewers = {"ana": course.ana, "other": make_course(context="c2").ana, "dee": outsider()}
    row = Activity.objects.select_related("space").get(pk=course.activity.pk)
    for name, viewer in viewers.items():
        expected = name == "ana"
        assert Activity.objects.visible_to(viewer).filter(pk=row.pk).exists() is expected
        assert can_see_activity(viewer, row) is expected
