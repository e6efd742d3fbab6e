"""Topics by their names: one however they are spelt, merged, called otherwise, followed, suggested from a text."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from operator import attrgetter

import pytest

from companion import clock, events
from companion.errors import Conflict, InvalidInput, NotAllowed, NotFound
from companion.threads import api as threads
from companion.topics import api as topics
from companion.topics.models import TopicFollow
from companion.viewer import Role
from tests.companion.threads.stories import at_once
from tests.people import course as make_course
from tests.people import join, outsider

MOMENT = datetime(2026, 3, 2, 10, tzinfo=UTC)


def make(viewer, *names: str) -> list[topics.TopicRow]:
    return topics.ensure_topics(organization_id=viewer.organization_id, names=names)


def find(viewer, *names: str) -> list[str]:
    return [row.name for row in topics.find_topics(organization_id=viewer.organization_id, names=names)]


def experts(viewer, topic: str) -> list[str]:
    return [expert.name for expert in topics.list_experts(viewer=viewer, topic=topic)]


def merge(viewer, old: topics.TopicRow, new: topics.TopicRow) -> topics.TopicRow:
    return topics.merge_topics(viewer=viewer, topic_id=old.id, into_id=new.id)


def suggest(viewer, text: str, **besides) -> list[str]:
    return topics.suggest_topics(viewer=viewer, text=text, **besides)


def test_it_works(course):
    [pagers] = make(course.ben, "Pagers")
    assert topics.get_topic(viewer=course.ana, topic_id=pagers.id) == pagers
    assert [row.name for row in topics.list_topics(viewer=course.ana)] == ["Pagers"]
    assert find(course.ana, "Unknown", "pagers", "") == ["Pagers"]


@pytest.mark.parametrize(
    "spelt", ["incident COMMAND", " Incident\n command\u200b", "Incident\x00 command", "\u202eIncident command\u202c"]
)
def test_two_spellings_are_one_topic(course, spelt):
    assert make(course.ben, "Incident command") == make(course.ben, spelt)
    assert [row.name for row in topics.list_topics(viewer=course.ana)] == ["Incident command"]


def test_accents_typed_in_two_ways_are_one_and_different_ones_are_not(course):
    assert make(course.ben, "Re\u0301sume\u0301") == make(course.ben, "R\u00e9sum\u00e9")
    assert make(course.ben, "STRASSE") == make(course.ben, "Straße")
    assert len(topics.list_topics(viewer=course.ben)) == 2
    assert make(course.ben, "Resume") != make(course.ben, "Résumé")


def test_names_keep_their_order_and_nobody_elses_topics_are_there(course):
    dee = outsider()
    make(dee, "Lab safety")
    assert [row.name for row in make(course.ben, "b", "a", "B")] == ["b", "a"]
    assert find(course.ana, "a", "b", "Lab safety") == ["a", "b"]
    [theirs] = make(dee, "Secrets")
    for verb in (
        lambda: topics.get_topic(viewer=course.ben, topic_id=theirs.id),
        lambda: topics.follow_topic(viewer=course.ana, topic_id=theirs.id, following=True),
        lambda: topics.add_synonym(viewer=course.ben, topic_id=theirs.id, name="x"),
        lambda: merge(course.ben, theirs, make(course.ben, "a")[0]),
        lambda: merge(course.ben, make(course.ben, "a")[0], theirs),
        lambda: topics.get_topic(viewer=course.ben, topic_id=0),
    ):
        with pytest.raises(NotFound):
            verb()


@pytest.mark.parametrize("names", [list("abcdef"), ["x" * 101], ["x" * 10_000], ["ok", "\u202e" + "ß" * 101]])
def test_too_many_and_too_long_ones_are_refused(course, names):
    with pytest.raises(InvalidInput) as refused:
        make(course.ben, *names)
    assert list(refused.value.errors) == ["topics"]
    assert topics.list_topics(viewer=course.ben) == []


def test_five_of_a_hundred_characters_are_taken(course):
    names = [letter * 100 for letter in "abcde"]
    assert [row.name for row in make(course.ben, *names, "E" * 100)] == names
    assert [row.name for row in make(course.ben, *names)] == names


@pytest.mark.parametrize("hostile", ["", " \n\t", "\x00\x07", "\u200b", "\u202e\u2066", "\ud800", "\u3164", "\u200f"])
def test_a_name_that_cannot_be_seen_is_none(course, hostile):
    assert make(course.ben, hostile) == []
    assert find(course.ben, hostile) == []
    [pagers] = make(course.ben, "Pagers")
    with pytest.raises(InvalidInput) as refused:
        topics.add_synonym(viewer=course.ben, topic_id=pagers.id, name=hostile)
    assert list(refused.value.errors) == ["synonym"]


# -- other names ---------------------------------------------------------------------------------------------------


def test_a_synonym_means_the_topic(course):
    [command] = make(course.ben, "Incident command")
    for _again in range(2):
        topics.add_synonym(viewer=course.ben, topic_id=command.id, name="IC")
    assert find(course.ana, "ic", "Incident command") == ["Incident command"]
    assert make(course.ana, "Ic") == [command]
    assert topics.get_topic(viewer=course.ana, topic_id=command.id).synonyms == ("IC",)
    topics.grant_expertise(viewer=course.ben, topic="IC", person_id=course.chen.person_id)
    assert topics.holds_topic(viewer=course.chen, topics=["ic"])
    assert topics.holds_topic(viewer=course.chen, topics=["Incident command"])
    assert not topics.holds_topic(viewer=course.chen, topics=["Pagers", ""])
    assert suggest(course.ana, "What does the IC do?") == ["Incident command"]


def test_the_name_of_another_topic_is_no_synonym(course):
    command, _pagers = make(course.ben, "Incident command", "Pagers")
    with pytest.raises(Conflict, match="merge the two"):
        topics.add_synonym(viewer=course.ben, topic_id=command.id, name="PAGERS")
    with pytest.raises(InvalidInput):
        topics.add_synonym(viewer=course.ben, topic_id=command.id, name="x" * 101)
    assert topics.get_topic(viewer=course.ben, topic_id=command.id).synonyms == ()


# -- merging -------------------------------------------------------------------------------------------------------


def test_what_was_merged_is_shown_found_and_answered_under_the_new_name(course, heard):
    old, new = make(course.ben, "Paging", "Pagers")
    thread = threads.start_thread(viewer=course.ana, activity_uid=course.activity.uid, title="T", body="B")
    both = threads.start_thread(viewer=course.ana, activity_uid=course.activity.uid, title="Both", body="B")
    threads.tag_thread(viewer=course.ana, thread_id=thread.pk, names=["Paging"])
    threads.tag_thread(viewer=course.ana, thread_id=both.pk, names=["Paging", "Pagers"])
    with heard() as facts:
        assert merge(course.ben, old, new).synonyms == ("Paging",)
    place = {"organization_id": course.ben.organization_id, "topic_id": old.id, "into_id": new.id}
    assert facts == [events.TopicsMerged(**place)]
    assert topics.get_topic(viewer=course.ana, topic_id=old.id) == topics.get_topic(viewer=course.ana, topic_id=new.id)
    shown = threads.topics_of_threads([thread.pk, both.pk])
    assert {pk: [row.name for row in rows] for pk, rows in shown.items()} == {
        thread.pk: ["Pagers"],
        both.pk: ["Pagers"],
    }
    assert set(threads.with_topics(topics.ids_of(new.id))) == {thread.pk, both.pk}
    assert [row.name for row in topics.list_topics(viewer=course.ana)] == ["Pagers"]
    assert [row.id for row in make(course.ana, "paging")] == [new.id]
    assert suggest(course.ana, "About paging") == ["Pagers"]


def test_experts_turns_and_followers_come_along_without_doubles(course):
    old, new = make(course.ben, "Paging", "Pagers")
    for viewer, topic in ((course.chen, "Paging"), (course.chen, "Pagers"), (course.nameless, "Paging")):
        topics.grant_expertise(viewer=course.ben, topic=topic, person_id=viewer.person_id)
    for viewer, topic in ((course.ana, old), (course.ana, new), (course.chen, old)):
        topics.follow_topic(viewer=viewer, topic_id=topic.id, following=True)
    topics.add_turn(viewer=course.ben, topic="Paging", person_id=course.chen.person_id, weekdays="1")
    topics.add_turn(viewer=course.ben, topic="Pagers", person_id=course.chen.person_id, weekdays="12")
    merge(course.ben, old, new)
    assert sorted(experts(course.ben, "Pagers")) == sorted(["Chen Wei", f"Participant {course.nameless.person_id}"])
    assert experts(course.ben, "Paging") == experts(course.ben, "Pagers")
    assert [row.on_call for row in topics.list_experts(viewer=course.ben, topic="Pagers")].count("12") == 1
    assert topics.on_call_now(topic_ids=[new.id], moment=MOMENT, zone="UTC") == {course.chen.person_id: new.id}
    assert TopicFollow.objects.filter(topic_id=new.id).count() == 2
    for topic in (old, new):
        assert topics.follows_topic(viewer=course.chen, topic_id=topic.id)
    assert topics.topics_held(organization_id=course.ben.organization_id, person_id=course.chen.person_id) == [
        (new.id, "Pagers")
    ]


@pytest.mark.parametrize("other", ["asked", "expired", "sooner"])
def test_the_better_of_two_grants_stays(course, other):
    """Chen holds the old topic for a year; what he has of the new one is less."""
    chen = course.chen.person_id
    with clock.at(MOMENT):
        old, new = make(course.ben, "Paging", "Pagers")
        until = MOMENT + timedelta(days=365)
        topics.grant_expertise(viewer=course.ben, topic="Paging", person_id=chen, expires_at=until)
        if other == "asked":
            topics.request_expertise(viewer=course.chen, topic="Pagers")
        else:
            soon = MOMENT + timedelta(days=1 if other == "expired" else 9)
            topics.grant_expertise(viewer=course.ben, topic="Pagers", person_id=chen, expires_at=soon)
    with clock.at(MOMENT + timedelta(days=2)):
        merge(course.ben, old, new)
        [expert] = topics.list_experts(viewer=course.ben, topic="Pagers")
    assert (expert.person_id, expert.expires_at) == (chen, until)


def test_a_grant_without_an_end_is_the_better_one(course):
    old, new = make(course.ben, "Paging", "Pagers")
    chen = course.chen.person_id
    topics.grant_expertise(viewer=course.ben, topic="Paging", person_id=chen)
    topics.grant_expertise(
        viewer=course.ben, topic="Pagers", person_id=chen, expires_at=clock.now() + timedelta(days=9)
    )
    merge(course.ben, old, new)
    assert [row.expires_at for row in topics.list_experts(viewer=course.ben, topic="Pagers")] == [None]


def test_twice_into_itself_and_merged_ones_are_refused(course):
    one, two, three = make(course.ben, "One", "Two", "Three")
    merge(course.ben, one, two)
    for old, new in ((one, two), (one, three), (three, one), (three, three)):
        with pytest.raises(Conflict, match="two different topics"):
            merge(course.ben, old, new)
    # What was merged before comes along.
    merge(course.ben, two, three)
    assert topics.get_topic(viewer=course.ana, topic_id=one.id).name == "Three"
    assert find(course.ana, "one", "two") == ["Three"]


def test_learners_and_assistants_merge_nothing(course):
    one, two = make(course.ben, "One", "Two")
    for viewer in (course.ana, course.chen, join(course.space, "tia", "Tia", Role.ASSISTANT)):
        with pytest.raises(NotAllowed, match="Only instructors"):
            merge(viewer, one, two)
        with pytest.raises(NotAllowed, match="Only instructors"):
            topics.add_synonym(viewer=viewer, topic_id=one.id, name="Uno")


@pytest.mark.django_db(transaction=True)
def test_two_who_merge_each_others_topics_at_once():
    course = make_course()
    one, two = make(course.ben, "One", "Two")
    done = at_once(lambda: merge(course.ben, one, two), lambda: merge(course.ben, two, one))
    assert sum(isinstance(result, Conflict) for result in done) == 1
    assert len(topics.list_topics(viewer=course.ben)) == 1


@pytest.mark.django_db(transaction=True)
def test_a_new_name_typed_by_several_at_once_is_one_topic():
    course = make_course()
    made = at_once(*[lambda: make(course.ana, "Pagers")[0].id] * 4)
    assert len(set(made)) == 1


# -- following -----------------------------------------------------------------------------------------------------


def test_following_twice_is_once(course, heard):
    [pagers] = make(course.ben, "Pagers")
    with heard() as facts:
        for following in (False, True, True, False, False):
            topics.follow_topic(viewer=course.ana, topic_id=pagers.id, following=following)
            assert topics.follows_topic(viewer=course.ana, topic_id=pagers.id) is following
    assert list(map(attrgetter("following", "person_id", "topic_id"), facts)) == [
        (True, course.ana.person_id, pagers.id),
        (False, course.ana.person_id, pagers.id),
    ]
    assert {type(fact) for fact in facts} == {events.TopicFollowed}


# -- suggesting ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Two INCIDENTS, one commander", ["Incident"]),
        ("incident-command, at night", ["Incident command", "Incident"]),
        ("A coincident", []),
        ("We go to C++ and Go.", ["C++", "Go"]),
        ("Good cooks", []),
        ("", []),
        ("\x00\u202e[(*", []),
    ],
)
def test_names_that_a_text_speaks_of(course, text, found):
    make(course.ben, "Incident", "Incident command", "C++", "Go", "***")
    assert suggest(course.ana, text) == found


def test_what_is_there_already_is_not_suggested_nor_are_more_than_five(course):
    [command] = make(course.ben, "Incident command")
    make(course.ben, "Pagers")
    topics.add_synonym(viewer=course.ben, topic_id=command.id, name="Firefighting")
    text = "Pagers in incident command"
    assert suggest(course.ana, text, besides=["INCIDENT  command"]) == ["Pagers"]
    assert suggest(course.ana, text, besides=["firefighting"]) == ["Pagers"]
    for number in range(6):
        make(course.ben, f"Topic {number}")
    assert len(suggest(course.ana, " ".join(f"topic {number}" for number in range(6)))) == 5


def test_nothing_is_suggested_from_another_organization(course):
    make(outsider(), "Merger with Contoso")
    assert suggest(course.ana, "Is there a merger with Contoso?") == []
