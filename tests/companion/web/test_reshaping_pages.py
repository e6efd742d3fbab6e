"""Splitting, merging and moving threads in the browser, and what becomes of links and of what people were writing."""

from __future__ import annotations

import re

import pytest

from companion.spaces import api as spaces
from companion.threads import api as threads
from tests.people import Course
from tests.people import course as make_course


@pytest.fixture
def thread(course: Course) -> threads.Thread:
    """Ana's thread with Chen's reply (2), Ana's answer to that (3) and a reply beside them (4)."""
    thread = threads.start_thread(viewer=course.ana, activity_uid=course.activity.uid, title="Drill", body="Opening")
    threads.add_reply(viewer=course.chen, thread_id=thread.pk, body="Another matter")
    threads.add_reply(viewer=course.ana, thread_id=thread.pk, parent_number=2, body="An answer to it")
    threads.add_reply(viewer=course.nameless, thread_id=thread.pk, body="Beside it")
    return thread


def start(course: Course, title: str = "Target", viewer=None) -> threads.Thread:
    return threads.start_thread(
        viewer=viewer or course.ben, activity_uid=course.activity.uid, title=title, body="The target's opening"
    )


def other_activity(course: Course) -> spaces.Activity:
    return spaces.create_activity(viewer=course.ben, title="Other discussion", external_id="second")


def text_of(response) -> str:
    return response.content.decode()


def leads_to(answer, thread_id: int, number: int | None = None) -> bool:
    """Whether an answer redirects to a thread (and a post in it)."""
    place = answer["Location"]
    to_post = number is None or (f"post={number}" in place and place.endswith(f"#post-{number}"))
    return answer.status_code == 303 and f"/threads/{thread_id}/" in place and to_post


def test_it_works(course, thread, reader):
    ben, ana = reader(course.ben), reader(course.ana)
    assert "All replies below it go along" in text_of(ben.get("post-split", thread.pk, 2))
    split = ben.post("post-split", thread.pk, 2, title="Another matter")
    new = int(re.search(r"/threads/(\d+)/", split["Location"])[1])
    assert leads_to(split, new)
    page = text_of(ana.get("thread-detail", new))
    assert ("An answer to it" in page, "Beside it" in page, "Chen Wei" in page) == (True, False, True)
    assert "Moved to a thread of its own" in text_of(ana.get("thread-detail", thread.pk))
    assert leads_to(ana.get("post-detail", thread.pk, 3), new, 2)
    assert f"Thread {new}" in page
    merged = ben.post("thread-merge", new, into=thread.pk)
    assert leads_to(merged, thread.pk)
    page = text_of(ana.get("thread-detail", thread.pk))
    assert "An answer to it" in page
    assert leads_to(ana.get("thread-detail", new, post=2), thread.pk, 6)
    other = other_activity(course)
    assert "Other discussion" in text_of(ben.get("thread-move", thread.pk))
    assert leads_to(ben.post("thread-move", thread.pk, to=other.uid), thread.pk)
    assert "Drill" in text_of(ana.get("thread-list", other.uid))
    pointer = text_of(ana.get("thread-list", course.activity.uid))
    assert ("Drill" in pointer, "Moved" in pointer) == (True, True)


def test_a_pointer_leads_to_where_the_thread_is(course, thread, reader):
    threads.move_thread(viewer=course.ben, thread_id=thread.pk, to_uid=other_activity(course).uid)
    ana = reader(course.ana)
    page = text_of(ana.get("thread-list", course.activity.uid))
    [pointer] = {int(pk) for pk in re.findall(r"/threads/(\d+)/", page)}
    assert pointer != thread.pk
    assert leads_to(ana.get("thread-detail", pointer), thread.pk)
    assert leads_to(ana.get("post-detail", pointer, 1), thread.pk, 1)


# -- refusals --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("title", ["", " \u200b\u2060", "x" * 201])
def test_a_split_thread_needs_a_title_that_shows(course, thread, reader, title):
    answer = reader(course.ben).post("post-split", thread.pk, 2, title=title)
    assert (answer.status_code, 'aria-invalid="true"' in text_of(answer)) == (422, True)
    assert threads.get_post(viewer=course.ben, thread_id=thread.pk, number=3)


@pytest.mark.parametrize("number", [1, 4])
def test_what_cannot_become_a_thread(course, thread, reader, number):
    threads.hide_post(viewer=course.ben, thread_id=thread.pk, number=4, reason="r")
    ben = reader(course.ben)
    page = text_of(ben.get("thread-detail", thread.pk))
    assert set(re.findall(r"/posts/(\d)/split/", page)) == {"2", "3"}
    answer = ben.post("post-split", thread.pk, number, title="My title")
    assert (answer.status_code, "Choose a reply that is shown" in text_of(answer)) == (409, True)
    assert "My title" in text_of(answer)


def strangers_thread() -> int:
    return start(make_course(context="c2")).pk


