"""Splitting and merging threads: numbers, paths, counts, links and what each of us sees of it."""

from __future__ import annotations

import pytest

from companion import events
from companion.errors import Conflict, InvalidInput, NotAllowed, NotFound
from companion.spaces import api as spaces
from companion.threads import api as threads
from tests.companion.threads.stories import (
    another_activity,
    check_counts,
    grow,
    read,
    reply,
    rows,
    see,
    start,
    view,
)
from tests.people import Course, outsider
from tests.people import course as make_course


@pytest.fixture
def talk(course: Course) -> threads.Thread:
    """Ana asks; Ben (#2) and Chen (#3, #6) talk about something else; #5 answers the question.

    1 Ana - 2 Ben - 3 Chen - 4 Ana, anonymous
              2   - 6 Chen
          - 5 Ben
    """
    thread = start(course)
    reply(course.ben, thread, "By the way")
    reply(course.chen, thread, "Yes?", to=2)
    reply(course.ana, thread, "Me too", to=3, anonymous=True)
    reply(course.ben, thread, "You do.")
    reply(course.chen, thread, "And this", to=2)
    return thread


def split(course: Course, thread, number: int = 2, title: str = "By the way") -> threads.Thread:
    return threads.split_thread(viewer=course.ben, thread_id=thread.pk, number=number, title=title)


def merge(course: Course, thread, into) -> threads.Thread:
    return threads.merge_threads(viewer=course.ben, thread_id=thread.pk, into_id=into.pk)


def tree(viewer, thread) -> list[tuple[int, int | None, int]]:
    return [(post.number, post.parent_number, post.indent) for post in read(viewer, thread).posts]


def way(viewer, thread, number: int) -> tuple[int, int] | None:
    return threads.find_moved(viewer=viewer, thread_id=thread.pk, number=number)


# -- split ---------------------------------------------------------------------------------------------------------


def test_it_works(course, talk, heard):
    with heard() as facts:
        new = split(course, talk)
    assert tree(course.ana, new) == [(1, None, 0), (2, 1, 1), (3, 2, 2), (4, 1, 1)]
    assert tree(course.ana, talk) == [(1, None, 0), (2, 1, 1), (5, 1, 1)]
    stub = view(course.ana, talk, 2)
    assert (stub.is_moved, stub.html, stub.can_reply, stub.can_restore) == (True, "", False, False)
    talk.refresh_from_db()
    assert (talk.reply_count, talk.last_number, new.reply_count, new.last_number) == (1, 6, 3, 4)
    check_counts(talk, new)
    assert [(row.title, row.author.name) for row in rows(course, course.chen)] == [
        ("By the way", "Ben Okafor"),
        ("Who declares?", "Ana Torres"),
    ]
    assert [(type(fact), fact.thread_id, fact.new_thread_id) for fact in facts] == [
        (events.ThreadSplit, talk.pk, new.pk)
    ]
    (act,) = spaces.list_acts(viewer=course.ben, thread_id=talk.pk)
    assert (act.act, act.post_number, act.person, act.reason) == ("split a thread", 2, "", "")


def test_links_to_what_was_split_off_lead_on(course, talk):
    new = split(course, talk)
    assert [way(course.ana, talk, number) for number in range(1, 7)] == [
        None,
        (new.pk, 1),
        (new.pk, 2),
        (new.pk, 3),
        None,
        (new.pk, 4),
    ]
    with pytest.raises(NotFound):
        way(outsider(), talk, 2)


def test_nobody_answers_what_went_away(course, talk):
    split(course, talk)
    for number in (2, 3):
        with pytest.raises(Conflict, match="no longer there"):
            reply(course.ana, talk, to=number)
    assert reply(course.ana, talk, to=5).number == 7
    check_counts(talk)


def test_a_reply_that_was_sent_twice_around_a_split_is_one(course, talk):
    sent = reply(course.ana, talk, "Once", to=3, submission="form")
    new = split(course, talk)
    again = reply(course.ana, talk, "Once", to=3, submission="form")
    assert (again.pk, again.thread.pk, again.number) == (sent.pk, new.pk, 5)


