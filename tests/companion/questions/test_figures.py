"""How well questions are answered: medians and ninths of ten against what a hand computes."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from companion import clock
from companion.errors import NotAllowed
from companion.questions import api as questions
from companion.questions.models import Question
from companion.spaces import api as spaces
from companion.spaces.kinds import Kind
from companion.threads import api as threads
from companion.topics import api as topics
from companion.viewer import Role
from tests import people
from tests.companion.questions import stories
from tests.companion.questions.stories import DAY, HOUR, MONDAY, TOPIC, ask

pytestmark = pytest.mark.django_db


def figures(viewer, moment=MONDAY + 30 * DAY):
    with clock.at(moment):
        return questions.list_figures(viewer=viewer)


def answered(asked: stories.Asked, after: timedelta, *, accepted: timedelta | None = None, **facts) -> threads.Thread:
    with clock.at(MONDAY):
        thread = ask(asked, **facts)
    with clock.at(MONDAY + after):
        answer = threads.add_reply(viewer=asked.ben, thread_id=thread.pk, body="So.")
    if accepted is not None:
        with clock.at(MONDAY + accepted):
            threads.accept_answer(viewer=asked.ana, thread_id=thread.pk, number=answer.number)
    return thread


def test_it_works(asked):
    for hours in (4, 1, 3, 2):
        answered(asked, hours * HOUR, accepted=hours * DAY if hours < 3 else None)
    with clock.at(MONDAY):
        waiting = ask(asked)
    questions.count_save(viewer=asked.eve, thread_id=waiting.pk)
    whole, [by_activity], [by_topic] = figures(asked.ben)
    assert (whole.asked, whole.unanswered, whole.unanswered_share, whole.accepted, whole.saves) == (5, 1, 20, 2, 1)
    # Of 1, 2, 3, 4 hours: half-way between 2 and 3; seven tenths of the way from 3 to 4.
    assert whole.first_median == 2.5 * HOUR
    assert abs(whole.first_p90 - 3.7 * HOUR) < timedelta(milliseconds=1)
    assert (whole.accepted_median, whole.accepted_p90) == (1.5 * DAY, 1.9 * DAY)
    assert (by_activity.name, by_activity.first_median, by_activity.saves) == ("Ask about incidents", 2.5 * HOUR, 1)
    assert (by_topic.name, by_topic.asked, by_topic.accepted) == (TOPIC, 5, 2)


def test_without_any_and_with_one(asked):
    whole, by_activity, by_topic = figures(asked.ben)
    assert (whole.asked, whole.unanswered_share, whole.first_median, whole.accepted_p90) == (0, 0, None, None)
    assert (by_activity, by_topic) == ([], [])
    answered(asked, HOUR)
    whole, _by_activity, _by_topic = figures(asked.ben)
    assert (whole.first_median, whole.first_p90, whole.accepted_median) == (HOUR, HOUR, None)


def test_by_activity_and_by_topic(asked):
    answered(asked, HOUR, topic_names=["Pagers", "Night shift"])
    answered(asked, 3 * HOUR, topic_names=["pagers"], is_private=True)
    settings = {"topic": "Lab safety", **stories.AT_ONCE}
    # It is called as the first one is, and is another one all the same.
    other = spaces.create_activity(
        viewer=asked.ben, title="Ask about incidents", kind=Kind.QUESTIONS, settings=settings, external_id="q2"
    )
    with clock.at(MONDAY):
        questions.ask_question(viewer=asked.ana, activity_uid=other.uid, title="T", body="B")
    _whole, by_activity, by_topic = figures(asked.ben)
    assert [(found.name, found.asked, found.unanswered) for found in by_activity] == [
        ("Ask about incidents", 2, 0),
        ("Ask about incidents", 1, 1),
    ]
    assert {found.name: (found.asked, found.first_median) for found in by_topic} == {
        TOPIC: (2, 2 * HOUR),
        "Lab safety": (1, None),
        "Night shift": (1, HOUR),
        "Pagers": (2, 2 * HOUR),
    }
    ids = {found.name: found.id for found in topics.list_topics(viewer=asked.ben)}
    topics.merge_topics(viewer=asked.ben, topic_id=ids["Night shift"], into_id=ids["Pagers"])
    assert [(found.name, found.asked) for found in figures(asked.ben)[2]] == [
        (TOPIC, 2),
        ("Lab safety", 1),
        ("Pagers", 2),
    ]


@pytest.mark.parametrize("how", ["deleted", "taken back", "hidden", "duplicate", "merged", "long ago", "moved away"])
def test_what_does_not_count(asked, how):
    stays = answered(asked, HOUR)
    with clock.at(MONDAY - (400 * DAY if how == "long ago" else timedelta())):
        thread = ask(asked, title="Gone")
    plain = people.course()
    if how == "taken back":
        stories.reply(asked.eve, thread)
    if how in ("deleted", "taken back"):
        threads.delete_post(viewer=asked.ana, thread_id=thread.pk, number=1)
    elif how == "hidden":
        threads.hide_post(viewer=asked.ben, thread_id=thread.pk, number=1, reason="r")
    elif how == "duplicate":
        questions.close_as_duplicate(viewer=asked.chen, thread_id=thread.pk, of_thread_id=stays.pk)
    elif how == "merged":
        into = threads.start_thread(viewer=asked.ana, activity_uid=plain.activity.uid, title="T", body="B")
        threads.merge_threads(viewer=asked.ben, thread_id=thread.pk, into_id=into.pk)
    elif how == "moved away":
        threads.move_thread(viewer=asked.ben, thread_id=thread.pk, to_uid=plain.activity.uid)
    whole, _by_activity, _by_topic = figures(asked.ben)
    assert (whole.asked, whole.unanswered, whole.first_median) == (1, 0, HOUR)


def test_a_private_question_counts_and_is_named_nowhere(asked):
    answered(asked, HOUR, title="Nobody may know", is_private=True)
    found = figures(asked.ben)
    assert (found[0].asked, "Nobody" in repr(found)) == (1, False)


def test_a_first_answer_is_not_the_askers_own(asked):
    with clock.at(MONDAY):
        thread = ask(asked)
        stories.reply(asked.ana, thread)
    with clock.at(MONDAY + HOUR):
        stories.reply(asked.eve, thread)
    with clock.at(MONDAY + 2 * HOUR):
        stories.reply(asked.ben, thread)
    assert figures(asked.ben)[0].first_median == HOUR


def test_for_those_who_teach_and_of_their_course_alone(asked):
    answered(asked, HOUR)
    for viewer in (asked.ana, asked.chen, people.outsider()):
        with pytest.raises(NotAllowed, match="Only the course staff"):
            questions.list_figures(viewer=viewer)
    assert figures(stories.elsewhere(asked, Role.INSTRUCTOR))[0].asked == 0
    assert figures(people.join(asked.space, "tia", "Tia", Role.ASSISTANT))[0].asked == 1


def test_it_asks_as_often_for_one_as_for_many(asked):
    counts = []
    for _round in range(2):
        for number in range(1 if not counts else 15):
            answered(asked, HOUR, topic_names=[f"Topic {number}"])
        with CaptureQueriesContext(connection) as captured:
            figures(asked.ben)
        counts.append(len(captured))
    assert counts[0] == counts[1] <= 4
    assert Question.objects.count() == 16
