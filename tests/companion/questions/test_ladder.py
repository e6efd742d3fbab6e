"""The ladder in the database: capacity, absence, rota, leavers, late workers, two workers at once."""

from __future__ import annotations

from datetime import datetime, timedelta
from threading import Barrier, Thread

import pytest
from django.db import connection

from companion import clock
from companion.errors import Conflict, InvalidInput, NotAllowed
from companion.questions import api as questions
from companion.questions.models import Assignment, Question
from companion.spaces import api as spaces
from companion.topics import api as topics
from companion.topics.models import ExpertProfile
from companion.viewer import Role
from tests import people
from tests.companion.questions import stories
from tests.companion.questions.stories import DAY, HOUR, MONDAY, ask, expert, history, holder, reply, row, tick

pytestmark = pytest.mark.django_db


def test_the_ladder_is_climbed_by_the_clock(asked):
    with clock.at(MONDAY):
        thread = ask(asked)
    assert holder(thread) == asked.chen.person_id
    assert tick(MONDAY + 7 * HOUR) == 0
    assert tick(MONDAY + 8 * HOUR) == 1
    # Ben placed the questions, so he is the step above; then he is also the only instructor.
    assert (row(thread).step, holder(thread)) == ("author", asked.ben.person_id)
    tick(MONDAY + 16 * HOUR)
    # Both have had it: nobody else could.
    assert (holder(thread), row(thread).reason) == (None, "nobody")
    tick(MONDAY + 3 * DAY)
    assert holder(thread) == asked.chen.person_id
    assert [outcome for _person, outcome in history(thread)] == ["lapsed", "lapsed", ""]


def test_a_worker_that_comes_days_late_moves_each_question_one_step(asked):
    with clock.at(MONDAY):
        found = [ask(asked, title=f"Question {number}") for number in range(3)]
    assert tick(MONDAY + 2 * DAY) == 3
    assert {len(history(thread)) for thread in found} == {2}
    assert tick(MONDAY + 2 * DAY) == 0


def test_nobody_gets_more_than_they_take(asked):
    topics.save_profile(viewer=asked.chen, capacity=2)
    topics.save_profile(viewer=asked.ben, capacity=1)
    with clock.at(MONDAY):
        found = [ask(asked, title=f"Question {number}") for number in range(5)]
    holders = [holder(thread) for thread in found]
    assert holders == [asked.chen.person_id] * 2 + [asked.ben.person_id] + [None] * 2
    assert row(found[-1]).reason == "full"
    # On the next Monday there is room again, and the one that most people have comes first.
    questions.say_me_too(viewer=asked.eve, thread_id=found[4].pk)
    tick(MONDAY + 7 * DAY)
    assert holder(found[4]) == asked.chen.person_id


def test_who_has_waited_longest_is_not_passed_by_for_ever(asked):
    """Nobody can have the same question as one that was asked of the experts alone."""
    topics.save_profile(viewer=asked.chen, capacity=1)
    topics.save_profile(viewer=asked.ben, capacity=0)
    with clock.at(MONDAY):
        ask(asked, title="Takes the place of this week")
        private = ask(asked, title="Private", is_private=True)
    with clock.at(MONDAY + 2 * DAY):
        other = ask(asked, title="Another one")
        questions.say_me_too(viewer=asked.eve, thread_id=other.pk)
    tick(MONDAY + 7 * DAY)
    assert (holder(private), holder(other)) == (asked.chen.person_id, None)


def test_an_answer_gives_no_place_back_and_a_decline_does(asked):
    topics.save_profile(viewer=asked.chen, capacity=1)
    topics.save_profile(viewer=asked.ben, capacity=0)
    with clock.at(MONDAY):
        first = ask(asked)
        reply(asked.chen, first)
        second = ask(asked, title="Second")
        assert holder(second) is None
    with clock.at(MONDAY + 7 * DAY):
        questions.route_due()
        assert holder(second) == asked.chen.person_id
        with pytest.raises(InvalidInput):
            questions.decline_question(viewer=asked.chen, thread_id=second.pk, reason=" ")
        questions.decline_question(viewer=asked.chen, thread_id=second.pk, reason="I know nothing about pagers.")
        third = ask(asked, title="Third")
        assert holder(third) == asked.chen.person_id
    assert history(second) == [(asked.chen.person_id, "declined")]


def test_somebody_who_moves_gives_back_no_place_of_another_week(asked):
    topics.save_profile(viewer=asked.ben, capacity=0)
    topics.save_profile(viewer=asked.chen, capacity=1, time_zone="America/New_York")
    # Sunday evening in New York is Monday in Berlin.
    sunday = datetime(2026, 3, 8, 23, 30, tzinfo=MONDAY.tzinfo)
    with clock.at(sunday):
        first = ask(asked)
    with clock.at(sunday + 7 * HOUR):
        assert holder(ask(asked, title="Second")) == asked.chen.person_id
        topics.save_profile(viewer=asked.chen, capacity=1, time_zone="Europe/Berlin")
        questions.decline_question(viewer=asked.chen, thread_id=first.pk, reason="I know nothing about pagers.")
        assert holder(ask(asked, title="Third")) is None


