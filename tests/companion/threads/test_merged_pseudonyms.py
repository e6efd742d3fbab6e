"""Splitting and merging do not tell who is who: pseudonyms are made anew, and their owners still know them."""

from __future__ import annotations

import pytest

from companion.errors import NotAllowed
from companion.spaces import api as spaces
from companion.threads import api as threads
from tests.companion.threads.stories import check_counts, names, read, reply, rows, start, view
from tests.people import Course


@pytest.fixture
def first(course: Course) -> threads.Thread:
    """1 Ana, 2 Chen, 3 Ben by name, 4 Ana: all but Ben without their names."""
    thread = start(course, title="First", anonymous=True)
    reply(course.chen, thread, "c2", anonymous=True)
    reply(course.ben, thread, "b3")
    reply(course.ana, thread, "a4", to=2, anonymous=True)
    return thread


@pytest.fixture
def second(course: Course) -> threads.Thread:
    """1 Chen, 2 Ana, 3 somebody: without their names."""
    thread = start(course, course.chen, title="Second", anonymous=True)
    reply(course.ana, thread, "a2", anonymous=True)
    reply(course.nameless, thread, "n3", anonymous=True)
    return thread


def merged(course: Course, first, second) -> threads.Thread:
    return threads.merge_threads(viewer=course.ben, thread_id=first.pk, into_id=second.pk)


def pseudonyms(course: Course, thread) -> dict[int, str]:
    return {post.number: post.author.name for post in read(course.ben, thread).posts}


def test_it_works(course, first, second):
    merged(course, first, second)
    # Ana was Learner 2 here and Learner 1 there: she is two people now, as Chen is.
    assert pseudonyms(course, second) == {
        1: "Learner 1",
        2: "Learner 2",
        3: "Learner 3",
        4: "Learner 4",
        5: "Learner 5",
        6: "Ben Okafor (you)",
        7: "Learner 4",
    }
    check_counts(first, second)


@pytest.mark.parametrize(("who", "mine"), [("ana", {2, 4, 7}), ("chen", {1, 5}), ("nameless", {3}), ("ben", {6})])
def test_each_of_us_knows_their_own(course, first, second, who, mine):
    viewer = getattr(course, who)
    merged(course, first, second)
    assert {post.number for post in read(viewer, second).posts if post.author.is_you} == mine
    for number in range(1, 8):
        post = view(viewer, second, number)
        assert (post.can_edit or who == "ben", post.can_delete, post.can_mark) == (
            number in mine or who == "ben",
            number in mine,
            number not in mine,
        )
        if number in mine:
            assert post.author.name in ("Anonymous (you)", "Ben Okafor (you)")


def test_they_edit_delete_and_bring_back_what_came_from_either(course, first, second):
    merged(course, first, second)
    for number in (2, 4, 7):
        threads.edit_post(viewer=course.ana, thread_id=second.pk, number=number, body=f"Edited {number}")
        assert len(threads.get_history(viewer=course.ana, thread_id=second.pk, number=number)) == 1
        threads.delete_post(viewer=course.ana, thread_id=second.pk, number=number)
        threads.undelete_post(viewer=course.ana, thread_id=second.pk, number=number)
        with pytest.raises(NotAllowed, match="Only its author"):
            threads.delete_post(viewer=course.chen, thread_id=second.pk, number=number)
    check_counts(second)


def test_their_next_post_is_by_one_of_the_names_they_have(course, first, second):
    merged(course, first, second)
    assert (
        reply(course.ana, second, anonymous=True).pseudonym,
        reply(course.chen, second, anonymous=True).pseudonym,
        reply(course.ben, second, anonymous=True).pseudonym,
    ) == (2, 1, 6)


def test_mine_still_finds_them(course, first, second):
    merged(course, first, second)
    listed = {row.title: row.author.name for row in rows(course, course.chen, only=threads.Only.MINE)}
    assert listed["Second"] == "Anonymous (you)"


def test_a_part_that_is_split_off_begins_at_one(course, first):
    part = threads.split_thread(viewer=course.ben, thread_id=first.pk, number=2, title="Part")
    assert names(course.ben, part) == ["Learner 1", "Learner 2"]
    assert names(course.ana, part) == ["Learner 1", "Anonymous (you)"]
    assert names(course.chen, part) == ["Anonymous (you)", "Learner 2"]
    (row,) = [row for row in rows(course, course.ben) if row.title == "Part"]
    assert row.author.name == "Learner 1"
    check_counts(first, part)


def test_a_part_of_what_was_merged_keeps_its_people_apart(course, first, second):
    merged(course, first, second)
    reply(course.ana, second, "By her other name", to=7, anonymous=True)
    part = threads.split_thread(viewer=course.ben, thread_id=second.pk, number=7, title="Part")
    assert names(course.ben, part) == ["Learner 1", "Learner 2"]
    assert names(course.ana, part) == ["Anonymous (you)", "Anonymous (you)"]


def test_the_pointer_of_a_moved_thread_has_no_author_to_be_found(course, first):
    other = spaces.create_activity(viewer=course.ben, title="Other", external_id="other")
    threads.move_thread(viewer=course.ben, thread_id=first.pk, to_uid=other.uid)
    assert {rows(course, viewer)[0].author.name for viewer in (course.ana, course.ben, course.chen)} == {"Learner 1"}
    assert names(course.ana, first)[0] == "Anonymous (you)"


def test_facts_and_the_record_name_nobody(course, first, second, heard):
    with heard() as facts:
        threads.split_thread(viewer=course.ben, thread_id=first.pk, number=2, title="Part")
        merged(course, first, second)
    for viewer in (course.ana, course.chen, course.nameless):
        assert f"person_id={viewer.person_id}" not in repr(facts)
    assert {(act.actor, act.person) for act in spaces.list_acts(viewer=course.ben)} == {("Ben Okafor", "")}


@pytest.mark.parametrize("delete", [False, True])
def test_nobody_is_called_as_somebody_was_who_left_for_good(course, first, delete):
    threads.retire_authors(person_ids=[course.chen.person_id], delete_posts=delete)
    new = reply(course.nameless, first, anonymous=True)
    assert (new.pseudonym, view(course.nameless, first, 2).author.is_you) == (3, False)
    other = start(course, course.nameless, anonymous=True)
    threads.merge_threads(viewer=course.ben, thread_id=first.pk, into_id=other.pk)
    threads.retire_authors(person_ids=[course.ana.person_id], delete_posts=delete)
    later = reply(course.ben, other, anonymous=True)
    before = {post.author.name for post in read(course.chen, other).posts if post.number != later.number}
    assert view(course.chen, other, later.number).author.name not in before
