"""Whatever stands in a query or a form, for every page: an answer, and never an error of ours."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from uuid import UUID

import pytest
from companion_lti import sessions
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

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
from companion.web.page import with_query
from companion.web.urls import urlpatterns
from tests.companion.questions.stories import AT_ONCE
from tests.http import LtiReader
from tests.people import course as make_course

pytestmark = pytest.mark.every_database

TRY = settings(
    max_examples=250,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
QUERY = "after before post last since order sort only kind show thread q here at embed title tab".split()
FIELDS = (
    "title body kind second group to_space anonymous submission picture picture_alt preview reason version days into to"
    " person remove expires_at outcome return helpful endorsed pinned locked following format prompt topic anonymity"
    " starters groups post_first edit_minutes video event_at event_ends_at before_days before_prompt after_prompt"
    " opens_at closes_at topics is_private saved look of until note accepted me_too synonym capacity away_from"
    " away_until time_zone about is_listed weekdays expert starts_on ends_on clear approved holding peer_hours"
    " working_days day_ends privacy number part_0 part_1 cue action obstacle offered outcome days stopped template"
    " format scaffold options right feedback anchor unit pairs_with minutes up wants_mail activity consent"
    " holdout_percent address consents recaps"
).split()
WORDS = (
    "newest oldest helpful active unanswered video unread mine following endorsed question tip announcement closed hide"
    " return dismiss markdown json on off allowed default everyone staff none visible separate true false 0 1 2 -1"
).split()


def cursor(*parts: object) -> str:
    return urlsafe_b64encode("|".join(map(str, parts)).encode()).decode().rstrip("=")


NUMBERS = st.integers(-(10**20), 10**20) | st.sampled_from([0, 1, 2, 2**31 - 1, 2**31, 2**63 - 1, 2**63, 10**400])
# Text that a request can carry: half a character never arrives (test_bad_input.py).
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
MOMENTS = st.datetimes(datetime(1000, 1, 2), datetime(9998, 1, 1), timezones=st.just(UTC)).map(datetime.isoformat)  # noqa: DTZ001
CURSORS = st.builds(cursor, NUMBERS | MOMENTS | TEXTS, NUMBERS) | st.builds(cursor, NUMBERS)
PATHS = st.text("0123456789abcdefghijklmnopqrstuvwxyz", max_size=60)
VALUES = st.sampled_from(WORDS) | NUMBERS.map(str) | TEXTS | MOMENTS | CURSORS | PATHS
MANY = st.lists(VALUES, min_size=1, max_size=2)
ARGS = st.sampled_from(["there", "nowhere"]) | st.integers(0, 10**30)


@pytest.fixture(params=["discussion", "questions", "reflection"])
def world(request: pytest.FixtureRequest, db: None) -> dict[str, object]:
    """One of everything that an address can name, and Ben, who may do most with it."""
    course = make_course(topic="Incidents", video="https://videos.example/drill.mp4", groups="visible")
    spaces.set_groups(space_id=course.space.pk, person_id=course.ana.person_id, external_ids=["Reds", "Blues"])
    thread = threads.start_thread(viewer=course.ben, activity_uid=course.activity.uid, title="T", body="Opening")
    threads.add_reply(viewer=course.chen, thread_id=thread.pk, body="A reply")
    moderation.report_post(viewer=course.ana, thread_id=thread.pk, number=2, reason="r")
    [case] = moderation.list_cases(viewer=course.ben)[0]
    activity = course.activity
    if request.param == "questions":
        settings = {"topic": "Incidents", **AT_ONCE}
        activity = spaces.create_activity(
            viewer=course.ben, title="Ask", kind=Kind.QUESTIONS, settings=settings, external_id="ask"
        )
        thread = questions.ask_question(viewer=course.ana, activity_uid=activity.uid, title="Q", body="B")
        threads.add_reply(viewer=course.chen, thread_id=thread.pk, body="An answer")
    # In every world, so that each address has something to name.
    followed = spaces.create_activity(
        viewer=course.ben,
        title="After",
        kind=Kind.REFLECTION,
        settings={"prompts": list(FOLLOW_UP)},
        event_at=clock.now(),
        external_id="follow-up",
    )
    reflections.publish_series(viewer=course.ben, uid=followed.uid)
    plan, how = reflections.list_open(viewer=course.ana, activity=followed)
    answer = reflections.Answer(action="look at the clock")
    shared = reflections.Privacy.GROUP
    entry = reflections.answer_prompt(viewer=course.ana, delivery_id=plan.delivery_id, answer=answer, privacy=shared)
    if request.param == "reflection":
        activity = followed
    return {
        "readers": [LtiReader(course.ben), LtiReader(course.ana)],
        "uid": activity.uid,
        "topic_id": topics.ensure_topics(organization_id=course.ben.organization_id, names=["Incidents"])[0].id,
        "thread_id": thread.pk,
        "number": 2,
        "delivery_id": how.delivery_id,
        "entry_id": entry.pk,
        "key": "how",
        "case_id": case.id,
        "person_id": course.chen.person_id,
        "token": "0" * 32,
        "document_id": SearchDocument.objects.get(parent_id=thread.pk, number=2).pk,
    }


@contextmanager
def undone() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def args_of(page, world: dict[str, object], which: object) -> list[object]:
    names = page.pattern.converters
    if which == "there":
        return [world[name] for name in names]
    number = 10**9 if which == "nowhere" else which
    return [{"uid": UUID(int=0), "token": "nobody-s", "key": "nothing"}.get(name, number) for name in names]


def check(reader: LtiReader, answer) -> None:
    assert 200 <= answer.status_code < 500
    if answer.status_code >= 400 and answer.status_code != 405 and not answer["Content-Type"].startswith("application"):
        assert "<p" in answer.content.decode()
    assert sessions.page_token(reader.session) not in answer.get("Location", "")


@TRY
@given(
    page=st.sampled_from(urlpatterns),
    which=ARGS,
    who=st.integers(0, 1),
    htmx=st.booleans(),
    query=st.dictionaries(st.sampled_from(QUERY) | TEXTS.filter(bool), VALUES, max_size=4),
)
def test_any_query(world, page, which, who, htmx, query):
    reader = world["readers"][who]
    with undone():
        check(reader, reader.get(page.name, *args_of(page, world, which), htmx=htmx, **query))


@TRY
@given(
    page=st.sampled_from(urlpatterns),
    which=st.just("there") | ARGS,
    who=st.integers(0, 1),
    htmx=st.booleans(),
    fields=st.dictionaries(st.sampled_from(FIELDS) | TEXTS.filter(bool), MANY, max_size=8),
    query=st.dictionaries(st.sampled_from(QUERY), VALUES, max_size=1),
)
def test_any_form(world, page, which, who, htmx, fields, query):
    reader = world["readers"][who]
    url = with_query(reader.url(page.name, *args_of(page, world, which)), query)
    fields[sessions.TOKEN_FIELD] = [sessions.page_token(reader.session)]
    with undone():
        check(reader, reader.client.post(url, fields, headers={"HX-Request": "true"} if htmx else {}))
