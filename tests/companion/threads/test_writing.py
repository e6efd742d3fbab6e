"""Start, reply, edit, take back."""

from __future__ import annotations

from datetime import timedelta

import pytest

from companion import clock, events
from companion.errors import Conflict, InvalidInput, NotAllowed, NotFound
from companion.spaces import api as spaces
from companion.threads import api as threads
from tests.people import Course, outsider
from tests.people import course as make_course


def start(course: Course, viewer=None, **changes):
    facts = {"title": "Who declares?", "body": "Is it me?"} | changes
    return threads.start_thread(viewer=viewer or course.ana, activity_uid=course.activity.uid, **facts)


def posts(course: Course, thread, viewer=None) -> list[threads.PostView]:
    viewer = viewer or course.ben
    found = threads.get_thread(viewer=viewer, thread_id=thread.pk)
    return threads.read_thread(viewer=viewer, thread=found).posts


def test_it_works(course, heard):
    with heard() as facts:
        thread = start(course)
        reply = threads.add_reply(viewer=course.ben, thread_id=thread.pk, body="Yes, **you**.")
    assert [(post.number, post.author.name) for post in posts(course, thread)] == [
        (1, "Ana Torres"),
        (2, "Ben Okafor (you)"),
    ]
    assert "<strong>you</strong>" in posts(course, thread)[1].html
    thread.refresh_from_db()
    assert (thread.reply_count, thread.last_number) == (1, 2)
    place = {
        "organization_id": course.ana.organization_id,
        "space_id": course.space.pk,
        "activity_id": course.activity.pk,
        "thread_id": thread.pk,
    }
    assert facts == [
        events.ThreadStarted(**place, person_id=course.ana.person_id),
        events.PostAdded(**place, post_id=reply.pk, number=2, parent_number=1, person_id=course.ben.person_id),
    ]


def test_replies_to_replies_read_as_a_tree(course):
    thread = start(course)
    for parent in (1, 1, 2, 3, 4, 2):
        threads.add_reply(viewer=course.chen, thread_id=thread.pk, parent_number=parent, body="And?")
    shown = [(post.number, post.parent_number, post.indent) for post in posts(course, thread)]
    assert shown == [(1, None, 0), (2, 1, 1), (4, 2, 2), (6, 4, 3), (7, 2, 2), (3, 1, 1), (5, 3, 2)]


def test_two_thousand_levels_stay_readable(course):
    thread = start(course)
    for number in range(1, 41):
        threads.add_reply(viewer=course.chen, thread_id=thread.pk, parent_number=number, body="Deeper")
    page = threads.read_thread(
        viewer=course.ana, thread=threads.get_thread(viewer=course.ana, thread_id=thread.pk), last=True
    )
    assert [post.number for post in page.posts] == list(range(12, 42))
    assert {post.indent for post in page.posts} == {4}
    assert page.posts[-1].parent_number == 40


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"title": ""}, "title"),
        ({"title": " \u200b\u2060 "}, "title"),
        ({"title": "x" * 201}, "title"),
        ({"body": " \n\t "}, "body"),
        ({"body": "\u200b\u200d"}, "body"),
        ({"body": "x" * 20_001}, "body"),
    ],
)
def test_empty_and_endless_texts_are_refused_in_words(course, changes, field):
    with pytest.raises(InvalidInput) as refused:
        start(course, **changes)
    assert list(refused.value.errors) == [field]
    assert refused.value.errors[field]


def test_characters_that_cannot_be_seen_are_not_stored(course):
    thread = start(course, title="a\u0000b \u202etxt.exe", body="one\x00two\r\nthree\u2066")
    assert thread.title == "ab txt.exe"
    assert thread.posts.get().body == "onetwo\nthree"


def test_the_same_form_twice_makes_one_thread_and_one_reply(course):
    first = start(course, submission="form-1")
    again = start(course, submission="form-1")
    assert again.pk == first.pk
    for _attempt in range(2):
        threads.add_reply(viewer=course.ben, thread_id=first.pk, body="Yes.", submission="form-2")
    assert len(posts(course, first)) == 2


