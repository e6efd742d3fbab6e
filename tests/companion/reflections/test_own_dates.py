"""Dates of a prompt's own: put off by its learner, asked because of a plan, asked again. And what is asked at all after
an outage.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from django.core import mail

from companion import clock
from companion.errors import InvalidInput
from companion.reflections import api as reflections
from companion.reflections.models import Contact, Delivery
from companion.spaces import api as spaces
from companion.spaces.kinds import Kind
from companion.spaces.prompts import Anchor, PromptSettings
from companion.threads import api as threads
from companion.viewer import Viewer
from tests import people
from tests.companion.reflections import stories
from tests.companion.reflections.stories import (
    ALWAYS,
    DAY,
    HOUR,
    HOW,
    MONDAY,
    PLAN,
    SURE,
    after,
    answer,
    commit,
    finish,
    row,
    said,
)

EXPECT = PromptSettings(key="expect", title="What do you expect?", anchor=Anchor.EVENT_START, days=-3)


def course(*prompts: PromptSettings, **settings: object) -> stories.Followed:
    with clock.at(MONDAY):
        followed = stories.course(prompts=prompts, **settings)
        finish(followed)
    return followed


def second_course(ana: Viewer, *prompts: PromptSettings, **settings: object) -> tuple[Viewer, spaces.Activity]:
    """Ana learns in another course of her organization, too, and has finished it."""
    other = people.course(context="c2")
    mine = people.join(other.space, "ana", "Ana Torres")
    assert mine.person_id == ana.person_id
    activity = spaces.create_activity(
        viewer=other.ben,
        title="Two",
        kind=Kind.REFLECTION,
        settings={**ALWAYS, **settings, "prompts": list(prompts)},
        external_id="f",
    )
    reflections.publish_series(viewer=other.ben, uid=activity.uid)
    stories.give_address(mine, "ana@example.org")
    reflections.note_completion(space_id=other.space.pk, person_id=mine.person_id, unit=reflections.COURSE)
    return mine, activity


def of(activity: spaces.Activity, key: str, round: int = 1) -> Delivery:
    return Delivery.objects.get(series_id=activity.pk, prompt__key=key, round=round, person__name="Ana Torres")


# -- what an outage leaves to ask ------------------------------------------------------------------------------------


def test_how_a_plan_went_that_nobody_made_overtakes_nothing(db: None) -> None:
    followed = course(PLAN, replace(HOW, days=4))
    with clock.at(MONDAY + 4 * DAY + HOUR):
        reflections.deliver_due()
        assert said(followed.ana, "plan") == ("sent", "mailed")
        assert said(followed.ana, "how") == ("held", "no_plan")


def test_nor_does_it_where_the_end_of_the_course_is_told_late(db: None) -> None:
    with clock.at(MONDAY):
        followed = stories.course(prompts=[PLAN, replace(HOW, days=4)])
    with clock.at(MONDAY + 4 * DAY + 2 * HOUR):
        finish(followed, at=MONDAY)
        reflections.deliver_due()
        assert said(followed.ana, "plan") == ("sent", "mailed")


def test_what_she_has_put_off_is_asked_although_a_later_one_is_due(db: None) -> None:
    followed = course(PLAN, SURE)
    with after(2):
        reflections.snooze_prompt(viewer=followed.ana, delivery_id=row(followed.ana, "plan").pk, days=4)
    with clock.at(MONDAY + 7 * DAY + 2 * HOUR):
        reflections.deliver_due()
        assert said(followed.ana, "plan")[0] == "sent"
    with after(9):
        assert len(mail.outbox) == 3


def test_one_that_is_put_off_overtakes_nothing(db: None) -> None:
    unit = PromptSettings(key="unit", title="On the unit", anchor=Anchor.UNIT, unit="one")
    followed = course(unit, replace(SURE, days=0))
    with after(0):
        reflections.snooze_prompt(viewer=followed.ana, delivery_id=row(followed.ana, "sure").pk, days=7)
    with clock.at(MONDAY + 2 * DAY):
        facts = {"space_id": followed.space.pk, "person_id": followed.ana.person_id}
        reflections.note_completion(**facts, unit="one", at=MONDAY + DAY)
        reflections.deliver_due()
        assert said(followed.ana, "unit") == ("sent", "mailed")


# -- put off ---------------------------------------------------------------------------------------------------------


def test_a_date_of_its_own_stays_one_when_another_course_takes_its_day(db: None) -> None:
    followed = course(PLAN)
    with after(2):
        reflections.snooze_prompt(viewer=followed.ana, delivery_id=row(followed.ana, "plan").pk, days=14)
    with clock.at(MONDAY + 16 * DAY):
        Contact.objects.filter(pk=followed.ana.person_id).update(reminded_at=clock.now())
        reflections.deliver_due()
        assert said(followed.ana, "plan") == ("planned", "snoozed")
        reflections.recalculate(followed.series)
    with after(17):
        assert said(followed.ana, "plan") == ("sent", "mailed")


def test_before_an_event_it_can_be_put_off_until_then(db: None) -> None:
    with clock.at(MONDAY):
        followed = stories.course(prompts=[EXPECT], event_at=MONDAY + 5 * DAY)
    with after(2):
        delivery_id = row(followed.ana, "expect").pk
        with pytest.raises(InvalidInput, match="too late"):
            reflections.snooze_prompt(viewer=followed.ana, delivery_id=delivery_id, days=3)
        reflections.snooze_prompt(viewer=followed.ana, delivery_id=delivery_id, days=2)
    with after(4):
        assert said(followed.ana, "expect") == ("sent", "mailed")


def test_put_off_and_then_the_event_is_called_off(db: None) -> None:
    with clock.at(MONDAY):
        followed = stories.course(prompts=[EXPECT], event_at=MONDAY + 5 * DAY)
    with after(2):
        reflections.snooze_prompt(viewer=followed.ana, delivery_id=row(followed.ana, "expect").pk, days=1)
        sent = len(mail.outbox)
        activity = followed.activity
        spaces.configure_activity(
            viewer=followed.ben, uid=activity.uid, title=activity.title, settings=activity.settings
        )
        reflections.publish_series(viewer=followed.ben, uid=activity.uid)
        assert said(followed.ana, "expect") == ("held", "no_event")
    with after(3):
        assert len(mail.outbox) == sent


# -- one a day, over all courses -------------------------------------------------------------------------------------


def test_two_courses_on_two_sides_of_the_earth(db: None) -> None:
    """Half an hour apart it is yesterday in Los Angeles and today in Tokyo."""
    hours = {"working_days": "12345", "day_begins": 8, "day_ends": 18}
    midnight = MONDAY + 15 * HOUR
    with clock.at(midnight):
        followed = stories.course(prompts=[PLAN], **hours, time_zone="America/Los_Angeles")
        finish(followed)
    with clock.at(midnight + HOUR / 2):
        second_course(followed.ana, PLAN, **hours, time_zone="Asia/Tokyo")
    for moment in (midnight + 2 * DAY, midnight + 2 * DAY + HOUR / 2):
        with clock.at(moment):
            reflections.deliver_due()
    assert len(mail.outbox) == 1


def test_a_plan_of_one_course_is_no_plan_of_the_other(db: None) -> None:
    followed = course(PLAN, replace(HOW, days=3))
    with clock.at(MONDAY):
        _mine, activity = second_course(followed.ana, PLAN, replace(HOW, days=4))
    with after(2):
        commitment = of(followed.activity, "plan")
        reflections.answer_prompt(
            viewer=followed.ana, delivery_id=commitment.pk, answer=reflections.Answer(action="call out the time")
        )
    for days in (3, 4):
        with after(days):
            pass
    assert (of(activity, "how").state, of(activity, "how").reason) == ("held", "no_plan")


# -- stuck -----------------------------------------------------------------------------------------------------------


def test_an_answer_in_one_course_asks_again_in_that_course(db: None) -> None:
    followed = course(PLAN, HOW)
    with clock.at(MONDAY):
        mine, activity = second_course(followed.ana, PLAN, HOW)
    both = ((followed.ana, followed.activity), (mine, activity))
    with after(3):
        for viewer, one in both:
            plan = reflections.Answer(action="x", cue="y")
            reflections.answer_prompt(viewer=viewer, delivery_id=of(one, "plan").pk, answer=plan)
    stuck = reflections.Answer(outcome="blocked")
    with clock.at(MONDAY + 23 * DAY):
        reflections.answer_prompt(viewer=followed.ana, delivery_id=of(followed.activity, "how").pk, answer=stuck)
        thread_id = stories.ask(followed, followed.ana, of(followed.activity, "how"))
    with clock.at(MONDAY + 24 * DAY):
        reflections.answer_prompt(viewer=mine, delivery_id=of(activity, "how").pk, answer=stuck)
    with clock.at(MONDAY + 25 * DAY):
        threads.add_reply(viewer=followed.ben, thread_id=thread_id, body="Ask whoever is on call.")
    assert [row.series_id for row in Delivery.objects.filter(round=2)] == [followed.activity.pk]


def test_stopped_and_taken_up_again_after_that(db: None) -> None:
    followed = course(PLAN, HOW)
    with after(2):
        commit(followed)
    with after(21):
        answer(followed.ana, "how", outcome="blocked")
        thread_id = stories.ask(followed, followed.ana, of(followed.activity, "how"))
    with clock.at(MONDAY + 22 * DAY):
        threads.add_reply(viewer=followed.ben, thread_id=thread_id, body="Ask whoever is on call.")
        assert said(followed.ana, "how", 2) == ("planned", "asked_again")
        whose = {"person_id": followed.ana.person_id, "series_id": followed.series.pk}
        reflections.stop_series(**whose, stopped=True)
        assert said(followed.ana, "how", 2) == ("dropped", "stopped")
        reflections.stop_series(**whose, stopped=False)
        assert said(followed.ana, "how", 2) == ("planned", "asked_again")


def test_in_her_own_zone(db: None) -> None:
    followed = course(PLAN, day_begins=8, day_ends=18)
    reflections.set_time_zone(viewer=followed.ana, name="Asia/Tokyo")
    with clock.at(MONDAY + 3 * DAY):
        reflections.deliver_due()
        reflections.snooze_prompt(viewer=followed.ana, delivery_id=row(followed.ana, "plan").pk, days=1)
    due = row(followed.ana, "plan").due_at
    assert due is not None
    assert (due + timedelta(hours=9)).hour in range(8, 18)
