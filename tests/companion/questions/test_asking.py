"""Asked, given to an expert, answered, accepted: and every refusal on the way."""

from __future__ import annotations

import pytest

from companion import clock, events
from companion.errors import Conflict, InvalidInput, NotAllowed, NotFound
from companion.questions import api as questions
from companion.spaces import api as spaces
from companion.threads import api as threads
from companion.topics import api as topics
from tests import people
from tests.companion.questions import stories
from tests.companion.questions.stories import MONDAY, ask, holder, look, reply, row

pytestmark = pytest.mark.django_db


def test_it_works(asked, heard):
    with clock.at(MONDAY), heard() as facts:
        thread = ask(asked)
        view = look(asked.ana, thread)
        assert (view.state, view.holder) == ("open", "Chen Wei")
        assert view.reason == "expert for Incident command; 1 of 3 this week"
        assert view.due_at == MONDAY + 8 * stories.HOUR
        answer = reply(asked.chen, thread)
        assert look(asked.ana, thread).state == "answered"
        threads.accept_answer(viewer=asked.ana, thread_id=thread.pk, number=answer.number)
    assert look(asked.eve, thread).label == "Solved"
    assert stories.history(thread) == [(asked.chen.person_id, "answered")]
    kinds = [type(fact) for fact in facts if type(fact).__module__ == "companion.events"]
    assert [kind for kind in kinds if "Question" in kind.__name__ or kind is events.AnswerAccepted] == [
        events.QuestionAssigned,
        events.QuestionAsked,
        events.QuestionReleased,
        events.QuestionAnswered,
        events.AnswerAccepted,
    ]


def test_a_discussion_takes_no_questions_to_experts(asked):
    other = people.course(context="c1")
    with pytest.raises(NotAllowed, match="no place for questions"):
        questions.ask_question(viewer=asked.ana, activity_uid=other.activity.uid, title="T", body="B")


def test_somebody_elses_activity_is_not_there(asked):
    with pytest.raises(NotFound):
        ask(asked, by=people.outsider())
    with pytest.raises(NotFound):
        ask(asked, by=stories.elsewhere(asked))


@pytest.mark.parametrize(
    ("facts", "field"),
    [
        ({"title": " "}, "title"),
        ({"body": ""}, "body"),
        ({"topic_names": ["x" * 101]}, "topics"),
        ({"topic_names": list("abcdef")}, "topics"),
    ],
)
def test_what_is_wrong_is_said_beside_its_field(asked, facts, field):
    with pytest.raises(InvalidInput) as refused:
        ask(asked, **facts)
    assert field in refused.value.errors


def test_the_same_form_twice_is_one_question(asked):
    once = ask(asked, submission="form")
    again = ask(asked, submission="form")
    assert once.pk == again.pk
    assert len(stories.history(once)) == 1


def test_a_question_has_the_topics_of_its_activity_and_its_own(asked):
    thread = ask(asked, topic_names=["Pagers", "incident COMMAND"])
    names = [topic.name for topic in threads.topics_of_threads([thread.pk])[thread.pk]]
    assert sorted(names) == ["Incident command", "Pagers"]


def test_learners_answer_first_where_the_author_says_so():
    asked = stories.course(peer_hours=4)
    with clock.at(MONDAY):
        thread = ask(asked)
        view = look(asked.ana, thread)
    assert (view.holder, view.reason) == ("", "Everybody here may answer first.")
    assert view.due_at == MONDAY + 4 * stories.HOUR
    reply(asked.eve, thread)
    # What a peer says stops no clock until somebody stands by it.
    assert (row(thread).state, row(thread).first_answer_at is not None) == ("open", True)
    stories.tick(MONDAY + 5 * stories.HOUR)
    assert holder(thread) == asked.chen.person_id


