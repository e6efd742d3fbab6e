"""Credit for taking part: the rule in words, what counts, and how far somebody has come."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from companion import clock
from companion.spaces import api as spaces
from companion.text import count_words
from companion.threads import api as threads
from tests.people import Course
from tests.people import course as make_course


def words(number: int) -> str:
    return " ".join(["word"] * number)


def started(course: Course, viewer=None, *, length: int = 10, **changes) -> threads.Thread:
    facts = {"title": "T", "body": words(length)} | changes
    return threads.start_thread(viewer=viewer or course.ana, activity_uid=course.activity.uid, **facts)


def replied(course: Course, thread: threads.Thread, viewer=None, *, length: int = 10, **changes) -> threads.Post:
    facts = {"body": words(length)} | changes
    return threads.add_reply(viewer=viewer or course.ana, thread_id=thread.pk, **facts)


def credit_of(course: Course, viewer=None) -> threads.Credit:
    found = threads.get_credit(activity=course.activity, person_id=(viewer or course.ana).person_id)
    assert found is not None
    return found


def progress(course: Course, viewer=None) -> str:
    return credit_of(course, viewer).progress


@pytest.fixture
def graded(db: None) -> Course:
    """A course whose discussion wants one thread and two replies of at least ten words each."""
    return make_course(credit_threads=1, credit_replies=2, credit_words=10)


def test_it_works(graded):
    assert (progress(graded), credit_of(graded).share) == ("So far: 0 of 3", 0)
    thread = started(graded)
    assert (progress(graded), credit_of(graded).share) == ("So far: 1 of 3", pytest.approx(1 / 3))
    replied(graded, thread)
    replied(graded, thread)
    credit = credit_of(graded)
    assert (credit.progress, credit.share, credit.is_complete) == ("So far: 3 of 3", 1, True)
    assert progress(graded, graded.chen) == "So far: 0 of 3"


# -- the rule in words -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ((0, 0, 0), ""),
        ((0, 0, 40), ""),
        ((1, 0, 0), "1 thread"),
        ((2, 0, 0), "2 threads"),
        ((0, 1, 0), "1 reply"),
        ((0, 3, 0), "3 replies"),
        ((1, 2, 0), "1 thread and 2 replies"),
        ((2, 1, 0), "2 threads and 1 reply"),
        ((0, 2, 1), "2 replies of at least 1 word each"),
        ((1, 0, 40), "1 thread of at least 40 words each"),
        ((1, 2, 40), "1 thread and 2 replies of at least 40 words each"),
    ],
)
def test_a_rule_reads_as_a_sentence(db, rule, said):
    names = ("credit_threads", "credit_replies", "credit_words")
    course = make_course(**dict(zip(names, rule, strict=True)))
    assert threads.credit_rule(course.activity) == said
    credit = threads.get_credit(activity=course.activity, person_id=course.ana.person_id)
    assert (credit is None) is (said == "")


def test_without_a_rule_the_database_is_not_asked(course, django_assert_num_queries):
    started(course)
    with django_assert_num_queries(0):
        assert threads.get_credit(activity=course.activity, person_id=course.ana.person_id) is None


# -- what counts -------------------------------------------------------------------------------------------------


def test_more_threads_do_not_stand_for_replies(graded):
    for _thread in range(3):
        thread = started(graded)
    assert (progress(graded), credit_of(graded).is_complete) == ("So far: 1 of 3", False)
    for _reply in range(5):
        replied(graded, thread)
    assert (progress(graded), credit_of(graded).share) == ("So far: 3 of 3", 1)


def test_replies_do_not_stand_for_a_thread(graded):
    thread = started(graded, graded.chen)
    for _reply in range(4):
        replied(graded, thread)
    assert (progress(graded), credit_of(graded).share) == ("So far: 2 of 3", pytest.approx(2 / 3))


@pytest.mark.parametrize(("length", "counts"), [(9, False), (10, True), (11, True)])
def test_a_short_post_does_not_count(graded, length, counts):
    thread = started(graded, length=length)
    assert credit_of(graded).share == (pytest.approx(1 / 3) if counts else 0)
    replied(graded, thread, length=length)
    assert progress(graded) == f"So far: {2 if counts else 0} of 3"


def test_words_of_others_that_are_quoted_do_not_count(graded):
    started(graded, body=f"> {words(30)}\n\n{words(9)}")
    assert progress(graded) == "So far: 0 of 3"
    started(graded, body=f"> {words(30)}\n\n{words(10)}")
    assert progress(graded) == "So far: 1 of 3"


def test_a_post_that_grows_begins_to_count_and_one_that_shrinks_ends(graded):
    thread = started(graded, length=3)
    for length, said in ((12, "So far: 1 of 3"), (2, "So far: 0 of 3")):
        threads.edit_post(viewer=graded.ana, thread_id=thread.pk, number=1, title="T", body=words(length))
        assert progress(graded) == said


def test_what_was_taken_back_does_not_count(graded):
    thread = started(graded)
    reply = replied(graded, thread)
    threads.delete_post(viewer=graded.ana, thread_id=thread.pk, number=reply.number)
    assert progress(graded) == "So far: 1 of 3"
    threads.delete_post(viewer=graded.ana, thread_id=thread.pk, number=1)
    assert progress(graded) == "So far: 0 of 3"


def test_what_is_hidden_does_not_count_until_it_is_shown_again(graded):
    thread = started(graded, graded.chen)
    reply = replied(graded, thread)
    threads.hide_post(viewer=graded.ben, thread_id=thread.pk, number=reply.number, reason="Off topic")
    assert progress(graded) == "So far: 0 of 3"
    threads.restore_post(viewer=graded.ben, thread_id=thread.pk, number=reply.number)
    assert progress(graded) == "So far: 1 of 3"


def test_a_reply_stays_where_the_thread_around_it_was_taken_back(graded):
    thread = started(graded, graded.chen)
    replied(graded, thread)
    threads.delete_post(viewer=graded.chen, thread_id=thread.pk, number=1)
    assert progress(graded) == "So far: 1 of 3"


def test_another_discussion_is_another_matter(graded):
    settings = {"credit_threads": 1}
    other = spaces.create_activity(viewer=graded.ben, title="Other", settings=settings, external_id="second")
    threads.start_thread(viewer=graded.ana, activity_uid=other.uid, title="T", body=words(10))
    assert progress(graded) == "So far: 0 of 3"
    assert threads.get_credit(activity=other, person_id=graded.ana.person_id).is_complete


# -- without a name ----------------------------------------------------------------------------------------------


def test_anonymous_posts_never_count(graded):
    """Whoever hides one, moves it or changes the rule would see whose credit moves."""
    thread = started(graded, anonymous=True)
    replied(graded, thread, anonymous=True)
    replied(graded, thread)
    for days in (0, 30):
        with clock.at(clock.now() + timedelta(days=days)):
            assert progress(graded) == "So far: 1 of 3"
            assert threads.list_credit(activity=graded.activity).keys() == {graded.ana.person_id}


def test_a_report_counts_what_was_signed(graded):
    thread = started(graded, length=12)
    replied(graded, thread, length=5)
    gone = replied(graded, thread)
    threads.delete_post(viewer=graded.ana, thread_id=thread.pk, number=gone.number)
    hidden = replied(graded, thread)
    threads.hide_post(viewer=graded.ben, thread_id=thread.pk, number=hidden.number, reason="Off topic")
    with clock.at(clock.now() - timedelta(days=3)):
        replied(graded, thread, anonymous=True)
        started(graded, anonymous=True)
    written = threads.count_signed(activity=graded.activity, person_id=graded.ana.person_id)
    assert written == threads.Written(threads=1, replies=1, words=17)
    nobody = threads.count_signed(activity=graded.activity, person_id=graded.chen.person_id)
    assert nobody == threads.Written(threads=0, replies=0, words=0)


# -- cost --------------------------------------------------------------------------------------------------------


def test_it_takes_one_query_however_much_was_written(graded):
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            credit_of(graded)
        return len(captured)

    assert queries() == 1
    for _thread in range(5):
        thread = started(graded, anonymous=True)
        for anonymous in (True, False):
            replied(graded, thread, anonymous=anonymous)
    assert queries() == 1


# -- words -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 0),
        ("   \n\t\n", 0),
        ("one", 1),
        ("one two\nthree", 3),
        ("one, two; three!", 3),
        ("... !!! ---", 0),
        ("don't re-read the on-call notes", 5),
        ("Ben’s notes", 2),
        ("**bold** and `code`", 3),
        ("7 of 9", 3),
        ("Überprüfung der Maßnahmen", 3),
        ("مرحبا بالعالم", 2),
        ("안녕하세요 여러분", 2),
        ("Как дела", 2),
        # A character of Chinese or Japanese is half a word; an odd one counts whole.
        ("你", 1),
        ("你好", 1),
        ("你好吗", 2),
        ("今天的会议非常有用", 5),
        ("これはペンです", 4),
        ("Kubernetes 集群 down", 3),
        ("> quoted words of somebody\nmine", 1),
        ("  > quoted after spaces\n> > twice\nmy own", 2),
        ("five > four", 2),
        ("> all of it quoted", 0),
        ("> 你好", 0),
    ],
)
def test_words(text, count):
    assert count_words(text) == count


# -- everybody at once -------------------------------------------------------------------------------------------


def test_everybodys_credit_is_that_of_each(graded):
    thread = started(graded)
    replied(graded, thread, graded.chen)
    replied(graded, thread, graded.nameless, anonymous=True)
    replied(graded, thread, graded.chen, anonymous=True)
    replied(graded, thread, graded.nameless, length=3)
    everybody = threads.list_credit(activity=graded.activity)
    for viewer in (graded.ana, graded.ben, graded.chen, graded.nameless):
        own = credit_of(graded, viewer)
        assert everybody.get(viewer.person_id, own if own.share == 0 else None) == own


def test_everybodys_credit_takes_as_many_queries_for_many(graded):
    thread = started(graded)
    for _reply in range(3):
        replied(graded, thread, graded.chen, anonymous=True)
    with CaptureQueriesContext(connection) as asked:
        threads.list_credit(activity=graded.activity)
    assert len(asked) == 1


def test_without_a_rule_nobody_has_any(db):
    assert threads.list_credit(activity=make_course().activity) == {}


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"credit_points": 0}, ""),
        ({"credit_points": 1}, "It gives 1 point in this course; part of it gives that part of the points."),
        ({"credit_points": 10}, "It gives 10 points in this course; part of it gives that part of the points."),
        ({"credit_points": 10, "credit_whole": True}, "It gives 10 points in this course, once all of it is done."),
        ({"credit_points": 10, "credit_threads": 0}, ""),
    ],
)
def test_what_it_is_worth(db, settings, said):
    course = make_course(**{"credit_threads": 1, **settings})
    assert threads.credit_worth(course.activity) == said
