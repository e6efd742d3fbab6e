"""The staff's queue: what waits, what it is about, and the three things that can be made of it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pytest
from django.db import connection

from companion import clock, events
from companion.errors import CompanionError, Conflict, InvalidInput, NotAllowed, NotFound
from companion.moderation import api as moderation
from companion.moderation.api import Outcome
from companion.spaces import api as spaces
from companion.threads import api as threads
from companion.viewer import Role
from tests.people import Course, join
from tests.people import course as make_course

MOMENT = datetime(2026, 3, 2, 10, tzinfo=UTC)


def start(course: Course) -> threads.Thread:
    thread = threads.start_thread(viewer=course.ana, activity_uid=course.activity.uid, title="T", body="Opening")
    threads.add_reply(viewer=course.chen, thread_id=thread.pk, body="A rude reply")
    return thread


@pytest.fixture
def thread(course: Course) -> threads.Thread:
    return start(course)


def report(viewer, thread, number: int = 2, reason: str = "Rude") -> None:
    moderation.report_post(viewer=viewer, thread_id=thread.pk, number=number, reason=reason)


def waiting(course: Course, **options) -> list[moderation.CaseRow]:
    return moderation.list_cases(viewer=course.ben, **options)[0]


def close(course: Course, outcome: Outcome, reason: str = "Please stay kind", case_id: int = 0) -> None:
    case_id = case_id or waiting(course)[0].id
    moderation.close_case(viewer=course.ben, case_id=case_id, outcome=outcome, reason=reason)


def seen_by(viewer, thread, number: int = 2) -> threads.PostView:
    post = threads.get_post(viewer=viewer, thread_id=thread.pk, number=number)
    return threads.view_post(viewer, post.thread, post)


def test_it_works(course, thread, heard):
    answer = threads.add_reply(viewer=course.nameless, thread_id=thread.pk, parent_number=2, body="Ruder still")
    report(course.ana, thread, answer.number, "It insults Chen")
    report(course.chen, thread, answer.number, "It insults me")
    case = moderation.get_case(viewer=course.ben, case_id=waiting(course)[0].id)
    assert (case.title, case.post.number, case.parent.number) == ("T", 3, 2)
    assert "Ruder still" in case.post.html
    assert "A rude reply" in case.parent.html
    assert [line.reason for line in case.open] == ["It insults Chen", "It insults me"]
    with heard() as facts:
        close(course, Outcome.HIDDEN)
    assert [type(fact) for fact in facts] == [events.PostHidden, events.ReportsClosed]
    assert (facts[1].number, facts[1].outcome) == (3, "hidden")
    assert (waiting(course), moderation.count_open(viewer=course.ben)) == ([], 0)
    assert seen_by(course.ana, thread, 3).html == ""
    after = moderation.get_case(viewer=course.ben, case_id=case.id)
    assert (after.open, [line.answer for line in after.closed]) == ([], ["Please stay kind"] * 2)
    assert [(act.act, act.actor, act.reason) for act in after.acts] == [
        ("hid a post", "Ben Okafor", "Please stay kind")
    ]


def test_the_longest_waiting_comes_first_and_the_last_decided_too(course, thread):
    for number in (3, 4, 5):
        threads.add_reply(viewer=course.chen, thread_id=thread.pk, body=f"Post {number}")
    for minute, number in enumerate((4, 2, 5, 3)):
        with clock.at(MOMENT + timedelta(minutes=minute)):
            report(course.ana, thread, number)
    report(course.nameless, thread, 2, "Me too")
    assert [(row.number, row.count) for row in waiting(course)] == [(4, 1), (2, 2), (5, 1), (3, 1)]
    assert waiting(course)[0].since == MOMENT
    assert waiting(course, closed=True) == []
    for _each in range(4):
        close(course, Outcome.DISMISSED)
    assert [row.number for row in waiting(course, closed=True)] == [2, 3, 5, 4]


def test_pages_of_the_queue_follow_one_another(course, thread):
    for number in range(2, 48):
        if number > 2:
            threads.add_reply(viewer=course.chen, thread_id=thread.pk, body="More")
        # Each reports only 20 an hour.
        report((course.ana, course.nameless, course.ben)[number % 3], thread, number)

    def walk(**options) -> list[list[int]]:
        pages, cursor = [], 0
        while cursor or not pages:
            rows, cursor = moderation.list_cases(viewer=course.ben, before=cursor, **options)
            pages.append([row.number for row in rows])
        return pages

    assert walk() == [list(range(2, 22)), list(range(22, 42)), list(range(42, 48))]
    for _each in range(46):
        close(course, Outcome.DISMISSED)
    assert walk(closed=True) == [list(range(47, 27, -1)), list(range(27, 7, -1)), list(range(7, 1, -1))]


@pytest.mark.parametrize("outcome", [Outcome.HIDDEN, Outcome.RETURNED])
@pytest.mark.parametrize("reason", ["", " \u200b ", "x" * 501])
def test_what_its_author_will_read_needs_words(course, thread, outcome, reason):
    report(course.ana, thread)
    with pytest.raises(InvalidInput) as refused:
        close(course, outcome, reason)
    assert list(refused.value.errors) == ["reason"]
    assert len(waiting(course)) == 1
    assert "A rude reply" in seen_by(course.ana, thread).html


def test_sent_back_it_waits_for_its_author(course, thread):
    report(course.ana, thread)
    close(course, Outcome.RETURNED, "Say it without the swearing")
    assert seen_by(course.ana, thread).html == ""
    chens = seen_by(course.chen, thread)
    assert (chens.is_returned, chens.reason, chens.can_edit) == (True, "Say it without the swearing", True)


def test_nothing_wrong_needs_no_reason_and_changes_nothing(course, thread):
    before = seen_by(course.ana, thread)
    report(course.ana, thread)
    close(course, Outcome.DISMISSED, "")
    assert seen_by(course.ana, thread) == before
    [act] = spaces.list_acts(viewer=course.ben)
    assert (act.act, act.thread_id, act.post_number) == ("dismissed a report", thread.pk, 2)


def test_reasons_of_a_dismissal_are_plain_text_that_fits(course, thread):
    report(course.ana, thread)
    close(course, Outcome.DISMISSED, "\u202efine\x00 " + "x" * 600)
    [act] = spaces.list_acts(viewer=course.ben)
    assert act.reason == ("fine " + "x" * 600)[:500]


def test_open_is_no_outcome(course, thread):
    report(course.ana, thread)
    with pytest.raises(InvalidInput, match="Choose one of the options"):
        close(course, Outcome.OPEN)


def test_who_comes_second_changes_nothing(course, thread):
    tia = join(course.space, "tia", "Tia", Role.ASSISTANT)
    report(course.ana, thread)
    case_id = waiting(course)[0].id
    moderation.close_case(viewer=tia, case_id=case_id, outcome=Outcome.DISMISSED)
    for outcome in (Outcome.HIDDEN, Outcome.RETURNED, Outcome.DISMISSED):
        with pytest.raises(Conflict, match="Somebody else"):
            close(course, outcome, case_id=case_id)
    assert "A rude reply" in seen_by(course.ana, thread).html
    assert [act.act for act in spaces.list_acts(viewer=course.ben)] == ["dismissed a report"]


@pytest.mark.django_db(transaction=True)
def test_of_two_at_once_one_decides():
    course = make_course()
    tia = join(course.space, "tia", "Tia", Role.ASSISTANT)
    for _round in range(4):
        thread = start(course)
        report(course.ana, thread)
        case_id = waiting(course)[0].id
        barrier = Barrier(2)

        def decide(viewer, outcome, case_id=case_id, barrier=barrier):
            try:
                barrier.wait()
                moderation.close_case(viewer=viewer, case_id=case_id, outcome=outcome, reason="r")
            except CompanionError as error:
                return error
            finally:
                connection.close()

        with ThreadPoolExecutor(2) as pool:
            said = list(pool.map(decide, (course.ben, tia), (Outcome.HIDDEN, Outcome.DISMISSED)))
        assert [type(answer) for answer in said if answer] == [Conflict]
        acts = [act.act for act in spaces.list_acts(viewer=course.ben, thread_id=thread.pk)]
        assert acts == (["hid a post"] if said[0] is None else ["dismissed a report"])
        assert seen_by(course.ana, thread).is_hidden is (said[0] is None)


# -- what became of the post -----------------------------------------------------------------------------------


@pytest.mark.parametrize("answered", [False, True])
def test_what_its_author_took_back_needs_nobody(course, thread, answered):
    report(course.ana, thread)
    case_id = waiting(course)[0].id
    if answered:
        threads.add_reply(viewer=course.ana, thread_id=thread.pk, parent_number=2, body="Why?")
    threads.delete_post(viewer=course.chen, thread_id=thread.pk, number=2)
    assert (waiting(course), moderation.count_open(viewer=course.ben)) == ([], 0)
    if answered:
        assert moderation.get_case(viewer=course.ben, case_id=case_id).post.html == ""
    else:
        with pytest.raises(NotFound):
            moderation.get_case(viewer=course.ben, case_id=case_id)
        with pytest.raises(NotFound):
            close(course, Outcome.DISMISSED, case_id=case_id)
    # Brought back, it waits again.
    threads.undelete_post(viewer=course.chen, thread_id=thread.pk, number=2)
    assert [row.number for row in waiting(course)] == [2]


def test_what_went_with_its_event_needs_nobody(db):
    course = make_course(before_prompt="What do you expect?")
    now = clock.now()
    facts = {"title": "Drill", "settings": {"before_prompt": "What do you expect?"}}
    activity = spaces.configure_activity(
        viewer=course.ben, uid=course.activity.uid, event_at=now + timedelta(days=1), **facts
    )
    threads.keep_stages(viewer=course.ben, activity=activity)
    [row] = threads.list_threads(viewer=course.ana, activity=activity).rows
    moderation.report_post(viewer=course.ana, thread_id=row.id, number=1, reason="No")
    assert len(waiting(course)) == 1
    activity = spaces.configure_activity(viewer=course.ben, uid=course.activity.uid, event_at=None, **facts)
    threads.keep_stages(viewer=course.ben, activity=activity)
    assert (waiting(course), moderation.count_open(viewer=course.ben)) == ([], 0)


@pytest.mark.parametrize(
    ("verb", "outcome"), [(threads.hide_post, "Hidden"), (threads.return_post, "Sent back to its author")]
)
def test_what_was_decided_in_the_thread_itself_waits_no_more(course, thread, heard, verb, outcome):
    report(course.ana, thread)
    with heard():
        verb(viewer=course.ben, thread_id=thread.pk, number=2, reason="Rude")
    assert (waiting(course), len(waiting(course, closed=True))) == ([], 1)
    case = moderation.get_case(viewer=course.ben, case_id=waiting(course, closed=True)[0].id)
    assert [line.outcome for line in case.closed] == [outcome]


@pytest.mark.parametrize("way", ["split", "merge", "move"])
def test_a_post_that_went_elsewhere_takes_its_reports_along(course, thread, way):
    report(course.ana, thread)
    if way == "split":
        place = (threads.split_thread(viewer=course.ben, thread_id=thread.pk, number=2, title="New").pk, 1)
    elif way == "merge":
        into = start(course)
        place = (threads.merge_threads(viewer=course.ben, thread_id=thread.pk, into_id=into.pk).pk, 4)
    else:
        other = spaces.create_activity(viewer=course.ben, title="Other", external_id="second")
        place = (threads.move_thread(viewer=course.ben, thread_id=thread.pk, to_uid=other.uid).pk, 2)
    case = moderation.get_case(viewer=course.ben, case_id=waiting(course)[0].id)
    assert (case.thread.pk, case.post.number, case.open[0].reason) == (*place, "Rude")
    close(course, Outcome.HIDDEN)
    moved = threads.get_post(viewer=course.ben, thread_id=place[0], number=place[1])
    assert moved.hidden_reason == "Please stay kind"


# -- who may -----------------------------------------------------------------------------------------------------


def test_another_space_s_case_looks_like_none(course, thread):
    report(course.ana, thread)
    other = make_course(context="c2")
    case_id = waiting(course)[0].id
    assert (waiting(other), moderation.count_open(viewer=other.ben)) == ([], 0)
    said = []
    for asked in (case_id, 10**9, 10**30):
        for ask in (
            lambda asked=asked: moderation.get_case(viewer=other.ben, case_id=asked),
            lambda asked=asked: close(other, Outcome.HIDDEN, case_id=asked),
        ):
            with pytest.raises(NotFound) as refused:
                ask()
            said.append(str(refused.value))
    assert len(set(said)) == 1


def test_learners_decide_nothing(course, thread):
    report(course.ana, thread)
    case_id = waiting(course)[0].id
    for ask in (
        lambda: moderation.list_cases(viewer=course.ana),
        lambda: moderation.get_case(viewer=course.ana, case_id=case_id),
        lambda: moderation.close_case(viewer=course.ana, case_id=case_id, outcome=Outcome.DISMISSED),
    ):
        with pytest.raises(NotAllowed, match="Only the course staff"):
            ask()
    assert moderation.count_open(viewer=course.ana) == 0