def test_whoever_is_on_call_comes_first(asked):
    fay = expert(asked, "Fay Ito")
    for viewer, days in ((fay, "1"), (asked.chen, "2")):
        topics.add_turn(viewer=asked.ben, topic=stories.TOPIC, person_id=viewer.person_id, weekdays=days)
    with clock.at(MONDAY):
        first = [holder(ask(asked, title=f"Monday {number}")) for number in range(2)]
    with clock.at(MONDAY + DAY):
        thread = ask(asked, title="Tuesday")
    assert [*first, holder(thread)] == [fay.person_id, fay.person_id, asked.chen.person_id]
    assert row(thread).assignment.facts == {"number": 1, "capacity": 3, "topic": "Incident command"}
    assert row(thread).assignment.reason == "on_call"


def test_without_a_rota_the_one_with_the_most_room_gets_it(asked):
    fay = expert(asked, "Fay Ito", capacity=6)
    with clock.at(MONDAY):
        holders = [holder(ask(asked, title=f"Question {number}")) for number in range(9)]
    assert (holders.count(fay.person_id), holders.count(asked.chen.person_id)) == (6, 3)


def test_whoever_is_away_is_passed_over(asked):
    topics.save_profile(viewer=asked.chen, capacity=3, away_from=MONDAY - DAY, away_until=MONDAY + 3650 * DAY)
    with clock.at(MONDAY):
        thread = ask(asked)
    assert holder(thread) == asked.ben.person_id


def test_an_absence_that_begins_hands_questions_on(asked):
    with clock.at(MONDAY):
        fay = expert(asked, "Fay Ito")
        thread = ask(asked)
        first = asked.chen if holder(thread) == asked.chen.person_id else fay
        topics.save_profile(viewer=first, capacity=3, away_from=MONDAY + HOUR, away_until=MONDAY + 9 * DAY)
    tick(MONDAY + HOUR)
    assert history(thread)[0] == (first.person_id, "away")
    assert holder(thread) in {asked.chen.person_id, fay.person_id} - {first.person_id}


@pytest.mark.parametrize("how", ["topic", "course"])
def test_a_leavers_questions_fall_to_the_others(asked, how):
    with clock.at(MONDAY):
        thread = ask(asked)
        if how == "topic":
            topics.withdraw_expertise(viewer=asked.ben, topic=stories.TOPIC, person_id=asked.chen.person_id)
        else:
            staying = [
                spaces.RosterMember(subject="ana", role=Role.LEARNER, name="Ana Torres"),
                spaces.RosterMember(subject="ben", role=Role.INSTRUCTOR, name="Ben Okafor"),
                spaces.RosterMember(subject="chen", role=Role.LEARNER, name="Chen Wei"),
            ]
            spaces.sync_roster(space_id=asked.space.pk, issuer=people.ISSUER, members=staying)
            spaces.sync_roster(space_id=asked.space.pk, issuer=people.ISSUER, members=staying[:2])
    tick(MONDAY + timedelta(minutes=1))
    assert history(thread)[0] == (asked.chen.person_id, "left")
    assert holder(thread) == asked.ben.person_id


def test_whoever_left_without_a_word_is_noticed(asked):
    """Open edX unenrols one person at a time, and announces no roster."""
    with clock.at(MONDAY):
        thread = ask(asked)
        spaces.leave_space(
            issuer=people.ISSUER,
            external_id=asked.space.external_id,
            organization_id=asked.space.organization_id,
            subject="chen",
        )
    tick(MONDAY + timedelta(minutes=1))
    assert history(thread) == [(asked.chen.person_id, "left"), (asked.ben.person_id, "")]


def test_an_instructor_who_teaches_no_longer_does_not_keep_it_for_ever(asked):
    topics.save_profile(viewer=asked.chen, capacity=0)
    with clock.at(MONDAY):
        gus = people.join(asked.space, "gus", "Gus Orr", Role.INSTRUCTOR)
        topics.save_profile(viewer=asked.ben, capacity=0)
        thread = ask(asked)
        assert (row(thread).step, holder(thread)) == ("instructor", gus.person_id)
        people.join(asked.space, "gus", "Gus Orr", Role.LEARNER)
        topics.save_profile(viewer=asked.ben, capacity=1)
    assert tick(MONDAY + HOUR) == 0
    tick(MONDAY + DAY)
    assert history(thread) == [(gus.person_id, "left"), (asked.ben.person_id, "")]


