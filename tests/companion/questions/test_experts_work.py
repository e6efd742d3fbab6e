"""What experts do with answers: duplicates closed, answers verified until a date, tips made of them."""

from __future__ import annotations

import pytest

from companion import clock, events
from companion.errors import Conflict, InvalidInput, NotAllowed, NotFound
from companion.models import Thread
from companion.questions import api as questions
from companion.questions.models import MeToo
from companion.threads import api as threads
from companion.topics import api as topics
from companion.viewer import Role
from tests import people
from tests.companion.questions import stories
from tests.companion.questions.stories import DAY, HOUR, MONDAY, ask, holder, look, reply, row

pytestmark = pytest.mark.django_db


def close(viewer, thread, other) -> None:
    questions.close_as_duplicate(viewer=viewer, thread_id=thread.pk, of_thread_id=other.pk)


def me_too(thread, *viewers) -> None:
    for viewer in viewers:
        questions.say_me_too(viewer=viewer, thread_id=thread.pk)


# -- duplicates ----------------------------------------------------------------------------------------------------


def test_a_duplicate_leads_to_the_one_that_has_the_answer(asked, heard):
    first, second = ask(asked, title="First"), ask(asked, title="Second", by=asked.eve)
    me_too(first, asked.nameless)
    me_too(second, asked.nameless, asked.chen)
    with heard() as facts:
        close(asked.chen, second, first)
    assert [fact.duplicate_of_id for fact in facts if isinstance(fact, events.QuestionClosed)] == [first.pk]
    view = look(asked.eve, second)
    assert (view.state, view.duplicate, view.holder, view.can_close) == ("closed", (first.pk, "First"), "", False)
    assert stories.history(second) == [(asked.chen.person_id, "closed")]
    # Each person once, and who came along says so here, too.
    assert (look(asked.chen, first).metoo_count, look(asked.chen, first).says_me_too) == (2, True)
    assert topics.list_rooms(person_ids=[asked.chen.person_id])[asked.chen.person_id].taken == 1


def test_whoever_asked_the_other_one_has_no_me_too_on_it(asked):
    first, second = ask(asked), ask(asked, title="Second", by=asked.eve)
    me_too(second, asked.ana, asked.chen)
    close(asked.ben, second, first)
    assert (row(first).metoo_count, MeToo.objects.filter(question=first.pk).count()) == (1, 1)


@pytest.mark.parametrize("who", ["eve", "ben", "chen"])
def test_it_does_not_answer_it_after_all(asked, who):
    """Eve asked; the staff and experts may say so, too."""
    with clock.at(MONDAY):
        first, second = ask(asked), ask(asked, title="Second", by=asked.eve)
        close(asked.ben, second, first)
    with clock.at(MONDAY + DAY):
        for _again in range(2):
            questions.reopen_duplicate(viewer=getattr(asked, who), thread_id=second.pk)
    view = look(asked.eve, second)
    assert (view.state, view.duplicate, view.holder) == ("open", None, "Chen Wei")
    assert row(second).clock_at == MONDAY + DAY
    assert stories.history(second)[1:] == [(asked.chen.person_id, "")]


def test_what_is_no_duplicate_of_what(asked):
    first, second = ask(asked), ask(asked, title="Second", by=asked.eve)
    private = ask(asked, title="Private", is_private=True)
    plain = threads.start_thread(viewer=asked.ana, activity_uid=asked.activity.uid, title="No question", body="B")
    with pytest.raises(Conflict, match="another question"):
        close(asked.ben, first, first)
    with pytest.raises(Conflict, match="experts alone"):
        close(asked.ben, first, private)
    for viewer in (asked.eve, asked.ana):
        with pytest.raises(NotAllowed):
            close(viewer, first, second)
    for viewer, one, two in (
        (people.outsider(), first, second),
        (stories.elsewhere(asked, Role.INSTRUCTOR), first, second),
        (asked.ben, plain, first),
    ):
        with pytest.raises(NotFound):
            close(viewer, one, two)
    with pytest.raises(InvalidInput) as refused:
        close(asked.ben, first, plain)
    assert set(refused.value.errors) == {"of"}
    # Chen is called to the private one.
    with pytest.raises(Conflict, match="experts alone"):
        close(asked.chen, first, private)
    close(asked.ben, second, first)
    with pytest.raises(Conflict, match="closed"):
        close(asked.ben, second, first)
    # What is closed itself has no answer to lead to: so there are no circles either.
    with pytest.raises(Conflict, match="another question"):
        close(asked.ben, first, second)
    with pytest.raises(NotAllowed):
        questions.reopen_duplicate(viewer=asked.nameless, thread_id=second.pk)


