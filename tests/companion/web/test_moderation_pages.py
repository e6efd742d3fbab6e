"""Reporting and the staff's pages, as people meet them under every mount."""

from __future__ import annotations

import re

import pytest

from companion.moderation import api as moderation
from companion.spaces import api as spaces
from companion.threads import api as threads
from companion.viewer import Role
from tests.people import Course, join


@pytest.fixture
def thread(course: Course) -> threads.Thread:
    thread = threads.start_thread(viewer=course.ana, activity_uid=course.activity.uid, title="Drill", body="Opening")
    threads.add_reply(viewer=course.chen, thread_id=thread.pk, body="A **rude** reply")
    threads.add_reply(viewer=course.ana, thread_id=thread.pk, parent_number=2, body="A rude answer")
    return thread


def text_of(response) -> str:
    return response.content.decode()


def only_case(course: Course) -> int:
    [row] = moderation.list_cases(viewer=course.ben)[0]
    return row.id


@pytest.fixture
def case(course, thread) -> int:
    moderation.report_post(viewer=course.ana, thread_id=thread.pk, number=2, reason="It insults me")
    return only_case(course)


def test_it_works(course, thread, reader):
    ana, ben = reader(course.ana), reader(course.ben)
    form = text_of(ana.get("post-report", thread.pk, 2))
    assert "A <strong>rude</strong> reply" in form
    assert "Nobody learns that it was you" in form
    done = ana.post("post-report", thread.pk, 2, reason="It insults me")
    assert (done.status_code, "Thank you" in text_of(done)) == (200, True)
    assert "1 report" in text_of(ben.get("thread-list", course.activity.uid))
    assert "Moderation" in text_of(ben.get("space-home"))
    queue = text_of(ben.get("moderation"))
    assert "It insults me" in queue
    case = only_case(course)
    assert f"/moderation/{case}/" in queue
    page = text_of(ben.get("moderation-case", case))
    for said in ("A <strong>rude</strong> reply", "Opening", "It insults me", "A member of the course", "Chen Wei"):
        assert said in page
    decided = ben.post("moderation-case", case, outcome="hide", reason="Please stay kind")
    assert decided.status_code == 303
    assert "Nothing waits for you" in text_of(ben.get("moderation"))
    assert "It insults me" in text_of(ben.get("moderation", show="closed"))
    after = text_of(ben.get("moderation-case", case))
    assert "All reports of this post are closed" in after
    assert 'name="outcome"' not in after
    assert re.search(r"It insults me</bdi> → Hidden: <bdi>Please stay kind", after)
    assert "hid a post" in text_of(ben.get("moderation-record"))
    assert "report" not in text_of(ben.get("thread-list", course.activity.uid))


def test_in_a_piece_of_the_page_too(course, thread, reader):
    ana = reader(course.ana)
    form = text_of(ana.get("post-report", thread.pk, 2, htmx=True))
    assert "<html" not in form
    refused = ana.post("post-report", thread.pk, 2, reason=" ", htmx=True)
    assert (refused.status_code, refused["HX-Retarget"]) == (422, "#post-2-form")
    assert "Say what is wrong with it" in text_of(refused)
    done = text_of(ana.post("post-report", thread.pk, 2, reason="Rude", htmx=True))
    assert ("<html" in done, "Thank you" in done) == (False, True)


@pytest.mark.parametrize("reason", ["", "\u200b", "x" * 501])
def test_what_was_wrong_stands_beside_what_was_typed(course, thread, case, reader, reason):
    ana, ben = reader(course.ana), reader(course.ben)
    for answer in (
        ana.post("post-report", thread.pk, 2, reason=reason),
        ben.post("moderation-case", case, outcome="hide", reason=reason),
        ben.post("moderation-case", case, outcome="return", reason=reason),
        ben.post("post-hide", thread.pk, 2, reason=reason),
        ben.post("post-hide", thread.pk, 2, reason=reason, **{"return": "1"}),
        ben.post("post-mute", thread.pk, 2, days=7, reason=reason),
    ):
        assert (answer.status_code, 'aria-invalid="true"' in text_of(answer)) == (422, True)
        assert reason in text_of(answer)
    assert only_case(course) == case
    assert spaces.list_acts(viewer=course.ben) == []


def test_one_s_own_post_has_no_report_and_gets_a_sentence(course, thread, reader):
    ana = reader(course.ana)
    page = text_of(ana.get("thread-detail", thread.pk))
    assert set(re.findall(r"/posts/(\d)/report/", page)) == {"2"}
    answer = ana.post("post-report", thread.pk, 1, reason="My reason")
    assert (answer.status_code, "This is your own post" in text_of(answer)) == (403, True)
    assert "My reason" in text_of(answer)


def test_too_many_reports_keep_what_was_typed_and_say_when(course, thread, reader):
    ana = reader(course.ana)
    for time in range(20):
        assert ana.post("post-report", thread.pk, 2, reason=f"Reason {time}").status_code == 200
    answer = ana.post("post-report", thread.pk, 2, reason="My last reason")
    text = text_of(answer)
    assert (answer.status_code, "My last reason" in text) == (429, True)
    assert re.search(r"20 times in 60 minutes\. Please wait \d+ minutes?", text)