@pytest.mark.parametrize("how", ["accepted", "endorsed"])
def test_a_learners_answer_counts_once_somebody_stands_by_it(asked, how):
    thread = ask(asked)
    answer = reply(asked.eve, thread)
    place = {"thread_id": thread.pk, "number": answer.number}
    if how == "accepted":
        threads.accept_answer(viewer=asked.ana, **place)
    else:
        threads.endorse_post(viewer=asked.chen, **place, endorsed=True)
    assert row(thread).state == ("accepted" if how == "accepted" else "answered")
    assert holder(thread) is None


def test_an_anonymous_reply_of_the_experts_is_nobodys(asked):
    thread = ask(asked)
    reply(asked.chen, thread, anonymous=True)
    assert (row(thread).state, holder(thread)) == ("open", asked.chen.person_id)


def test_the_askers_own_reply_is_no_answer(asked):
    for anonymous in (False, True):
        thread = ask(asked, anonymous=anonymous)
        reply(asked.ana, thread, anonymous=anonymous)
        assert row(thread).first_answer_at is None


def test_only_the_asker_and_the_staff_accept(asked):
    thread = ask(asked)
    answer = reply(asked.eve, thread)
    for viewer in (asked.eve, asked.nameless, asked.chen):
        with pytest.raises(NotAllowed):
            threads.accept_answer(viewer=viewer, thread_id=thread.pk, number=answer.number)
    threads.accept_answer(viewer=asked.ben, thread_id=thread.pk, number=answer.number)
    assert row(thread).state == "accepted"
    with pytest.raises(Conflict):
        threads.accept_answer(viewer=asked.ana, thread_id=thread.pk, number=1)


def test_another_answer_replaces_the_accepted_one_and_it_can_be_taken_back(asked):
    thread = ask(asked)
    first, second = reply(asked.eve, thread), reply(asked.chen, thread)
    for number in (first.number, second.number):
        threads.accept_answer(viewer=asked.ana, thread_id=thread.pk, number=number)
    assert threads.accepted_number(thread_id=thread.pk) == second.number
    threads.accept_answer(viewer=asked.ana, thread_id=thread.pk, number=second.number, accepted=False)
    assert (threads.accepted_number(thread_id=thread.pk), row(thread).state) == (None, "answered")


def test_it_did_not_help_restarts_the_clock_with_somebody_else(asked):
    other = stories.expert(asked, "Fay Ito")
    with clock.at(MONDAY):
        thread = ask(asked)
        first = holder(thread)
        viewer = asked.chen if first == asked.chen.person_id else other
        answer = reply(viewer, thread)
        threads.accept_answer(viewer=asked.ana, thread_id=thread.pk, number=answer.number)
    with clock.at(MONDAY + stories.DAY):
        questions.say_unhelpful(viewer=asked.ana, thread_id=thread.pk, number=answer.number, why="It asks for a login.")
    question = row(thread)
    assert (question.state, question.clock_at) == ("open", MONDAY + stories.DAY)
    assert holder(thread) in {asked.chen.person_id, other.person_id} - {first}
    assert threads.accepted_number(thread_id=thread.pk) is None
    last = threads.get_post(viewer=asked.eve, thread_id=thread.pk, number=answer.number + 1)
    assert last.body == "It asks for a login."
    with pytest.raises(NotAllowed):
        questions.say_unhelpful(viewer=asked.eve, thread_id=thread.pk, number=answer.number, why="x")
    with pytest.raises(InvalidInput):
        questions.say_unhelpful(viewer=asked.ana, thread_id=thread.pk, number=answer.number, why=" ")


def test_a_learners_answer_that_did_not_help_leaves_it_with_whoever_has_it(asked):
    with clock.at(MONDAY):
        thread = ask(asked)
        answer = reply(asked.eve, thread)
    before = row(thread)
    said = {"thread_id": thread.pk, "number": answer.number, "why": "It asks for a login.", "submission": "form"}
    with clock.at(MONDAY + stories.HOUR):
        questions.say_unhelpful(viewer=asked.ana, **said)
    assert stories.history(thread) == [(asked.chen.person_id, "")]
    assert (row(thread).clock_at, row(thread).route_at) == (before.clock_at, before.route_at)


