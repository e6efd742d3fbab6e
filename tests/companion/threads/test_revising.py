"""Changing one's words, seeing what they said before, taking them back and bringing them back."""

from __future__ import annotations

from datetime import timedelta

import pytest

from companion import clock, events
from companion.diff import Piece
from companion.errors import Conflict, InvalidInput, NotAllowed, NotFound
from companion.models import Revision
from companion.spaces import api as spaces
from companion.threads import api as threads
from companion.viewer import Role
from tests.companion.threads.stories import check_counts, configure, numbers, read, reply, rows, start, view
from tests.people import Course, join, outsider

NOON = clock.now()


@pytest.fixture
def thread(course: Course) -> threads.Thread:
    """Ana asks, Chen answers with #2."""
    with clock.at(NOON):
        thread = start(course)
        reply(course.chen, thread, "Wait for the\nincident commander")
    return thread


def edit(viewer, thread, number: int = 2, body: str = "Other words", **more) -> threads.Post:
    return threads.edit_post(viewer=viewer, thread_id=thread.pk, number=number, body=body, **more)


def history(viewer, thread, number: int = 2) -> list[threads.Change]:
    return threads.get_history(viewer=viewer, thread_id=thread.pk, number=number)


def test_it_works(course, thread, heard):
    with heard() as facts, clock.at(NOON + timedelta(minutes=5)):
        edit(course.chen, thread, body="Wait for your\nincident commander")
    with clock.at(NOON + timedelta(minutes=6)):
        edit(course.chen, thread, body="Do not wait")
    newest, first = history(course.ana, thread)
    assert (first.version, newest.version, first.by_staff, first.editor, first.reason) == (2, 3, False, "", "")
    assert first.at == NOON + timedelta(minutes=5)
    assert first.lines == [
        [Piece("same", "Wait for"), Piece("removed", " the"), Piece("added", " your")],
        [Piece("same", "incident commander")],
    ]
    assert [piece for line in newest.lines for piece in line if piece.kind == "added"] != []
    shown = view(course.ana, thread, 2)
    assert (shown.version, shown.edited_at, shown.can_see_history) == (3, NOON + timedelta(minutes=6), True)
    assert [(type(fact), fact.by_staff) for fact in facts] == [(events.PostEdited, False)]


def test_an_opening_post_keeps_its_earlier_titles(course, thread):
    edit(course.ana, thread, 1, "Is it me?", title="Who may declare?")
    (change,) = history(course.chen, thread, 1)
    assert "".join(piece.text for piece in change.title[0] if piece.kind != "added") == "Who declares?"
    assert "".join(piece.text for piece in change.title[0] if piece.kind != "removed") == "Who may declare?"
    assert {piece.kind for line in change.lines for piece in line} == {"same"}


def test_what_was_never_changed_has_no_history(course, thread):
    assert history(course.ana, thread) == []
    assert not view(course.ana, thread, 2).can_see_history


def test_fifty_changes_are_told(course, thread, django_assert_num_queries):
    for number in range(60):
        edit(course.chen, thread, body=f"Version {number}")
    # The gate of the thread, the post, and its revisions.
    with django_assert_num_queries(3):
        changes = history(course.ana, thread)
    assert [change.version for change in changes] == list(range(61, 11, -1))


# -- who may -----------------------------------------------------------------------------------------------------


def test_authors_change_their_words_for_as_long_as_the_activity_says(course, thread):
    configure(course, edit_minutes=30)
    with clock.at(NOON + timedelta(minutes=29)):
        assert view(course.chen, thread, 2).can_edit
        edit(course.chen, thread)
    with clock.at(NOON + timedelta(minutes=31)):
        assert not view(course.chen, thread, 2).can_edit
        with pytest.raises(NotAllowed, match="for 30 minutes"):
            edit(course.chen, thread, body="Too late")
        edit(course.ben, thread, body="The staff may", reason="A slip")


def test_the_staff_changes_others_words_and_says_why(course, thread, heard):
    tia = join(course.space, "tia", "Tia", Role.ASSISTANT)
    with pytest.raises(InvalidInput, match="Say why"):
        edit(tia, thread)
    with heard() as facts:
        edit(tia, thread, reason="No phone numbers, please")
    shown = view(course.ana, thread, 2)
    assert (shown.edit_reason, shown.author.name) == ("No phone numbers, please", "Chen Wei")
    (change,) = history(course.chen, thread)
    assert (change.by_staff, change.editor, change.reason) == (True, "Tia", "No phone numbers, please")
    assert [(type(fact), fact.by_staff) for fact in facts] == [(events.PostEdited, True)]
    (act,) = spaces.list_acts(viewer=course.ben, thread_id=thread.pk, post_number=2)
    assert (act.actor, act.act, act.person, act.reason) == ("Tia", "changed a post", "", "No phone numbers, please")
    edit(course.chen, thread, body="Her own again")
    assert view(course.ana, thread, 2).edit_reason == ""