def test_outcomes_that_there_are_not(course, case, reader):
    ben = reader(course.ben)
    for outcome in ("", "open", "OPEN", "delete"):
        answer = ben.post("moderation-case", case, outcome=outcome, reason="My reason")
        assert (answer.status_code, "Choose one of the options" in text_of(answer)) == (422, True)
        assert "My reason" in text_of(answer)


def test_who_comes_second_reads_so_and_keeps_the_words(course, case, reader):
    tia = join(course.space, "tia", "Tia", Role.ASSISTANT)
    assert reader(tia).post("moderation-case", case, outcome="dismiss").status_code == 303
    answer = reader(course.ben).post("moderation-case", case, outcome="hide", reason="My reason")
    assert (answer.status_code, "All reports of this post are closed" in text_of(answer)) == (409, True)
    assert [act.act for act in spaces.list_acts(viewer=course.ben)] == ["dismissed a report"]


def test_learners_get_the_refusal_page(course, thread, case, reader):
    ana = reader(course.ana)
    for answer in (
        ana.get("moderation"),
        ana.get("moderation-record"),
        ana.get("moderation-muted"),
        ana.get("moderation-case", case),
        ana.post("moderation-case", case, outcome="dismiss"),
        ana.get("post-hide", thread.pk, 2),
        ana.get("post-mute", thread.pk, 2),
    ):
        assert (answer.status_code, "Only the course staff can do this" in text_of(answer)) == (403, True)
        assert "It insults me" not in text_of(answer)
    for page in (
        ana.get("space-home"),
        ana.get("thread-list", course.activity.uid),
        ana.get("thread-detail", thread.pk),
    ):
        assert "/moderation/" not in text_of(page)
        assert "/mute/" not in text_of(page)


def test_sent_back_its_author_changes_it_and_the_staff_looks_again(
    course, thread, case, reader, django_capture_on_commit_callbacks
):
    ben, chen, ana = reader(course.ben), reader(course.chen), reader(course.ana)
    assert ben.post("moderation-case", case, outcome="return", reason="Say it kindly").status_code == 303
    assert "Hidden by the course staff" in text_of(ana.get("thread-detail", thread.pk))
    page = text_of(chen.get("thread-detail", thread.pk))
    assert "Sent back to its author: Say it kindly" in page
    assert "/posts/2/edit/" in page
    with django_capture_on_commit_callbacks(execute=True):
        assert chen.post("post-edit", thread.pk, 2, body="A kind reply", version=1).status_code == 303
    assert "A kind reply" in text_of(ana.get("thread-detail", thread.pk))
    assert "Its author has changed it" in text_of(ben.get("moderation"))
    again = text_of(ben.get("moderation-case", only_case(course)))
    assert "A kind reply" in again
    assert "Earlier versions" in again
    assert "Sent back to its author: <bdi>Say it kindly" in again


def test_muting_and_unmuting(course, thread, reader):
    ben = reader(course.ben)
    form = text_of(ben.get("post-mute", thread.pk, 2))
    assert "Mute Chen Wei in this course?" in form
    assert re.search(r'value="7"[^>]*checked', form)
    assert ben.post("post-mute", thread.pk, 2, days=7, reason="Cool down").status_code == 303
    page = text_of(ben.get("moderation-muted"))
    assert "Chen Wei" in page
    assert "Cool down" in page
    assert ben.post("moderation-muted", person=course.chen.person_id).status_code == 303
    assert "Nobody is muted" in text_of(ben.get("moderation-muted"))
    ben.post("post-mute", thread.pk, 2, days=0, reason="Cool down")
    assert "until it is lifted" in text_of(ben.get("moderation-muted"))


@pytest.mark.parametrize("days", ["", "5", "-1", "x", "9" * 30, "7.5"])
def test_a_time_that_nobody_offered(course, thread, reader, days):
    answer = reader(course.ben).post("post-mute", thread.pk, 2, days=days, reason="Cool down")
    assert (answer.status_code, "Cool down" in text_of(answer)) == (422, True)
    assert spaces.list_muted(viewer=course.ben) == []


def test_who_cannot_be_muted(course, thread, reader):
    bens = threads.add_reply(viewer=course.ben, thread_id=thread.pk, body="Now, now").number
    shy = threads.add_reply(viewer=course.chen, thread_id=thread.pk, body="Shy", anonymous=True).number
    ben = reader(course.ben)
    assert set(re.findall(r"/posts/(\d)/mute/", text_of(ben.get("thread-detail", thread.pk)))) == {"1", "2", "3"}
    for number, said in ((bens, "course staff cannot be muted"), (shy, "anonymous author cannot be muted")):
        answer = ben.post("post-mute", thread.pk, number, days=7, reason="My reason")
        assert (answer.status_code, said in text_of(answer), "My reason" in text_of(answer)) == (403, True, True)


@pytest.mark.parametrize("person", ["", "x", "0", "-1", "9" * 30])
def test_nobody_to_unmute(course, reader, person):
    answer = reader(course.ben).post("moderation-muted", person=person)
    assert (answer.status_code, "There is nothing here" in text_of(answer)) == (404, True)


@pytest.mark.parametrize("query", [{"after": "x"}, {"after": "9" * 30}, {"before": "-1"}, {"show": "x"}])
def test_nonsense_in_a_link_is_passed_over(course, case, reader, query):
    ben = reader(course.ben)
    assert "It insults me" in text_of(ben.get("moderation", **query))
    assert ben.get("moderation-record", **query).status_code == 200
