"""Who would hold a topic says so, and an instructor of that course decides; who leaves for good holds none."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from companion import clock, events
from companion.errors import InvalidInput, NotAllowed, NotFound
from companion.spaces import api as spaces
from companion.threads import api as threads
from companion.topics import api as topics
from companion.topics.models import Expert, ExpertProfile, OnCall, Topic, TopicFollow
from companion.viewer import Role
from tests.people import Course, join, outsider
from tests.people import course as make_course

TOPIC = "Pagers"
MOMENT = datetime(2026, 3, 2, 10, tzinfo=UTC)


@pytest.fixture
def course(course: Course) -> Course:
    topics.ensure_topics(organization_id=course.ben.organization_id, names=[TOPIC])
    return course


def asked(viewer) -> list[tuple[str, str]]:
    return [(one.name, one.topic) for one in topics.list_nominations(viewer=viewer)]


def approve(viewer, person, **facts) -> None:
    topic_id = Topic.objects.get(name=TOPIC).pk
    topics.approve_expertise(viewer=viewer, topic_id=topic_id, person_id=person.person_id, **facts)


def test_it_works(course, heard):
    with heard() as facts:
        for _again in range(2):
            topics.request_expertise(viewer=course.chen, topic="pagers")
    assert [(type(fact), fact.person_id) for fact in facts] == [(events.ExpertiseRequested, course.chen.person_id)]
    assert asked(course.ben) == [("Chen Wei", TOPIC)]
    assert not topics.holds_topic(viewer=course.chen, topics=[TOPIC])
    assert topics.list_experts(viewer=course.ben, topic=TOPIC) == []
    with heard() as facts:
        approve(course.ben, course.chen)
    assert [type(fact) for fact in facts] == [events.ExpertiseGranted]
    assert (asked(course.ben), topics.holds_topic(viewer=course.chen, topics=[TOPIC])) == ([], True)


def test_who_holds_it_asks_for_nothing(course, heard):
    topics.grant_expertise(viewer=course.ben, topic=TOPIC, person_id=course.chen.person_id)
    with heard() as facts:
        topics.request_expertise(viewer=course.chen, topic=TOPIC)
    assert (facts, asked(course.ben), topics.holds_topic(viewer=course.chen, topics=[TOPIC])) == ([], [], True)


def test_who_held_it_asks_again_and_holds_it_no_more_than_before(course):
    with clock.at(MOMENT):
        until = MOMENT + timedelta(days=1)
        topics.grant_expertise(viewer=course.ben, topic=TOPIC, person_id=course.chen.person_id, expires_at=until)
    with clock.at(MOMENT + timedelta(days=2)):
        topics.request_expertise(viewer=course.chen, topic=TOPIC)
        assert asked(course.ben) == [("Chen Wei", TOPIC)]
        assert not topics.holds_topic(viewer=course.chen, topics=[TOPIC])
        for wrong in (until, MOMENT + timedelta(days=2)):
            with pytest.raises(InvalidInput) as refused:
                approve(course.ben, course.chen, expires_at=wrong)
            assert list(refused.value.errors) == ["expires_at"]
        approve(course.ben, course.chen, expires_at=MOMENT + timedelta(days=3))
        assert topics.holds_topic(viewer=course.chen, topics=[TOPIC])
    with clock.at(MOMENT + timedelta(days=3)):
        assert not topics.holds_topic(viewer=course.chen, topics=[TOPIC])


def test_a_refused_one_may_ask_again(course):
    topics.request_expertise(viewer=course.chen, topic=TOPIC)
    topics.withdraw_expertise(viewer=course.ben, topic=TOPIC, person_id=course.chen.person_id)
    assert asked(course.ben) == []
    with pytest.raises(NotFound, match="Nobody asks"):
        approve(course.ben, course.chen)
    topics.request_expertise(viewer=course.chen, topic=TOPIC)
    assert asked(course.ben) == [("Chen Wei", TOPIC)]


def test_it_is_decided_where_it_was_asked(course):
    topics.request_expertise(viewer=course.chen, topic=TOPIC)
    other = make_course(context="c2")
    assert asked(other.ben) == []
    with pytest.raises(NotFound):
        approve(other.ben, course.chen)
    assert asked(course.ben) == [("Chen Wei", TOPIC)]


def test_a_topic_of_another_organization_is_not_there(course):
    dee = outsider()
    with pytest.raises(NotFound):
        topics.request_expertise(viewer=dee, topic=TOPIC)
    with pytest.raises(NotFound):
        topics.request_expertise(viewer=course.chen, topic="Unknown")
    elsewhere = make_course(organization="Elsewhere", context="c9", issuer="https://other.example x 1")
    topics.request_expertise(viewer=course.chen, topic=TOPIC)
    with pytest.raises(NotFound):
        approve(elsewhere.ben, course.chen)


def test_learners_and_assistants_decide_nothing(course):
    topics.request_expertise(viewer=course.chen, topic=TOPIC)
    for viewer in (course.ana, course.chen, join(course.space, "tia", "Tia", Role.ASSISTANT)):
        with pytest.raises(NotAllowed, match="Only instructors"):
            topics.list_nominations(viewer=viewer)
        with pytest.raises(NotAllowed, match="Only instructors"):
            approve(viewer, course.chen)
    with pytest.raises(NotAllowed, match="Only instructors"):
        topics.withdraw_expertise(viewer=course.ana, topic=TOPIC, person_id=course.chen.person_id)
    # One's own word is taken back by oneself.
    topics.withdraw_expertise(viewer=course.chen, topic=TOPIC, person_id=course.chen.person_id)
    assert asked(course.ben) == []


def test_who_left_the_course_meanwhile_is_not_named(course):
    topics.request_expertise(viewer=course.chen, topic=TOPIC)
    space = course.space
    spaces.leave_space(
        issuer=space.issuer, external_id=space.external_id, organization_id=space.organization_id, subject="chen"
    )
    with pytest.raises(InvalidInput) as refused:
        approve(course.ben, course.chen)
    assert list(refused.value.errors) == ["person"]


def test_who_leaves_for_good_leaves_nothing_behind(course):
    chen, topic = course.chen, Topic.objects.get(name=TOPIC)
    for person in (chen, course.ana):
        topics.grant_expertise(viewer=course.ben, topic=TOPIC, person_id=person.person_id)
        topics.add_turn(viewer=course.ben, topic=TOPIC, person_id=person.person_id, weekdays="1")
        topics.save_profile(viewer=person, capacity=1, about="I live in Lima.")
        topics.follow_topic(viewer=person, topic_id=topic.pk, following=True)
    thread = threads.start_thread(viewer=course.ana, activity_uid=course.activity.uid, title="T", body="B")
    threads.retire_authors(person_ids=[chen.person_id], delete_posts=False)
    for kept in (Expert, OnCall, ExpertProfile, TopicFollow):
        assert list(kept.objects.values_list("person_id", flat=True)) == [course.ana.person_id], kept
    assert not topics.holds_topic(viewer=chen, topics=[TOPIC])
    assert threads.get_thread(viewer=course.ben, thread_id=thread.pk).author_id == course.ana.person_id