def test_that_it_did_not_help_is_heard_once(asked):
    """The same form twice: whoever has it since the first time keeps it."""
    stories.expert(asked, "Fay Ito")
    thread = ask(asked)
    first = holder(thread)
    by = asked.chen if first == asked.chen.person_id else people.join(asked.space, "fay ito", "Fay Ito")
    said = {"thread_id": thread.pk, "number": reply(by, thread).number, "why": "No.", "submission": "form"}
    for _again in range(2):
        questions.say_unhelpful(viewer=asked.ana, **said)
    assert [outcome for _person, outcome in stories.history(thread)] == ["answered", ""]


def test_an_anonymous_asker_says_so_without_a_name(asked):
    thread = ask(asked, anonymous=True)
    answer = reply(asked.chen, thread)
    questions.say_unhelpful(viewer=asked.ana, thread_id=thread.pk, number=answer.number, why="No.")
    said = threads.get_post(viewer=asked.eve, thread_id=thread.pk, number=answer.number + 1)
    assert (said.author_id, said.author_name, said.pseudonym) == (None, "", 1)


def test_me_too_counts_people_once_and_not_the_asker(asked):
    thread = ask(asked)
    for _again in range(2):
        questions.say_me_too(viewer=asked.eve, thread_id=thread.pk)
    assert questions.say_me_too(viewer=asked.nameless, thread_id=thread.pk) == 2
    assert questions.say_me_too(viewer=asked.nameless, thread_id=thread.pk, me_too=False) == 1
    with pytest.raises(NotAllowed):
        questions.say_me_too(viewer=asked.ana, thread_id=thread.pk)
    with pytest.raises(NotFound):
        questions.say_me_too(viewer=people.outsider(), thread_id=thread.pk)
    assert (look(asked.eve, thread).metoo_count, look(asked.eve, thread).says_me_too) == (1, True)


def test_a_question_that_was_taken_back_waits_for_nobody_and_comes_back(asked):
    thread = ask(asked)
    threads.delete_post(viewer=asked.ana, thread_id=thread.pk, number=1)
    assert (row(thread).state, holder(thread)) == ("closed", None)
    other = ask(asked, title="Another one")
    threads.hide_post(viewer=asked.ben, thread_id=other.pk, number=1, reason="Not here")
    assert row(other).state == "closed"
    threads.restore_post(viewer=asked.ben, thread_id=other.pk, number=1)
    assert (row(other).state, holder(other)) == ("open", asked.chen.person_id)


def test_an_answer_that_goes_leaves_the_question_open(asked):
    thread = ask(asked)
    answer = reply(asked.chen, thread)
    threads.accept_answer(viewer=asked.ana, thread_id=thread.pk, number=answer.number)
    threads.delete_post(viewer=asked.chen, thread_id=thread.pk, number=answer.number)
    assert (row(thread).state, threads.accepted_number(thread_id=thread.pk)) == ("open", None)


def test_a_thread_moves_in_and_out_of_questions(asked):
    other = people.course(context="c1")
    thread = threads.start_thread(
        viewer=asked.ana, activity_uid=other.activity.uid, title="T", body="B", kind=threads.Kind.QUESTION
    )
    threads.move_thread(viewer=asked.ben, thread_id=thread.pk, to_uid=asked.activity.uid)
    assert holder(thread) == asked.chen.person_id
    threads.move_thread(viewer=asked.ben, thread_id=thread.pk, to_uid=other.activity.uid)
    seen = threads.get_thread(viewer=asked.ana, thread_id=thread.pk)
    assert questions.view_question(viewer=asked.ana, thread=seen) is None


def test_a_merged_question_waits_where_it_went(asked):
    one, two = ask(asked, title="One"), ask(asked, title="Two")
    threads.merge_threads(viewer=asked.ben, thread_id=one.pk, into_id=two.pk)
    assert (row(one).state, row(one).duplicate_of_id, row(two).state) == ("closed", two.pk, "open")