def test_a_private_one_may_lead_to_one_for_all(asked):
    first, private = ask(asked), ask(asked, title="Private", is_private=True)
    close(asked.ben, private, first)
    assert look(asked.ana, private).duplicate == (first.pk, "Who declares an incident?")


def test_what_was_merged_is_no_duplicate_to_reopen(asked):
    one, two = ask(asked, title="One"), ask(asked, title="Two")
    me_too(one, asked.eve, asked.nameless)
    me_too(two, asked.eve)
    threads.merge_threads(viewer=asked.ben, thread_id=one.pk, into_id=two.pk)
    assert row(two).metoo_count == 2
    for viewer in (asked.ana, asked.ben):
        with pytest.raises(Conflict):
            questions.reopen_duplicate(viewer=viewer, thread_id=one.pk)
    assert (row(one).state, holder(one)) == ("closed", None)


# -- nobody answers for themselves ---------------------------------------------------------------------------------


def test_nobody_takes_or_is_handed_their_own_question(asked):
    with clock.at(MONDAY):
        thread = ask(asked, by=asked.chen)
        assert holder(thread) == asked.ben.person_id
        with pytest.raises(InvalidInput):
            questions.hand_over(viewer=asked.ben, thread_id=thread.pk, person_id=asked.chen.person_id)
        topics.save_profile(viewer=asked.ben, capacity=0)
        for anonymous in (False, True):
            mine = ask(asked, by=asked.chen, title=f"Mine {anonymous}", anonymous=anonymous)
            if holder(mine) is not None:
                questions.decline_question(viewer=asked.chen, thread_id=mine.pk, reason="It is mine.")
            with pytest.raises(NotAllowed, match="You asked it"):
                questions.claim_question(viewer=asked.chen, thread_id=mine.pk)


# -- it did not help -----------------------------------------------------------------------------------------------


def test_the_same_word_sent_twice_reopens_once(asked):
    fay = stories.expert(asked, "Fay Ito")
    with clock.at(MONDAY):
        thread = ask(asked)
        first, second = (asked.chen, fay) if holder(thread) == asked.chen.person_id else (fay, asked.chen)
        answer = reply(first, thread)
        for _again in range(2):
            questions.say_unhelpful(
                viewer=asked.ana, thread_id=thread.pk, number=answer.number, why="No.", submission="form"
            )
    assert stories.history(thread) == [(first.person_id, "answered"), (second.person_id, "")]


def test_a_peers_answer_that_did_not_help_takes_it_from_nobody(asked):
    with clock.at(MONDAY):
        thread = ask(asked)
        guess = reply(asked.eve, thread)
        with clock.at(MONDAY + HOUR):
            questions.say_unhelpful(viewer=asked.ana, thread_id=thread.pk, number=guess.number, why="No.")
    assert stories.history(thread) == [(asked.chen.person_id, "")]
    assert row(thread).clock_at == MONDAY


# -- verified ------------------------------------------------------------------------------------------------------


def verify(viewer, thread, number: int = 2, until=MONDAY + 30 * DAY) -> None:
    questions.verify_answer(viewer=viewer, thread_id=thread.pk, number=number, until=until)


def test_an_answer_holds_until_a_date_and_no_longer(asked, heard):
    with clock.at(MONDAY):
        thread = ask(asked)
        reply(asked.eve, thread)
        with heard() as facts:
            verify(asked.chen, thread)
        view = look(asked.ana, thread)
    assert (view.verified_number, view.verified_until, view.verified_by) == (2, MONDAY + 30 * DAY, "Chen Wei")
    assert [(fact.number, fact.person_id) for fact in facts] == [(2, asked.chen.person_id)]
    for moment, number in ((MONDAY + 30 * DAY - HOUR, 2), (MONDAY + 30 * DAY, None)):
        with clock.at(moment):
            assert look(asked.ana, thread).verified_number == number
    assert (look(asked.ana, thread).verified_by, look(asked.ana, thread).verified_until) == ("", None)


def test_another_one_who_verifies_takes_its_place(asked):
    with clock.at(MONDAY):
        thread = ask(asked)
        reply(asked.eve, thread)
        reply(asked.nameless, thread)
        verify(asked.chen, thread)
        verify(asked.ben, thread, number=3, until=MONDAY + DAY)
        view = look(asked.ana, thread)
    assert (view.verified_number, view.verified_by, view.verified_until) == (3, "Ben Okafor", MONDAY + DAY)