def test_the_same_form_with_other_words_is_another_post(course):
    thread = start(course)
    for body in ("Yes.", "Yes, you."):
        threads.add_reply(viewer=course.ben, thread_id=thread.pk, body=body, submission="form-2")
    assert len(posts(course, thread)) == 3


def test_somebody_elses_form_id_gives_nothing_of_theirs(course):
    thread = start(course, submission="form-1")
    other = start(course, course.chen, submission="form-1")
    assert other.pk != thread.pk


def test_an_outsider_finds_nothing_to_reply_to(course):
    thread = start(course)
    dee = outsider()
    with pytest.raises(NotFound) as hidden:
        threads.add_reply(viewer=dee, thread_id=thread.pk, body="Hello?")
    with pytest.raises(NotFound) as missing:
        threads.add_reply(viewer=dee, thread_id=thread.pk + 999, body="Hello?")
    assert str(hidden.value) == str(missing.value)
    with pytest.raises(NotFound):
        threads.start_thread(viewer=dee, activity_uid=course.activity.uid, title="Hi", body="Hi")


def test_only_the_staff_starts_threads_where_the_author_says_so(db):
    course = make_course(starters="staff")
    with pytest.raises(NotAllowed, match="course staff starts"):
        start(course)
    thread = start(course, course.ben)
    assert threads.add_reply(viewer=course.ana, thread_id=thread.pk, body="May I?").number == 2


def test_a_closed_discussion_can_be_read_and_taken_back_but_not_written(course):
    thread = start(course)
    now = clock.now()
    spaces.configure_activity(
        viewer=course.ben, uid=course.activity.uid, title="x", settings={}, closes_at=now + timedelta(days=1)
    )
    with clock.at(now + timedelta(days=2)):
        assert posts(course, thread, course.ana)
        with pytest.raises(NotAllowed, match="closed"):
            start(course)
        with pytest.raises(NotAllowed, match="closed"):
            threads.add_reply(viewer=course.ana, thread_id=thread.pk, body="Too late")
        with pytest.raises(NotAllowed, match="closed"):
            threads.edit_post(viewer=course.ana, thread_id=thread.pk, number=1, title="x", body="y")
        assert threads.add_reply(viewer=course.ben, thread_id=thread.pk, body="A last word").number == 2
        threads.delete_post(viewer=course.ana, thread_id=thread.pk, number=1)


def test_before_it_opens_only_the_staff_sees_anything(course):
    thread = start(course)
    now = clock.now()
    spaces.configure_activity(
        viewer=course.ben, uid=course.activity.uid, title="x", settings={}, opens_at=now + timedelta(days=1)
    )
    with pytest.raises(NotFound):
        threads.get_thread(viewer=course.ana, thread_id=thread.pk)
    with pytest.raises(NotAllowed, match="not opened yet"):
        start(course)
    assert threads.get_thread(viewer=course.ben, thread_id=thread.pk)


def test_ana_edits_her_own_words_and_others_see_that_she_did(course, heard):
    thread = start(course)
    with heard() as facts:
        threads.edit_post(
            viewer=course.ana, thread_id=thread.pk, number=1, title="Who may declare?", body="Anyone?", version=1
        )
    shown = posts(course, thread)[0]
    assert ("Anyone?" in shown.html, shown.edited_at is not None) == (True, True)
    assert threads.get_thread(viewer=course.ben, thread_id=thread.pk).title == "Who may declare?"
    assert [type(fact) for fact in facts] == [events.PostEdited]


def test_an_edit_that_changes_nothing_is_none(course, heard):
    thread = start(course)
    with heard() as facts:
        threads.edit_post(viewer=course.ana, thread_id=thread.pk, number=1, title="Who declares?", body="Is it me?")
    assert facts == []
    assert posts(course, thread)[0].edited_at is None


