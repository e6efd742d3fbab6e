"""Where learners write before they read: the opening post and their own, until they have one that is shown."""

from __future__ import annotations

import pytest

from companion.errors import Conflict, NotFound
from companion.threads import api as threads
from companion.viewer import Role
from tests.companion.threads.stories import (
    another_activity,
    configure,
    numbers,
    png,
    read,
    reply,
    rows,
    see,
    start,
    view,
)
from tests.people import Course, join
from tests.people import course as make_course

SECRET = "The answer is 42"


@pytest.fixture
def course(db: None) -> Course:
    return make_course(post_first=True)


@pytest.fixture
def thread(course: Course) -> threads.Thread:
    """Ben asks; Ana (#2) and the nameless one (#3) answer; Chen has yet to write."""
    thread = start(course, course.ben)
    reply(course.ana, thread, SECRET)
    reply(course.nameless, thread, SECRET)
    return thread


def shown(viewer, thread) -> str:
    """Whatever anything tells this viewer of the thread."""
    found = threads.get_thread(viewer=viewer, thread_id=thread.pk)
    pages = [threads.read_thread(viewer=viewer, thread=found, order=order) for order in threads.Order]
    pages += [
        threads.read_thread(viewer=viewer, thread=found, **how)
        for how in ({"around": 2}, {"around": 3}, {"last": True}, {"after": "0001"}, {"before": "00010003"})
    ]
    news = threads.read_news(viewer=viewer, thread=found, since=0)[0]
    export = threads.export_thread(viewer=viewer, thread_id=thread.pk)
    return repr((pages, news, threads.as_markdown(export), threads.as_json(export)))


def test_it_works(course, thread):
    page = read(course.chen, thread)
    assert ([post.number for post in page.posts], page.is_gated, page.before, page.after) == ([1], True, "", "")
    reply(course.chen, thread, "I think 41")
    page = read(course.chen, thread)
    assert ([post.number for post in page.posts], page.is_gated) == ([1, 2, 3, 4], False)
    assert SECRET in shown(course.chen, thread)


def test_nothing_tells_what_others_wrote(course, thread):
    assert SECRET not in shown(course.chen, thread)
    row = rows(course, course.chen)[0]
    assert (row.title, row.reply_count, row.is_new) == ("Who declares?", 2, True)


@pytest.mark.parametrize(
    "verb",
    [
        lambda viewer, thread: threads.get_post(viewer=viewer, thread_id=thread.pk, number=2),
        lambda viewer, thread: threads.get_history(viewer=viewer, thread_id=thread.pk, number=2),
        lambda viewer, thread: threads.mark_helpful(viewer=viewer, thread_id=thread.pk, number=2, helpful=True),
    ],
)
def test_no_verb_does(course, thread, verb):
    threads.edit_post(viewer=course.ana, thread_id=thread.pk, number=2, body=f"{SECRET}!")
    with pytest.raises(NotFound):
        verb(course.chen, thread)
    reply(course.chen, thread, "41")
    verb(course.chen, thread)


def test_one_answers_the_question_before_one_answers_others(course, thread):
    with pytest.raises(Conflict, match="no longer there"):
        reply(course.chen, thread, to=2)
    mine = reply(course.chen, thread, "41")
    assert reply(course.chen, thread, to=2).parent_id != mine.pk


def test_pictures_neither(course, thread):
    taken = threads.add_picture(viewer=course.ana, activity_uid=course.activity.uid, file=png(), size=100)
    reply(course.ana, thread, f"![it]({taken.markdown})")
    with pytest.raises(NotFound):
        threads.open_picture(viewer=course.chen, token=taken.token)
    for viewer in (course.ana, course.ben, course.nameless):
        threads.open_picture(viewer=viewer, token=taken.token).close()


def test_a_picture_of_the_question_is_for_all(course):
    taken = threads.add_picture(viewer=course.ben, activity_uid=course.activity.uid, file=png(), size=100)
    start(course, course.ben, body=f"![it]({taken.markdown})")
    threads.open_picture(viewer=course.chen, token=taken.token).close()


