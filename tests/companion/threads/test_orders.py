"""How a thread is read: as a conversation, newest first, most helpful first; page by page, and from where on."""

from __future__ import annotations

from datetime import timedelta

import pytest

from companion import clock, keyset
from companion.models import HelpfulMark, Post, Thread
from companion.threads import api as threads
from companion.threads.reading import POSTS_A_PAGE
from tests.companion.threads.stories import grow, names, numbers, read, reply, see, start
from tests.people import Course

NOON = clock.now()
TREE, NEWEST, HELPFUL = threads.Order.OLDEST, threads.Order.NEWEST, threads.Order.HELPFUL


@pytest.fixture
def thread(course: Course) -> threads.Thread:
    with clock.at(NOON):
        return start(course)


def pages(viewer, thread, order: threads.Order = TREE, **how) -> list[list[int]]:
    """The numbers on each page, following the links to the next one."""
    found, after = [], ""
    while True:
        page = read(viewer, thread, order=order, after=after, **how)
        found.append([post.number for post in page.posts])
        after = page.after
        if not after:
            return found


def mark(thread, number: int, *viewers) -> None:
    for viewer in viewers:
        threads.mark_helpful(viewer=viewer, thread_id=thread.pk, number=number, helpful=True)


def test_it_works(course, thread):
    for parent in (1, 2, 1):
        reply(course.ben, thread, to=parent)
    mark(thread, 4, course.ana, course.chen)
    mark(thread, 3, course.ana)
    assert numbers(course.chen, thread) == [1, 2, 3, 4]
    assert numbers(course.chen, thread, order=NEWEST) == [1, 4, 3, 2]
    assert numbers(course.chen, thread, order=HELPFUL) == [1, 4, 3, 2]
    flat = read(course.chen, thread, order=HELPFUL)
    assert [(post.number, post.parent_number) for post in flat.posts] == [(1, None), (4, 1), (3, 2), (2, 1)]
    assert flat.order is HELPFUL


