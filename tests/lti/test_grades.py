"""Ana writes, and what she is told that it counts for stands in her platform's gradebook: once, in order, with words;
never over a grade that Ben gave by hand.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from companion_lti import gradebooks, grades, scoring
from companion_lti.models import GradeColumn, LtiSession, Score
from companion_lti.mount import viewer_of
from django.core.cache import cache
from django.test import Client
from django_tasks_db.models import DBTaskResult

from companion import clock
from companion.errors import InvalidInput
from companion.spaces import api as spaces
from companion.spaces.api import Activity
from companion.tasks import RetryLater
from companion.threads import api as threads
from tests.lti import platform as lms
from tests.lti.conftest import new_browser
from tests.lti.far_end import Answer
from tests.lti.gradebook import AGS, Gradebook
from tests.lti.platform import ANA, ANA_NAMELESS, BEN, Platform, page_of

pytestmark = pytest.mark.every_database

RULE = {"credit_threads": 1, "credit_replies": 1, "credit_words": 2, "credit_points": 10}
SUB = "6"


class School:
    """Ben's graded discussion, with Ana in it, and the gradebook of their platform."""

    def __init__(self, platform: Platform, *scopes: str, column: int | None = 1, **rule: Any) -> None:
        self.platform = platform
        self.book = Gradebook(platform.server)
        self.claim = self.book.claim(*scopes, column=column)
        self.ben = platform.enter(new_browser(), BEN, self.claim)
        self.activity = Activity.objects.get()
        self.configure(**RULE | rule)
        self.ana = self.enter()

    def configure(self, **rule: Any) -> None:
        settings = self.activity.settings | rule
        spaces.configure_activity(viewer=viewer_of(self.ben), uid=self.activity.uid, title="Week 1", settings=settings)
        self.activity.refresh_from_db()
        cache.clear()

    def enter(self, message: str = ANA, changes: Mapping[str, Any] | None = None) -> LtiSession:
        return self.platform.enter(new_browser(), message, {**self.claim, **(changes or {})})

    def write(self, session: LtiSession | None = None, **changes: Any) -> threads.Thread:
        viewer = viewer_of(session or self.ana)
        text = {"title": "T", "body": "Two words"} | changes
        return threads.start_thread(viewer=viewer, activity_uid=self.activity.uid, **text)

    def reply(self, thread: threads.Thread, session: LtiSession | None = None, **changes: Any) -> threads.Post:
        text = {"body": "Two words"} | changes
        return threads.add_reply(viewer=viewer_of(session or self.ana), thread_id=thread.pk, **text)

    def send(self) -> str:
        """Run what waits, as the worker does."""
        return scoring.send_scores.func(GradeColumn.objects.get().pk)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Seconds between two scores of one person pass on the clock of the tests."""
    cache.clear()
    monkeypatch.setattr(scoring.time, "sleep", lambda _seconds: None)


@pytest.fixture
def school(platform: Platform) -> School:
    return School(platform)


def waiting(name: str = "send_scores") -> int:
    return DBTaskResult.objects.filter(task_path__endswith=name, status="READY").count()


def state(school: School) -> tuple[str, str]:
    score = Score.objects.get(person=school.ana.person_id)
    return score.state, score.reason


def test_it_works(school: School) -> None:
    thread = school.write()
    assert waiting() == 1
    assert school.send() == "1 sent"
    [sent] = school.book.taken
    assert sent["userId"] == SUB
    assert (sent["scoreGiven"], sent["scoreMaximum"]) == (5, 10)
    assert (sent["activityProgress"], sent["gradingProgress"]) == ("InProgress", "FullyGraded")
    assert sent["comment"] == "So far: 1 of 2 (1 thread and 1 reply of at least 2 words each)"
    assert sent["timestamp"].endswith("+00:00")
    assert school.book.grade(SUB) == 50
    school.reply(thread)
    school.send()
    assert school.book.grade(SUB) == 100
    assert school.book.taken[-1]["activityProgress"] == "Completed"
    assert state(school) == ("sent", "")


def test_she_reads_the_rule_and_how_far_she_is(school: School) -> None:
    page = school.platform.launch(client := new_browser(), ANA, school.claim)
    text = client.get(page["Location"]).content.decode()
    assert "1 thread and 1 reply of at least 2 words each" in text
    assert "It gives 10 points in this course" in text
    assert "So far: 0 of 2" in text


def test_where_no_grades_are_taken_nothing_is_said_of_credit(platform: Platform, school: School) -> None:
    page = platform.launch(client := new_browser(), ANA, {AGS: lms.LEFT_OUT})
    assert "For credit" not in client.get(page["Location"]).content.decode()


def test_completion_gives_points_for_the_whole_alone(platform: Platform) -> None:
    school = School(platform, credit_whole=True)
    thread = school.write()
    school.send()
    assert school.book.taken == []
    school.reply(thread)
    school.send()
    assert school.book.grade(SUB) == 100


def test_who_is_known_by_sub_alone_is_graded(platform: Platform) -> None:
    school = School(platform)
    nameless = school.enter(ANA_NAMELESS)
    school.write(nameless)
    school.send()
    assert [sent["userId"] for sent in school.book.taken] == [nameless.person.subject]


def test_the_staff_are_not_graded(school: School) -> None:
    school.write(school.ben)
    assert school.send() == "0 sent"
    assert school.book.taken == []


def test_in_the_language_of_the_learner(platform: Platform) -> None:
    school = School(platform)
    presentation = lms.recorded(ANA)["claims"][lms.LTI + "launch_presentation"] | {"locale": "de"}
    school.claim |= {lms.LTI + "launch_presentation": presentation}
    school.write(school.enter())
    school.send()
    assert "Bisher" in school.book.taken[0]["comment"]


# -- what becomes due, and when ------------------------------------------------------------------------------


def test_many_posts_are_one_task(school: School) -> None:
    thread = school.write()
    school.reply(thread)
    assert waiting() == 1


def test_without_a_rule_nothing_is_due(platform: Platform) -> None:
    school = School(platform, credit_threads=0, credit_replies=0)
    school.write()
    assert (waiting(), Score.objects.count()) == (0, 0)


def test_without_points_the_gradebook_is_left_alone(platform: Platform) -> None:
    school = School(platform, credit_points=0)
    school.write()
    assert (waiting(), Score.objects.count()) == (0, 0)


def test_a_post_that_is_taken_back_with_its_transaction_owes_nothing(school: School) -> None:
    with pytest.raises(InvalidInput):
        school.write(title="")
    assert (waiting(), Score.objects.count()) == (0, 0)


def test_anonymous_posts_move_no_grade(school: School) -> None:
    """Whatever the staff does with them: whoever could make a grade move would learn whose they are."""
    thread = school.write(anonymous=True)
    ben = viewer_of(school.ben)
    column = GradeColumn.objects.get().pk
    for step in (
        lambda: threads.hide_post(viewer=ben, thread_id=thread.pk, number=1, reason="No"),
        lambda: threads.restore_post(viewer=ben, thread_id=thread.pk, number=1),
        lambda: school.configure(credit_words=1),
        lambda: school.configure(credit_points=50),
    ):
        step()
        with time_machine.travel(clock.now() + timedelta(days=2)):
            grades.settle_column.func(column)
            school.send()
    assert (school.book.taken, Score.objects.count()) == ([], 0)


def test_the_page_says_that_anonymous_posts_do_not_count(school: School) -> None:
    page = school.platform.launch(client := new_browser(), ANA, school.claim)
    assert "What you write without your name does not count." in client.get(page["Location"]).content.decode()
    school.configure(anonymity="off")
    page = school.platform.launch(client := new_browser(), ANA, school.claim)
    assert "without your name" not in client.get(page["Location"]).content.decode()


def test_a_visit_makes_due_what_was_missed_and_nothing_twice(school: School) -> None:
    school.write()
    Score.objects.all().delete()
    DBTaskResult.objects.all().delete()
    GradeColumn.objects.update(queued_at=None)
    response = school.platform.launch(client := new_browser(), ANA, school.claim)
    client.get(response["Location"])
    assert waiting() == 1
    school.send()
    assert school.book.grade(SUB) == 50
    DBTaskResult.objects.all().delete()
    for state in ("sent", "kept", "stopped"):
        Score.objects.update(state=state)
        client.get(page_of(lms.session_of(response), f"activities/{school.activity.uid}/"))
        assert waiting() == 0


def test_half_of_the_whole_is_nothing_to_send_at_each_visit(platform: Platform) -> None:
    school = School(platform, credit_whole=True)
    school.write()
    school.send()
    DBTaskResult.objects.all().delete()
    response = school.platform.launch(client := new_browser(), ANA, school.claim)
    client.get(response["Location"])
    assert waiting() == 0


def test_a_rule_that_comes_later_counts_what_was_written(platform: Platform) -> None:
    school = School(platform, credit_points=0)
    school.write()
    school.configure(credit_points=20)
    assert waiting("settle_column") == 1
    assert grades.settle_column.func(GradeColumn.objects.get().pk) == "1 due"
    school.send()
    assert (school.book.taken[0]["scoreGiven"], school.book.taken[0]["scoreMaximum"]) == (10, 20)


def test_a_platform_that_takes_grades_later_hears_of_what_was_written(platform: Platform, browser: Client) -> None:
    school = School(platform)
    GradeColumn.objects.all().delete()
    cache.clear()
    school.write()
    school.enter()
    assert waiting("settle_column") == 2
    grades.settle_column.func(GradeColumn.objects.get().pk)
    school.send()
    assert school.book.grade(SUB) == 50


def test_each_night_for_everybody_once(school: School) -> None:
    DBTaskResult.objects.all().delete()
    GradeColumn.objects.update(settled_at=clock.now())
    grades.settle_nightly()
    assert waiting("settle_column") == 0
    with time_machine.travel(clock.now() + timedelta(days=1)):
        grades.settle_nightly()
        grades.settle_nightly()
    assert waiting("settle_column") == 1


def test_a_course_that_is_over_is_let_be_at_night(school: School) -> None:
    DBTaskResult.objects.all().delete()
    with time_machine.travel(clock.now() + timedelta(days=100)):
        grades.settle_nightly()
    assert waiting("settle_column") == 0


def test_a_grade_never_goes_down(school: School) -> None:
    thread = school.write()
    school.send()
    threads.hide_post(viewer=viewer_of(school.ben), thread_id=thread.pk, number=1, reason="No")
    grades.settle_column.func(GradeColumn.objects.get().pk)
    school.write(body="One")
    school.send()
    assert (school.book.grade(SUB), len(school.book.taken)) == (50, 1)


# -- a grade that was changed by hand ------------------------------------------------------------------------


@pytest.mark.parametrize("by_hand", [80, 0])
def test_a_grade_changed_by_hand_is_not_overwritten(school: School, by_hand: float) -> None:
    thread = school.write()
    school.send()
    school.book.grade_by_hand(1, SUB, by_hand)
    school.reply(thread)
    assert school.send() == "0 sent"
    assert school.book.grade(SUB) == by_hand
    assert state(school) == ("kept", "Somebody changed the grade in the platform.")


def test_a_grade_that_was_there_before_is_not_overwritten(school: School) -> None:
    school.book.grade_by_hand(1, SUB, 30)
    school.write()
    assert school.send() == "0 sent"
    assert school.book.grade(SUB) == 30


def test_a_grade_that_was_taken_away_by_hand_stays_away(school: School) -> None:
    thread = school.write()
    school.send()
    school.book.grade_by_hand(1, SUB, None)
    school.reply(thread)
    school.send()
    assert school.book.grade(SUB) is None
    assert state(school)[0] == "kept"


def test_a_platform_that_rounds_has_changed_nothing(platform: Platform) -> None:
    school = School(platform, credit_replies=2)
    thread = school.write()
    school.send()
    school.book.results[1, SUB]["resultScore"] = 33
    school.reply(thread)
    school.send()
    assert school.book.grade(SUB) == pytest.approx(66.67, abs=0.01)


def test_a_grade_by_hand_is_found_on_a_further_page(school: School) -> None:
    school.write()
    pages = {None: "2", "2": "3", "3": None}
    own = {"userId": SUB, "resultScore": 90, "resultMaximum": 100}

    def paged(asked: Any) -> Answer:
        page = asked.query.get("page", [None])[0]
        url = f"{school.platform.server.url}/lineitems/1/lineitem/results?page={pages[page]}"
        headers = {"Link": f'<{url}>; rel="next"'} if pages[page] else {}
        return Answer([own] if page == "3" else [{"userId": "x"}], headers=headers)

    school.platform.server.answers["/lineitems/1/lineitem/results"] = paged
    school.send()
    assert (state(school)[0], school.book.taken) == ("kept", [])


def test_results_without_end_are_no_leave_to_send(school: School) -> None:
    def endless(asked: Any) -> Answer:
        number = int(asked.query.get("page", ["0"])[0]) + 1
        url = f"{school.platform.server.url}/lineitems/1/lineitem/results?page={number}"
        return Answer([], headers={"Link": f'<{url}>; rel="next"'})

    school.platform.server.answers["/lineitems/1/lineitem/results"] = endless
    school.write()
    school.send()
    assert (state(school)[0], school.book.taken) == ("kept", [])


@pytest.mark.parametrize(
    ("written", "stays"),
    [("Well said, Ana!", True), ("<p>So far: 1 of 2 (1 thread and 1 reply of at least 2 words each)</p>", False)],
)
def test_what_a_teacher_wrote_beside_a_grade_stays(school: School, written: str, stays: bool) -> None:
    thread = school.write()
    school.send()
    school.book.results[1, SUB]["comment"] = written
    school.reply(thread)
    school.send()
    assert ("comment" not in school.book.taken[-1]) is stays


def test_without_leave_to_look_we_send(platform: Platform) -> None:
    school = School(platform, "score")
    school.write()
    school.send()
    assert school.book.grade(SUB) == 50


# -- the column ----------------------------------------------------------------------------------------------


def test_a_column_is_made_where_the_link_has_none(platform: Platform) -> None:
    school = School(platform, column=None)
    school.write()
    school.send()
    [column] = school.book.columns.values()
    assert (column["label"], column["scoreMaximum"]) == ("Week 1", 10)
    assert (column["resourceId"], column["tag"]) == (str(school.activity.uid), "companion-credit")
    assert column["resourceLinkId"] == "1"
    assert school.book.grade(SUB) == 5
    school.write()
    assert len(school.book.columns) == 1


def test_a_column_that_is_there_is_found(platform: Platform) -> None:
    school = School(platform, column=None)
    school.book.add(1, resourceLinkId="other", resourceId="x", tag="y")
    school.book.add(2, resourceLinkId="1")
    school.write()
    school.send()
    assert len(school.book.columns) == 2
    assert school.book.grade(SUB, 2) == 50


def test_canvas_takes_a_column_without_its_link(platform: Platform) -> None:
    school = School(platform, column=None)

    def picky(asked: Any) -> Answer:
        if asked.method == "POST" and "resourceLinkId" in asked.json:
            return Answer({}, status=412)
        return school.book._columns(asked)

    platform.server.answers["/lineitems"] = picky
    school.write()
    school.send()
    assert school.book.grade(SUB) == 5


def test_where_we_may_make_none_it_stops_with_a_reason(platform: Platform) -> None:
    school = School(platform, "score", column=None)
    school.write()
    assert school.send().startswith("stopped")
    assert state(school) == ("stopped", "The platform has no column for this link, and lets us make none.")
    assert GradeColumn.objects.get().error


@pytest.mark.parametrize("named", ["https://evil.example/1", "//evil.example/1", None, 3, "javascript:1"])
def test_15_a_column_on_another_host_gets_no_token(platform: Platform, named: object) -> None:
    school = School(platform, column=None)

    def liar(asked: Any) -> Answer:
        return Answer([]) if asked.method == "GET" else Answer({"id": named})

    platform.server.answers["/lineitems"] = liar
    school.write()
    with pytest.raises(RetryLater):
        school.send()
    assert GradeColumn.objects.get().line_item_url == ""


def test_15_a_gradebook_on_a_private_address_gets_no_token(school: School, settings: Any) -> None:
    school.write()
    settings.COMPANION_LTI_PRIVATE_HOSTS = ()
    with pytest.raises(RetryLater):
        school.send()
    assert school.platform.server.count("/token") == 0


# -- a platform that does not take it ------------------------------------------------------------------------


@pytest.mark.parametrize("status", [429, 500, 503])
@pytest.mark.parametrize("path", ["/token", "/lineitems/1/lineitem/results", "/lineitems/1/lineitem/scores"])
def test_16_a_platform_that_is_busy_is_asked_later(school: School, path: str, status: int) -> None:
    right = school.platform.server.answers[path]
    school.platform.server.answers[path] = Answer("its words", status=status, headers={"Retry-After": "90"})
    school.write()
    with pytest.raises(RetryLater) as later:
        school.send()
    assert later.value.after == timedelta(seconds=90)
    assert str(status) in GradeColumn.objects.get().error
    assert state(school)[0] == "due"
    school.platform.server.answers[path] = right
    assert school.send() == "1 sent"
    assert GradeColumn.objects.get().error == ""


@pytest.mark.parametrize("path", ["/token", "/lineitems/1/lineitem/results"])
def test_a_platform_that_lies_is_asked_later(school: School, path: str) -> None:
    school.platform.server.answers[path] = Answer(b"<html>Welcome</html>")
    school.write()
    with pytest.raises(RetryLater):
        school.send()
    assert school.book.taken == []


@pytest.mark.parametrize(
    ("path", "status"),
    [("/token", 401), ("/token", 403), ("/token", 404)]
    + [("/lineitems/1/lineitem/results", status) for status in (401, 403)],
)
def test_17_what_is_not_for_us_stops_with_a_reason(school: School, path: str, status: int) -> None:
    school.platform.server.answers[path] = Answer({}, status=status)
    school.write()
    assert school.send().startswith("stopped")
    assert state(school)[0] == "stopped"
    assert state(school)[1]


@pytest.mark.parametrize("status", [400, 403, 404, 422])
def test_17_one_who_cannot_be_graded_does_not_stop_the_others(school: School, status: int) -> None:
    right = school.platform.server.answers["/lineitems/1/lineitem/scores"]

    def picky(asked: Any) -> Answer:
        return Answer({}, status=status) if asked.json["userId"] == SUB else right(asked)

    school.platform.server.answers["/lineitems/1/lineitem/scores"] = picky
    school.write()
    other = school.enter(ANA_NAMELESS, {"sub": "77"})
    school.write(other)
    school.send()
    assert state(school)[0] == "stopped"
    assert [sent["userId"] for sent in school.book.taken] == [other.person.subject]


def test_who_has_left_is_not_sent(school: School) -> None:
    school.write()
    spaces.leave_space(
        issuer=school.ana.space.issuer,
        external_id=school.ana.space.external_id,
        organization_id=school.ana.organization_id,
        subject=SUB,
    )
    school.send()
    assert school.book.taken == []
    assert state(school)[0] == "stopped"


def test_a_column_that_is_gone_is_made_again(platform: Platform) -> None:
    school = School(platform, column=None)
    thread = school.write()
    school.send()
    for path in ("", "/results", "/scores"):
        school.platform.server.answers[f"/lineitems/1/lineitem{path}"] = Answer({}, status=404)
    school.book.results.clear()
    school.book.columns = {1: {"id": "gone", "resourceLinkId": "another"}}
    school.reply(thread)
    school.send()
    assert (state(school)[0], school.book.grade(SUB, 2)) == ("sent", 10)


def test_17_one_on_whom_the_platform_fails_does_not_stop_the_others(school: School) -> None:
    right = school.platform.server.answers["/lineitems/1/lineitem/scores"]

    def picky(asked: Any) -> Answer:
        return Answer({}, status=500) if asked.json["userId"] == SUB else right(asked)

    school.platform.server.answers["/lineitems/1/lineitem/scores"] = picky
    school.write()
    others = [school.enter(ANA_NAMELESS, {"sub": str(number)}) for number in range(70, 75)]
    for other in others:
        school.write(other)
    for _try in range(scoring.MOST_FAILURES - 1):
        with pytest.raises(RetryLater):
            school.send()
    assert {sent["userId"] for sent in school.book.taken} == {other.person.subject for other in others}
    assert len(school.book.taken) == 5
    school.send()
    assert state(school)[0] == "stopped"
    school.platform.server.answers["/lineitems/1/lineitem/scores"] = right
    grades.settle_column.func(GradeColumn.objects.get().pk)
    school.send()
    assert (state(school)[0], school.book.grade(SUB)) == ("sent", 50)


def test_one_who_is_not_enrolled_leaves_the_column_alone(school: School) -> None:
    right = school.platform.server.answers["/lineitems/1/lineitem/results"]
    school.platform.server.answers["/lineitems/1/lineitem"] = Answer({"id": school.book.url(1)})

    def picky(asked: Any) -> Answer:
        return Answer({}, status=404) if asked.query["user_id"] == [SUB] else right(asked)

    school.platform.server.answers["/lineitems/1/lineitem/results"] = picky
    school.write()
    other = school.enter(ANA_NAMELESS, {"sub": "77"})
    school.write(other)
    school.send()
    assert state(school)[0] == "stopped"
    assert [sent["userId"] for sent in school.book.taken] == ["77"]
    assert GradeColumn.objects.get().line_item_url


@pytest.mark.parametrize("score", [10**400, "many", True, None, [], float("1e308")])
def test_a_result_that_is_no_number_is_no_crash(school: School, score: Any) -> None:
    body = f'[{{"userId": "6", "resultScore": {json.dumps(score)}, "resultMaximum": 100}}]'.encode()
    school.platform.server.answers["/lineitems/1/lineitem/results"] = Answer(body)
    school.write()
    school.send()
    assert state(school)[0] in ("sent", "kept")


@pytest.mark.parametrize("address", ["http://[bad", "javascript:1", "https://a b/", "http://x\\@y/"])
def test_a_launch_that_names_no_column_is_no_crash(platform: Platform, address: str) -> None:
    school = School(platform)
    broken = {AGS: school.claim[AGS] | {"lineitem": address, "lineitems": address}}
    platform.enter(new_browser(), ANA, broken)
    school.write()
    school.send()
    assert school.book.grade(SUB) == 50


def test_a_fault_of_ours_is_not_repeated_each_minute(school: School, monkeypatch: pytest.MonkeyPatch) -> None:
    school.write()
    DBTaskResult.objects.all().delete()
    monkeypatch.setattr(scoring, "_send_one", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        school.send()
    grades.wake_stalled()
    assert waiting() == 0
    assert "ZeroDivisionError" in GradeColumn.objects.get().error


def test_a_platform_that_was_shut_out_is_not_called(school: School) -> None:
    school.write()
    school.platform.row.is_active = False
    school.platform.row.save()
    assert school.send().startswith("stopped")
    assert school.platform.server.count("/token") == 0
    with time_machine.travel(clock.now() + timedelta(days=1)):
        DBTaskResult.objects.all().delete()
        grades.settle_nightly()
    assert waiting("settle_column") == 0


def test_a_long_task_leaves_the_rest_to_another(school: School, monkeypatch: pytest.MonkeyPatch) -> None:
    school.write()
    school.write(school.enter(ANA_NAMELESS, {"sub": "77"}))
    monkeypatch.setattr(scoring, "SPELL", -1.0)
    DBTaskResult.objects.all().delete()
    assert school.send() == "0 sent"
    assert waiting() == 1


# -- once, and in order --------------------------------------------------------------------------------------


def test_17_a_worker_killed_after_sending_does_not_send_again(school: School) -> None:
    thread = school.write()
    school.send()
    school.reply(thread)
    school.send()
    # As it was left by a worker that was killed before it wrote down that it had sent the second one.
    Score.objects.update(state="due", share=0.5)
    assert school.send() == "0 sent"
    assert [sent["scoreGiven"] for sent in school.book.taken] == [5, 10]
    assert state(school)[0] == "sent"


def test_17_a_worker_killed_after_sending_does_not_take_its_own_for_a_teachers(platform: Platform) -> None:
    school = School(platform, credit_replies=2)
    thread = school.write()
    school.reply(thread)
    school.send()
    Score.objects.update(state="due", share=None)
    school.reply(thread)
    assert school.send() == "1 sent"
    assert school.book.grade(SUB) == 100


def test_17_a_score_whose_answer_was_lost_stays_ours(platform: Platform) -> None:
    """It was taken, and the next one was not: what stands there is what we sent before the last."""
    school = School(platform, credit_replies=3)
    path = "/lineitems/1/lineitem/scores"
    right = platform.server.answers[path]

    def taken_and_lost(asked: Any) -> Answer:
        right(asked)
        return Answer({}, status=503)

    thread = school.write()
    for answer in (taken_and_lost, Answer({}, status=503)):
        platform.server.answers[path] = answer
        with pytest.raises(RetryLater):
            school.send()
        school.reply(thread)
    platform.server.answers[path] = right
    GradeColumn.objects.update(queued_at=None)
    assert school.send() == "1 sent"
    assert (state(school)[0], school.book.grade(SUB)) == ("sent", 75)


def test_one_task_waits_for_a_column_that_fails(school: School) -> None:
    school.platform.server.answers["/token"] = Answer({}, status=503)
    school.write()
    with pytest.raises(RetryLater):
        school.send()
    # Another one that was enqueued while the first was at it.
    real = scoring._send_due

    def meanwhile(*args: Any) -> Any:
        school.write()
        return real(*args)

    scoring_patch = pytest.MonkeyPatch()
    scoring_patch.setattr(scoring, "_send_due", meanwhile)
    assert school.send().startswith("another task waits")
    scoring_patch.undo()


def test_the_staffs_own_posts_are_not_looked_at_each_night(school: School) -> None:
    school.write(school.ben)
    school.send()
    assert grades.settle_column.func(GradeColumn.objects.get().pk) == "0 due"


def test_17_times_only_go_on_and_never_into_the_future(school: School) -> None:
    thread = school.write()
    school.send()
    school.reply(thread)
    school.send()
    first, second = (sent["timestamp"] for sent in school.book.taken)
    assert first < second


def test_17_what_the_platform_has_later_stops_with_a_reason(school: School) -> None:
    school.platform.server.answers["/lineitems/1/lineitem/scores"] = Answer({}, status=409)
    school.write()
    school.send()
    assert state(school) == ("stopped", "The platform has a later grade.")


def test_two_workers_do_not_send_at_once(school: School) -> None:
    school.write()
    GradeColumn.objects.update(busy_until=clock.now() + timedelta(minutes=1))
    with pytest.raises(RetryLater):
        school.send()
    with time_machine.travel(clock.now() + timedelta(minutes=2)):
        assert school.send() == "1 sent"


def test_what_a_killed_worker_left_is_found_again(school: School) -> None:
    school.write()
    DBTaskResult.objects.all().delete()
    GradeColumn.objects.update(queued_at=None, busy_until=clock.now() + timedelta(minutes=1))
    grades.wake_stalled()
    assert waiting() == 0
    with time_machine.travel(clock.now() + timedelta(minutes=2)):
        grades.wake_stalled()
        grades.wake_stalled()
    assert waiting() == 1


def test_what_is_written_while_a_score_is_sent_is_not_lost(school: School, monkeypatch: pytest.MonkeyPatch) -> None:
    thread = school.write()
    real = gradebooks.Gradebook.send

    def slow(*args: Any, **kwargs: Any) -> None:
        monkeypatch.setattr(gradebooks.Gradebook, "send", real)
        real(*args, **kwargs)
        school.reply(thread)

    monkeypatch.setattr(gradebooks.Gradebook, "send", slow)
    assert school.send() == "1 sent"
    assert state(school)[0] == "due"
    assert school.send() == "1 sent"
    assert [sent["scoreGiven"] for sent in school.book.taken] == [5, 10]


def test_a_worker_that_was_too_slow_leaves_it_to_the_other(school: School, monkeypatch: pytest.MonkeyPatch) -> None:
    school.write()
    later = clock.now() + timedelta(hours=1)
    real = gradebooks.Gradebook.find

    def slow(*args: Any) -> gradebooks.Result:
        GradeColumn.objects.update(busy_until=later)
        return real(*args)

    monkeypatch.setattr(gradebooks.Gradebook, "find", slow)
    assert school.send() == "another worker took over"
    assert school.book.taken == []
    assert GradeColumn.objects.get().busy_until == later


def test_a_column_that_is_gone_from_here_is_no_error(db: None) -> None:
    assert scoring.send_scores.func(7) == "gone"
    assert grades.settle_column.func(7) == "gone"
