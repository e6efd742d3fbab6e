"""Helpful, once a person; endorsed, by those whose word counts."""

from __future__ import annotations

from datetime import timedelta

import pytest

from companion import clock, events
from companion.errors import Conflict, NotAllowed, NotFound, TooMany
from companion.threads import api as threads
from companion.topics import api as topics
from companion.viewer import Role
from tests.companion.threads.stories import check_counts, configure, grow, names, reply, rows, start, view
from tests.people import Course, join, outsider
from tests.people import course as make_course

TOPIC = "Incident command"


@pytest.fixture
def course(db: None) -> Course:
    return make_course(topic=TOPIC)


@pytest.fixture
def thread(course: Course) -> threads.Thread:
    """Ana asks, Ben answers with #2, Ana thanks him in #3."""
    thread = start(course)
    reply(course.ben, thread, "You do.")
    reply(course.ana, thread, "Thanks.", to=2)
    return thread


def mark(viewer, thread, number: int = 2, helpful: bool = True) -> threads.Post:
    return threads.mark_helpful(viewer=viewer, thread_id=thread.pk, number=number, helpful=helpful)


def endorse(viewer, thread, number: int = 3, endorsed: bool = True) -> threads.Post:
    return threads.endorse_post(viewer=viewer, thread_id=thread.pk, number=number, endorsed=endorsed)


def grant(course: Course, viewer, topic: str = TOPIC, **facts) -> None:
    topics.grant_expertise(viewer=course.ben, topic=topic, person_id=viewer.person_id, **facts)


def kept(thread) -> tuple[int, int]:
    thread.refresh_from_db()
    return thread.helpful_count, thread.endorsed_count


def test_it_works(course, thread, heard):
    with heard() as facts:
        for viewer in (course.ana, course.chen, course.nameless):
            mark(viewer, thread)
        mark(course.nameless, thread, helpful=False)
    assert [(type(fact), fact.marked) for fact in facts] == [(events.PostMarkedHelpful, True)] * 3 + [
        (events.PostMarkedHelpful, False)
    ]
    seen = {viewer.name: view(viewer, thread, 2) for viewer in (course.ana, course.ben, course.nameless)}
    assert {name: (post.helpful_count, post.is_helpful, post.can_mark) for name, post in seen.items()} == {
        "Ana Torres": (2, True, True),
        "Ben Okafor": (2, False, False),
        "": (2, False, True),
    }
    assert kept(thread) == (2, 0)
    check_counts(thread)


def test_who_found_it_helpful_is_said_to_nobody(course, thread, heard):
    with heard() as facts:
        mark(course.chen, thread)
    assert f"person_id={course.chen.person_id}" not in repr(facts)


def test_twice_is_once(course, thread, heard):
    with heard() as facts:
        assert [mark(course.ana, thread).helpful_count for _twice in range(2)] == [1, 1]
        assert [mark(course.ana, thread, helpful=False).helpful_count for _twice in range(2)] == [0, 0]
    assert len(facts) == 2
    assert kept(thread) == (0, 0)


@pytest.mark.parametrize("anonymous", [False, True])
def test_nobody_marks_their_own(course, thread, anonymous):
    mine = reply(course.chen, thread, anonymous=anonymous)
    grant(course, course.chen)
    with pytest.raises(NotAllowed, match="Others say"):
        mark(course.chen, thread, mine.number)
    with pytest.raises(NotAllowed, match="Nobody endorses their own"):
        endorse(course.chen, thread, mine.number)
    assert not view(course.chen, thread, mine.number).can_mark
    assert not view(course.chen, thread, mine.number).can_endorse


def test_an_anonymous_opening_is_ones_own_as_well(course):
    thread = start(course, anonymous=True)
    with pytest.raises(NotAllowed):
        mark(course.ana, thread, 1)
    assert mark(course.chen, thread, 1).helpful_count == 1


@pytest.mark.parametrize("verb", [mark, endorse])
def test_what_is_gone_meanwhile_cannot_be_marked(course, thread, verb):
    reply(course.nameless, thread, "Alone")
    threads.hide_post(viewer=course.ben, thread_id=thread.pk, number=4, reason="r")
    threads.delete_post(viewer=course.ana, thread_id=thread.pk, number=3)
    reply(course.chen, thread, "Kept by this", to=1)
    for number, refusal in ((4, Conflict), (3, NotFound), (77, NotFound)):
        with pytest.raises(refusal):
            verb(course.ben, thread, number)
    threads.delete_post(viewer=course.ana, thread_id=thread.pk, number=1)
    with pytest.raises(Conflict, match="no longer there"):
        verb(course.ben, thread, 1)
    with pytest.raises(NotFound):
        verb(outsider(), thread, 2)


def test_a_post_that_went_elsewhere_is_marked_there(course, thread):
    other = start(course, course.chen)
    threads.merge_threads(viewer=course.ben, thread_id=thread.pk, into_id=other.pk)
    with pytest.raises(NotFound):
        mark(course.chen, thread)
    assert mark(course.chen, other, 2).helpful_count == 1


HIDDEN = {"verb": threads.hide_post, "back": threads.restore_post, "reason": {"reason": "r"}}
RETURNED = HIDDEN | {"verb": threads.return_post}
DELETED = {"verb": threads.delete_post, "back": threads.undelete_post, "reason": {}}