@pytest.mark.parametrize("order", [NEWEST, HELPFUL])
@pytest.mark.parametrize("count", [0, 1, POSTS_A_PAGE - 1, POSTS_A_PAGE, POSTS_A_PAGE + 1, 3 * POSTS_A_PAGE])
def test_every_reply_is_on_exactly_one_page(course, thread, order, count):
    grow(thread, course.ben, count)
    # Three with each number of marks: equal ones must not lose or repeat a post at the edge of a page.
    for post in thread.posts.filter(number__gt=1):
        Post.objects.filter(pk=post.pk).update(helpful_count=post.number // 3 % 4)
    found = pages(course.chen, thread, order)
    assert found[0][0] == 1
    # The opening post stands above the first page.
    assert all(len(page) == POSTS_A_PAGE + (page is found[0]) for page in found[:-1])
    assert sorted(number for page in found for number in page) == list(range(1, count + 2))


def test_what_is_written_meanwhile_moves_nothing_onto_two_pages(course, thread):
    grow(thread, course.ben, POSTS_A_PAGE + 5)
    for order in (NEWEST, HELPFUL):
        first = read(course.chen, thread, order=order)
        reply(course.ana, thread)
        second = read(course.chen, thread, order=order, after=first.after)
        seen = [post.number for page in (first, second) for post in page.posts]
        assert len(seen) == len(set(seen)) >= POSTS_A_PAGE + 6


def test_what_is_gone_is_in_no_order(course, thread):
    for _time in range(3):
        reply(course.ben, thread)
    reply(course.ana, thread, to=2)
    for number in (2, 3):
        threads.delete_post(viewer=course.ben, thread_id=thread.pk, number=number)
    threads.hide_post(viewer=course.ben, thread_id=thread.pk, number=4, reason="r")
    for order in (NEWEST, HELPFUL):
        assert sorted(numbers(course.chen, thread, order=order)) == [1, 2, 4, 5]
        assert sorted(numbers(course.ben, thread, order=order)) == [1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    ("order", "after"),
    [(TREE, "x"), (TREE, "000"), (TREE, "0001ZZZZ"), (NEWEST, "x"), (HELPFUL, keyset.encode(1)), (NEWEST, "-1")],
)
def test_a_cursor_that_no_page_gave_out_is_refused(course, thread, order, after):
    with pytest.raises(keyset.InvalidCursor):
        read(course.chen, thread, order=order, after=after)


@pytest.mark.parametrize("order", list(threads.Order))
def test_a_page_asks_the_same_of_a_long_thread(course, thread, order, django_assert_num_queries):
    for count in (POSTS_A_PAGE + 1, 500):
        grow(thread, course.ben, count)
        found = threads.get_thread(viewer=course.ana, thread_id=thread.pk)
        with django_assert_num_queries(2):
            page = threads.read_thread(viewer=course.ana, thread=found, order=order)
        with django_assert_num_queries(3 if order is TREE else 1):
            threads.read_thread(viewer=course.ana, thread=found, order=order, after=page.after)


# -- in the middle -------------------------------------------------------------------------------------------------


def test_a_page_in_the_middle_names_what_it_answers(course, thread):
    reply(course.ben, thread)
    reply(course.chen, thread, to=2, anonymous=True)
    for _time in range(POSTS_A_PAGE + 5):
        reply(course.ana, thread, to=3)
    page = read(course.chen, thread, after=read(course.chen, thread).after)
    assert [(above.number, above.name) for above in page.ancestors] == [
        (1, "Ana Torres"),
        (2, "Ben Okafor"),
        (3, "Anonymous (you)"),
    ]
    assert [above.name for above in read(course.ana, thread, around=36).ancestors][2] == "Learner 1"
    assert read(course.ana, thread).ancestors == ()


def test_a_link_leads_to_the_page_with_the_post(course, thread):
    grow(thread, course.ben, POSTS_A_PAGE + 10)
    branch = POSTS_A_PAGE + 5
    for _time in range(POSTS_A_PAGE + 3):
        reply(course.ana, thread, to=branch)
    last = thread.posts.latest("number").number
    cases = {5: 1, branch: branch, branch + 2: branch + 2, POSTS_A_PAGE + 15: branch, last: last}
    for number, first in cases.items():
        page = read(course.chen, thread, around=number)
        assert number in [post.number for post in page.posts]
        assert page.posts[0].number == first
        before = read(course.chen, thread, before=page.before) if page.before else None
        assert before is None or before.posts[-1].path < page.posts[0].path


def test_a_link_to_what_is_not_there_leads_to_the_beginning(course, thread):
    grow(thread, course.ben, POSTS_A_PAGE + 10)
    late = reply(course.ana, thread).number
    threads.delete_post(viewer=course.ana, thread_id=thread.pk, number=late)
    for number in (late, late + 50):
        assert read(course.chen, thread, around=number).posts[0].number == 1
    # For her who may bring it back it is there.
    assert late in [post.number for post in read(course.ana, thread, around=late).posts]
    other = reply(course.ana, thread).number
    reply(course.ben, thread, to=other)
    threads.delete_post(viewer=course.ana, thread_id=thread.pk, number=other)
    page = read(course.chen, thread, around=other)
    assert (page.posts[0].number, page.posts[0].is_deleted) == (other, True)


def test_a_link_to_what_was_split_off_leads_to_its_stub(course, thread):
    grow(thread, course.ben, POSTS_A_PAGE + 10)
    late = reply(course.ana, thread).number
    reply(course.ben, thread, to=late)
    threads.split_thread(viewer=course.ben, thread_id=thread.pk, number=late, title="Part")
    assert read(course.chen, thread, around=late).posts[0].is_moved
    assert read(course.chen, thread, around=late + 1).posts[0].number == 1


def test_the_last_page_ends_with_the_last_post(course, thread):
    for count in (1, POSTS_A_PAGE - 1, 10):
        grow(thread, course.ben, count)
        page = read(course.chen, thread, last=True)
        total = thread.posts.count()
        assert [post.number for post in page.posts] == list(range(max(1, total - POSTS_A_PAGE + 1), total + 1))
        assert (page.after, bool(page.before)) == ("", total > POSTS_A_PAGE)


def test_backwards_is_forwards_turned_round(course, thread):
    grow(thread, course.ben, 3 * POSTS_A_PAGE)
    page, seen = read(course.chen, thread, last=True), []
    while True:
        seen = [post.number for post in page.posts] + seen
        if not page.before:
            break
        page = read(course.chen, thread, before=page.before)
    assert seen == list(range(1, 3 * POSTS_A_PAGE + 2))


# -- what is new ---------------------------------------------------------------------------------------------------


def test_the_first_new_post_is_told_also_from_another_page(course, thread):
    grow(thread, course.ben, POSTS_A_PAGE + 5)
    see(course.chen, thread)
    assert read(course.chen, thread).first_new == 0
    mine = reply(course.chen, thread)
    theirs = reply(course.ana, thread)
    Thread.objects.filter(pk=thread.pk).update(version=1)
    row = threads.get_thread(viewer=course.chen, thread_id=thread.pk)
    assert (row.seen_number, read(course.chen, thread).first_new) == (mine.number, theirs.number)
    assert read(course.ben, thread).first_new == 0
    threads.delete_post(viewer=course.ana, thread_id=thread.pk, number=theirs.number)
    assert read(course.chen, thread).first_new == 0


def test_on_a_page_of_its_own_as_well(course, thread):
    see(course.chen, thread)
    reply(course.ben, thread)
    assert read(course.chen, thread).first_new == 2


def test_in_a_thread_that_one_never_met_nothing_stands_out_on_no_page(course, thread):
    grow(thread, course.ben, POSTS_A_PAGE + 5)
    first = read(course.chen, thread)
    see(course.chen, thread)
    second = read(course.chen, thread, after=first.after, since=first.since)
    assert [post.number for page in (first, second) for post in page.posts if post.is_new] == []
    assert (first.first_new, second.first_new) == (0, 0)


@pytest.mark.parametrize("count", [1, POSTS_A_PAGE + 5])
def test_after_all_read_new_is_what_came_since(course, thread, count):
    grow(thread, course.ben, count)
    with clock.at(NOON + timedelta(minutes=1)):
        threads.mark_all_seen(viewer=course.chen, activity=course.activity)
    with clock.at(NOON + timedelta(minutes=5)):
        new = reply(course.ana, thread)
    page = read(course.chen, thread)
    assert page.first_new == new.number
    last = read(course.chen, thread, last=True, since=page.since)
    assert [post.number for post in last.posts if post.is_new] == [new.number]


def test_marks_of_the_deleted_decide_no_order_that_is_shown(course, thread):
    for _time in range(2):
        reply(course.ben, thread)
    mark(thread, 2, course.ana, course.chen)
    assert HelpfulMark.objects.count() == 2
    threads.delete_post(viewer=course.ben, thread_id=thread.pk, number=2)
    assert numbers(course.ana, thread, order=HELPFUL) == [1, 3]
    assert names(course.ana, thread) == ["Ana Torres (you)", "Ben Okafor"]
