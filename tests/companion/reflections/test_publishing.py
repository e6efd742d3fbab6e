"""A series: edited as a draft, shown with everybody's dates, published, and changed while it runs."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
import time_machine

from companion import clock
from companion.errors import InvalidInput, NotAllowed, NotFound
from companion.reflections import api as reflections
from companion.reflections.models import Delivery, Enrolment
from companion.spaces import api as spaces
from companion.spaces.kinds import Kind
from companion.spaces.prompts import Anchor, PromptSettings
from companion.threads import api as threads
from companion.viewer import Role
from tests import people
from tests.companion.reflections import stories
from tests.companion.reflections.stories import ALWAYS, DAY, MONDAY, after, commit, finish, row, said


@pytest.fixture
def draft(db: None) -> stories.Followed:
    with clock.at(MONDAY):
        followed = stories.course(published=False)
        finish(followed)
    return followed


def preview(followed: stories.Followed) -> reflections.Preview:
    return reflections.preview_series(viewer=followed.ben, uid=followed.activity.uid)


def publish(followed: stories.Followed) -> None:
    reflections.publish_series(viewer=followed.ben, uid=followed.activity.uid)
    followed.activity.refresh_from_db()


def test_it_works(draft: stories.Followed) -> None:
    with clock.at(MONDAY):
        seen = preview(draft)
        assert not Delivery.objects.exists()
        publish(draft)
    assert (seen.people, dict(seen.changes)) == (3, {"new": 9, "moved": 0, "dropped": 0, "same": 0})
    ana = next(one for one in seen.rows if one.name == "Ana Torres")
    assert [one.at for one in ana.prompts] == [MONDAY + 2 * DAY, MONDAY + 7 * DAY, MONDAY + 21 * DAY]
    # What was shown is what is.
    assert [row(draft.ana, one.key).due_at for one in ana.prompts] == [one.at for one in ana.prompts]
    assert Enrolment.objects.count() == 3


def test_a_learner_may_not_and_an_assistant_may_look(draft: stories.Followed) -> None:
    helper = people.join(draft.space, "helper", "Hal", Role.ASSISTANT)
    for viewer in (draft.ana, helper):
        with pytest.raises(NotAllowed):
            reflections.publish_series(viewer=viewer, uid=draft.activity.uid)
        with pytest.raises(NotAllowed):
            reflections.preview_series(viewer=viewer, uid=draft.activity.uid)
    publish(draft)
    with pytest.raises(NotAllowed):
        reflections.list_deliveries(viewer=draft.ana, uid=draft.activity.uid)
    assert reflections.list_deliveries(viewer=helper, uid=draft.activity.uid)[0]


def test_there_is_nothing_to_publish(db: None) -> None:
    followed = stories.course(prompts=[], published=False)
    with pytest.raises(InvalidInput):
        publish(followed)


def test_a_discussion_is_no_series(db: None) -> None:
    course = people.course()
    with pytest.raises(NotFound):
        reflections.get_series(viewer=course.ben, uid=course.activity.uid)


def test_a_change_is_shown_before_it_holds(draft: stories.Followed) -> None:
    with clock.at(MONDAY):
        publish(draft)
        assert not reflections.is_draft(draft.activity, draft.series)
        prompts = [stories.PLAN, PromptSettings(key="sure", title="Sure?", anchor=Anchor.COURSE, days=9)]
        reflections.change_prompts(viewer=draft.ben, uid=draft.activity.uid, prompts=prompts)
        draft.activity.refresh_from_db()
        assert reflections.is_draft(draft.activity, draft.series)
        assert row(draft.ana, "sure").due_at == MONDAY + 7 * DAY
        seen = preview(draft)
        ana = next(one for one in seen.rows if one.name == "Ana Torres")
        moved = [(one.key, one.before, one.at) for one in ana.prompts if one.is_changed]
        assert moved == [("sure", MONDAY + 7 * DAY, MONDAY + 9 * DAY), ("how", MONDAY + 21 * DAY, None)]
        # Everybody has one of each, also of what is taken out.
        assert {tuple(one.key for one in plan.prompts) for plan in seen.rows} == {("plan", "sure", "how")}
        assert [prompt.key for prompt in seen.prompts] == ["plan", "sure", "how"]
        planned = Delivery.objects.filter(state="planned").count()
        publish(draft)
        assert planned - Delivery.objects.filter(state="planned").count() == seen.changes["dropped"] == 1
        assert seen.changes["moved"] == 1
    assert row(draft.ana, "sure").due_at == MONDAY + 9 * DAY
    assert said(draft.ana, "how") == ("dropped", "removed")


def test_what_was_sent_stays_sent(draft: stories.Followed) -> None:
    with clock.at(MONDAY):
        publish(draft)
    with after(2):
        reflections.change_prompts(viewer=draft.ben, uid=draft.activity.uid, prompts=[stories.SURE])
        publish(draft)
        assert said(draft.ana, "plan") == ("sent", "mailed")
        reflections.change_prompts(viewer=draft.ben, uid=draft.activity.uid, prompts=stories.PROMPTS)
        publish(draft)
        assert said(draft.ana, "plan") == ("sent", "mailed")
        assert said(draft.ana, "how") == ("planned", "on_time")


def test_an_event_that_is_moved_and_one_that_is_called_off(db: None) -> None:
    event = MONDAY + 10 * DAY
    prompt = PromptSettings(key="expect", title="What do you expect?", anchor=Anchor.EVENT_START, days=-3)
    with clock.at(MONDAY):
        followed = stories.course(prompts=[prompt], event_at=event)
        assert row(followed.ana, "expect").due_at == MONDAY + 7 * DAY
        configure(followed, event_at=event + 7 * DAY)
        assert row(followed.ana, "expect").due_at == MONDAY + 7 * DAY
        publish(followed)
        assert row(followed.ana, "expect").due_at == MONDAY + 14 * DAY
        configure(followed, event_at=None)
        publish(followed)
        assert said(followed.ana, "expect") == ("held", "no_event")
        configure(followed, event_at=MONDAY - DAY)
        publish(followed)
        assert said(followed.ana, "expect") == ("dropped", "event_over")
        configure(followed, event_at=event)
        publish(followed)
        assert said(followed.ana, "expect") == ("planned", "on_time")


def configure(followed: stories.Followed, **dates) -> None:
    activity = followed.activity
    facts = {"settings": activity.settings, "title": activity.title, "event_at": activity.event_at, **dates}
    spaces.configure_activity(viewer=followed.ben, uid=activity.uid, **facts)
    activity.refresh_from_db()


def test_whoever_comes_later_is_in_it(draft: stories.Followed) -> None:
    prompt = PromptSettings(key="hello", title="Hello", anchor=Anchor.ENROLMENT, days=1)
    with clock.at(MONDAY):
        reflections.change_prompts(viewer=draft.ben, uid=draft.activity.uid, prompts=[prompt])
        publish(draft)
    with clock.at(MONDAY + 30 * DAY):
        eve = people.join(draft.space, "eve", "Eve Larsen")
    assert row(eve, "hello").due_at == MONDAY + 31 * DAY


def test_whoever_comes_back_begins_anew(draft: stories.Followed) -> None:
    prompt = PromptSettings(key="hello", title="Hello", anchor=Anchor.ENROLMENT, days=10)
    with clock.at(MONDAY):
        reflections.change_prompts(viewer=draft.ben, uid=draft.activity.uid, prompts=[prompt])
        publish(draft)
        leave(draft)
    with clock.at(MONDAY + 10 * DAY):
        reflections.deliver_due()
        assert said(draft.ana, "hello") == ("dropped", "left")
        people.join(draft.space, "ana", "Ana Torres")
        assert row(draft.ana, "hello").due_at == MONDAY + 20 * DAY


def leave(followed: stories.Followed) -> None:
    spaces.leave_space(
        organization_id=followed.space.organization_id,
        issuer=followed.space.issuer,
        external_id=followed.space.external_id,
        subject="ana",
    )


def test_a_completion_that_is_told_late_counts_from_when_it_was(draft: stories.Followed) -> None:
    with clock.at(MONDAY):
        publish(draft)
    with clock.at(MONDAY + 5 * DAY):
        finish(draft, draft.chen, at=MONDAY + DAY)
        assert row(draft.chen, "sure").due_at == MONDAY + 8 * DAY
        finish(draft, draft.chen, at=MONDAY)
        assert row(draft.chen, "sure").due_at == MONDAY + 7 * DAY
        finish(draft, draft.chen, at=MONDAY + 4 * DAY)
        assert row(draft.chen, "sure").due_at == MONDAY + 7 * DAY


def test_an_activity_that_is_opened_is_a_unit_that_is_finished(db: None) -> None:
    prompt = PromptSettings(key="minute", title="A minute", anchor=Anchor.UNIT, days=1)
    with clock.at(MONDAY):
        followed = stories.course(prompts=[prompt])
        assert said(followed.ana, "minute") == ("held", "not_finished")
        look(followed.ben, followed)
        look(followed.ana, followed)
        assert row(followed.ana, "minute").due_at == MONDAY + DAY
    with clock.at(MONDAY + 9 * DAY):
        look(followed.ana, followed)
    assert row(followed.ana, "minute").due_at == MONDAY + DAY


def look(viewer, followed: stories.Followed, *, ends_course: bool = False, is_complete: bool = True) -> None:
    reflections.note_seen(
        viewer=viewer, activity=followed.activity, ends_course=ends_course, is_complete=lambda: is_complete
    )


def test_where_nobody_tells_of_the_end_a_look_at_the_series_is_it(draft: stories.Followed) -> None:
    with clock.at(MONDAY):
        publish(draft)
        look(draft.chen, draft)
        assert said(draft.chen, "plan") == ("held", "not_finished")
        look(draft.chen, draft, ends_course=True)
        assert row(draft.chen, "plan").due_at == MONDAY + 2 * DAY


def test_an_activity_with_a_rule_is_finished_by_it(db: None) -> None:
    prompt = PromptSettings(key="minute", title="A minute", anchor=Anchor.UNIT, days=1)
    with clock.at(MONDAY):
        other = people.course(context="c3")
        prompt = replace(prompt, unit=str(other.activity.uid))
        followed = stories.course(prompts=[prompt])
        elsewhere = replace(followed, activity=other.activity)
        look(followed.ana, elsewhere, is_complete=False)
        assert said(followed.ana, "minute") == ("held", "not_finished")
        look(followed.ana, elsewhere)
        assert said(followed.ana, "minute") == ("planned", "on_time")


def test_the_post_that_fulfils_a_rule_finishes_its_activity(db: None) -> None:
    prompt = PromptSettings(key="minute", title="A minute", anchor=Anchor.UNIT, days=1)
    with clock.at(MONDAY):
        base = people.course()
        rule = {"credit_threads": 1, "credit_replies": 1, "credit_words": 2, "anonymity": "allowed"}
        other = spaces.create_activity(viewer=base.ben, title="Week 1", settings=rule, external_id="week-1")
        followed = stories.course(prompts=[replace(prompt, unit=str(other.uid))])
        text = {"viewer": followed.ana, "body": "Two words"}
        thread = threads.start_thread(activity_uid=other.uid, title="T", **text)
        threads.add_reply(thread_id=thread.pk, anonymous=True, **text)
        assert said(followed.ana, "minute") == ("held", "not_finished")
        threads.add_reply(thread_id=thread.pk, **text)
        assert said(followed.ana, "minute") == ("planned", "on_time")


def test_a_zone_of_ones_own(draft: stories.Followed) -> None:
    reflections.set_time_zone(viewer=draft.ana, name="Asia/Tokyo")
    with pytest.raises(InvalidInput):
        reflections.set_time_zone(viewer=draft.ana, name="Mars/Olympus")
    settings = {**draft.activity.settings, "day_begins": 8, "day_ends": 18}
    with clock.at(MONDAY):
        configure(draft, settings=settings)
        publish(draft)
    # Nine in UTC is six in the evening there: the next morning at eight.
    assert row(draft.ana, "plan").due_at == MONDAY + 2 * DAY + timedelta(hours=14)


def test_where_the_settings_are_published_elsewhere_they_hold_at_once(db: None) -> None:
    with clock.at(MONDAY):
        base = people.course()
        facts = {
            "space_id": base.space.pk,
            "external_id": "block",
            "title": "After",
            "kind": Kind.REFLECTION,
        }
        spaces.follow_activity(**facts, settings={**ALWAYS, "publishes": True, "prompts": list(stories.PROMPTS)})
        spaces.follow_activity(**facts, settings={**ALWAYS, "publishes": True, "prompts": [stories.PLAN]})
    assert Delivery.objects.filter(state="held").count() == 3
    assert Delivery.objects.filter(reason="removed").count() == 6


def test_a_series_that_is_edited_while_it_is_sent(draft: stories.Followed) -> None:
    from companion.reflections import delivering

    with clock.at(MONDAY):
        publish(draft)
    with clock.at(MONDAY + 2 * DAY):
        batch = delivering.take()
        reflections.change_prompts(viewer=draft.ben, uid=draft.activity.uid, prompts=[stories.SURE])
        publish(draft)
        assert said(draft.ana, "plan") == ("planned", "on_time")
        delivering.deliver(delivering_again(batch))
    assert said(draft.ana, "plan") == ("dropped", "removed")


def delivering_again(batch):
    """As the worker has it: read when it was taken, but for what others have changed since."""
    return list(Delivery.objects.filter(pk__in=[one.pk for one in batch]).select_related("prompt", "enrolment"))


def test_prompts_change_places_and_go(draft: stories.Followed) -> None:
    move = {"viewer": draft.ben, "uid": draft.activity.uid}
    reflections.move_prompt(**move, key="sure", up=True)
    draft.activity.refresh_from_db()
    assert [one.key for one in draft.activity.reflection.prompts] == ["sure", "plan", "how"]
    from companion.errors import Conflict

    with pytest.raises(Conflict):
        reflections.remove_prompt(**move, key="plan")
    reflections.remove_prompt(**move, key="how")
    reflections.remove_prompt(**move, key="plan")
    with pytest.raises(NotFound):
        reflections.remove_prompt(**move, key="plan")


@pytest.mark.parametrize("name", list(reflections.TEMPLATES))
def test_every_template_can_be_published(db: None, name: str) -> None:
    with clock.at(MONDAY):
        followed = stories.course(prompts=reflections.from_template(name), event_at=MONDAY + 20 * DAY)
    assert len(followed.series.prompts.all()) == len(reflections.TEMPLATES[name].prompts)


# -- held out --------------------------------------------------------------------------------------------------


def test_a_share_is_held_out_and_asked_at_the_end_alone(db: None) -> None:
    with clock.at(MONDAY):
        followed = stories.course(published=False, holdout_percent=50)
        learners = [people.join(followed.space, f"l{number}", f"L{number}") for number in range(60)]
        seen = preview(followed)
        publish(followed)
        finish(followed, *learners)
    out = set(Enrolment.objects.filter(is_held_out=True).values_list("person_id", flat=True))
    assert 15 <= len(out) <= 48
    # The lots that were shown are those that were drawn, and they stay.
    assert {one.person_id for one in seen.rows if one.is_held_out} <= out
    with clock.at(MONDAY):
        publish(followed)
    assert out == set(Enrolment.objects.filter(is_held_out=True).values_list("person_id", flat=True))
    held = next(viewer for viewer in learners if viewer.person_id in out)
    assert said(held, "plan") == ("dropped", "held_out")
    with after(21):
        assert said(held, "how") == ("sent", "no_address")


@pytest.mark.parametrize("percent", [1, 9, 51])
def test_too_few_or_too_many_to_hold_out(db: None, percent: int) -> None:
    with pytest.raises(InvalidInput):
        stories.course(holdout_percent=percent)


def test_answers_of_those_who_left_stay(draft: stories.Followed) -> None:
    with clock.at(MONDAY):
        publish(draft)
    with after(2):
        commit(draft)
        leave(draft)
        reflections.recalculate(draft.series)
    assert said(draft.ana, "plan")[0] == "sent"
    assert said(draft.ana, "how") == ("dropped", "left")


def test_the_preview_of_whoever_has_stopped(draft: stories.Followed) -> None:
    with clock.at(MONDAY):
        publish(draft)
        reflections.stop_series(person_id=draft.ana.person_id, series_id=draft.series.pk, stopped=True)
        ana = next(one for one in preview(draft).rows if one.name == "Ana Torres")
        assert [one.at for one in ana.prompts] == [None, None, None]


def test_the_last_prompt_is_taken_out_and_that_is_the_end(draft: stories.Followed) -> None:
    with clock.at(MONDAY):
        publish(draft)
        reflections.change_prompts(viewer=draft.ben, uid=draft.activity.uid, prompts=[])
        publish(draft)
        assert said(draft.ana, "plan") == ("dropped", "removed")
        assert not reflections.is_draft(draft.activity, draft.series)


def test_an_emptied_block_ends_its_series(db: None) -> None:
    with clock.at(MONDAY):
        followed = stories.course(prompts=[stories.PLAN])
        finish(followed)
        facts = {"space_id": followed.space.pk, "external_id": "block", "title": "After", "kind": Kind.REFLECTION}
        settings = {**ALWAYS, "publishes": True}
        spaces.follow_activity(**facts, settings={**settings, "prompts": [stories.SURE]})
        assert said(followed.ana, "sure")[0] == "planned"
        spaces.follow_activity(**facts, settings={**settings, "prompts": []})
    assert said(followed.ana, "sure") == ("dropped", "removed")


def test_when_it_closes_it_asks_no_more(draft: stories.Followed) -> None:
    with clock.at(MONDAY):
        publish(draft)
        activity = draft.activity
        facts = {"viewer": draft.ben, "uid": activity.uid, "title": activity.title, "settings": activity.settings}
        spaces.configure_activity(**facts, closes_at=MONDAY + 5 * DAY)
        draft.activity.refresh_from_db()
        assert [one.at for one in preview(draft).rows[0].prompts][1:] == [None, None]
    with after(7):
        # Its end holds at once, published or not.
        assert said(draft.ana, "sure") == ("dropped", "closed")
    with clock.at(MONDAY + 8 * DAY):
        publish(draft)
        assert said(draft.ana, "how") == ("dropped", "closed")


def test_nobody_is_held_out_any_more(db: None) -> None:
    with clock.at(MONDAY):
        followed = stories.course(holdout_percent=50)
        finish(followed, *(people.join(followed.space, f"l{number}", f"L{number}") for number in range(12)))
        assert Delivery.objects.filter(reason="held_out").exists()
        followed.activity.refresh_from_db()
        activity = followed.activity
        settings = {**activity.settings, "holdout_percent": 0}
        spaces.configure_activity(viewer=followed.ben, uid=activity.uid, title=activity.title, settings=settings)
        assert not any(one.is_held_out for one in preview(replace(followed, activity=activity)).rows)
        publish(followed)
        assert not Delivery.objects.filter(reason="held_out").exists()
        assert reflections.make_report(followed.series).people == 15


def test_a_teacher_who_becomes_a_learner_is_asked_and_a_learner_who_leaves_is_not(draft: stories.Followed) -> None:
    with clock.at(MONDAY):
        publish(draft)
        teacher = people.join(draft.space, "eve", "Eve", Role.INSTRUCTOR)
        assert not Delivery.objects.filter(person_id=teacher.person_id).exists()
        people.join(draft.space, "eve", "Eve", Role.LEARNER)
        assert said(teacher, "plan") == ("held", "not_finished")
        whose = {"issuer": draft.space.issuer, "external_id": "c1", "organization_id": draft.ana.organization_id}
        for _again in range(2):
            spaces.leave_space(**whose, subject="chen")
        assert said(draft.chen, "plan") == ("dropped", "left")


def test_a_zone_that_is_told_later_moves_the_dates(db: None) -> None:
    with clock.at(MONDAY):
        hours = {"working_days": "12345", "day_begins": 8, "day_ends": 18, "time_zone": "Europe/Berlin"}
        followed = stories.course(prompts=[stories.SURE], **hours)
        finish(followed)
        before = row(followed.ana, "sure").due_at
        reflections.learn_time_zone(person_id=followed.ana.person_id, name="America/Los_Angeles")
        learned = row(followed.ana, "sure").due_at
        reflections.set_time_zone(viewer=followed.ana, name="Asia/Tokyo")
        assert len({before, learned, row(followed.ana, "sure").due_at}) == 3


def test_what_is_skipped_stays_skipped_through_a_removal(draft: stories.Followed) -> None:
    with clock.at(MONDAY):
        publish(draft)
    with after(2):
        reflections.skip_prompt(viewer=draft.ana, delivery_id=row(draft.ana, "plan").pk)
        for prompts in ([stories.SURE], [stories.PLAN, stories.SURE]):
            reflections.change_prompts(viewer=draft.ben, uid=draft.activity.uid, prompts=prompts)
            publish(draft)
        assert said(draft.ana, "plan") == ("dropped", "skipped")


def test_on_a_clock_that_goes_on_what_is_due_at_once_is_not_late(db: None) -> None:
    with time_machine.travel(MONDAY, tick=True):
        prompts = [PromptSettings(key=key, title=key, anchor=Anchor.UNIT, unit="x") for key in "abc"]
        followed = stories.course(prompts=prompts)
        reflections.note_completion(space_id=followed.space.pk, person_id=followed.ana.person_id, unit="x")
        assert [said(followed.ana, key) for key in "abc"] == [
            ("planned", "on_time"),
            ("planned", "one_a_day"),
            ("planned", "one_a_day"),
        ]


def test_units_may_be_finished_in_another_order(db: None) -> None:
    prompts = [PromptSettings(key=f"u{n}", title=f"Unit {n}", anchor=Anchor.UNIT, unit=f"unit-{n}") for n in (1, 2)]
    with time_machine.travel(MONDAY, tick=True):
        followed = stories.course(prompts=prompts)
    facts = {"space_id": followed.space.pk, "person_id": followed.ana.person_id}
    for day, number in enumerate((2, 1)):
        with time_machine.travel(MONDAY + day * DAY, tick=True):
            reflections.note_completion(**facts, unit=f"unit-{number}")
            reflections.deliver_due()
            assert said(followed.ana, f"u{number}") == ("sent", "mailed")
