"""The pages at addresses of the LMS: who gets in, what they see first, and what is refused."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import unquote

import pytest
from django.test import Client
from django.urls import reverse

from companion import clock
from companion.models import Activity, Membership, Person, Space, Thread
from companion.questions import api as questions
from companion.spaces import api as spaces
from companion.spaces.kinds import Kind
from companion.threads import api as threads
from companion.topics import api as topics
from companion.viewer import Viewer
from companion.web.mounting import path_for
from tests.openedx.conftest import COURSE, OTHER_COURSE

VIDEO = "block-v1:Northwind+Incidents+2026+type@video+block@intro"

SignIn = Callable[[Any], Client]


@pytest.fixture
def signed_in() -> SignIn:
    """`signed_in(ana)`: a browser of somebody who is signed in at the LMS. The platform's check of forms is on."""

    def sign_in(user: Any) -> Client:
        client = Client(enforce_csrf_checks=True)
        client.force_login(user)
        return client

    return sign_in


@pytest.fixture
def ben_view(ben: Any, visit: Callable[..., Viewer]) -> Viewer:
    return visit(ben)


@pytest.fixture
def activity(ben_view: Viewer) -> spaces.Activity:
    return spaces.create_activity(viewer=ben_view, title="Your first incident", external_id="unit 1")


def home(course: str = COURSE) -> str:
    return reverse("companion_openedx:home", args=[course])


def page(name: str, *args: object, course: str = COURSE) -> str:
    return home(course) + path_for(name, *args)


def about(usage_id: str = VIDEO, course: str = COURSE) -> str:
    return f"{home(course)}about/{usage_id}"


def section(html: str, heading: str) -> str:
    """What stands below a heading of the front page."""
    return re.split(r"<h2", html.split(f">{heading}</h2>", 1)[1])[0] if f">{heading}</h2>" in html else ""


# -- the front page ----------------------------------------------------------------------------------------------


def test_it_works(activity, ben_view, ana, chen, visit, signed_in):
    soon = clock.now() + timedelta(days=2)
    later = spaces.create_activity(viewer=ben_view, title="Before the drill", external_id="unit 2", opens_at=soon)
    ended = clock.now() - timedelta(days=2)
    spaces.create_activity(viewer=ben_view, title="Last year", external_id="unit 3", closes_at=ended)
    answered, waiting, read = (
        threads.start_thread(viewer=visit(chen), activity_uid=activity.uid, title=title, body="?")
        for title in ("Who is called first?", "What is a SEV?", "An old matter")
    )
    threads.add_reply(viewer=ben_view, thread_id=answered.pk, body="Whoever is on call.")
    client = signed_in(ana)
    assert client.get(page("thread-detail", read.pk)).status_code == 200
    answer = client.get(home())
    html = answer.content.decode()
    assert answer.status_code == 200
    assert [title in section(html, "New for you") for title in ("called first", "SEV", "old matter")] == [1, 1, 0]
    unanswered = section(html, "Nobody has answered yet")
    assert [title in unanswered for title in ("called first", "SEV", "old matter")] == [0, 1, 1]
    coming = section(html, "Coming up")
    assert ["Before the drill" in coming, "opens" in coming, "Last year" in coming] == [True, True, False]
    everything = section(html, "All discussions")
    assert [title in everything for title in ("Your first incident", "Before the drill", "Last year")] == [1, 1, 1]
    assert f'href="{page("thread-detail", waiting.pk)}"' in html
    assert f'href="{page("thread-list", later.uid)}"' in html
    assert 'href="https://lms.example/courses/' in html


def test_questions_that_a_block_asks_for_are_there_too(ben_view, ana, ben, chen, visit, signed_in):
    at_once = {"peer_hours": 0, "working_days": "1234567", "day_begins": 0, "day_ends": 24}
    activity = spaces.follow_activity(
        space_id=ben_view.space_id,
        external_id="block",
        title="Ask about incidents",
        kind=Kind.QUESTIONS,
        settings={"topic": "Incidents", **at_once},
    )
    topics.grant_expertise(viewer=ben_view, topic="Incidents", person_id=visit(chen).person_id)
    questions.ask_question(viewer=visit(ana), activity_uid=activity.uid, title="Who declares it?", body="?")

    def seen(user: Any, name: str = "space-home", *args: object) -> str:
        return signed_in(user).get(page(name, *args)).content.decode()

    waiting = ["1 question for you" in seen(user, "thread-list", activity.uid) for user in (ana, chen)]
    assert waiting == [False, True]
    assert "Who declares it?" in seen(chen, "queue")
    assert "Ask about incidents" in section(seen(ana), "All discussions")
    listed = seen(ana, "thread-list", activity.uid)
    assert ("Ask a question" in listed, "Who declares it?" in listed) == (True, True)
    settings = signed_in(ben).get(page("activity-settings", activity.uid))
    assert (settings.status_code, "set in Studio" in settings.content.decode()) == (403, True)