def test_nobody_edits_or_deletes_anothers_words(course):
    thread = start(course)
    with pytest.raises(InvalidInput, match="Say why"):
        threads.edit_post(viewer=course.ben, thread_id=thread.pk, number=1, title="x", body="y")
    for viewer in (course.chen, course.nameless):
        with pytest.raises(NotAllowed, match="Only its author"):
            threads.edit_post(viewer=viewer, thread_id=thread.pk, number=1, title="x", body="y")
    for viewer in (course.ben, course.chen, course.nameless):
        with pytest.raises(NotAllowed, match="Only its author"):
            threads.delete_post(viewer=viewer, thread_id=thread.pk, number=1)


def test_an_edit_from_an_old_window_overwrites_nothing(course):
    thread = start(course)
    threads.edit_post(viewer=course.ana, thread_id=thread.pk, number=1, title="T", body="second", version=1)
    with pytest.raises(Conflict, match="changed meanwhile"):
        threads.edit_post(viewer=course.ana, thread_id=thread.pk, number=1, title="T", body="third", version=1)
    assert thread.posts.get().body == "second"


def test_a_deleted_reply_leaves_its_place(course, heard):
    thread = start(course)
    threads.add_reply(viewer=course.ana, thread_id=thread.pk, body="Secret")
    threads.add_reply(viewer=course.ben, thread_id=thread.pk, parent_number=2, body="I see.")
    with heard() as facts:
        threads.delete_post(viewer=course.ana, thread_id=thread.pk, number=2)
        threads.delete_post(viewer=course.ana, thread_id=thread.pk, number=2)
    assert [type(fact) for fact in facts] == [events.PostDeleted]
    shown = posts(course, thread)
    assert [(post.number, post.is_deleted, post.html != "") for post in shown] == [
        (1, False, True),
        (2, True, False),
        (3, False, True),
    ]
    thread.refresh_from_db()
    assert (thread.reply_count, thread.last_number) == (1, 3)


def test_a_reply_to_a_deleted_post_keeps_the_words_and_says_why(course):
    thread = start(course)
    threads.add_reply(viewer=course.ana, thread_id=thread.pk, body="Never mind")
    threads.delete_post(viewer=course.ana, thread_id=thread.pk, number=2)
    with pytest.raises(Conflict, match="no longer there"):
        threads.add_reply(viewer=course.ben, thread_id=thread.pk, parent_number=2, body="But why?")


def test_a_thread_without_replies_goes_with_its_opening_post(course):
    thread = start(course)
    threads.delete_post(viewer=course.ana, thread_id=thread.pk, number=1)
    for viewer in (course.ana, course.ben, course.chen):
        with pytest.raises(NotFound):
            threads.get_thread(viewer=viewer, thread_id=thread.pk)


def test_a_thread_with_replies_stays_under_a_note(course):
    thread = start(course)
    threads.add_reply(viewer=course.ben, thread_id=thread.pk, body="A good answer")
    threads.delete_post(viewer=course.ana, thread_id=thread.pk, number=1)
    found = threads.get_thread(viewer=course.chen, thread_id=thread.pk)
    assert threads.shown_title(found) == "(taken back by its author)"
    opening, answer = posts(course, thread, course.chen)
    assert (opening.html, opening.is_deleted) == ("", True)
    assert "A good answer" in answer.html
    row = threads.list_threads(viewer=course.chen, activity=course.activity).rows[0]
    assert row.title == "(taken back by its author)"


def test_a_full_thread_says_so(course, monkeypatch):
    monkeypatch.setattr("companion.threads.writing.MOST_POSTS", 2)
    thread = start(course)
    threads.add_reply(viewer=course.ben, thread_id=thread.pk, body="One")
    with pytest.raises(NotAllowed, match="full"):
        threads.add_reply(viewer=course.ben, thread_id=thread.pk, body="Two")


def test_old_posts_keep_the_name_they_were_written_under(course):
    thread = start(course)
    spaces.admit_person(
        organization_id=course.space.organization_id, issuer=course.space.issuer, subject="ana", name="Ana Ruiz"
    )
    assert posts(course, thread)[0].author.name == "Ana Torres"


def test_a_learner_without_a_name_takes_part_like_anybody(course):
    thread = start(course, course.nameless)
    assert posts(course, thread)[0].author.name == f"Participant {course.nameless.person_id}"