def test_nobody_is_asked_at_night_or_on_sunday():
    asked = stories.course(at_once=False, peer_hours=0)
    saturday = MONDAY - 2 * DAY
    with clock.at(saturday):
        thread = ask(asked)
    assert (holder(thread), row(thread).reason) == (None, "quiet")
    assert row(thread).route_at == datetime(2026, 3, 2, 8, tzinfo=MONDAY.tzinfo)
    assert tick(MONDAY - 2 * HOUR) == 0
    tick(MONDAY)
    assert holder(thread) == asked.chen.person_id


def test_nobody_gets_their_own_question(asked):
    with clock.at(MONDAY):
        thread = ask(asked, by=asked.chen)
        assert holder(thread) == asked.ben.person_id
        # Whom an anonymous question passes over would tell who asked: it passes over nobody.
        hidden = ask(asked, by=asked.chen, title="Hidden", anonymous=True)
        assert holder(hidden) == asked.chen.person_id


def test_the_expert_of_another_topic_is_never_asked(asked):
    fay = stories.elsewhere(asked)
    ben = stories.elsewhere(asked, Role.INSTRUCTOR, "Gus Orr")
    topics.grant_expertise(viewer=ben, topic="Lab safety", person_id=fay.person_id)
    topics.save_profile(viewer=asked.chen, capacity=0)
    topics.save_profile(viewer=asked.ben, capacity=0)
    with clock.at(MONDAY):
        thread = ask(asked)
    assert (holder(thread), row(thread).reason) == (None, "nobody")
    for days in range(1, 9):
        tick(MONDAY + days * DAY)
    assert history(thread) == []


def test_a_question_is_claimed_handed_over_and_never_above_capacity(asked):
    fay = expert(asked, "Fay Ito", capacity=1)
    with clock.at(MONDAY):
        topics.save_profile(viewer=asked.chen, capacity=0)
        topics.save_profile(viewer=asked.ben, capacity=0)
        first, second = ask(asked), ask(asked, title="Second")
        assert [holder(first), holder(second)] == [fay.person_id, None]
        with pytest.raises(NotAllowed, match="more questions than they take"):
            questions.claim_question(viewer=fay, thread_id=second.pk)
        with pytest.raises(NotAllowed, match="experts for these questions"):
            questions.claim_question(viewer=asked.eve, thread_id=second.pk)
        topics.save_profile(viewer=asked.chen, capacity=1)
        questions.claim_question(viewer=asked.chen, thread_id=second.pk)
        questions.claim_question(viewer=asked.chen, thread_id=second.pk)
        with pytest.raises(Conflict, match="has it already"):
            questions.claim_question(viewer=asked.ben, thread_id=second.pk)
        with pytest.raises(NotAllowed):
            questions.hand_over(viewer=asked.eve, thread_id=second.pk, person_id=fay.person_id)
        with pytest.raises(NotAllowed, match="more questions"):
            questions.hand_over(viewer=asked.chen, thread_id=second.pk, person_id=fay.person_id)
        with pytest.raises(InvalidInput):
            questions.hand_over(viewer=asked.chen, thread_id=second.pk, person_id=asked.eve.person_id)
        topics.save_profile(viewer=fay, capacity=2)
        questions.hand_over(viewer=asked.chen, thread_id=second.pk, person_id=fay.person_id, note="You built it.")
    assert history(second) == [(asked.chen.person_id, "handed_over"), (fay.person_id, "")]
    assert ExpertProfile.objects.get(pk=asked.chen.person_id).taken == 0


@pytest.mark.django_db(transaction=True)
def test_many_questions_at_once_keep_to_the_capacity():
    asked = stories.course()
    topics.save_profile(viewer=asked.chen, capacity=3)
    topics.save_profile(viewer=asked.ben, capacity=2)
    start, failed = Barrier(4), []

    def ask_three(number: int) -> None:
        try:
            start.wait()
            for turn in range(3):
                ask(asked, title=f"Question {number} {turn}", by=asked.ana if number % 2 else asked.eve)
        except Exception as error:
            failed.append(error)
        finally:
            connection.close()

    running = [Thread(target=ask_three, args=[number]) for number in range(4)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    assert failed == []
    counts = [Assignment.objects.filter(person_id=pk).count() for pk in (asked.chen.person_id, asked.ben.person_id)]
    assert counts == [3, 2]
    assert Question.objects.filter(assignment=None, reason="full").count() == 7


@pytest.mark.django_db(transaction=True)
def test_two_workers_assign_once():
    asked = stories.course(peer_hours=1)
    with clock.at(MONDAY):
        found = [ask(asked, title=f"Question {number}") for number in range(3)]
    start, moved = Barrier(2), []

    def work() -> None:
        start.wait()
        moved.append(tick(MONDAY + 2 * HOUR))
        connection.close()

    running = [Thread(target=work) for _worker in range(2)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    assert sum(moved) == 3
    assert [history(thread) for thread in found] == [[(asked.chen.person_id, "")]] * 3