def test_a_link_back_leads_to_where_learners_are(ana, signed_in, settings):
    settings.LEARNING_MICROFRONTEND_URL = "https://apps.lms.example/learning/"
    back = f"https://apps.lms.example/learning/course/{COURSE}/home"
    assert f'href="{back}"' in signed_in(ana).get(home()).content.decode()


def test_a_course_without_discussions_says_so(ana, signed_in):
    assert "There are no discussions in this course yet" in signed_in(ana).get(home()).content.decode()


def test_every_page_of_the_ui_is_there(activity, ana, signed_in):
    client = signed_in(ana)
    assert "Your first incident" in client.get(page("thread-list", activity.uid)).content.decode()
    answer = client.get(home() + "no/such/page/")
    assert (answer.status_code, "There is nothing here" in answer.content.decode()) == (404, True)


def test_pages_are_of_their_course(activity, ana, ben_view, lms, signed_in):
    """A member of two courses finds nothing of one at the addresses of the other."""
    lms.enrol(ana, OTHER_COURSE)
    thread = threads.start_thread(viewer=ben_view, activity_uid=activity.uid, title="Ours", body="?")
    client = signed_in(ana)
    for name, argument in (("thread-list", activity.uid), ("thread-detail", thread.pk)):
        assert client.get(page(name, argument)).status_code == 200
        assert client.get(page(name, argument, course=OTHER_COURSE)).status_code == 404


# -- who gets in -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("url", [home(), home() + "preview/", about(), home("course-v1:No+Such+Course")])
def test_who_is_not_signed_in_is_sent_to_do_so(lms, db, settings, method, url):
    answer = getattr(Client(), method)(url)
    assert (answer.status_code, unquote(answer.headers["Location"])) == (302, f"{settings.LOGIN_URL}?next={url}")
    assert not Space.objects.exists()


def test_to_an_outsider_a_course_looks_like_one_that_does_not_exist(activity, ana, dee):
    client = Client()
    client.force_login(dee)
    missing = "course-v1:No+Such+Course"
    pages = ["", "preview/", "no/such/page/", path_for("thread-list", activity.uid)]
    for method, paths in ((client.get, [*pages, "about/" + VIDEO]), (client.post, pages)):
        for path in paths:
            answers = [method(home(course) + path) for course in (COURSE, missing)]
            assert [answer.status_code for answer in answers] == [404, 404]
            assert answers[0].content == answers[1].content
    assert "This is for members of the course" in client.get(home()).content.decode()
    assert not Person.objects.filter(name="dee").exists()
    assert set(Space.objects.values_list("external_id", flat=True)) == {COURSE}


def test_a_course_that_does_not_exist_is_not_made_by_looking_at_it(lms, db, signed_in):
    """Staff of the whole platform have a role everywhere."""
    client = signed_in(lms.account("root", is_staff=True))
    assert client.get(home("course-v1:No+Such+Course")).status_code == 404
    assert not Space.objects.exists()


@pytest.mark.parametrize(
    "course", ["a+b+c", "course-v1:a+b+c+d", "course-v1:a b+c+d", "library-v1:a+b+c", "%00+b+c", "course-v1:ä+ö+ü!"]
)
def test_what_is_no_course_key_is_nowhere(ana, signed_in, course):
    client = signed_in(ana)
    for path in ("", "preview/", f"about/{VIDEO}"):
        assert client.get(f"/companion/courses/{course}/{path}").status_code == 404
    assert not Space.objects.exists()


def test_who_is_unenrolled_is_out_with_the_next_click(activity, ana, lms, signed_in):
    client = signed_in(ana)
    assert client.get(home()).status_code == 200
    lms.unenrol(ana)
    assert client.get(home()).status_code == 404
    lms.enrol(ana)
    assert client.get(home()).status_code == 200


