"""Experts for a topic: named by instructors, heard in every discussion of the organization about it, for a time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from companion import clock, events
from companion.errors import InvalidInput, NotAllowed
from companion.spaces import api as spaces
from companion.threads import api as threads
from companion.topics import api as topics
from companion.viewer import Role
from tests.people import Course, join, outsider
from tests.people import course as make_course

MOMENT = datetime(2026, 3, 2, 10, tzinfo=UTC)
TOPIC = "Incident response"


@pytest.fixture
def course(db: None) -> Course:
    return make_course(topic=TOPIC)


def grant(course: Course, viewer=None, topic: str = TOPIC, by=None, **options) -> None:
    person_id = (viewer or course.chen).person_id
    topics.grant_expertise(viewer=by or course.ben, topic=topic, person_id=person_id, **options)


def names(course: Course, topic: str = TOPIC) -> list[str]:
    return [expert.name for expert in topics.list_experts(viewer=course.ben, topic=topic)]


def endorse(course: Course, viewer=None) -> threads.Post:
    thread = threads.start_thread(viewer=course.ana, activity_uid=course.activity.uid, title="T", body="B")
    return threads.endorse_post(viewer=viewer or course.chen, thread_id=thread.pk, number=1, endorsed=True)


def test_it_works(course, heard):
    with pytest.raises(NotAllowed, match="experts for the topic"):
        endorse(course)
    with heard() as facts:
        grant(course)
    assert names(course) == ["Chen Wei"]
    assert endorse(course).endorsed_name == "Chen Wei"
    with heard() as more:
        topics.withdraw_expertise(viewer=course.ben, topic=TOPIC, person_id=course.chen.person_id)
    with pytest.raises(NotAllowed):
        endorse(course)
    assert [(type(fact), fact.person_id) for fact in (*facts, *more)] == [
        (events.ExpertiseGranted, course.chen.person_id),
        (events.ExpertiseWithdrawn, course.chen.person_id),
    ]


def test_what_was_endorsed_stays_endorsed(course):
    grant(course)
    post = endorse(course)
    topics.withdraw_expertise(viewer=course.ben, topic=TOPIC, person_id=course.chen.person_id)
    found = threads.get_post(viewer=course.ana, thread_id=post.thread_id, number=1)
    assert threads.view_post(course.ana, found.thread, found).endorsed_by == "Chen Wei"


@pytest.mark.parametrize("spelt", ["incident response", "INCIDENT  RESPONSE ", "\u200bIncident\nresponse"])
def test_a_topic_is_one_however_it_is_spelt(course, spelt):
    grant(course, topic=spelt)
    assert names(course) == ["Chen Wei"]


def test_again_changes_the_expiry(course):
    with clock.at(MOMENT):
        grant(course, expires_at=MOMENT + timedelta(days=1))
        grant(course, expires_at=MOMENT + timedelta(days=9))
        [expert] = topics.list_experts(viewer=course.ben, topic=TOPIC)
        assert expert.expires_at == MOMENT + timedelta(days=9)
        grant(course)
        [expert] = topics.list_experts(viewer=course.ben, topic=TOPIC)
        assert expert.expires_at is None


def test_it_ends_by_itself(course):
    with clock.at(MOMENT):
        grant(course, expires_at=MOMENT + timedelta(days=1))
    with clock.at(MOMENT + timedelta(days=1, seconds=-1)):
        assert endorse(course).endorsed_at
    with clock.at(MOMENT + timedelta(days=1)):
        assert names(course) == []
        with pytest.raises(NotAllowed):
            endorse(course)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"topic": ""}, "topic"),
        ({"topic": " \u200b"}, "topic"),
        ({"expires_at": MOMENT}, "expires_at"),
        ({"viewer": outsider}, "person"),
    ],
)
def test_it_wants_a_topic_a_member_and_a_date_to_come(course, change, field):
    if callable(change.get("viewer")):
        change = {"viewer": change["viewer"]()}
    with clock.at(MOMENT), pytest.raises(InvalidInput) as refused:
        grant(course, **change)
    assert list(refused.value.errors) == [field]
    assert names(course) == []


def test_whoever_left_the_course_is_not_named(course):
    space = course.space
    spaces.leave_space(
        issuer=space.issuer, external_id=space.external_id, organization_id=space.organization_id, subject="chen"
    )
    with pytest.raises(InvalidInput):
        grant(course)


def test_learners_and_assistants_name_nobody(course):
    for viewer in (course.ana, join(course.space, "tia", "Tia", Role.ASSISTANT)):
        with pytest.raises(NotAllowed, match="Only instructors"):
            grant(course, by=viewer)
        with pytest.raises(NotAllowed, match="Only instructors"):
            topics.withdraw_expertise(viewer=viewer, topic=TOPIC, person_id=course.chen.person_id)


def test_it_holds_in_the_organization_s_other_courses_and_nowhere_else(course):
    grant(course)
    other = make_course(context="c2", topic=TOPIC.upper())
    assert endorse(other, other.chen).endorsed_name == "Chen Wei"
    plain = make_course(context="c3")
    with pytest.raises(NotAllowed):
        endorse(plain, plain.chen)
    elsewhere = make_course(organization="Elsewhere", context="c9", issuer="other", topic=TOPIC)
    with pytest.raises(NotAllowed):
        endorse(elsewhere, elsewhere.chen)
    assert (names(other), names(elsewhere)) == (["Chen Wei"], [])


def test_nobody_endorses_themselves(course):
    grant(course, course.ana)
    with pytest.raises(NotAllowed, match="their own"):
        endorse(course, course.ana)


# -- on the page -------------------------------------------------------------------------------------------------


def test_ben_names_and_removes_them(course, reader):
    ben = reader(course.ben)
    page = ben.get("expert-list", course.activity.uid).content.decode()
    assert "Experts for “Incident response”" in page
    assert ben.post("expert-list", course.activity.uid, person="Chen Wei").status_code == 303
    page = ben.get("expert-list", course.activity.uid).content.decode()
    assert f'name="remove" value="{course.chen.person_id}"' in page
    assert ben.post("expert-list", course.activity.uid, remove=course.chen.person_id).status_code == 303
    assert names(course) == []


def test_whoever_is_named_is_found_as_they_are_called(course, reader):
    namesake = join(course.space, "chen2", "Chen Wei")
    sharp = join(course.space, "sharp", "C# Fan")
    ben = reader(course.ben)
    for typed, found in (
        ("Chen Wei", None),
        ("chen", None),
        ("", None),
        ("Nobody#99", None),
        (f"Ana Torres#{namesake.person_id}", None),
        (f"Ana {namesake.person_id}", None),
        (f"Chen Wei#{namesake.person_id}", namesake),
        (f"@#{course.ana.person_id}", course.ana),
        (f"Participant {course.nameless.person_id}", course.nameless),
        (" @C#  Fan ", sharp),
        ("Ana\u200b Torres", None),
    ):
        answer = ben.post("expert-list", course.activity.uid, person=typed)
        text = answer.content.decode()
        held = [expert.person_id for expert in topics.list_experts(viewer=course.ben, topic=TOPIC)]
        assert (typed, answer.status_code, held) == (typed, 303 if found else 422, [found.person_id] if found else [])
        assert found or "There is nobody of this name" in text or f"Chen Wei#{namesake.person_id}" in text
        if found:
            topics.withdraw_expertise(viewer=course.ben, topic=TOPIC, person_id=found.person_id)


def test_a_date_that_is_over_or_none_is_refused_beside_its_field(course, reader):
    for typed in ("2001-01-01T08:00", "0001-01-01T00:00", "9999-12-31T23:59", "tomorrow", "1" * 5000):
        answer = reader(course.ben).post("expert-list", course.activity.uid, person="Chen Wei", expires_at=typed)
        assert (typed, answer.status_code, names(course)) == (typed, 422, [])
        assert 'aria-invalid="true"' in answer.content.decode()


def test_without_a_topic_the_page_says_what_to_do_first(db, reader):
    course = make_course()
    ben = reader(course.ben)
    assert "Give the discussion a topic first" in ben.get("expert-list", course.activity.uid).content.decode()
    answer = ben.post("expert-list", course.activity.uid, person="Chen Wei")
    assert (answer.status_code, "Give the discussion a topic first" in answer.content.decode()) == (422, True)
    assert ben.post("expert-list", course.activity.uid, remove="x").status_code == 303