@pytest.mark.parametrize("who", ["ana", "nameless"])
def test_learners_change_nobody_elses(course, thread, who):
    with pytest.raises(NotAllowed, match="Only its author"):
        edit(getattr(course, who), thread, reason="I know better")
    assert not view(getattr(course, who), thread, 2).can_edit


def test_a_lock_or_a_closed_activity_ends_it(course, thread):
    threads.lock_thread(viewer=course.ben, thread_id=thread.pk, locked=True)
    with pytest.raises(NotAllowed, match="closed or locked"):
        edit(course.chen, thread)
    threads.lock_thread(viewer=course.ben, thread_id=thread.pk, locked=False)
    configure(course, closes_at=clock.now())
    with pytest.raises(NotAllowed, match="closed or locked"):
        edit(course.chen, thread)
    threads.delete_post(viewer=course.chen, thread_id=thread.pk, number=2)
    with pytest.raises(NotAllowed, match="stays so"):
        threads.undelete_post(viewer=course.chen, thread_id=thread.pk, number=2)


def test_somebody_who_may_only_read_changes_nothing(course, thread):
    threads.mute_author(viewer=course.ben, thread_id=thread.pk, number=2, days=1, reason="Calm down first")
    with pytest.raises(NotAllowed, match="Calm down first"):
        edit(course.chen, thread)
    threads.delete_post(viewer=course.chen, thread_id=thread.pk, number=2)
    with pytest.raises(NotAllowed, match="Calm down first"):
        threads.undelete_post(viewer=course.chen, thread_id=thread.pk, number=2)


def test_the_one_who_is_slower_overwrites_nothing(course, thread):
    edit(course.chen, thread, version=1)
    with pytest.raises(Conflict, match="changed meanwhile"):
        edit(course.ben, thread, body="Staff", reason="r", version=1)
    assert "Other words" in view(course.ana, thread, 2).html
    assert Revision.objects.count() == 1


# -- history, and from whom it is kept -----------------------------------------------------------------------------


def test_earlier_words_of_an_anonymous_post_are_its_authors_alone(course, thread):
    hers = reply(course.chen, thread, "I, Chen, think so", anonymous=True)
    edit(course.chen, thread, hers.number, "I think so")
    edit(course.ben, thread, hers.number, "We think so", reason="r")
    assert len(history(course.chen, thread, hers.number)) == 2
    for viewer in (course.ana, course.ben):
        assert not view(viewer, thread, hers.number).can_see_history
        with pytest.raises(NotFound):
            history(viewer, thread, hers.number)
    assert not Revision.objects.filter(post=hers, by_staff=False).exclude(editor=None).exists()


def test_the_history_of_what_is_hidden_is_hidden(course, thread):
    edit(course.chen, thread)
    threads.hide_post(viewer=course.ben, thread_id=thread.pk, number=2, reason="r")
    assert len(history(course.ben, thread)) == len(history(course.chen, thread)) == 1
    for viewer in (course.ana, outsider()):
        with pytest.raises(NotFound):
            history(viewer, thread)


def test_what_is_deleted_has_no_history_for_anybody(course, thread):
    edit(course.chen, thread)
    reply(course.ana, thread, to=2)
    threads.delete_post(viewer=course.chen, thread_id=thread.pk, number=2)
    for viewer in (course.ana, course.ben, course.chen):
        with pytest.raises(NotFound):
            history(viewer, thread)
    threads.undelete_post(viewer=course.chen, thread_id=thread.pk, number=2)
    assert len(history(course.ana, thread)) == 1


# -- taken back, and brought back --------------------------------------------------------------------------------


def test_a_deleted_post_is_there_for_its_author_who_brings_it_back(course, thread, heard):
    threads.delete_post(viewer=course.chen, thread_id=thread.pk, number=2)
    assert (numbers(course.ana, thread), numbers(course.chen, thread)) == ([1], [1, 2])
    hers = view(course.chen, thread, 2)
    assert (hers.html, hers.is_deleted, hers.can_restore, hers.can_edit) == ("", True, True, False)
    check_counts(thread)
    with heard() as facts:
        for _twice in range(2):
            threads.undelete_post(viewer=course.chen, thread_id=thread.pk, number=2)
    assert [type(fact) for fact in facts] == [events.PostRestored]
    assert "Wait for" in view(course.ana, thread, 2).html
    check_counts(thread)


def test_nobody_else_brings_it_back(course, thread):
    reply(course.ana, thread, to=2)
    threads.delete_post(viewer=course.chen, thread_id=thread.pk, number=2)
    for viewer in (course.ana, course.ben):
        assert not view(viewer, thread, 2).can_restore
        with pytest.raises(NotAllowed, match="Only its author"):
            threads.undelete_post(viewer=viewer, thread_id=thread.pk, number=2)
    threads.restore_post(viewer=course.ben, thread_id=thread.pk, number=2)
    assert view(course.ana, thread, 2).html == ""


