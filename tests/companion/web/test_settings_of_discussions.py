"""The form of a discussion's settings, where they are set here: every field kept, every mistake beside its field.

Inside Open edX the same fields stand in Studio (tests/xblocks).
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from html import unescape

import pytest
from django.test import override_settings

from companion.models import Activity
from companion.spaces import api as spaces
from companion.threads import api as threads
from tests.people import Course

TYPED = {
    "title": "Incident drill",
    "prompt": "What would **you** do?",
    "topic": "Incident response",
    "anonymity": "off",
    "starters": "staff",
    "groups": "separate",
    "post_first": "on",
    "edit_minutes": "30",
    "video": "https://videos.example/drill.mp4",
    "event_at": "2030-03-02T10:00",
    "event_ends_at": "2030-03-02T12:00",
    "before_days": "3",
    "before_prompt": "What do you *expect*?",
    "after_prompt": "What will you do?",
    "opens_at": "2030-01-01T08:00",
    "closes_at": "2030-12-31T18:00",
}


def text_of(response) -> str:
    return unescape(response.content.decode())


def save(person, course: Course, **changes):
    return person.post("activity-settings", course.activity.uid, **TYPED | changes)


def shown(page: str) -> dict[str, str]:
    """What the form on a page has in its fields."""
    found = {name: value for name, value in re.findall(r'<input type="[^"]+" name="(\w+)" value="([^"]*)"', page)}
    found |= dict(re.findall(r'<textarea name="(\w+)"[^>]*>\n?(.*?)</textarea>', page, re.DOTALL))
    chosen = re.findall(r'<input type="(?:radio|checkbox)" name="(\w+)"(?: value="(\w+)")?[^>]* checked', page)
    boxes = {name for name, _value in re.findall(r'<input type="(?:radio|checkbox)" name="(\w+)"()', page)}
    return {name: value for name, value in found.items() if name not in boxes} | {
        name: value or "on" for name, value in chosen
    }


def wrong(page: str) -> set[str]:
    """The fields beside which something is said."""
    return set(re.findall(r'<(?:input|textarea)[^>]*name="(\w+)"[^>]*aria-invalid="true"', page))


def test_it_works(course, lti_reader):
    ben = lti_reader(course.ben)
    assert save(ben, course).status_code == 303
    page = text_of(ben.get("activity-settings", course.activity.uid))
    assert {name: shown(page).get(name, "") for name in TYPED} == TYPED
    activity = spaces.get_activity(viewer=course.ana, uid=course.activity.uid)
    assert activity.event_at == datetime(2030, 3, 2, 10, tzinfo=UTC)
    settings = activity.discussion
    assert (settings.post_first, settings.edit_minutes, settings.before_days) == (True, 30, 3)
    assert (activity.separates_groups, "<strong>you</strong>" in activity.prompt_html) == (True, True)


def test_all_may_be_emptied_again(course, lti_reader):
    ben = lti_reader(course.ben)
    save(ben, course)
    plain = {"title": "T", "anonymity": "allowed", "starters": "everyone", "groups": "none"}
    emptied = {name: "" for name in TYPED if name not in (*plain, "post_first")} | plain
    assert ben.post("activity-settings", course.activity.uid, **emptied).status_code == 303
    activity = spaces.get_activity(viewer=course.ana, uid=course.activity.uid)
    assert (activity.event_at, activity.opens_at, activity.discussion.video) == (None, None, "")
    assert (activity.discussion.post_first, activity.discussion.edit_minutes) == (False, 0)
    # Days are not words: empty is not zero.
    assert activity.discussion.before_days == 3


def test_what_the_form_does_not_ask_for_stays(course, lti_reader):
    Activity.objects.update(settings=course.activity.settings | {"credit_threads": 2, "of_a_newer_version": 1})
    assert save(lti_reader(course.ben), course).status_code == 303
    kept = spaces.get_activity(viewer=course.ana, uid=course.activity.uid)
    assert kept.discussion.credit_threads == 2


WRONG = [
    ({"title": ""}, {"title"}, "Give it a title"),
    ({"title": "\u200b\u2060"}, {"title"}, "Give it a title"),
    ({"title": "x" * 201}, {"title"}, "At most 200 characters"),
    ({"prompt": "x" * 5001}, {"prompt"}, "At most 5000 characters"),
    ({"topic": "x" * 101}, {"topic"}, "At most 100 characters"),
    ({"edit_minutes": "-5"}, {"edit_minutes"}, "This must be a whole number"),
    ({"edit_minutes": "1.5"}, {"edit_minutes"}, "This must be a whole number"),
    ({"edit_minutes": "9" * 30}, {"edit_minutes"}, "At most 525600"),
    ({"before_days": "91"}, {"before_days"}, "At most 90"),
    ({"before_days": "x"}, {"before_days"}, "This must be a whole number"),
    ({"before_prompt": "x" * 5001}, {"before_prompt"}, "At most 5000 characters"),
    ({"after_prompt": "x" * 5001}, {"after_prompt"}, "At most 5000 characters"),
    ({"video": "http://videos.example/drill.mp4"}, {"video"}, "https address"),
    ({"video": "https://me:you@videos.example/drill.mp4"}, {"video"}, "https address"),
    ({"video": "javascript:alert(1)"}, {"video"}, "https address"),
    ({"video": "https://www.youtube.com/"}, {"video"}, "https address"),
    ({"event_at": ""}, {"event_at"}, "Say when the event begins"),
    ({"event_ends_at": "2030-03-01T10:00"}, {"event_ends_at"}, "The event must end after it begins"),
    ({"event_at": "next Monday"}, {"event_at"}, "Enter a valid date/time"),
    ({"event_at": "0001-01-02T00:00", "event_ends_at": ""}, {"event_at"}, "Enter a valid date/time"),
    ({"opens_at": "9999-12-31T23:59", "closes_at": ""}, {"opens_at"}, "Enter a valid date/time"),
    ({"closes_at": "2029-01-01T08:00"}, {"closes_at"}, "The closing date must be after the opening date"),
    ({"title": "", "video": "x", "before_days": "x"}, {"title", "video", "before_days"}, "Give it a title"),
]


@pytest.mark.parametrize(("changes", "fields", "said"), WRONG)
def test_what_is_wrong_stands_beside_its_field_and_nothing_is_lost(course, lti_reader, changes, fields, said):
    before = Activity.objects.values().get()
    answer = save(lti_reader(course.ben), course, **changes)
    page = text_of(answer)
    assert (answer.status_code, wrong(page), said in page) == (422, fields, True)
    assert {name: shown(page).get(name, "") for name in TYPED} == TYPED | changes
    assert Activity.objects.values().get() == before


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("anonymity", "maybe", "Select a valid choice"),
        ("starters", "nobody", "Select a valid choice"),
        ("groups", "all", "Select a valid choice"),
        ("anonymity", "", "This field is required"),
    ],
)
def test_choices_that_there_are_not(course, lti_reader, field, value, said):
    answer = save(lti_reader(course.ben), course, **{field: value})
    assert (answer.status_code, said in text_of(answer), TYPED["prompt"] in text_of(answer)) == (422, True, True)


def test_the_part_about_the_event_opens_where_something_is_in_it(course, lti_reader):
    ben = lti_reader(course.ben)
    assert '<details class="fold">' in text_of(ben.get("activity-settings", course.activity.uid))
    refused = save(ben, course, event_at="", event_ends_at="", before_prompt="", after_prompt="", before_days="x")
    assert '<details class="fold" open>' in text_of(refused)
    save(ben, course)
    assert '<details class="fold" open>' in text_of(ben.get("activity-settings", course.activity.uid))


@override_settings(TIME_ZONE="America/New_York")
def test_dates_are_read_in_the_time_zone_that_the_page_names(course, lti_reader):
    ben = lti_reader(course.ben)
    assert save(ben, course).status_code == 303
    activity = spaces.get_activity(viewer=course.ana, uid=course.activity.uid)
    assert activity.event_at == datetime(2030, 3, 2, 15, tzinfo=UTC)
    page = text_of(ben.get("activity-settings", course.activity.uid))
    assert ("America/New_York" in page, shown(page)["event_at"]) == (True, TYPED["event_at"])


def test_a_changed_policy_holds_for_what_comes(course, lti_reader):
    """Ana's form was drawn when she could hide her name, and comes back after she could not."""
    thread = threads.start_thread(viewer=course.chen, activity_uid=course.activity.uid, title="T", body="B")
    assert save(lti_reader(course.ben), course, starters="everyone", groups="none", opens_at="").status_code == 303
    ana = lti_reader(course.ana)
    for page, args in (("thread-new", [course.activity.uid]), ("post-reply", [thread.pk, 1])):
        answer = ana.post(page, *args, title="My title", body="My secret", anonymous="on")
        text = text_of(answer)
        assert (page, answer.status_code, "Posts show names here" in text) == (page, 422, True)
        assert ("My secret" in text, 'name="anonymous"' in text) == (True, False)
    assert [row.id for row in threads.list_threads(viewer=course.ben, activity=course.activity).rows] == [thread.pk]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"closes_at": "2026-01-02T08:00"}, "This discussion is closed"),
        ({"opens_at": "2090-01-01T08:00", "closes_at": ""}, "has not opened yet"),
        ({"starters": "staff", "closes_at": ""}, "Here the course staff starts the threads"),
    ],
)
def test_where_one_may_not_write_any_more_the_text_is_kept(course, lti_reader, changes, said):
    facts = TYPED | {"opens_at": "2026-01-01T08:00", "starters": "everyone", "groups": "none"} | changes
    assert lti_reader(course.ben).post("activity-settings", course.activity.uid, **facts).status_code == 303
    ana = lti_reader(course.ana)
    answer = ana.post("thread-new", course.activity.uid, title="My title", body="My long text")
    text = text_of(answer)
    assert (answer.status_code, said in text, "My title" in text, "My long text" in text) == (403, True, True, True)
    assert said in text_of(ana.get("thread-new", course.activity.uid))


def test_a_video_that_went_meanwhile_is_said_and_costs_no_text(course, lti_reader):
    thread = threads.start_thread(viewer=course.chen, activity_uid=course.activity.uid, title="T", body="B")
    ana = lti_reader(course.ana)
    for page, args in (("thread-new", [course.activity.uid]), ("post-reply", [thread.pk, 1])):
        answer = ana.post(page, *args, title="My title", body="My text", second="1:32")
        text = text_of(answer)
        assert (page, answer.status_code, "has no video" in text, "My text" in text) == (page, 422, True, True)