@pytest.mark.parametrize("out", [HIDDEN, RETURNED, DELETED], ids=["hidden", "returned", "deleted"])
@pytest.mark.parametrize("number", [1, 2])
def test_a_thread_counts_the_marks_of_what_is_shown(course, thread, out, number):
    mark(course.chen, thread, number)
    mark(course.nameless, thread, number)
    mark(course.chen, thread, 3)
    endorse(join(course.space, "tia", "Tia", Role.ASSISTANT), thread, number)
    assert kept(thread) == (3, 1)
    viewer = course.ben if number == 2 or out is not DELETED else course.ana
    out["verb"](viewer=viewer, thread_id=thread.pk, number=number, **out["reason"])
    assert kept(thread) == (1, 0)
    check_counts(thread)
    out["back"](viewer=viewer, thread_id=thread.pk, number=number)
    assert kept(thread) == (3, 1)
    check_counts(thread)


def test_lists_show_and_sort_by_marks(course, thread):
    other = start(course, course.chen, title="Other")
    mark(course.chen, thread)
    endorse(course.ben, thread)
    assert [row.id for row in rows(course, course.ana, sort=threads.Sort.HELPFUL)] == [thread.pk, other.pk]
    assert [(row.id, row.is_endorsed) for row in rows(course, course.ana, only=threads.Only.ENDORSED)] == [
        (thread.pk, True)
    ]


def test_marks_cost_a_page_one_query_however_many(course, thread, django_assert_num_queries):
    grow(thread, course.ben, 25)
    found = threads.get_thread(viewer=course.chen, thread_id=thread.pk)
    with django_assert_num_queries(1):
        assert not any(post.is_helpful for post in threads.read_thread(viewer=course.ben, thread=found).posts)
    for number in range(2, 28):
        if number != 3:
            mark(course.chen, thread, number)
    # The posts, Chen's marks, and whether she is an expert.
    with django_assert_num_queries(3):
        assert sum(post.is_helpful for post in threads.read_thread(viewer=course.chen, thread=found).posts) == 25


def test_a_mark_costs_the_same_in_a_long_thread(course, thread, django_assert_max_num_queries):
    for count in (1, 1_000):
        grow(thread, course.ben, count)
        # Two of them are a savepoint's, one is MariaDB's lock.
        with django_assert_max_num_queries(14):
            mark(course.chen, thread)
        mark(course.chen, thread, helpful=False)


def test_nobody_marks_three_hundred_posts_in_ten_minutes(course, thread):
    moment = clock.now().replace(minute=0)
    with clock.at(moment):
        for _time in range(300):
            mark(course.chen, thread, helpful=False)
        with pytest.raises(TooMany):
            mark(course.chen, thread)
    with clock.at(moment + timedelta(minutes=11)):
        assert mark(course.chen, thread).helpful_count == 1


# -- endorsed --------------------------------------------------------------------------------------------------


def test_the_staff_endorses(course, thread, heard):
    with heard() as facts:
        for _twice in range(2):
            endorse(course.ben, thread)
    assert [(type(fact), fact.person_id, fact.endorsed) for fact in facts] == [
        (events.PostEndorsed, course.ben.person_id, True)
    ]
    assert (view(course.chen, thread, 3).endorsed_by, kept(thread)) == ("Ben Okafor", (0, 1))
    check_counts(thread)
    tia = join(course.space, "tia", "Tia", Role.ASSISTANT)
    for _twice in range(2):
        endorse(tia, thread, endorsed=False)
    assert (view(course.chen, thread, 3).endorsed_by, kept(thread)) == ("", (0, 0))


def test_an_expert_of_the_topic_endorses(course, thread):
    grant(course, course.chen, topic="  incident COMMAND ")
    endorse(course.chen, thread)
    assert view(course.ana, thread, 3).endorsed_by == "Chen Wei"
    assert (view(course.chen, thread, 2).can_endorse, view(course.ana, thread, 2).can_endorse) == (True, False)


def test_a_nameless_expert_is_called_as_everywhere(course, thread):
    grant(course, course.nameless)
    endorse(course.nameless, thread)
    assert view(course.ana, thread, 3).endorsed_by == f"Participant {course.nameless.person_id}"


def refused(viewer, thread) -> bool:
    assert not view(viewer, thread, 3).can_endorse
    with pytest.raises(NotAllowed, match="experts for the topic"):
        endorse(viewer, thread)
    return True


def test_others_do_not_endorse(course, thread):
    assert refused(course.chen, thread)


def test_an_expert_of_another_topic_does_not(course, thread):
    grant(course, course.chen, topic="Databases")
    assert refused(course.chen, thread)


def test_a_grant_that_is_over_counts_no_more(course, thread):
    grant(course, course.chen, expires_at=clock.now() + timedelta(days=1))
    endorse(course.chen, thread)
    with clock.at(clock.now() + timedelta(days=1, seconds=1)):
        assert refused(course.chen, thread)
    assert view(course.ana, thread, 3).endorsed_by == "Chen Wei"


def test_a_grant_that_was_taken_back_counts_no_more(course, thread):
    grant(course, course.chen)
    endorse(course.chen, thread)
    topics.withdraw_expertise(viewer=course.ben, topic=TOPIC, person_id=course.chen.person_id)
    assert refused(course.chen, thread)
    assert view(course.ana, thread, 3).is_endorsed


def test_an_expert_of_another_organizations_topic_of_this_name_does_not(course, thread):
    elsewhere = make_course(organization="Elsewhere", topic=TOPIC)
    grant(elsewhere, elsewhere.chen)
    assert refused(course.chen, thread)
    with pytest.raises(NotFound):
        endorse(elsewhere.chen, thread)


def test_without_a_topic_there_are_no_experts(course, thread):
    grant(course, course.chen)
    configure(course, topic="")
    assert refused(course.chen, thread)


def test_whose_word_counts_is_asked_once_a_page(course, thread, django_assert_num_queries):
    grow(thread, course.ben, 25)
    found = threads.get_thread(viewer=course.chen, thread_id=thread.pk)
    with django_assert_num_queries(2):
        threads.read_thread(viewer=course.chen, thread=found)
    assert len(names(course.chen, thread)) == 28