def test_a_saved_ask_is_counted_and_nobody_is_named(asked):
    thread = ask(asked)
    questions.count_save(viewer=asked.eve, thread_id=thread.pk)
    assert row(thread).save_count == 1


def test_another_ladder_holds_for_what_waits(asked):
    with clock.at(MONDAY):
        slow = stories.course(peer_hours=100, chen_knows=False, topic="Pagers")
        thread = ask(slow)
        settings = {"topic": "Pagers", **stories.AT_ONCE}
        spaces.configure_activity(viewer=slow.ben, uid=slow.activity.uid, title="Q", settings=settings)
    stories.tick(MONDAY + stories.HOUR)
    assert holder(thread) == slow.ben.person_id


def test_an_acceptance_taken_back_leaves_a_learners_answer_unanswered(asked):
    thread = ask(asked)
    answer = reply(asked.eve, thread)
    threads.accept_answer(viewer=asked.ana, thread_id=thread.pk, number=answer.number)
    threads.accept_answer(viewer=asked.ana, thread_id=thread.pk, number=answer.number, accepted=False)
    assert (row(thread).state, holder(thread)) == ("open", asked.chen.person_id)


def test_other_topics_let_the_ladder_look_again(asked):
    other = stories.course(topic="Pagers", chen_knows=False)
    with clock.at(MONDAY):
        topics.save_profile(viewer=asked.ben, capacity=0)
        thread = ask(other)
        assert (holder(thread), row(thread).reason) == (None, "nobody")
        threads.tag_thread(viewer=asked.ana, thread_id=thread.pk, names=[stories.TOPIC])
        questions.route_due()
    assert holder(thread) == asked.chen.person_id


def test_whoever_leaves_for_good_takes_their_questions_along(asked):
    thread = ask(asked)
    threads.retire_authors(person_ids=[asked.ana.person_id], delete_posts=True)
    assert (row(thread).state, holder(thread)) == ("closed", None)


def test_a_place_that_becomes_free_goes_to_who_has_waited_longest(asked):
    topics.save_profile(viewer=asked.chen, capacity=1)
    topics.save_profile(viewer=asked.ben, capacity=0)
    with clock.at(MONDAY):
        first = ask(asked)
    with clock.at(MONDAY + stories.HOUR):
        second, third = ask(asked, title="Second"), ask(asked, title="Third")
        threads.delete_post(viewer=asked.ana, thread_id=first.pk, number=1)
        questions.route_due()
    assert (holder(second), holder(third)) == (asked.chen.person_id, None)


def test_a_question_that_was_hidden_comes_back_as_it_was(asked):
    accepted, answered = ask(asked, title="Accepted"), ask(asked, title="Answered")
    for thread in (accepted, answered):
        answer = reply(asked.chen, thread)
    threads.accept_answer(viewer=asked.ana, thread_id=accepted.pk, number=answer.number)
    for thread in (accepted, answered):
        threads.hide_post(viewer=asked.ben, thread_id=thread.pk, number=1, reason="Not here")
        threads.restore_post(viewer=asked.ben, thread_id=thread.pk, number=1)
    assert [row(thread).state for thread in (accepted, answered)] == ["accepted", "answered"]
    assert [len(stories.history(thread)) for thread in (accepted, answered)] == [1, 1]


def test_a_question_that_cannot_be_moved_keeps_nobody_else_waiting(asked, caplog):
    other = stories.course(topic="Pagers", peer_hours=1)
    with clock.at(MONDAY):
        broken = ask(other, title="Broken")
        fine = ask(stories.course(topic="Status page", peer_hours=1), title="Fine")
    spaces.Activity.objects.filter(pk=other.activity.pk).update(settings={"working_days": "never"})
    assert stories.tick(MONDAY + 2 * stories.HOUR) == 1
    assert holder(fine) == asked.chen.person_id
    assert f"Question {broken.pk} could not take its step" in caplog.text
