"""Lists, pages, what is new."""

from __future__ import annotations

from datetime import timedelta

import pytest

from companion import clock, keyset
from companion.threads import api as threads
from companion.threads.listing import THREADS_A_PAGE
from companion.threads.reading import POSTS_A_PAGE
from tests.people import Course, outsider
from tests.people import course as make_course

NOON = clock.now()


def start(course: Course, title: str, *, minutes: int = 0, viewer=None, **facts):
    with clock.at(NOON + timedelta(minutes=minutes)):
        return threads.start_thread(
            viewer=viewer or course.ana, activity_uid=course.activity.uid, title=title, body="Text", **facts
        )


def reply(course: Course, thread, viewer=None, *, minutes: int = 0, parent: int = 1):
    with clock.at(NOON + timedelta(minutes=minutes)):
        return threads.add_reply(viewer=viewer or course.ben, thread_id=thread.pk, parent_number=parent, body="Reply")


def titles(course: Course, viewer=None, **how) -> list[str]:
    listed = threads.list_threads(viewer=viewer or course.ana, activity=course.activity, **how)
    return [row.title for row in listed.pinned + listed.rows]


def test_it_works(course):
    old, new = start(course, "old"), start(course, "new", minutes=1)
    assert titles(course) == ["new", "old"]
    reply(course, old, minutes=2)
    assert titles(course) == ["old", "new"]
    assert titles(course, sort=threads.Sort.NEWEST) == ["new", "old"]
    assert titles(course, sort=threads.Sort.UNANSWERED) == ["new"]
    threads.pin_thread(viewer=course.ben, thread_id=new.pk, pinned=True)
    assert titles(course) == ["new", "old"]


