"""An answer that people relied on is changed: whoever had opened it hears of it, once."""

from __future__ import annotations

import pytest

from companion import events
from companion.models import Correction
from companion.questions import api as questions
from companion.threads import api as threads
from tests import people
from tests.companion.questions import stories
from tests.companion.questions.stories import DAY, MONDAY, ask, reply
from tests.companion.threads.stories import see

pytestmark = pytest.mark.django_db
TITLE = "Who declares an incident?"


@pytest.fixture
def thread(asked) -> threads.Thread:
    """Chen's answer (number 2) was accepted; Ana, Ben and Eve have read it."""
    thread = ask(asked)
    answer = reply(asked.chen, thread, "The first one.")
    threads.accept_answer(viewer=asked.ana, thread_id=thread.pk, number=answer.number)
    for viewer in (asked.ana, asked.ben, asked.eve):
        see(viewer, thread)
    return thread


def correct(viewer, thread, body: str = "The second one.", number: int = 2, **facts) -> None:
    threads.edit_post(viewer=viewer, thread_id=thread.pk, number=number, body=body, **facts)


def corrected(viewer, thread) -> dict[int, int]:
    seen = threads.get_thread(viewer=viewer, thread_id=thread.pk)
    view = questions.view_question(viewer=viewer, thread=seen)
    assert view is not None
    return view.corrected


def test_it_works(asked, thread, heard):
    with heard() as facts:
        correct(asked.chen, thread)
    assert {type(fact) for fact in facts} == {events.PostEdited, events.AnswerCorrected}
    for viewer in (asked.ana, asked.ben, asked.eve):
        assert corrected(viewer, thread) == {2: 1}
        assert questions.list_corrections(viewer=viewer) == [(thread.pk, TITLE)]
    # The author knows, who never opened it need not, and who comes now reads the new text.
    see(asked.nameless, thread)
    for viewer in (asked.chen, asked.nameless):
        assert (corrected(viewer, thread), questions.list_corrections(viewer=viewer)) == ({}, [])


def test_they_hear_of_it_once(asked, thread):
    correct(asked.chen, thread)
    for _again in range(2):
        questions.hear_corrections(viewer=asked.eve, thread_id=thread.pk)
    assert (corrected(asked.eve, thread), questions.list_corrections(viewer=asked.eve)) == ({}, [])
    assert questions.list_corrections(viewer=asked.ana) == [(thread.pk, TITLE)]
    # Changed once more: what they heard of is what they know.
    correct(asked.chen, thread, "The third one.")
    assert (corrected(asked.eve, thread), corrected(asked.ana, thread)) == ({2: 2}, {2: 1})


def test_the_same_text_again_is_no_correction(asked, thread):
    correct(asked.chen, thread, "The first one.")
    assert corrected(asked.ana, thread) == {}


def test_the_staff_corrects_as_well(asked, thread):
    correct(asked.ben, thread, reason="It was wrong")
    assert corrected(asked.eve, thread) == {2: 1}


@pytest.mark.parametrize("how", ["endorsed", "verified", "plain", "accepted no more"])
def test_it_is_about_answers_that_people_relied_on(asked, thread, how):
    other = reply(asked.eve, thread, "Ask Ben.")
    place = {"thread_id": thread.pk, "number": other.number}
    if how == "endorsed":
        threads.endorse_post(viewer=asked.chen, **place, endorsed=True)
    elif how == "verified":
        with stories.clock.at(MONDAY):
            questions.verify_answer(viewer=asked.chen, **place, until=MONDAY + DAY)
    elif how == "accepted no more":
        threads.accept_answer(viewer=asked.ana, **place)
        threads.accept_answer(viewer=asked.ana, **place, accepted=False)
    see(asked.ana, thread)
    with stories.clock.at(MONDAY):
        correct(asked.eve, thread, "Ask Chen.", number=other.number)
    relied = how in ("endorsed", "verified")
    assert corrected(asked.ana, thread) == ({other.number: 1} if relied else {})
    # Ben had read as far as the first answer.
    assert corrected(asked.ben, thread) == {}


def test_a_promise_that_is_over_is_relied_on_no_more(asked, thread):
    other = reply(asked.eve, thread, "Ask Ben.")
    with stories.clock.at(MONDAY):
        questions.verify_answer(viewer=asked.chen, thread_id=thread.pk, number=other.number, until=MONDAY + DAY)
    see(asked.ana, thread)
    with stories.clock.at(MONDAY + DAY):
        correct(asked.eve, thread, "Ask Chen.", number=other.number)
    assert corrected(asked.ana, thread) == {}


def test_the_question_itself_is_no_answer(asked, thread):
    correct(asked.ana, thread, "At three at night.", number=1, title=TITLE)
    assert not Correction.objects.exists()


def test_nobody_reads_of_what_they_may_not_see(asked, thread):
    correct(asked.chen, thread)
    threads.hide_post(viewer=asked.ben, thread_id=thread.pk, number=1, reason="Not here")
    assert questions.list_corrections(viewer=asked.eve) == []
    assert questions.list_corrections(viewer=asked.ben) == [(thread.pk, TITLE)]
    assert questions.list_corrections(viewer=people.outsider()) == []
    assert questions.list_corrections(viewer=stories.elsewhere(asked)) == []


def test_a_correction_does_not_tell_who_wrote_without_a_name(asked, thread, heard):
    hidden = reply(asked.eve, thread, "Ask Ben.", anonymous=True)
    threads.accept_answer(viewer=asked.ana, thread_id=thread.pk, number=hidden.number)
    for viewer in (asked.ana, asked.eve):
        see(viewer, thread)
    with heard() as facts:
        correct(asked.eve, thread, "Ask Chen.", number=hidden.number)
    names = [name for fact in facts for name in type(fact).__slots__ if "person" in name]
    assert (names, "Eve" in repr(facts)) == ([], False)
    # No gap in the rows tells who is left out; on Eve's own page it says nothing.
    assert set(Correction.objects.values_list("person_id", flat=True)) == {asked.ana.person_id, asked.eve.person_id}
    assert corrected(asked.ana, thread) == {hidden.number: 1}
