"""Threads before and after a training event: they open at their time and follow the settings."""

from __future__ import annotations

from datetime import timedelta

import pytest

from companion import clock
from companion.errors import Conflict, NotAllowed, NotFound
from companion.models import Mention, Post, Thread
from companion.spaces import api as spaces
from companion.threads import api as threads
from companion.threads.models import Stage
from tests.companion.threads.stories import (
    another_activity,
    at_once,
    check_counts,
    configure,
    reply,
    rows,
    see,
    start,
    texts,
    view,
)
from tests.people import Course, outsider
from tests.people import course as make_course

NOW = clock.now().replace(microsecond=0)
EVENT = NOW + timedelta(days=10)
DAY = timedelta(days=1)
PROMPTS = {"before_prompt": "What do you **expect**?", "after_prompt": "What will you do?"}


@pytest.fixture
def course(db: None) -> Course:
    """An activity with an event in ten days that lasts two, and threads a week before and at its end."""
    course = make_course()
    configure(course, event_at=EVENT, event_ends_at=EVENT + 2 * DAY, **PROMPTS)
    return course


def look(course: Course, viewer=None, **how) -> list[str]:
    """Open the list, as somebody does on the page; gives titles."""
    viewer = viewer or course.ana
    threads.keep_stages(viewer=viewer, activity=course.activity)
    return [row.title.split(":")[0] for row in rows(course, viewer, **how)]


def of(course: Course, stage: Stage) -> Thread:
    return Thread.objects.get(activity=course.activity, stage=stage)


def test_it_works(course):
    with clock.at(NOW):
        assert (look(course), look(course, course.ben)) == ([], ["After the event", "Before the event"])
    with clock.at(EVENT - 7 * DAY):
        assert look(course) == ["Before the event"]
    with clock.at(EVENT + DAY):
        assert look(course) == ["Before the event"]
    with clock.at(EVENT + 2 * DAY):
        assert look(course) == ["After the event", "Before the event"]
        thread = of(course, Stage.BEFORE)
        opening = view(course.ana, thread, 1)
        assert "<strong>expect</strong>" in opening.html
        assert (opening.author.name, opening.created_at, opening.can_edit) == ("Course team", EVENT - 7 * DAY, False)
        assert reply(course.ana, thread).number == 2
    check_counts(thread)


def test_before_its_time_only_the_staff_finds_a_thread(course):
    with clock.at(NOW):
        look(course)
        thread = of(course, Stage.BEFORE)
        assert threads.get_thread(viewer=course.ben, thread_id=thread.pk)
        for viewer in (course.ana, outsider()):
            with pytest.raises(NotFound):
                threads.get_thread(viewer=viewer, thread_id=thread.pk)
            with pytest.raises(NotFound):
                reply(viewer, thread)


def test_the_line_above_the_list_says_when(course):
    with clock.at(NOW):
        event = threads.view_event(course.activity)
        assert event is not None
        assert (event.before_opens_at, event.after_opens_at) == (EVENT - 7 * DAY, EVENT + 2 * DAY)
        assert (event.is_running, event.is_over) == (False, False)
    for moment, is_running, is_over in ((EVENT, True, False), (EVENT + 2 * DAY, False, True)):
        with clock.at(moment):
            event = threads.view_event(course.activity)
            assert event is not None
            assert (event.is_running, event.is_over) == (is_running, is_over)
    assert threads.view_event(another_activity(course)) is None


def test_prompts_follow_the_settings(course):
    with clock.at(NOW):
        look(course)
        # In capitals, which MariaDB holds for the same.
        configure(course, event_at=EVENT, before_prompt="WHAT DO YOU **EXPECT**?", after_prompt="What will you do?")
        version = of(course, Stage.BEFORE).version
        look(course)
        assert "<strong>EXPECT</strong>" in texts(course.ben, of(course, Stage.BEFORE))
        assert of(course, Stage.BEFORE).version > version
        configure(course, event_at=EVENT, after_prompt="What will you do?")
        assert look(course, course.ben) == ["After the event"]


def test_another_date_moves_what_nobody_has_answered(course):
    with clock.at(NOW):
        look(course)
        configure(course, event_at=EVENT + 5 * DAY, before_days=1, **PROMPTS)
        look(course)
    before, after = of(course, Stage.BEFORE), of(course, Stage.AFTER)
    assert (before.opens_at, before.last_at, view(course.ben, before, 1).created_at) == (EVENT + 4 * DAY,) * 3
    assert after.opens_at == EVENT + 5 * DAY
    check_counts(before, after)


