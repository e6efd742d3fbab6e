"""Every page, as everybody who may ask for it: who is let in, and that a refusal tells nothing about what is there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, partial
from io import BytesIO
from typing import Any
from uuid import UUID

import pytest
from django.apps import apps
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from PIL import Image

from companion import clock
from companion.anonymity_audit.course import FOLLOW_UP
from companion.models import SearchDocument
from companion.moderation import api as moderation
from companion.questions import api as questions
from companion.reflections import api as reflections
from companion.spaces import api as spaces
from companion.spaces.kinds import Kind
from companion.threads import api as threads
from companion.topics import api as topics
from companion.viewer import Role, Viewer
from companion.web.urls import urlpatterns
from tests.companion.questions.stories import AT_ONCE
from tests.people import Course, join, outsider
from tests.people import course as make_course

VIEWERS = ("learner", "assistant", "instructor", "another space's instructor", "another organization's Dee")
NOWHERE = {
    "uid": UUID(int=0),
    "thread": 10**9,
    "case": 10**9,
    "token": "0" * 32,
    "person": 10**9,
    "document": 10**9,
    "ask": UUID(int=0),
}
NOWHERE |= {"document": 10**9, "ask": UUID(int=0), "question": 10**9, "topic": 10**9}
NOWHERE |= {"series": UUID(int=0), "delivery": 10**9, "answered": 10**9, "entry": 10**9}

ORGANIZATIONS = ("topic-detail", "topic-follow", "topic-request", "person-detail")

SET_IN_STUDIO = ("series-publish", "series-template", "prompt-edit", "prompt-remove", "prompt-move")

COUNTED = list(apps.get_app_config("companion").get_models())

ALL = "200 200 200 404 404"
WRITE = "303 303 303 404 404"
STAFF = "403 200 200 404 404"
STAFF_WRITE = "403 303 303 404 404"
SPACE_STAFF = "403 200 200 200 403"
NO = "405 405 405 405 405"

# A page's arguments; what GET and POST of it answer to the five; what is posted.
PAGES: dict[str, tuple[str, str, str, dict[str, object]]] = {
    "space-home": ("", "200 200 200 200 200", NO, {}),
    "thread-list": ("uid", ALL, NO, {}),
    "thread-new": ("uid", ALL, WRITE, {"title": "T", "body": "B"}),
    "list-news": ("uid", ALL, NO, {}),
    "list-seen": ("uid", NO, WRITE, {}),
    "list-follow": ("uid", NO, WRITE, {"following": "1"}),
    "people": ("uid", ALL, NO, {}),
    "picture-add": ("uid", NO, ALL, {"picture": "a picture"}),
    "activity-settings": (
        "uid",
        "403 403 200 404 404",
        "403 403 303 404 404",
        {"title": "T", "anonymity": "off", "starters": "staff"},
    ),
    "person-posts": ("uid person", "404 200 200 404 404", NO, {}),
    "expert-list": ("uid", "403 403 200 404 404", "403 403 303 404 404", {"person": "Chen Wei"}),
    "thread-detail": ("thread", ALL, NO, {}),
    "thread-news": ("thread", ALL, NO, {}),
    "thread-pin": ("thread", NO, STAFF_WRITE, {"pinned": "1"}),
    "thread-lock": ("thread", NO, STAFF_WRITE, {"locked": "1"}),
    "thread-follow": ("thread", NO, WRITE, {"following": "1"}),
    "thread-move": ("thread", STAFF, STAFF_WRITE, {"to": "the other activity"}),
    # Who moderates nothing is told so before anything is looked up.
    "thread-merge": ("thread", STAFF, "403 303 303 404 403", {"into": "the other thread"}),
    "thread-print": ("thread", ALL, NO, {}),
    "thread-export": ("thread", NO, ALL, {"format": "json"}),
    "post-detail": ("thread 2", WRITE, NO, {}),
    "post-reply": ("thread 2", ALL, WRITE, {"body": "B"}),
    "post-edit": ("thread 2", STAFF, STAFF_WRITE, {"body": "B", "reason": "r", "version": "1"}),
    "post-delete": ("thread 2", "403 403 403 404 404", "403 403 403 404 404", {}),
    "post-hide": ("thread 2", STAFF, STAFF_WRITE, {"reason": "r"}),
    "post-restore": ("thread 2", NO, STAFF_WRITE, {}),
    "post-helpful": ("thread 2", NO, WRITE, {"helpful": "1"}),
    "post-endorse": ("thread 2", NO, STAFF_WRITE, {"endorsed": "1"}),
    "post-report": ("thread 2", ALL, ALL, {"reason": "r"}),
    "post-split": ("thread 2", STAFF, STAFF_WRITE, {"title": "T"}),
    "post-history": ("thread 2", ALL, NO, {}),
    "post-mute": ("thread 2", STAFF, STAFF_WRITE, {"days": "1", "reason": "r"}),
    "moderation": ("", SPACE_STAFF, NO, {}),
    "moderation-record": ("", SPACE_STAFF, NO, {}),
    "moderation-muted": ("", SPACE_STAFF, "403 303 303 404 403", {"person": "somebody muted"}),
    "moderation-case": ("case", "403 200 200 404 403", "403 303 303 404 403", {"outcome": "hide", "reason": "r"}),
    "picture": ("token", ALL, NO, {}),
    "search": ("", "200 200 200 200 200", NO, {}),
    "question-new": ("ask", ALL, WRITE, {"title": "T", "body": "B"}),
    "question-similar": ("ask", ALL, NO, {}),
    "question-saved": ("ask", NO, WRITE, {"saved": "the answer"}),
    "question-agenda": ("ask", ALL, NO, {}),
    "thread-topics": ("question", ALL, WRITE, {"topics": "A topic"}),
    "question-me-too": ("question", NO, "403 303 303 404 404", {"me_too": "1"}),
    # Chen has it.
    "question-claim": ("question", NO, "403 409 409 404 404", {}),
    "question-decline": ("question", "403 403 403 404 404", "403 403 403 404 404", {"reason": "r"}),
    "question-hand-over": ("question", STAFF, STAFF_WRITE, {"person": "another expert"}),
    "question-duplicate": ("question", STAFF, STAFF_WRITE, {"of": "the other question"}),
    "question-reopen": ("question", NO, WRITE, {}),
    "question-publish": ("question", NO, "303 403 403 404 404", {}),
    "question-heard": ("question", NO, WRITE, {}),
    "post-accept": ("question 2", NO, WRITE, {"accepted": "1"}),
    "post-unhelpful": ("question 2", "200 403 403 404 404", "303 403 403 404 404", {"body": "B"}),
    "post-verify": ("question 2", STAFF, STAFF_WRITE, {"until": "2099-01-01"}),
    "post-tip": ("question 2", NO, "403 403 403 404 404", {}),
    "queue": ("", "200 200 200 200 200", NO, {}),
    "question-figures": ("", SPACE_STAFF, NO, {}),
    # Topics, and the pages of those who know about them, are the whole organization's.
    "topic-list": ("", "200 200 200 200 200", NO, {}),
    "topic-detail": ("topic", "200 200 200 200 404", "403 403 303 303 404", {"synonym": "S"}),
    "topic-follow": ("topic", NO, "303 303 303 303 404", {"following": "1"}),
    "topic-request": ("topic", NO, "303 303 303 303 404", {"holding": "1"}),
    "topic-approve": ("topic", NO, "403 403 303 404 403", {"person": "who would", "approved": "1"}),
    "person-detail": ("person", "200 200 200 200 404", NO, {}),
    "profile": ("", "200 200 200 200 200", "303 303 303 303 303", {"capacity": "2"}),
    "series-stop": ("series", NO, WRITE, {"stopped": "1"}),
    "series-detail": ("series", "403 403 200 404 404", NO, {}),
    "series-publish": ("series", NO, "403 403 303 404 404", {}),
    "series-template": ("series", NO, "403 403 303 404 404", {"template": "unit"}),
    "series-people": ("series", STAFF, NO, {}),
    "series-report": ("series", STAFF, NO, {}),
    "series-muddiest": ("series", STAFF, NO, {}),
    "series-shared": ("series", ALL, NO, {}),
    "prompt-edit": (
        "series how",
        "403 403 200 404 404",
        "403 403 303 404 404",
        {"title": "T", "format": "follow_up", "anchor": "enrolment"},
    ),
    "prompt-remove": ("series how", NO, "403 403 303 404 404", {}),
    "prompt-move": ("series how", NO, "403 403 303 404 404", {"up": "0"}),
    # A prompt is its learner's alone.
    "prompt-answer": ("delivery", "200 404 404 404 404", "303 404 404 404 404", {"outcome": "done"}),
    "prompt-skip": ("delivery", NO, "303 404 404 404 404", {}),
    "prompt-snooze": ("delivery", NO, "303 404 404 404 404", {"days": "3"}),
    "prompt-share": ("answered", NO, "303 404 404 404 404", {"privacy": "private"}),
    "prompt-tell": ("answered", "200 404 404 404 404", "422 404 404 404 404", {"address": "nobody"}),
    "prompt-stuck": (
        "delivery",
        "200 404 404 404 404",
        "303 404 404 404 404",
        {"title": "T", "body": "B", "activity": "where questions are asked", "consent": "on"},
    ),
    "entry-reply": ("entry", "404 200 200 404 404", "404 303 303 404 404", {"body": "B"}),
    "journal": ("", "200 200 200 200 200", NO, {}),
    "journal-print": ("", "200 200 200 200 200", NO, {}),
    "journal-export": ("", NO, "200 200 200 200 200", {"format": "json"}),
    "reminders": ("", "200 200 200 200 200", "303 303 303 303 303", {"wants_mail": "on"}),
    # In the course itself it leads to the thread.
    "found": ("document", "303 303 303 404 404", NO, {}),
    "preview": ("", NO, "200 200 200 200 200", {"body": "B"}),
}


@cache
def png() -> bytes:
    out = BytesIO()
    Image.new("RGB", (2, 2)).save(out, "PNG")
    return out.getvalue()


@dataclass(frozen=True)
class World:
    """A course with something of everything in it, and the five who ask."""

    course: Course
    there: dict[str, object]
    values: dict[str, object]
    viewers: dict[str, Viewer]

    def args(self, names: str, place: dict[str, object] | None = None) -> list[object]:
        place = place or self.there
        return [place.get(name, name) for name in names.split()]

    def fields(self, fields: dict[str, object]) -> dict[str, object]:
        found = {name: self.values.get(str(value), value) for name, value in fields.items()}
        if "picture" in found:
            found["picture"] = SimpleUploadedFile("a.png", png())
        return found


@pytest.fixture(scope="module")
def built(django_db_setup: None, django_db_blocker: Any) -> Iterator[World]:
    """Built once: each test works in a savepoint of its own, which is taken back."""
    with django_db_blocker.unblock(), undone():
        yield build()


@pytest.fixture
def world(built: World, db: None) -> World:
    return built


def build() -> World:
    course = make_course(topic="Incidents")
    uid = course.activity.uid
    thread = threads.start_thread(viewer=course.ben, activity_uid=uid, title="T", body="Opening")
    other = threads.start_thread(viewer=course.ben, activity_uid=uid, title="Other", body="Opening")
    picture = threads.add_picture(viewer=course.chen, activity_uid=uid, file=BytesIO(png()), size=len(png()))
    threads.add_reply(viewer=course.chen, thread_id=thread.pk, body=f"![x]({picture.markdown})")
    moderation.report_post(viewer=course.nameless, thread_id=thread.pk, number=2, reason="r")
    [case] = moderation.list_cases(viewer=course.ben)[0]
    eve = join(course.space, "eve", "Eve")
    spaces.mute_person(viewer=course.ben, person_id=eve.person_id, days=1, reason="r")
    elsewhere = spaces.create_activity(viewer=course.ben, title="Elsewhere", external_id="second")
    tia = join(course.space, "tia", "Tia", Role.ASSISTANT)
    # Not Ben once more, who may read here what he finds from there.
    ivy = join(make_course(context="c2").space, "ivy", "Ivy", Role.INSTRUCTOR)
    people = (course.ana, tia, course.ben, ivy, outsider())
    asking = spaces.create_activity(
        viewer=course.ben,
        title="Ask",
        kind=Kind.QUESTIONS,
        settings={"topic": "Pagers", **AT_ONCE},
        event_at=clock.now(),
        external_id="ask",
    )
    gil = join(course.space, "gil", "Gil")
    for viewer in (course.chen, gil):
        topics.grant_expertise(viewer=course.ben, topic="Pagers", person_id=viewer.person_id)
    topics.request_expertise(viewer=eve, topic="Pagers")
    topics.save_profile(viewer=gil, capacity=0)
    ask = partial(questions.ask_question, viewer=course.ana, activity_uid=asking.uid, body="B")
    question, second = ask(title="Q"), ask(title="Another")
    topics.save_profile(viewer=gil, capacity=9)
    threads.add_reply(viewer=course.nameless, thread_id=question.pk, body="An answer")
    followed = spaces.create_activity(
        viewer=course.ben,
        title="After the course",
        kind=Kind.REFLECTION,
        settings={"prompts": list(FOLLOW_UP)},
        event_at=clock.now(),
        external_id="follow-up",
    )
    reflections.publish_series(viewer=course.ben, uid=followed.uid)
    by_key = {
        prompt.settings.key: prompt.delivery_id
        for prompt in reflections.list_open(viewer=course.ana, activity=followed)
    }
    plan, shared = reflections.Answer(action="look at the clock"), reflections.Privacy.GROUP
    entry = reflections.answer_prompt(viewer=course.ana, delivery_id=by_key["plan"], answer=plan, privacy=shared)
    [topic] = topics.find_topics(organization_id=course.ben.organization_id, names=["Pagers"])
    return World(
        course=course,
        there={
            "ask": asking.uid,
            "series": followed.uid,
            "delivery": by_key["how"],
            "answered": by_key["plan"],
            "entry": entry.pk,
            "question": question.pk,
            "topic": topic.id,
            "uid": uid,
            "thread": thread.pk,
            "case": case.id,
            "token": picture.token,
            "person": course.chen.person_id,
            "document": SearchDocument.objects.get(parent_id=thread.pk, number=1).pk,
        },
        values={
            "where questions are asked": str(asking.uid),
            "the other activity": str(elsewhere.uid),
            "the other thread": other.pk,
            "somebody muted": eve.person_id,
            "another expert": gil.person_id,
            "the other question": second.pk,
            "the answer": f"{question.pk}.2",
            "who would": eve.person_id,
        },
        viewers=dict(zip(VIEWERS, people, strict=True)),
    )


@contextmanager
def undone() -> Iterator[None]:
    """What happens inside is forgotten, so that the next one meets the same."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def is_openedx(request) -> bool:
    return not request.node.callspec.params["reader"].startswith("lti")