def test_an_anonymous_author_brings_back_their_own(course, thread):
    hers = reply(course.chen, thread, "Secret", anonymous=True)
    threads.delete_post(viewer=course.chen, thread_id=thread.pk, number=hers.number)
    threads.undelete_post(viewer=course.chen, thread_id=thread.pk, number=hers.number)
    assert view(course.ana, thread, hers.number).author.name == "Learner 1"


def test_a_thread_gets_its_title_back_with_its_opening_post(course, thread):
    threads.delete_post(viewer=course.ana, thread_id=thread.pk, number=1)
    assert rows(course, course.chen)[0].title == "(taken back by its author)"
    check_counts(thread)
    threads.undelete_post(viewer=course.ana, thread_id=thread.pk, number=1)
    assert rows(course, course.chen)[0].title == "Who declares?"
    assert "Is it me?" in view(course.chen, thread, 1).html


def test_a_thread_that_nobody_answered_is_gone_for_good(course):
    thread = start(course)
    threads.delete_post(viewer=course.ana, thread_id=thread.pk, number=1)
    with pytest.raises(NotFound):
        threads.undelete_post(viewer=course.ana, thread_id=thread.pk, number=1)


def test_what_was_hidden_when_it_was_taken_back_comes_back_hidden(course, thread):
    threads.hide_post(viewer=course.ben, thread_id=thread.pk, number=2, reason="r")
    threads.delete_post(viewer=course.chen, thread_id=thread.pk, number=2)
    threads.undelete_post(viewer=course.chen, thread_id=thread.pk, number=2)
    assert (view(course.ana, thread, 2).is_hidden, view(course.ana, thread, 2).html) == (True, "")
    check_counts(thread)


# -- sent back -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [1, 2])
def test_what_was_sent_back_is_shown_again_once_its_author_changed_it(course, thread, number, heard):
    author = course.ana if number == 1 else course.chen
    with heard() as facts:
        threads.return_post(viewer=course.ben, thread_id=thread.pk, number=number, reason="Name no patient")
    hers = view(author, thread, number)
    assert (hers.is_returned, hers.reason, hers.can_edit, hers.can_reply) == (True, "Name no patient", True, False)
    before = {"title": "Who declares?"} if number == 1 else {}
    same = "Is it me?" if number == 1 else "Wait for the\nincident commander"
    edit(author, thread, number, same, **before)
    assert view(author, thread, number).is_returned
    check_counts(thread)
    with heard() as more:
        edit(author, thread, number, "No patient", **before)
    shown = view(course.nameless, thread, number)
    assert ("No patient" in shown.html, shown.is_hidden, shown.reason) == (True, False, "")
    told = [type(fact) for fact in facts + more if not isinstance(fact, events.PostReported)]
    assert told == [events.PostReturned, events.PostEdited, events.PostRestored]
    check_counts(thread)


def test_only_its_author_changes_what_was_sent_back(course, thread):
    threads.return_post(viewer=course.ben, thread_id=thread.pk, number=2, reason="r")
    for viewer in (course.ana, course.ben):
        with pytest.raises(NotAllowed):
            edit(viewer, thread, reason="r")
    assert (view(course.ana, thread, 2).is_returned, view(course.ana, thread, 2).reason) == (False, "")


def test_sending_back_what_is_hidden_is_news_and_so_is_hiding_it_for_good(course, thread):
    threads.hide_post(viewer=course.ben, thread_id=thread.pk, number=2, reason="Rude")
    threads.return_post(viewer=course.ben, thread_id=thread.pk, number=2, reason="Be kind")
    hers = view(course.chen, thread, 2)
    assert (hers.is_returned, hers.reason) == (True, "Be kind")
    threads.hide_post(viewer=course.ben, thread_id=thread.pk, number=2, reason="No, leave it")
    hers = view(course.chen, thread, 2)
    assert (hers.is_returned, hers.reason, hers.can_edit) == (False, "No, leave it", False)
    threads.restore_post(viewer=course.ben, thread_id=thread.pk, number=2)
    assert not view(course.chen, thread, 2).is_returned
    check_counts(thread)


def test_an_open_page_hears_of_each_of_these(course, thread):
    verbs = (
        lambda: edit(course.chen, thread),
        lambda: threads.hide_post(viewer=course.ben, thread_id=thread.pk, number=2, reason="r"),
        lambda: threads.restore_post(viewer=course.ben, thread_id=thread.pk, number=2),
        lambda: threads.delete_post(viewer=course.chen, thread_id=thread.pk, number=2),
        lambda: threads.undelete_post(viewer=course.chen, thread_id=thread.pk, number=2),
    )
    for verb in verbs:
        found = threads.get_thread(viewer=course.ana, thread_id=thread.pk)
        verb()
        now = threads.get_thread(viewer=course.ana, thread_id=thread.pk)
        posts, _until = threads.read_news(viewer=course.ana, thread=now, since=found.version)
        assert [post.number for post in posts] == [2]
    assert len(read(course.ana, thread).posts) == 2
