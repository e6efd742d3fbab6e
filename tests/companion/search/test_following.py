"""What is found follows what is written, at once and in the same transaction."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from companion import clock
from companion.models import Post, SearchDocument, Thread
from companion.search import api as search
from companion.spaces import api as spaces
from companion.threads import api as threads
from tests.companion.search.stories import in_an_index, titles
from tests.companion.threads.stories import another_activity, grow, reply
from tests.people import Course

pytestmark = in_an_index


def documents() -> set[tuple[int, int, str]]:
    """(thread, number, title) of everything that can be found."""
    return set(SearchDocument.objects.values_list("parent_id", "number", "title"))


def in_step(course: Course) -> bool:
    """Whether a rebuild would change nothing."""
    fields = [field.name for field in SearchDocument._meta.fields if field.name != "is_learned"]
    before = list(SearchDocument.objects.order_by("pk").values(*fields))
    for _progress in search.rebuild(restart=True):
        pass
    return before == list(SearchDocument.objects.order_by("pk").values(*fields))


@pytest.fixture
def thread(course, start):
    thread = start("Passport", "Where is the passport?")
    reply(course.chen, thread, "In the drawer")
    reply(course.nameless, thread, "In the safe", to=2)
    return thread


def test_it_works(course, thread):
    assert documents() == {(thread.pk, 1, "Passport"), (thread.pk, 2, ""), (thread.pk, 3, "")}
    assert in_step(course)


def test_an_edit(course, thread):
    threads.edit_post(viewer=course.chen, thread_id=thread.pk, number=2, body="On the *shelf*")
    threads.edit_post(viewer=course.ana, thread_id=thread.pk, number=1, title="Identity card", body="Where is it?")
    assert titles(course.ben, "drawer ") == titles(course.ben, "passport") == []
    assert titles(course.ben, "shelf") == titles(course.ben, "identity") == ["Identity card"]
    assert in_step(course)


def test_taken_back_and_brought_back(course, thread):
    threads.delete_post(viewer=course.chen, thread_id=thread.pk, number=2)
    assert titles(course.ben, "drawer") == []
    threads.undelete_post(viewer=course.chen, thread_id=thread.pk, number=2)
    assert titles(course.ben, "drawer") == ["Passport"]
    threads.delete_post(viewer=course.ana, thread_id=thread.pk, number=1)
    assert titles(course.ben, "passport") == []
    assert titles(course.ben, "drawer") == ["(taken back by its author)"]
    threads.undelete_post(viewer=course.ana, thread_id=thread.pk, number=1)
    assert titles(course.ben, "passport") == ["Passport"]
    assert in_step(course)


@pytest.mark.parametrize("number", [1, 2])
def test_hidden_and_shown_again(course, thread, number):
    threads.hide_post(viewer=course.ben, thread_id=thread.pk, number=number, reason="r")
    assert (titles(course.ben, "drawer"), titles(course.ben, "safe") == []) == ([], number == 1)
    threads.restore_post(viewer=course.ben, thread_id=thread.pk, number=number)
    assert titles(course.ben, "drawer") == titles(course.ben, "safe") == ["Passport"]
    assert in_step(course)


def test_sent_back_and_changed(course, thread):
    threads.return_post(viewer=course.ben, thread_id=thread.pk, number=1, reason="r")
    assert documents() == set()
    threads.edit_post(viewer=course.ana, thread_id=thread.pk, number=1, title="Card", body="Where?")
    assert documents() == {(thread.pk, 1, "Card"), (thread.pk, 2, ""), (thread.pk, 3, "")}
    assert in_step(course)


def test_a_thread_that_moves(course, thread):
    other = another_activity(course, groups="none", post_first=True)
    threads.move_thread(viewer=course.ben, thread_id=thread.pk, to_uid=other.uid)
    # There, learners write before they read.
    assert documents() == {(thread.pk, 1, "Passport")}
    assert set(SearchDocument.objects.values_list("activity_id", flat=True)) == {other.pk}
    [hit] = search.search(viewer=course.ana, text="passport").hits
    assert hit.activity_uid == other.uid
    threads.move_thread(viewer=course.ben, thread_id=thread.pk, to_uid=course.activity.uid)
    assert len(documents()) == 3
    assert in_step(course)


def test_threads_that_are_merged_and_split(course, start, thread):
    other = start("Other", "Another question")
    threads.merge_threads(viewer=course.ben, thread_id=thread.pk, into_id=other.pk)
    assert documents() == {(other.pk, 1, "Other"), *((other.pk, number, "") for number in (2, 3, 4))}
    assert [(hit.thread_id, hit.number) for hit in search.search(viewer=course.ana, text="safe").hits] == [
        (other.pk, 4)
    ]
    assert titles(course.ana, "where passport") == ["Other"]
    new = threads.split_thread(viewer=course.ben, thread_id=other.pk, number=3, title="Drawers")
    assert documents() == {(other.pk, 1, "Other"), (other.pk, 2, ""), (new.pk, 1, "Drawers"), (new.pk, 2, "")}
    assert titles(course.ana, "safe") == ["Drawers"]
    assert in_step(course)


def test_a_long_thread_comes_after_the_act(course, start, thread, run_tasks):
    other = start("Other", "Another question")
    grow(thread, course.chen, 250)
    threads.merge_threads(viewer=course.ben, thread_id=thread.pk, into_id=other.pk)
    assert 50 < len(documents()) < 200
    # What is known of the rest leads to where it is.
    assert [hit.thread_id for hit in search.search(viewer=course.ana, text="safe").hits] == [other.pk]
    assert run_tasks() == 2
    assert len(documents()) == 254
    assert in_step(course)
    threads.hide_post(viewer=course.ben, thread_id=other.pk, number=1, reason="r")
    assert documents() == set()
    threads.restore_post(viewer=course.ben, thread_id=other.pk, number=1)
    run_tasks()
    assert len(documents()) == 254


def test_marks(course, thread):
    def standing() -> dict[int, int]:
        return dict(SearchDocument.objects.filter(number__gt=1).values_list("number", "standing"))

    threads.mark_helpful(viewer=course.ana, thread_id=thread.pk, number=2, helpful=True)
    threads.endorse_post(viewer=course.ben, thread_id=thread.pk, number=3, endorsed=True)
    assert standing() == {2: 1, 3: 2}
    threads.mark_helpful(viewer=course.ana, thread_id=thread.pk, number=2, helpful=False)
    Thread.objects.filter(pk=thread.pk).update(kind=threads.Kind.QUESTION)
    threads.accept_answer(viewer=course.ana, thread_id=thread.pk, number=2)
    assert standing() == {2: 3, 3: 2}
    threads.accept_answer(viewer=course.ana, thread_id=thread.pk, number=3)
    assert standing() == {2: 0, 3: 3}
    threads.accept_answer(viewer=course.ana, thread_id=thread.pk, number=3, accepted=False)
    threads.endorse_post(viewer=course.ben, thread_id=thread.pk, number=3, endorsed=False)
    assert standing() == {2: 0, 3: 0}
    assert in_step(course)


def test_who_leaves_for_good(course, start, thread):
    reply(course.ben, thread, "Thank you @Chen Wei")
    threads.retire_authors(person_ids=[course.chen.person_id], delete_posts=False)
    assert titles(course.ben, "chen") == []
    assert titles(course.ben, "former participant") == ["Passport"]
    threads.retire_authors(person_ids=[course.nameless.person_id], delete_posts=True)
    assert titles(course.ben, "safe") == []
    threads.retire_authors(person_ids=[course.ana.person_id], delete_posts=True)
    assert titles(course.ben, "passport") == []
    assert in_step(course)


def test_threads_around_an_event(course):
    event = another_activity(course, before_prompt="What do you expect of the rehearsal?")
    assert documents() == set()

    def configure(event_at: datetime | None) -> None:
        facts = {"title": event.title, "settings": event.settings, "event_at": event_at}
        changed = spaces.configure_activity(viewer=course.ben, uid=event.uid, **facts)
        threads.keep_stages(viewer=course.ben, activity=changed)

    configure(clock.now() - timedelta(days=1))
    assert titles(course.ana, "rehearsal") == ["Before the event: The second"]
    configure(clock.now() + timedelta(days=100))
    assert titles(course.ana, "rehearsal") == []
    assert titles(course.ben, "rehearsal") == ["Before the event: The second"]
    configure(None)
    assert documents() == set()
    assert in_step(course)


def test_what_is_undone_is_not_found(course, thread):
    def undo(act) -> None:
        with transaction.atomic():
            act()
            transaction.set_rollback(True)

    before = documents()
    undo(lambda: reply(course.ben, thread, "Never said"))
    undo(lambda: threads.edit_post(viewer=course.chen, thread_id=thread.pk, number=2, body="On the shelf"))
    undo(lambda: threads.delete_post(viewer=course.chen, thread_id=thread.pk, number=2))
    undo(lambda: threads.hide_post(viewer=course.ben, thread_id=thread.pk, number=1, reason="r"))
    assert documents() == before
    assert titles(course.ben, "never shelf ") == []
    assert titles(course.ben, "drawer") == ["Passport"]
    assert in_step(course)


def test_a_long_text_is_found_by_its_beginning(course, start):
    start("Long", "beginning " + "word " * 3_900)
    start("Longer", "字" * 19_990)
    assert titles(course.ben, "beginning") == ["Long"]
    assert SearchDocument.objects.get(title="Longer").text == "字" * 19_990


def test_a_text_of_nothing_but_signs(course, start):
    start("😀", "😀 $x^2$ !!!")
    assert SearchDocument.objects.get().terms == ""
    assert in_step(course)


def asked_of_the_index(act) -> int:
    with CaptureQueriesContext(connection) as asked:
        act()
    return sum("searchdocument" in query["sql"] or "searchword" in query["sql"] for query in asked)


def test_writing_costs_little(course, start, thread):
    grow(thread, course.chen, 500)
    assert asked_of_the_index(lambda: reply(course.ben, thread, "A reply " * 100)) == 1
    assert asked_of_the_index(lambda: start("A thread")) == 1
    edit = {"viewer": course.chen, "thread_id": thread.pk, "number": 2, "body": "On the shelf"}
    assert asked_of_the_index(lambda: threads.edit_post(**edit)) == 1
    hide = {"viewer": course.ben, "thread_id": thread.pk, "number": 1, "reason": "r"}
    assert asked_of_the_index(lambda: threads.hide_post(**hide)) == 1


def test_posts_know_nothing_of_documents(course, thread):
    """A post that is removed behind our backs is found no more, and is gone from the index after a rebuild."""
    Post.objects.filter(thread=thread, number=3).delete()
    assert titles(course.ben, "safe") == []
    assert not in_step(course)
    assert documents() == {(thread.pk, 1, "Passport"), (thread.pk, 2, "")}