def test_every_page_is_in_the_table():
    assert [pattern.name for pattern in urlpatterns if pattern.name not in PAGES] == []
    assert set(PAGES) == {pattern.name for pattern in urlpatterns}


@pytest.mark.parametrize("page", PAGES)
def test_who_is_let_in(world, reader, page, request):
    names, by_get, by_post, fields = PAGES[page]
    said = {}
    for who, viewer in world.viewers.items():
        with undone():
            got = reader(viewer).get(page, *world.args(names)).status_code
        with undone():
            said[who] = (got, reader(viewer).post(page, *world.args(names), **world.fields(fields)).status_code)
    expected = dict(zip(VIEWERS, zip(map(int, by_get.split()), map(int, by_post.split()), strict=True), strict=True))
    if page == "activity-settings" and not request.node.callspec.params["reader"].startswith("lti"):
        # There they are set in Studio.
        expected["instructor"] = (403, 403)
    if page in SET_IN_STUDIO and not request.node.callspec.params["reader"].startswith("lti"):
        got, sent = expected["instructor"]
        expected["instructor"] = (got if got == 405 else 409, sent if sent == 405 else 409)
    assert said == expected


TOLD_APART = re.compile(r"/lti/s/\w+/|\b[0-9a-f]{64}\b|\b[0-9a-zA-Z]{64}\b|[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")