@pytest.mark.parametrize("how", ["deleted", "hidden", "returned"])
@pytest.mark.parametrize("anonymous", [False, True])
def test_what_is_not_shown_opens_nothing(course, thread, how, anonymous):
    mine = reply(course.chen, thread, "x", anonymous=anonymous).number
    if how == "deleted":
        threads.delete_post(viewer=course.chen, thread_id=thread.pk, number=mine)
    else:
        verb = threads.hide_post if how == "hidden" else threads.return_post
        verb(viewer=course.ben, thread_id=thread.pk, number=mine, reason="Off topic")
    page = read(course.chen, thread)
    # One's own is still there for oneself, to be changed or brought back.
    assert ([post.number for post in page.posts], page.is_gated) == ([1, mine], True)
    assert SECRET not in shown(course.chen, thread)
    if how == "deleted":
        threads.undelete_post(viewer=course.chen, thread_id=thread.pk, number=mine)
    elif how == "hidden":
        threads.restore_post(viewer=course.ben, thread_id=thread.pk, number=mine)
    else:
        threads.edit_post(viewer=course.chen, thread_id=thread.pk, number=mine, body="Better")
    assert not read(course.chen, thread).is_gated


def test_who_asked_has_written(course):
    thread = start(course, course.chen, anonymous=True)
    reply(course.ana, thread, SECRET)
    assert not read(course.chen, thread).is_gated
    assert SECRET in shown(course.chen, thread)


def test_the_staff_reads_everything(course, thread):
    for viewer in (course.ben, join(course.space, "tia", "Tia", Role.ASSISTANT)):
        assert (numbers(viewer, thread), read(viewer, thread).is_gated) == ([1, 2, 3], False)


def test_each_thread_is_for_itself(course, thread):
    other = start(course, course.ben, title="Other")
    reply(course.chen, other)
    assert SECRET not in shown(course.chen, thread)


def test_the_setting_counts_as_it_is_now(course, thread):
    configure(course, post_first=False)
    assert SECRET in shown(course.chen, thread)
    configure(course, post_first=True)
    assert SECRET not in shown(course.chen, thread)


def test_what_one_has_not_read_stays_unread(course, thread):
    see(course.chen, thread)
    assert rows(course, course.chen, only=threads.Only.UNREAD) != []
    reply(course.chen, thread, "41")
    see(course.chen, thread)
    assert rows(course, course.chen, only=threads.Only.UNREAD) == []


def test_a_merge_shows_the_same_as_one_thread(course, thread):
    other = start(course, course.ben, title="Other")
    reply(course.ana, other, "Elsewhere")
    threads.merge_threads(viewer=course.ben, thread_id=thread.pk, into_id=other.pk)
    assert SECRET not in shown(course.chen, other)
    assert "Elsewhere" not in shown(course.chen, other)
    # Links lead on, and there is a gate at their end.
    assert threads.find_moved(viewer=course.chen, thread_id=thread.pk, number=2) == (other.pk, 4)
    with pytest.raises(NotFound):
        view(course.chen, other, 4)
    reply(course.chen, other, "41")
    assert SECRET in shown(course.chen, other)


def test_what_was_written_before_a_merge_counts_after_it(course, thread):
    reply(course.chen, thread, "41", anonymous=True)
    other = start(course, course.ana, title="Other", anonymous=True)
    reply(course.nameless, other, "Elsewhere")
    threads.merge_threads(viewer=course.ben, thread_id=thread.pk, into_id=other.pk)
    assert "Elsewhere" in shown(course.chen, other)


def test_a_thread_that_moved_here_asks_as_well(course):
    free = another_activity(course)
    thread = threads.start_thread(viewer=course.ben, activity_uid=free.uid, title="T", body="B")
    reply(course.ana, thread, SECRET)
    assert SECRET in shown(course.chen, thread)
    threads.move_thread(viewer=course.ben, thread_id=thread.pk, to_uid=course.activity.uid)
    assert SECRET not in shown(course.chen, thread)


def test_whether_one_has_written_is_asked_once_a_page(course, thread, django_assert_num_queries):
    reply(course.chen, thread, "41")
    for count in (1, 20):
        for _more in range(count):
            reply(course.ana, thread)
        found = threads.get_thread(viewer=course.chen, thread_id=thread.pk)
        with django_assert_num_queries(2):
            threads.read_thread(viewer=course.chen, thread=found)
