"""Somebody leaves for good: their name goes, and what they wrote, if the organization decided so."""

from __future__ import annotations

import pytest

from companion.errors import NotFound
from companion.models import AnonymousAuthor, Expert, Post, Revision, Thread
from companion.threads import api as threads
from companion.topics import api as topics
from tests.companion.threads.stories import (
    another_activity,
    check_counts,
    grow,
    names,
    numbers,
    reply,
    rows,
    start,
    texts,
    view,
)
from tests.people import Course
from tests.people import course as make_course


@pytest.fixture
def thread(course: Course) -> threads.Thread:
    """Ana asks without her name, Chen answers by name (#2) and without (#3), Ana thanks her by name (#4)."""
    thread = start(course, title="Ana asks", body="Ana asks", anonymous=True)
    reply(course.chen, thread, "Chen says")
    reply(course.chen, thread, "Chen whispers", anonymous=True)
    reply(course.ana, thread, "Ana thanks", to=2)
    return thread


def retire(*viewers, delete: bool = False) -> int:
    return threads.retire_authors(person_ids=[viewer.person_id for viewer in viewers], delete_posts=delete)


def test_it_works(course, thread):
    threads.mark_helpful(viewer=course.ana, thread_id=thread.pk, number=2, helpful=True)
    threads.edit_post(viewer=course.chen, thread_id=thread.pk, number=2, body="Chen says so")
    assert [retire(course.chen) for _twice in range(2)] == [1, 0]
    assert names(course.ben, thread) == ["Learner 1", "Former participant", "Ana Torres", "Learner 2"]
    assert "Chen says so" in texts(course.ben, thread)
    assert not AnonymousAuthor.objects.filter(person_id=course.chen.person_id).exists()
    check_counts(thread)


def test_what_they_wrote_goes_where_the_organization_decided_so(course, thread):
    threads.mark_helpful(viewer=course.ana, thread_id=thread.pk, number=2, helpful=True)
    threads.edit_post(viewer=course.chen, thread_id=thread.pk, number=2, body="Chen says so")
    assert retire(course.chen, delete=True) == 2
    # The answered one leaves its place, the other one nothing.
    assert numbers(course.ben, thread) == [1, 2, 4]
    assert "Chen" not in texts(course.ben, thread)
    assert (set(Post.objects.filter(number__in=[2, 3]).values_list("body", "html")), Revision.objects.count()) == (
        {("", "")},
        0,
    )
    check_counts(thread)
    with pytest.raises(NotFound):
        threads.undelete_post(viewer=course.chen, thread_id=thread.pk, number=3)


def test_a_question_goes_with_its_title(course, thread):
    retire(course.ana, delete=True)
    (row,) = rows(course, course.ben)
    assert (row.title, view(course.ben, thread, 1).html) == ("(taken back by its author)", "")
    assert Thread.objects.get().title == "-"
    retire(course.chen, delete=True)
    assert rows(course, course.ben) == []
    with pytest.raises(NotFound):
        threads.get_thread(viewer=course.ben, thread_id=thread.pk)


@pytest.mark.parametrize("anonymous", [False, True])
def test_so_do_the_titles_of_threads_that_were_merged_or_moved(course, anonymous):
    merged = start(course, title="Ana merged", anonymous=anonymous)
    moved = start(course, title="Ana moved", anonymous=anonymous)
    for thread in (merged, moved):
        reply(course.chen, thread)
    threads.merge_threads(viewer=course.ben, thread_id=merged.pk, into_id=start(course, course.chen, title="C").pk)
    threads.move_thread(viewer=course.ben, thread_id=moved.pk, to_uid=another_activity(course).uid)
    retire(course.ana, delete=True)
    assert sorted(row.title for row in rows(course, course.ben)) == [*["(taken back by its author)"] * 2, "C"]
    assert not Thread.objects.filter(title__contains="Ana").exists()
    assert {row.author.name for row in rows(course, course.ben) if row.title != "C"} == {
        "Learner 1" if anonymous else "Former participant"
    }


def test_whoever_has_several_pseudonyms_loses_all(course, thread):
    other = start(course, course.chen, anonymous=True)
    reply(course.ana, other, "Ana, too", anonymous=True)
    threads.merge_threads(viewer=course.ben, thread_id=thread.pk, into_id=other.pk)
    retire(course.ana, delete=True)
    assert "Ana" not in texts(course.ben, other)
    assert texts(course.ben, other).count("Chen") == 2
    check_counts(other)


def test_they_are_experts_no_more_and_what_they_endorsed_stays(db):
    course = make_course(topic="SEV")
    topics.grant_expertise(viewer=course.ben, topic="SEV", person_id=course.chen.person_id)
    thread = start(course)
    threads.endorse_post(viewer=course.chen, thread_id=thread.pk, number=1, endorsed=True)
    retire(course.chen)
    assert (topics.list_experts(viewer=course.ben, topic="SEV"), Expert.objects.count()) == ([], 0)
    assert view(course.ana, thread, 1).endorsed_by == "Former participant"
    check_counts(thread)


def test_an_open_page_is_told_of_each_of_many(course, thread):
    grow(thread, course.chen, 250)
    until = threads.get_thread(viewer=course.ben, thread_id=thread.pk).version
    retire(course.chen, delete=True)
    gone: set[int] = set()
    for _ask in range(4):
        found = threads.get_thread(viewer=course.ben, thread_id=thread.pk)
        posts, until = threads.read_news(viewer=course.ben, thread=found, since=until)
        gone |= {post.number for post in posts if post.is_gone}
    assert gone == {3, *range(5, 255)}
    check_counts(thread)