@pytest.mark.parametrize("how", ["deleted", "hidden", "split"])
def test_what_is_gone_is_not_verified(asked, how):
    with clock.at(MONDAY):
        thread = ask(asked)
        answer = {"thread_id": thread.pk, "number": reply(asked.eve, thread).number}
        verify(asked.chen, thread)
        if how == "deleted":
            threads.delete_post(viewer=asked.eve, **answer)
        elif how == "hidden":
            threads.hide_post(viewer=asked.ben, **answer, reason="Wrong")
        else:
            threads.split_thread(viewer=asked.ben, **answer, title="A part")
        assert look(asked.ana, thread).verified_number is None


def test_who_verifies_and_what(asked):
    with clock.at(MONDAY):
        thread = ask(asked)
        reply(asked.eve, thread)
        gone = reply(asked.eve, thread)
        threads.hide_post(viewer=asked.ben, thread_id=thread.pk, number=gone.number, reason="Wrong")
        for viewer in (asked.ana, asked.eve):
            with pytest.raises(NotAllowed):
                verify(viewer, thread)
        with pytest.raises(NotFound):
            verify(people.outsider(), thread)
        with pytest.raises(InvalidInput) as refused:
            verify(asked.chen, thread, until=MONDAY)
        assert list(refused.value.errors) == ["until"]
        for number in (1, gone.number):
            with pytest.raises(Conflict):
                verify(asked.ben, thread, number=number)
        with pytest.raises(NotFound):
            verify(asked.ben, thread, number=99)
        assert look(asked.ana, thread).verified_number is None


# -- tips ----------------------------------------------------------------------------------------------------------


def tip(viewer, thread, number: int = 2) -> threads.Thread:
    return questions.make_tip(viewer=viewer, thread_id=thread.pk, number=number)


def test_an_answer_becomes_a_tip_once(asked):
    thread = ask(asked)
    reply(asked.eve, thread, "Whoever sees it **first**.")
    made = {tip(asked.eve, thread).pk for _again in range(2)}
    [found] = Thread.objects.filter(kind="tip")
    assert made == {found.pk}
    opening = threads.get_post(viewer=asked.ana, thread_id=found.pk, number=1)
    assert (found.title, opening.body) == ("Who declares an incident?", "Whoever sees it **first**.")
    assert (opening.author_id, found.activity_id) == (asked.eve.person_id, asked.activity.pk)
    assert threads.count_tips(viewer=asked.ana, person_id=asked.eve.person_id) == 1


def test_of_what_no_tip_is_made_and_by_whom(asked):
    thread = ask(asked)
    reply(asked.eve, thread)
    hidden = reply(asked.eve, thread, "Psst", anonymous=True)
    for viewer, number in ((asked.ana, 2), (asked.ben, 2), (asked.chen, 2), (asked.eve, hidden.number)):
        with pytest.raises(NotAllowed, match="under their name"):
            tip(viewer, thread, number)
    with pytest.raises(Conflict):
        tip(asked.ana, thread, 1)
    with pytest.raises(NotFound):
        tip(people.outsider(), thread)
    private = ask(asked, title="Private", is_private=True)
    chen = questions.lend(viewer=asked.chen, thread_id=private.pk)
    answer = threads.add_reply(viewer=chen, thread_id=private.pk, body="Mine.")
    with pytest.raises(Conflict):
        tip(chen, private, answer.number)
    threads.hide_post(viewer=asked.ben, thread_id=thread.pk, number=2, reason="Wrong")
    # Fay teaches elsewhere, and was called to this one thread.
    fay = stories.elsewhere(asked, Role.INSTRUCTOR)
    topics.grant_expertise(viewer=fay, topic=stories.TOPIC, person_id=fay.person_id)
    called = reply(fay, thread)
    for viewer, number in ((asked.eve, 2), (questions.lend(viewer=fay, thread_id=thread.pk), called.number)):
        with pytest.raises(Conflict, match="No tip"):
            tip(viewer, thread, number)
    assert not Thread.objects.filter(kind="tip").exists()


def test_no_tip_is_called_by_a_title_that_was_taken_back(asked):
    thread = ask(asked)
    reply(asked.eve, thread)
    threads.delete_post(viewer=asked.ana, thread_id=thread.pk, number=1)
    with pytest.raises(Conflict):
        tip(asked.eve, thread)
