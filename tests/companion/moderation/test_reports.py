"""Reporting a post: once a person, shown to nobody who it was."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from companion import clock, events
from companion.errors import InvalidInput, NotAllowed, NotFound, TooMany
from companion.moderation import api as moderation
from companion.spaces import api as spaces
from companion.threads import api as threads
from tests.people import Course, outsider
from tests.people import course as make_course

MOMENT = datetime(2026, 3, 2, 10, 6, tzinfo=UTC)


@pytest.fixture
def thread(course: Course) -> threads.Thread:
    thread = threads.start_thread(viewer=course.ana, activity_uid=course.activity.uid, title="T", body="Opening")
    threads.add_reply(viewer=course.chen, thread_id=thread.pk, body="A rude reply")
    return thread


def report(viewer, thread, number: int = 2, reason: str = "It insults me") -> None:
    moderation.report_post(viewer=viewer, thread_id=thread.pk, number=number, reason=reason)


def waiting(course: Course) -> list[moderation.CaseRow]:
    return moderation.list_cases(viewer=course.ben)[0]


def close(course: Course, outcome: moderation.Outcome, reason: str = "Looked at") -> None:
    moderation.close_case(viewer=course.ben, case_id=waiting(course)[0].id, outcome=outcome, reason=reason)


def test_it_works(course, thread, heard):
    with heard() as facts:
        report(course.ana, thread, reason="  It insults\nme ")
    [row] = waiting(course)
    assert (row.title, row.number, row.reason, row.count) == ("T", 2, "It insults me", 1)
    assert moderation.count_open(viewer=course.ben) == 1
    assert [(type(fact), fact.number) for fact in facts] == [(events.PostReported, 2)]
    # Nothing happens to the post itself: people decide.
    assert not threads.get_post(viewer=course.nameless, thread_id=thread.pk, number=2).hidden_at


def test_reporting_again_changes_the_reason(course, thread):
    report(course.ana, thread)
    report(course.ana, thread, reason="It names my doctor")
    report(course.nameless, thread, reason="Rude")
    assert [(row.reason, row.count) for row in waiting(course)] == [("It names my doctor", 2)]
    assert moderation.count_open(viewer=course.ben) == 1


def test_reporting_again_opens_what_was_closed_and_waits_from_then_on(course, thread):
    with clock.at(MOMENT):
        report(course.ana, thread)
        close(course, moderation.Outcome.DISMISSED)
    assert waiting(course) == []
    with clock.at(MOMENT + timedelta(days=3)):
        report(course.ana, thread, reason="There it is again")
    [row] = waiting(course)
    assert (row.reason, row.since) == ("There it is again", MOMENT + timedelta(days=3))
    case = moderation.get_case(viewer=course.ben, case_id=row.id)
    assert ([line.reason for line in case.open], case.closed) == (["There it is again"], [])
    assert [act.act for act in case.acts] == ["dismissed a report"]


def test_one_reports_what_others_wrote_and_is_shown(course, thread):
    anonymous = threads.add_reply(viewer=course.ana, thread_id=thread.pk, body="Me", anonymous=True)
    for viewer, number in ((course.ana, 1), (course.chen, 2), (course.ana, anonymous.number)):
        with pytest.raises(NotAllowed, match="your own post"):
            report(viewer, thread, number)
    for verb in (
        lambda: threads.hide_post(viewer=course.ben, thread_id=thread.pk, number=2, reason="r"),
        lambda: threads.delete_post(viewer=course.ana, thread_id=thread.pk, number=1),
    ):
        verb()
    for number in (1, 2):
        with pytest.raises(NotAllowed, match="no longer shown"):
            report(course.nameless, thread, number)
    with pytest.raises(NotFound):
        report(course.nameless, thread, 77)
    assert waiting(course) == []


def test_whoever_may_not_see_a_post_cannot_report_it(course, thread):
    for viewer in (outsider(), make_course(context="c2").ben):
        with pytest.raises(NotFound):
            report(viewer, thread)


@pytest.mark.parametrize("reason", ["", " \n\t", "\u200b\u2060", "x" * 501])
def test_it_wants_a_reason_that_fits(course, thread, reason):
    with pytest.raises(InvalidInput) as refused:
        report(course.ana, thread, reason=reason)
    assert list(refused.value.errors) == ["reason"]
    assert waiting(course) == []


def test_a_reason_is_plain_text_in_one_direction(course, thread):
    report(course.ana, thread, reason="\u202eevil\u202c <b>")
    assert waiting(course)[0].reason == "evil <b>"


def test_twenty_an_hour_and_a_sentence_that_says_when(course, thread):
    for _more in range(20):
        threads.add_reply(viewer=course.chen, thread_id=thread.pk, body="Rude, too")
    with clock.at(MOMENT):
        for number in range(2, 22):
            report(course.ana, thread, number)
        with pytest.raises(TooMany, match=r"20 times in 60 minutes\. Please wait 54 minutes"):
            report(course.ana, thread, 22)
        report(course.nameless, thread, 22)
    with clock.at(MOMENT + timedelta(minutes=54)):
        report(course.ana, thread, 22)


# -- who it was ------------------------------------------------------------------------------------------------


@pytest.fixture
def by_quilla(course, thread) -> spaces.Person:
    """Somebody whose name is on nothing but the report."""
    quilla = spaces.admit_person(
        organization_id=course.space.organization_id, issuer="i", subject="quilla-77", name="Quilla Yupanqui"
    )
    report(replace(course.ana, person_id=quilla.pk, name=quilla.name), thread)
    return quilla


def test_no_page_of_the_staff_names_who_reported(course, thread, by_quilla, reader):
    ben = reader(course.ben)
    [row] = waiting(course)
    pages = [ben.get("moderation"), ben.get("moderation-case", row.id), ben.get("thread-detail", thread.pk)]
    assert ben.post("moderation-case", row.id, outcome="dismiss", reason="Fine").status_code == 303
    pages += [ben.get("moderation", show="closed"), ben.get("moderation-case", row.id), ben.get("moderation-record")]
    texts = [page.content.decode() for page in pages]
    assert sum("It insults me" in text for text in texts) == 4
    assert [text for text in texts if "Quilla" in text or "quilla-77" in text] == []


def test_no_event_names_who_reported(course, thread, by_quilla, heard):
    with heard() as facts:
        report(course.ana, thread)
        close(course, moderation.Outcome.HIDDEN)
    assert [type(fact) for fact in facts] == [events.PostReported, events.PostHidden, events.ReportsClosed]
    assert [fact for fact in facts if "person" in repr(fact) or "report" in repr(fact.__slots__)] == []


def test_no_admin_page_names_who_reported(course, thread, by_quilla):
    root = get_user_model().objects.create_superuser("root", "r@example.com", "x")
    browser = Client()
    browser.force_login(root)
    assert "report" not in browser.get("/admin/").content.decode().lower()
    # Deleting a person lists what goes with them: the report stays, and so nothing says that it was theirs.
    asked = browser.get(f"/admin/companion/person/{by_quilla.pk}/delete/").content.decode()
    assert "Quilla" in asked
    assert "report" not in asked.lower()
    browser.post(f"/admin/companion/person/{by_quilla.pk}/delete/", {"post": "yes"})
    assert [row.reason for row in waiting(course)] == ["It insults me"]