def test_a_platform_that_cannot_be_asked_lets_nobody_in(ana, signed_in, monkeypatch):
    monkeypatch.delattr(sys.modules["common.djangoapps.student.models"], "CourseEnrollment")
    client = signed_in(ana)
    with pytest.raises(AttributeError):
        client.get(home())
    assert not Membership.objects.exists()


@pytest.mark.parametrize(("role", "may"), [("staff", True), ("limited_staff", True), ("beta_testers", False)])
def test_the_staff_of_a_course_need_no_enrolment(activity, dee, lms, signed_in, role, may):
    lms.grant(dee, role)
    assert signed_in(dee).get(home()).status_code == (200 if may else 404)


def test_staff_of_the_whole_platform_get_in_everywhere(activity, db, lms, signed_in):
    assert signed_in(lms.account("root", is_staff=True)).get(home()).status_code == 200
    assert Membership.objects.get(person__name="root").role == "administrator"


# -- forms -------------------------------------------------------------------------------------------------------


def test_a_form_needs_the_platforms_token(activity, ana, signed_in):
    client = signed_in(ana)
    url = page("thread-new", activity.uid)
    fields = {"title": "By form", "body": "Sent without a script.", "submission": "one"}
    assert client.post(url, fields).status_code == 403
    assert not Thread.objects.exists()
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', client.get(url).content.decode())[1]
    assert client.post(url, {**fields, "csrfmiddlewaretoken": "x" * len(token)}).status_code == 403
    answer = client.post(url, {**fields, "csrfmiddlewaretoken": token})
    thread = Thread.objects.get()
    assert (answer.status_code, answer.headers["Location"]) == (303, page("thread-detail", thread.pk))
    assert (thread.title, thread.author_name) == ("By form", "ana")


def test_a_script_sends_the_token_in_a_header(activity, ana, signed_in):
    client = signed_in(ana)
    token = re.search(r'"X-CSRFToken": "(\w+)"', client.get(home()).content.decode())[1]
    url = page("preview")
    assert client.post(url, {"body": "**so**"}).status_code == 403
    answer = client.post(url, {"body": "**so**"}, headers={"X-CSRFToken": token})
    assert (answer.status_code, "<strong>so</strong>" in answer.content.decode()) == (200, True)


@pytest.mark.parametrize("method", ["get", "post"])
def test_settings_are_changed_in_studio(activity, ben, ana, method):
    url = page("activity-settings", activity.uid)
    for user, told in ((ben, "set in Studio"), (ana, "Only instructors can change activities")):
        client = Client()
        client.force_login(user)
        answer = getattr(client, method)(url, {"title": "Other"})
        assert (answer.status_code, told in answer.content.decode()) == (403, True)
    assert Activity.objects.get().title == "Your first incident"


# -- about a block -----------------------------------------------------------------------------------------------


def test_a_video_gets_its_discussion_when_somebody_first_asks(ana, chen, signed_in):
    answers = [signed_in(user).get(about()) for user in (ana, ana, chen)]
    activity = Activity.objects.get()
    assert activity.title == "About a video in this course"
    assert {answer.status_code for answer in answers} == {303}
    assert {answer.headers["Location"] for answer in answers} == {page("thread-list", activity.uid)}


def test_two_blocks_have_two_discussions(ana, signed_in):
    client = signed_in(ana)
    first, second = (client.get(about(usage)).headers["Location"] for usage in (VIDEO, VIDEO.replace("intro", "end")))
    assert first != second


@pytest.mark.parametrize(
    "usage",
    [
        "block-v1:Northwind+Kitchen+2026+type@video+block@intro",
        "block-v1:Northwind+Incidents+2027+type@video+block@intro",
        "block-v1:Northwind+Incidents+2026+type@html+block@intro",
        "block-v1:Northwind+Incidents+2026+type@boring.thing+block@intro",
        "lb:Northwind:shared:video:intro",
        "block-v1:Northwind",
        COURSE,
        "intro",
    ],
)
def test_about_what_is_no_video_or_problem_of_this_course_there_is_nothing(ana, lms, signed_in, usage):
    lms.enrol(ana, OTHER_COURSE)
    assert signed_in(ana).get(about(usage)).status_code == 404
    assert not Activity.objects.exists()


def test_an_outsider_makes_no_discussion(activity, dee, signed_in):
    assert signed_in(dee).get(about()).status_code == 404
    assert Activity.objects.count() == 1


def test_a_discussion_is_not_made_by_a_form(ana, signed_in):
    client = Client()
    client.force_login(ana)
    assert client.post(about()).status_code == 405
    assert not Activity.objects.exists()