def test_marks_go_along(course, talk):
    threads.mark_helpful(viewer=course.ana, thread_id=talk.pk, number=3, helpful=True)
    threads.endorse_post(viewer=course.ben, thread_id=talk.pk, number=6, endorsed=True)
    threads.hide_post(viewer=course.ben, thread_id=talk.pk, number=4, reason="r")
    new = split(course, talk)
    assert (new.helpful_count, new.endorsed_count, new.reply_count) == (1, 1, 2)
    check_counts(talk, new)


def test_more_levels_than_a_path_has(course):
    thread = start(course)
    for number in range(1, 18):
        reply(course.chen, thread, to=number)
    for number, count in ((14, 5), (3, 11)):
        new = split(course, thread, number)
        assert [parent for _number, parent, _indent in tree(course.ana, new)][1:count] == list(range(1, count))
        check_counts(thread, new)


def test_what_is_split_off_may_hold_what_was_split_off_before(course, talk):
    first = split(course, talk, 3, "First")
    second = split(course, talk, 2, "Second")
    assert tree(course.ana, second) == [(1, None, 0), (2, 1, 1), (3, 1, 1)]
    assert view(course.ana, second, 2).is_moved
    assert (way(course.ana, second, 2), way(course.ana, talk, 3)) == ((first.pk, 1), (first.pk, 1))
    check_counts(talk, first, second)


def test_who_had_read_all_still_has(course, talk):
    see(course.nameless, talk)
    new = split(course, talk)
    assert [row.unread for row in rows(course, course.nameless)] == [0, 0]
    assert {row.id: row.is_new for row in rows(course, course.chen)}[new.pk] is True


def test_the_staff_alone_splits_what_is_shown_under_a_title(course, talk):
    with pytest.raises(NotAllowed):
        threads.split_thread(viewer=course.chen, thread_id=talk.pk, number=3, title="Mine")
    for title in ("", " \u200b ", "x" * 201):
        with pytest.raises(InvalidInput):
            split(course, talk, title=title)
    threads.hide_post(viewer=course.ben, thread_id=talk.pk, number=6, reason="r")
    for number in (1, 6):
        with pytest.raises(Conflict, match="Choose a reply"):
            split(course, talk, number)
    split(course, talk)
    with pytest.raises(Conflict, match="Choose a reply"):
        split(course, talk)


# -- merge ---------------------------------------------------------------------------------------------------------


def test_merged_threads_are_one(course, talk, heard):
    other = start(course, course.chen, title="Who is in command?")
    reply(course.ben, other, "You.")
    with heard() as facts:
        merge(course, talk, other)
    assert tree(course.ana, other) == [
        (1, None, 0),
        (2, 1, 1),
        (3, 1, 1),
        (4, 3, 2),
        (5, 4, 3),
        (6, 5, 4),
        (8, 4, 3),
        (7, 3, 2),
    ]
    assert [way(course.ana, talk, number) for number in (1, 2, 6, 99)] == [
        (other.pk, 3),
        (other.pk, 4),
        (other.pk, 8),
        (other.pk, 1),
    ]
    other.refresh_from_db()
    assert (other.reply_count, other.last_number) == (7, 8)
    check_counts(talk, other)
    assert {row.title: (row.is_moved, row.unread) for row in rows(course, course.nameless)} == {
        "Who is in command?": (False, 8),
        "Who declares?": (True, 0),
    }
    assert [(type(fact), fact.thread_id, fact.into_thread_id) for fact in facts] == [
        (events.ThreadMerged, talk.pk, other.pk)
    ]


def test_nothing_is_done_with_a_thread_that_went(course, talk):
    other = start(course, course.chen)
    merge(course, talk, other)
    with pytest.raises(NotAllowed, match="moved"):
        reply(course.ben, talk)
    for verb in (lambda: merge(course, talk, other), lambda: merge(course, other, talk)):
        with pytest.raises(Conflict, match="merged or moved"):
            verb()
    with pytest.raises(Conflict, match="merged or moved"):
        threads.move_thread(viewer=course.ben, thread_id=talk.pk, to_uid=another_activity(course).uid)
    assert (read(course.ana, talk).posts, threads.export_thread(viewer=course.ana, thread_id=talk.pk).posts) == ([], [])