def what_it_says(answer) -> tuple[int, str, list[str]]:
    """The whole answer, without what a session or a form's token makes different each time."""
    return answer.status_code, TOLD_APART.sub("", answer.content.decode()), sorted(answer.headers)


@pytest.mark.parametrize("page", [page for page in PAGES if PAGES[page][0]])
def test_what_is_another_s_looks_like_what_does_not_exist(world, reader, page):
    names, _get, _post, fields = PAGES[page]
    for who in VIEWERS[4 if page in ORGANIZATIONS else 3 :]:
        there, nowhere = [], []
        with undone():
            stranger = reader(world.viewers[who])
            for place, said in ((world.there, there), (NOWHERE, nowhere)):
                said.append(what_it_says(stranger.get(page, *world.args(names, place))))
                said.append(what_it_says(stranger.post(page, *world.args(names, place), **world.fields(fields))))
        assert there == nowhere
        assert {status for status, _text, _headers in there} <= {403, 404, 405}


def test_a_post_that_does_not_exist_in_a_thread_that_does(world, reader):
    ben, said = reader(world.course.ben), {}
    for page, (names, by_get, by_post, fields) in PAGES.items():
        if names == "thread 2":
            args = (world.there["thread"], 99)
            got = NO if by_get == NO else ben.get(page, *args, htmx=True).status_code
            said[page] = (got, NO if by_post == NO else ben.post(page, *args, **world.fields(fields)).status_code)
    # What was written for a post that has gone meanwhile is kept.
    assert said.pop("post-reply") == (404, 409)
    assert {status for statuses in said.values() for status in statuses} == {404, NO}


