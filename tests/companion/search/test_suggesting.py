"""What was asked before, for somebody who is writing a question."""

from __future__ import annotations

import pytest

from companion.models import Thread
from companion.search import api as search
from companion.threads import api as threads
from tests.companion.search.stories import fill, in_an_index
from tests.companion.threads.stories import reply
from tests.people import course as make_course
from tests.people import join

pytestmark = in_an_index

QUESTIONS = (
    ("How do I declare an incident?", "Something broke in production and I do not know whom to tell."),
    ("Resetting a forgotten password", "I cannot log in any more."),
    ("Where are the recordings of the training?", "I missed the session on Tuesday."),
    ("Who approves a change to the firewall?", "We need port 8443 for the demo."),
    ("Can I get a certificate?", "My manager wants proof that I passed."),
    ("Exporting a report as PDF fails", "The button does nothing in Firefox."),
    ("What does severity 2 mean?", "The table lists three severities."),
    ("Laptop for the workshop", "Do I bring my own?"),
)
PARAPHRASES = {
    "incident declaration: how does it work": "How do I declare an incident?",
    "I forgot my password and need to reset it": "Resetting a forgotten password",
    "is there a recording of tuesday's session": "Where are the recordings of the training?",
    "firewall change needs approval": "Who approves a change to the firewall?",
    "I passed, where is my certificate": "Can I get a certificate?",
    "pdf export of reports not working": "Exporting a report as PDF fails",
    "the meaning of severities": "What does severity 2 mean?",
    "should we bring laptops to the workshop": "Laptop for the workshop",
}


@pytest.fixture
def asked(course, start):
    for title, body in QUESTIONS:
        start(title, body)
    fill(course, 30, "Some talk about the course, the training and how to work")
    return course


def suggested(viewer, text: str, **how) -> list[str]:
    return [suggestion.title for suggestion in search.suggest_answers(viewer=viewer, text=text, **how)]


def test_it_works(course, start):
    thread = start("How do I declare an incident?", "Something broke.")
    reply(course.nameless, thread, "No idea, sorry.")
    reply(course.chen, thread, "First breathe.\n\nTo declare an incident, **write** to <duty> & wait.\n\nThen go home.")
    threads.mark_helpful(viewer=course.ana, thread_id=thread.pk, number=3, helpful=True)
    [found] = search.suggest_answers(viewer=course.ana, text="Where can one declare incid")
    assert (found.title, found.number, found.reply_count) == ("How do I declare an incident?", 3, 2)
    assert found.answer == "To <mark>declare</mark> an <mark>incident</mark>, write to &lt;duty&gt; &amp; wait."
    assert (found.standing, found.is_answered, found.is_elsewhere) == (1, False, False)
    threads.endorse_post(viewer=course.ben, thread_id=thread.pk, number=2, endorsed=True)
    [found] = search.suggest_answers(viewer=course.ana, text="declare incident")
    assert (found.number, found.answer, found.standing, found.is_answered) == (2, "No idea, sorry.", 2, True)


@pytest.mark.parametrize("text", PARAPHRASES)
def test_other_words_for_the_same(asked, text):
    assert suggested(asked.ana, text)[0] == PARAPHRASES[text]


def test_at_every_key(asked):
    """Nothing fails on the way, and from some point on it is there."""
    text = "How to declare an inc"
    found = [suggested(asked.ana, text[:end]) for end in range(len(text) + 1)]
    assert found[0] == found[1] == []
    assert found[-1][0] == found[text.index("decl") + 4][0] == "How do I declare an incident?"


@pytest.mark.parametrize("text", ["", "the", "how do I", "a", "x", "quantum entanglement of aubergines", "5"])
def test_nothing_like_it(asked, text):
    assert "How do I declare an incident?" not in suggested(asked.ana, text)


def test_what_was_answered_comes_first(course, start):
    start("Where is the passport?")
    answered = start("Where is the passport?")
    reply(course.chen, answered, "In the drawer")
    Thread.objects.filter(pk=answered.pk).update(kind=threads.Kind.QUESTION)
    start("Where is the passport?")
    threads.accept_answer(viewer=course.ana, thread_id=answered.pk, number=2)
    found = search.suggest_answers(viewer=course.ana, text="where is my passport")
    assert [(each.thread_id == answered.pk, each.is_answered) for each in found] == [
        (True, True),
        (False, False),
        (False, False),
    ]


def test_one_s_own_course_before_others(course, start):
    other = make_course(context="c2")
    gus = join(other.space, "gus", "Gus")
    join(course.space, "gus", "Gus")
    start("Where is the passport?")
    threads.start_thread(
        viewer=other.ana, activity_uid=other.activity.uid, title="Where is the passport?", body="Please help."
    )
    found = search.suggest_answers(viewer=gus, text="where is the passport")
    assert [(each.is_elsewhere, each.space_title) for each in found] == [(False, ""), (True, "Course c1")]


def test_a_reply_may_be_what_is_alike(course, start):
    thread = start("Question", "No telling words")
    reply(course.chen, thread, "The zeppelin lands at noon.")
    [found] = search.suggest_answers(viewer=course.ana, text="zeppelin landing")
    assert (found.title, found.number) == ("Question", 2)
    assert found.answer == "The <mark>zeppelin</mark> <mark>lands</mark> at noon."


def test_no_more_than_asked_for(asked, course):
    fill(course, 10, "zeppelin")
    assert len(suggested(course.ana, "zeppelin")) == 5
    assert len(suggested(course.ana, "zeppelin", limit=2)) == 2


def test_a_mistyped_question(asked):
    assert suggested(asked.ana, "pasword froget reset")[0] == "Resetting a forgotten password"