def test_a_date_that_moves_leaves_replies_where_they_are(course):
    with clock.at(EVENT - 7 * DAY):
        look(course)
        thread = of(course, Stage.BEFORE)
        last_at = reply(course.ana, thread, "To learn").created_at
    with clock.at(EVENT - 6 * DAY):
        configure(course, event_at=EVENT - DAY, **PROMPTS)
        assert look(course, course.chen) == ["Before the event"]
        assert "To learn" in texts(course.chen, thread)
    thread.refresh_from_db()
    assert (thread.opens_at, thread.last_at) == (EVENT - 8 * DAY, last_at)
    check_counts(thread)


@pytest.mark.parametrize("left", [PROMPTS, {}], ids=["prompts stay", "all is cleared"])
def test_without_its_event_a_thread_goes_unless_somebody_answered(course, left):
    with clock.at(EVENT + 2 * DAY):
        look(course)
        before, after = of(course, Stage.BEFORE), of(course, Stage.AFTER)
        reply(course.ana, before, "To learn")
        configure(course, **left)
        assert look(course) == ["Before the event"]
        with pytest.raises(NotFound):
            threads.get_thread(viewer=course.ana, thread_id=after.pk)
        # It comes again, and is the same.
        configure(course, event_at=EVENT, event_ends_at=EVENT + 2 * DAY, **PROMPTS)
        assert sorted(look(course)) == ["After the event", "Before the event"]
        assert of(course, Stage.AFTER).pk == after.pk
    assert Thread.objects.filter(stage__isnull=False).count() == 2


def test_a_reply_that_somebody_took_back_keeps_no_thread(course):
    with clock.at(EVENT - 7 * DAY):
        look(course)
        thread = of(course, Stage.BEFORE)
        reply(course.ana, thread)
        threads.delete_post(viewer=course.ana, thread_id=thread.pk, number=2)
        configure(course, **PROMPTS)
        assert look(course, course.ben) == []


def test_looking_writes_and_asks_little(course, django_assert_num_queries):
    with clock.at(EVENT):
        look(course)
        for thread in Thread.objects.filter(stage=Stage.BEFORE):
            reply(course.ana, thread)
        with django_assert_num_queries(1):
            threads.keep_stages(viewer=course.ana, activity=course.activity)
        plain = another_activity(course)
        with django_assert_num_queries(0):
            threads.keep_stages(viewer=course.ana, activity=plain)


def test_who_may_not_read_the_list_makes_nothing(course):
    threads.keep_stages(viewer=outsider(), activity=course.activity)
    configure(course, event_at=EVENT, opens_at=EVENT - 8 * DAY, **PROMPTS)
    threads.keep_stages(viewer=course.ana, activity=course.activity)
    assert not Thread.objects.exists()


def test_a_prompt_names_nobody_however_many_it_names(course):
    people = " ".join(f"@Ana Torres#{number}" for number in range(30))
    configure(course, event_at=EVENT, before_prompt=f"@Ana Torres, @Ben Okafor {people}", after_prompt="x")
    look(course, course.ben)
    assert not Mention.objects.exists()
    assert "mention" not in texts(course.ben, of(course, Stage.BEFORE))


# -- read and unread -----------------------------------------------------------------------------------------------


def test_all_read_does_not_swallow_what_opens_later(course):
    with clock.at(NOW):
        start(course, course.chen, title="Now")
        look(course)
        for viewer in (course.ana, course.ben):
            threads.mark_all_seen(viewer=viewer, activity=course.activity)
            assert look(course, viewer, only=threads.Only.UNREAD) == []
    with clock.at(NOW + DAY):
        start(course, course.chen, title="Tomorrow")
        # What the staff see before its time hides nothing that comes before it.
        assert look(course, course.ben, only=threads.Only.UNREAD) == ["Tomorrow"]
    with clock.at(EVENT - 7 * DAY):
        assert look(course, only=threads.Only.UNREAD) == ["Before the event", "Tomorrow"]
        assert [row.title.split(":")[0] for row in threads.list_recent(viewer=course.ana)] == [
            "Before the event",
            "Tomorrow",
        ]