def test_without_the_form_s_own_token_nothing_is_written(world, reader, request):
    said, before = {}, [model.objects.count() for model in COUNTED]
    ben = reader(world.course.ben)
    for page, (names, _get, by_post, fields) in PAGES.items():
        if by_post != NO:
            url = ben.url(page, *world.args(names))
            said[page] = [ben.client.post(url, world.fields(fields)).status_code]
            wrong = {"csrfmiddlewaretoken": "x" * 64, "companion_token": "0" * 64}
            said[page].append(ben.client.post(url, world.fields(fields) | wrong).status_code)
    refused = 401 if request.node.callspec.params["reader"].startswith("lti") else 403
    assert {page: statuses for page, statuses in said.items() if statuses != [refused] * 2} == {}
    assert [model.objects.count() for model in COUNTED] == before
    assert threads.get_post(viewer=world.course.ben, thread_id=world.there["thread"], number=2).hidden_at is None


@pytest.mark.parametrize("path", ["threads/", "threads/0/", "threads/-1/", f"threads/{'9' * 30}/", "nothing/", "%00/"])
def test_a_path_that_is_no_page(world, lti_reader, path):
    ana = lti_reader(world.course.ana)
    answer = ana.client.get(ana.url("space-home") + path, headers=ana._headers(False))
    assert (answer.status_code, "There is nothing here" in answer.content.decode()) == (404, True)