def test_a_thread_is_not_merged_into_itself_or_into_what_is_hidden(course, talk):
    with pytest.raises(Conflict, match="another thread"):
        merge(course, talk, talk)
    other = start(course, course.chen)
    threads.hide_post(viewer=course.ben, thread_id=other.pk, number=1, reason="r")
    for pair in ((talk, other), (other, talk)):
        with pytest.raises(Conflict, match="hidden"):
            merge(course, *pair)


def test_nobody_merges_but_the_staff_of_the_course(course, talk):
    other = start(course, course.chen)
    with pytest.raises(NotAllowed):
        threads.merge_threads(viewer=course.ana, thread_id=talk.pk, into_id=other.pk)
    elsewhere = make_course(context="c2")
    theirs = start(elsewhere)
    for pair in ((talk, theirs), (theirs, talk)):
        with pytest.raises(NotFound):
            merge(course, *pair)


def test_who_had_read_both_has_read_all(course, talk):
    other = start(course, course.chen)
    for thread in (talk, other):
        see(course.nameless, thread)
    see(course.ben, other)
    merge(course, talk, other)
    unread = {viewer: rows(course, getattr(course, viewer))[0].unread for viewer in ("nameless", "ben", "ana")}
    assert unread == {"nameless": 0, "ben": 6, "ana": 7}


def test_a_chain_of_merges_leads_to_its_end(course, talk):
    second, third = start(course, course.chen, title="2"), start(course, course.ben, title="3")
    merge(course, talk, second)
    merge(course, second, third)
    assert (way(course.ana, talk, 5), way(course.ana, second, 1)) == ((third.pk, 7), (third.pk, 2))
    check_counts(talk, second, third)


def test_a_thread_that_was_split_can_be_merged_also_with_its_own_part(course, talk):
    part = split(course, talk)
    merge(course, talk, part)
    assert view(course.ana, part, 6).is_moved
    assert (way(course.ana, part, 6), way(course.ana, talk, 2)) == ((part.pk, 1), (part.pk, 1))
    check_counts(talk, part)


def test_the_title_of_a_merged_thread_goes_with_what_it_said(course, talk):
    other = start(course, course.chen, title="Other")
    merge(course, talk, other)

    def titles(viewer):
        return sorted(row.title for row in rows(course, viewer))

    threads.hide_post(viewer=course.ben, thread_id=other.pk, number=2, reason="A name in the title")
    assert titles(course.chen) == ["Other"]
    threads.restore_post(viewer=course.ben, thread_id=other.pk, number=2)
    threads.delete_post(viewer=course.ana, thread_id=other.pk, number=2)
    assert titles(course.chen) == ["(taken back by its author)", "Other"]
    threads.undelete_post(viewer=course.ana, thread_id=other.pk, number=2)
    assert titles(course.chen) == ["Other", "Who declares?"]


# -- large ---------------------------------------------------------------------------------------------------------


def test_five_thousand_posts_go_at_once(course, django_assert_max_num_queries):
    thread, other = start(course, title="Long"), start(course, course.chen)
    grow(thread, course.ben, 4_999)
    until = threads.get_thread(viewer=course.chen, thread_id=other.pk).version
    with django_assert_max_num_queries(95):
        merge(course, thread, other)
    check_counts(thread, other)
    # An open page is told all of them, some at a time.
    told: set[int] = set()
    while len(told) < 5_000:
        found = threads.get_thread(viewer=course.chen, thread_id=other.pk)
        posts, until = threads.read_news(viewer=course.chen, thread=found, since=until)
        assert 0 < len(posts) <= 101
        told |= {post.number for post in posts}
    assert told == set(range(2, 5_002))
    with django_assert_max_num_queries(95):
        new = split(course, other, 2)
    check_counts(other, new)
    assert (new.last_number, view(course.ana, other, 2).is_moved) == (5_000, True)


def test_more_are_not_moved_at_once(course):
    thread, other = start(course, title="Long"), start(course, course.chen)
    grow(thread, course.ben, 5_000)
    with pytest.raises(Conflict, match="5000 posts"):
        merge(course, thread, other)
    grow(other, course.ben, 1)
    merge(course, other, thread)
    with pytest.raises(Conflict, match="5000 posts"):
        merge(course, thread, start(course))
    check_counts(thread, other)