def test_a_thread_that_was_set_late_is_new(course):
    configure(course)
    with clock.at(EVENT):
        start(course, course.chen, title="Now")
        threads.mark_all_seen(viewer=course.ana, activity=course.activity)
    with clock.at(EVENT + timedelta(hours=1)):
        configure(course, event_at=EVENT, before_prompt="Late")
        assert look(course, only=threads.Only.UNREAD) == ["Before the event"]


def test_an_open_list_of_the_staffs_hears_of_news_also_while_something_waits_to_open(course):
    with clock.at(NOW):
        look(course)
        thread = start(course, course.chen, title="Now")
        shown = threads.list_threads(viewer=course.ben, activity=course.activity).latest
        assert shown == threads.latest_change(viewer=course.ben, activity=course.activity)
    with clock.at(NOW + timedelta(minutes=1)):
        reply(course.ana, thread)
        assert threads.latest_change(viewer=course.ben, activity=course.activity) != shown
    with clock.at(EVENT - 7 * DAY):
        latest = {threads.latest_change(viewer=viewer, activity=course.activity) for viewer in (course.ana, course.ben)}
        assert latest == {(EVENT - 7 * DAY).isoformat()}
        assert threads.list_threads(viewer=course.ben, activity=course.activity).latest in latest


# -- what is done with them ----------------------------------------------------------------------------------------


def test_nobody_wrote_them_and_the_settings_alone_change_them(course):
    look(course, course.ben)
    thread = of(course, Stage.BEFORE)
    assert not view(course.ben, thread, 1).can_edit
    with pytest.raises(NotAllowed, match="settings of the discussion"):
        threads.edit_post(viewer=course.ben, thread_id=thread.pk, number=1, title="T", body="B", reason="r")
    with pytest.raises(NotAllowed, match="Only its author"):
        threads.delete_post(viewer=course.ben, thread_id=thread.pk, number=1)
    with pytest.raises(NotAllowed):
        threads.mute_author(viewer=course.ben, thread_id=thread.pk, number=1, days=1, reason="r")


def test_they_stay_where_they_are(course):
    look(course, course.ben)
    thread, other = of(course, Stage.BEFORE), start(course)
    with pytest.raises(Conflict, match="around an event"):
        threads.merge_threads(viewer=course.ben, thread_id=thread.pk, into_id=other.pk)
    second = another_activity(course)
    with pytest.raises(Conflict, match="around an event"):
        threads.move_thread(viewer=course.ben, thread_id=thread.pk, to_uid=second.uid)


def test_a_copied_course_takes_the_prompts_without_the_date(course):
    copy = spaces.ensure_activity(
        space_id=course.space.pk,
        external_id="copied",
        title="Copy",
        like=spaces.get_activity(viewer=course.ben, uid=course.activity.uid),
    )
    threads.keep_stages(viewer=course.ben, activity=copy)
    assert (copy.discussion.before_prompt, Thread.objects.filter(activity=copy).count()) == (
        PROMPTS["before_prompt"],
        0,
    )


@pytest.mark.django_db(transaction=True)
def test_two_who_look_at_once_make_one_of_each():
    course = make_course()
    configure(course, event_at=EVENT, **PROMPTS)
    at_once(*(lambda viewer=viewer: look(course, viewer) for viewer in (course.ana, course.ben, course.chen)))
    assert sorted(Thread.objects.values_list("stage", flat=True)) == ["after", "before"]
    assert Post.objects.count() == 2
    configure(course, event_at=EVENT + DAY, **PROMPTS)
    at_once(*(lambda viewer=viewer: look(course, viewer) for viewer in (course.ana, course.ben, course.chen)))
    assert {thread.version for thread in Thread.objects.all()} == {2}


@pytest.mark.django_db(transaction=True)
def test_a_reply_that_comes_while_the_event_goes_is_not_lost():
    course = make_course()
    configure(course, event_at=EVENT, **PROMPTS)
    with clock.at(EVENT):
        look(course)
    thread = of(course, Stage.BEFORE)
    see(course.ben, thread)
    configure(course, **PROMPTS)
    replied, _looked = at_once(lambda: reply(course.ben, thread), lambda: look(course, course.ben))
    thread.refresh_from_db()
    assert (thread.deleted_at is None) == isinstance(replied, threads.Post)