@pytest.mark.parametrize(
    ("into", "status", "said"),
    [
        ("", 422, "of every thread"),
        ("x", 422, "Enter a whole number"),
        ("0", 422, "greater than or equal to 1"),
        ("-7", 422, "greater than or equal to 1"),
        ("9" * 30, 422, "There is no such discussion here"),
        ("9" * 5000, 422, "Enter a whole number"),
        ("itself", 409, "Choose another thread"),
        ("a stranger's", 422, "There is no such discussion here"),
        ("a pointer", 409, "merged or moved meanwhile"),
    ],
)
def test_a_merge_into_what_is_not_there(course, thread, reader, into, status, said):
    if into == "itself":
        into = thread.pk
    elif into == "a stranger's":
        into = strangers_thread()
    elif into == "a pointer":
        gone = start(course, "Gone")
        threads.merge_threads(viewer=course.ben, thread_id=gone.pk, into_id=start(course).pk)
        into = gone.pk
    answer = reader(course.ben).post("thread-merge", thread.pk, into=into)
    assert (answer.status_code, said in text_of(answer)) == (status, True)
    assert threads.get_thread(viewer=course.ana, thread_id=thread.pk).moved_to_id is None


@pytest.mark.parametrize("to", ["", "x", "here", "a stranger's", "00000000-0000-0000-0000-000000000000"])
def test_a_move_to_where_it_cannot_go(course, thread, reader, to):
    other_activity(course)
    uid = {"here": course.activity.uid, "a stranger's": make_course(context="c2").activity.uid}.get(to, to)
    answer = reader(course.ben).post("thread-move", thread.pk, to=uid)
    assert (answer.status_code, 'aria-invalid="true"' in text_of(answer)) == (422, True)
    assert threads.get_thread(viewer=course.ana, thread_id=thread.pk).activity_id == course.activity.pk


def test_with_one_discussion_there_is_nowhere_to_move(course, thread, reader):
    assert "There is no other discussion" in text_of(reader(course.ben).get("thread-move", thread.pk))


def test_what_has_gone_is_not_reshaped_again(course, thread, reader):
    other, into = other_activity(course), start(course)
    threads.merge_threads(viewer=course.ben, thread_id=thread.pk, into_id=into.pk)
    ben = reader(course.ben)
    for answer in (
        ben.post("thread-merge", thread.pk, into=into.pk),
        ben.post("thread-merge", into.pk, into=thread.pk),
        ben.post("thread-move", thread.pk, to=other.uid),
    ):
        assert (answer.status_code, "merged or moved meanwhile" in text_of(answer)) == (409, True)
    assert ben.post("post-split", thread.pk, 2, title="T").status_code == 404


# -- whoever was writing meanwhile -------------------------------------------------------------------------------


def action_of(page: str) -> str:
    """Where the form with the kept reply goes."""
    return re.search(r'<form class="composer"[^>]*action="([^"]+)"', page)[1]


@pytest.mark.parametrize("htmx", [False, True])
@pytest.mark.parametrize("way", ["merged", "split"])
def test_a_reply_to_what_moved_meanwhile_is_kept_and_sent_to_where_it_is(course, thread, reader, way, htmx):
    if way == "merged":
        new, number = threads.merge_threads(viewer=course.ben, thread_id=thread.pk, into_id=start(course).pk), 4
    else:
        new, number = threads.split_thread(viewer=course.ben, thread_id=thread.pk, number=2, title="New"), 2
    ana = reader(course.ana)
    answer = ana.post("post-reply", thread.pk, 3, body="My long reply", submission="s", htmx=htmx)
    page = text_of(answer)
    assert (answer.status_code in (403, 409), "My long reply" in page) == (True, True)
    assert f"/threads/{new.pk}/posts/{number}/reply/" in action_of(page)
    sent = ana.post("post-reply", new.pk, number, body="My long reply", submission="s", htmx=htmx)
    assert sent.status_code == (200 if htmx else 303)
    assert threads.get_post(viewer=course.ben, thread_id=new.pk, number=new.last_number + 1).parent_number == number


@pytest.mark.parametrize("htmx", [False, True])
def test_a_reply_to_what_was_taken_back_meanwhile_is_kept(course, thread, reader, htmx):
    threads.delete_post(viewer=course.nameless, thread_id=thread.pk, number=4)
    answer = reader(course.ana).post("post-reply", thread.pk, 4, body="My long reply", htmx=htmx)
    page = text_of(answer)
    assert (answer.status_code, "no longer there" in page, "My long reply" in page) == (409, True, True)
    # It can go to the thread itself.
    assert f"/threads/{thread.pk}/posts/1/reply/" in action_of(page)
    if htmx:
        assert (answer["HX-Retarget"], 'id="post-4-form"' in page) == ("#post-4-form", True)


def test_an_old_link_to_answer_leads_on(course, thread, reader):
    into = threads.merge_threads(viewer=course.ben, thread_id=thread.pk, into_id=start(course).pk)
    page = text_of(reader(course.ana).get("post-reply", thread.pk, 2))
    assert ("Another matter" in page, f"/threads/{into.pk}/posts/3/reply/" in action_of(page)) == (True, True)