@pytest.mark.parametrize("sort", list(threads.Sort))
def test_every_thread_is_on_exactly_one_page(db, sort):
    course = make_course(video="https://example.com/talk.mp4")
    for number in range(THREADS_A_PAGE * 2 + 3):
        # Three at each moment: equal times must not lose or repeat a thread at the edge of a page.
        start(course, f"t{number}", minutes=number // 3, second=number // 3)
    seen: list[str] = []
    cursor = ""
    for _page in range(4):
        listed = threads.list_threads(viewer=course.ana, activity=course.activity, sort=sort, cursor=cursor)
        seen += [row.title for row in listed.rows]
        cursor = listed.next
        if not cursor:
            break
    assert sorted(seen) == sorted(f"t{number}" for number in range(THREADS_A_PAGE * 2 + 3))


@pytest.mark.parametrize(
    "cursor", ["x", "!!!", "MjAyNg", keyset.encode("2026-01-01T00:00:00", 1), keyset.encode("a", "b")]
)
def test_a_cursor_that_no_page_gave_out_is_refused(course, cursor):
    with pytest.raises(keyset.InvalidCursor):
        threads.list_threads(viewer=course.ana, activity=course.activity, cursor=cursor)


def test_unread_is_what_others_added_since_one_looked(course):
    thread = start(course, "t", viewer=course.ben)
    row = threads.list_threads(viewer=course.ana, activity=course.activity).rows[0]
    assert (row.is_new, row.unread) == (True, 1)
    threads.mark_seen(viewer=course.ana, thread=threads.get_thread(viewer=course.ana, thread_id=thread.pk))
    assert titles(course, only=threads.Only.UNREAD) == []
    reply(course, thread)
    reply(course, thread, course.chen)
    row = threads.list_threads(viewer=course.ana, activity=course.activity).rows[0]
    assert (row.is_new, row.unread) == (False, 2)
    assert titles(course, only=threads.Only.UNREAD) == ["t"]


def test_ones_own_posts_are_not_unread_but_those_before_them_are(course):
    thread = start(course, "t")
    reply(course, thread, course.ana)
    assert threads.list_threads(viewer=course.ana, activity=course.activity).rows[0].unread == 0
    reply(course, thread, course.ben)
    reply(course, thread, course.ana)
    assert threads.list_threads(viewer=course.ana, activity=course.activity).rows[0].unread == 2


def test_unread_survives_edits_and_deletions(course):
    thread = start(course, "t")
    reply(course, thread)
    threads.mark_seen(viewer=course.chen, thread=threads.get_thread(viewer=course.chen, thread_id=thread.pk))
    threads.edit_post(viewer=course.ben, thread_id=thread.pk, number=2, body="Changed")
    threads.delete_post(viewer=course.ben, thread_id=thread.pk, number=2)
    assert threads.list_threads(viewer=course.chen, activity=course.activity).rows[0].unread == 0


def test_marking_as_seen_twice_or_backwards_changes_nothing(course):
    thread = start(course, "t", viewer=course.ben)
    early = threads.get_thread(viewer=course.ana, thread_id=thread.pk)
    reply(course, thread)
    late = threads.get_thread(viewer=course.ana, thread_id=thread.pk)
    for stale in (late, early, early):
        threads.mark_seen(viewer=course.ana, thread=stale)
    assert threads.list_threads(viewer=course.ana, activity=course.activity).rows[0].unread == 0


def test_mine_are_the_threads_one_wrote_in(course):
    start(course, "by ben", viewer=course.ben)
    answered = start(course, "answered", viewer=course.ben)
    reply(course, answered, course.ana)
    start(course, "by ana")
    assert sorted(titles(course, only=threads.Only.MINE)) == ["answered", "by ana"]


def test_another_space_shows_nothing(course):
    start(course, "t")
    dee = outsider()
    assert threads.list_threads(viewer=dee, activity=course.activity).rows == []
    assert threads.latest_change(viewer=dee, activity=course.activity) == ""


def pages(course: Course, thread, viewer=None) -> list[list[int]]:
    viewer = viewer or course.ana
    after, found = "", []
    while True:
        row = threads.get_thread(viewer=viewer, thread_id=thread.pk)
        page = threads.read_thread(viewer=viewer, thread=row, after=after)
        found.append([post.number for post in page.posts])
        if not page.after:
            return found
        after = page.after


def test_a_long_thread_is_read_page_by_page_forwards_and_backwards(course):
    thread = start(course, "long")
    for _number in range(POSTS_A_PAGE * 2 + 4):
        reply(course, thread)
    found = pages(course, thread)
    assert [len(page) for page in found] == [POSTS_A_PAGE, POSTS_A_PAGE, 5]
    assert [number for page in found for number in page] == list(range(1, POSTS_A_PAGE * 2 + 6))
    row = threads.get_thread(viewer=course.ana, thread_id=thread.pk)
    last = threads.read_thread(viewer=course.ana, thread=row, last=True)
    assert (last.posts[-1].number, last.after) == (POSTS_A_PAGE * 2 + 5, "")
    before = threads.read_thread(viewer=course.ana, thread=row, before=last.before)
    assert before.posts[-1].number == last.posts[0].number - 1
    assert before.after == before.posts[-1].path


def test_a_link_to_a_post_opens_where_it_stands_with_its_branch(course):
    thread = start(course, "long")
    for _number in range(POSTS_A_PAGE + 10):
        reply(course, thread)
    deep = reply(course, thread, parent=POSTS_A_PAGE + 5)
    row = threads.get_thread(viewer=course.ana, thread_id=thread.pk)
    page = threads.read_thread(viewer=course.ana, thread=row, around=deep.number)
    assert [post.number for post in page.posts][:2] == [POSTS_A_PAGE + 5, deep.number]
    assert page.before
    assert threads.read_thread(viewer=course.ana, thread=row, around=3).posts[0].number == 1
    assert threads.read_thread(viewer=course.ana, thread=row, around=99999).posts[0].number == 1


def test_a_link_into_a_branch_longer_than_a_page_starts_at_the_post(course):
    thread = start(course, "long")
    reply(course, thread)
    for _number in range(POSTS_A_PAGE + 10):
        reply(course, thread, parent=2)
    row = threads.get_thread(viewer=course.ana, thread_id=thread.pk)
    page = threads.read_thread(viewer=course.ana, thread=row, around=POSTS_A_PAGE + 8)
    assert page.posts[0].number == POSTS_A_PAGE + 8


def test_what_was_new_stays_marked_on_the_next_page(course):
    thread = start(course, "long")
    for _number in range(POSTS_A_PAGE + 3):
        reply(course, thread)
    first_look = threads.get_thread(viewer=course.chen, thread_id=thread.pk)
    threads.mark_seen(viewer=course.chen, thread=first_look)
    for _number in range(3):
        reply(course, thread, course.ana)
    row = threads.get_thread(viewer=course.chen, thread_id=thread.pk)
    page = threads.read_thread(viewer=course.chen, thread=row)
    threads.mark_seen(viewer=course.chen, thread=row)
    row = threads.get_thread(viewer=course.chen, thread_id=thread.pk)
    rest = threads.read_thread(viewer=course.chen, thread=row, after=page.after, since=page.since)
    assert [post.number for post in rest.posts if post.is_new] == [35, 36, 37]
    assert not any(post.is_new for post in page.posts)


def test_news_are_the_posts_after_a_version_in_tree_order(course):
    thread = start(course, "t")
    reply(course, thread)
    reply(course, thread)
    reply(course, thread, course.ana, parent=2)
    row = threads.get_thread(viewer=course.chen, thread_id=thread.pk)
    posts, until = threads.read_news(viewer=course.chen, thread=row, since=1)
    assert ([post.number for post in posts], until) == ([2, 4, 3], row.version)
