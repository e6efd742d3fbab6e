"""A thread to take along: what its reader sees on the screen, and no more."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from companion import clock
from companion.errors import NotFound
from companion.threads import api as threads
from tests.companion.threads.stories import configure, grow, png, read, reply, start
from tests.people import Course, outsider

NOON = datetime(2026, 3, 14, 12, tzinfo=ZoneInfo("UTC"))


@pytest.fixture
def thread(course: Course) -> threads.Thread:
    """Ana asks; Ben answers (#2), Chen asks him back without her name (#3)."""
    configure(course, video="https://example.com/talk.mp4")
    with clock.at(NOON):
        thread = start(course, body="Is it **me**?")
        reply(course.ben, thread, "You do.\n\n- always", second=92)
    with clock.at(NOON + timedelta(minutes=3)):
        reply(course.chen, thread, "Why?", to=2, anonymous=True)
    return thread


def markdown(viewer, thread) -> str:
    return threads.as_markdown(threads.export_thread(viewer=viewer, thread_id=thread.pk))


def posts(viewer, thread) -> list[dict]:
    return json.loads(threads.as_json(threads.export_thread(viewer=viewer, thread_id=thread.pk)))["posts"]


def test_it_works(course, thread):
    threads.mark_helpful(viewer=course.chen, thread_id=thread.pk, number=2, helpful=True)
    threads.endorse_post(viewer=course.ben, thread_id=thread.pk, number=1, endorsed=True)
    assert markdown(course.ana, thread) == "\n".join(
        [
            "# Who declares?",
            "",
            "## #1 Ana Torres (you) · 2026-03-14 12:00 UTC",
            "*endorsed by Ben Okafor*",
            "",
            "Is it **me**?",
            "",
            "## #2 Ben Okafor · 2026-03-14 12:00 UTC",
            "*Instructor; at 1:32 of the video; helpful: 1*",
            "",
            "You do.",
            "",
            "- always",
            "",
            "## #3 Learner 1 · 2026-03-14 12:03 UTC",
            "*to #2*",
            "",
            "Why?",
            "",
        ]
    )
    first, second, third = posts(course.ana, thread)
    assert second == {
        "number": 2,
        "reply_to": 1,
        "author": "Ben Okafor",
        "role": "Instructor",
        "posted_at": "2026-03-14T12:00:00+00:00",
        "edited_at": None,
        "second": 92,
        "helpful": 1,
        "endorsed_by": "",
        "state": "shown",
        "text": "You do.\n\n- always",
    }
    assert (first["reply_to"], first["endorsed_by"], third["reply_to"]) == (None, "Ben Okafor", 2)


@pytest.mark.parametrize("who", ["ana", "ben", "chen", "nameless"])
def test_it_says_what_the_screen_says(course, thread, who):
    viewer = getattr(course, who)
    threads.hide_post(viewer=course.ben, thread_id=thread.pk, number=3, reason="r")
    reply(course.ana, thread, "Gone")
    reply(course.nameless, thread, "Stays", to=4)
    threads.delete_post(viewer=course.ana, thread_id=thread.pk, number=4)
    on_screen = [
        (post.number, post.author.name, post.html != "", post.helpful_count) for post in read(viewer, thread).posts
    ]
    exported = [(post["number"], post["author"], post["text"] != "", post["helpful"]) for post in posts(viewer, thread)]
    assert exported == on_screen


def test_an_anonymous_author_is_called_as_on_the_screen(course, thread):
    told = {who: posts(getattr(course, who), thread)[2]["author"] for who in ("ana", "ben", "chen")}
    assert told == {"ana": "Learner 1", "ben": "Learner 1", "chen": "Anonymous (you)"}
    assert "Chen" not in markdown(course.ben, thread)


def test_what_is_hidden_is_there_for_its_author_and_the_staff(course, thread):
    threads.hide_post(viewer=course.ben, thread_id=thread.pk, number=2, reason="r")
    for viewer, text in ((course.ana, ""), (course.chen, ""), (course.ben, "You do.\n\n- always")):
        exported = posts(viewer, thread)[1]
        assert (exported["text"], exported["state"], exported["second"] is None) == (text, "hidden", not text)
    assert "Hidden by the course staff" in markdown(course.ana, thread)
    assert "Hidden by the course staff" not in markdown(course.ben, thread)


def test_what_is_deleted_is_there_for_nobody(course, thread):
    threads.delete_post(viewer=course.ben, thread_id=thread.pk, number=2)
    for viewer in (course.ana, course.ben, course.chen):
        assert (posts(viewer, thread)[1]["text"], posts(viewer, thread)[1]["state"]) == ("", "deleted")
        assert "Deleted by its author" in markdown(viewer, thread)
    threads.delete_post(viewer=course.chen, thread_id=thread.pk, number=3)
    # Nobody answered it: it is gone, but for her who may bring it back.
    assert [len(posts(viewer, thread)) for viewer in (course.ana, course.ben, course.chen)] == [2, 2, 3]


def test_what_was_split_off_is_said_to_be_elsewhere(course, thread):
    threads.split_thread(viewer=course.ben, thread_id=thread.pk, number=2, title="Part")
    assert "Moved to another thread" in markdown(course.ana, thread)
    assert "You do." not in markdown(course.ana, thread)


def test_a_title_that_was_taken_back_is_not_there(course, thread):
    threads.delete_post(viewer=course.ana, thread_id=thread.pk, number=1)
    assert markdown(course.ben, thread).startswith("# (taken back by its author)\n")


def test_a_text_without_anything_to_show_is_not_called_hidden(course, thread):
    threads.edit_post(viewer=course.ben, thread_id=thread.pk, number=2, body="[1]: https://example.com")
    assert "Hidden" not in markdown(course.ana, thread)
    assert posts(course.ana, thread)[1]["text"] == "[1]: https://example.com"


def test_names_of_pictures_stay_here(course, thread):
    taken = threads.add_picture(viewer=course.ana, activity_uid=course.activity.uid, file=png(), size=100)
    reply(course.ana, thread, f"![A red square]({taken.markdown})")
    for text in (markdown(course.ana, thread), repr(posts(course.ana, thread))):
        assert "A red square" in text
        assert taken.token not in text


def test_an_edit_is_told(course, thread):
    threads.edit_post(viewer=course.ben, thread_id=thread.pk, number=2, body="You, always.")
    assert "edited" in markdown(course.ana, thread)
    assert posts(course.ana, thread)[1]["edited_at"].endswith("+00:00")


def test_who_does_not_see_a_thread_takes_nothing(course, thread):
    threads.hide_post(viewer=course.ben, thread_id=thread.pk, number=1, reason="r")
    for viewer in (course.chen, outsider()):
        with pytest.raises(NotFound):
            threads.export_thread(viewer=viewer, thread_id=thread.pk)


def test_other_letters_stay_letters(course, thread):
    reply(course.ana, thread, "Größe 李小龍 🎉 </script>")
    told = threads.as_json(threads.export_thread(viewer=course.ben, thread_id=thread.pk))
    assert "Größe 李小龍 🎉" in told


def test_five_thousand_posts_cost_as_many_queries_as_three(course, thread, django_assert_num_queries):
    for count in (0, 5_000):
        grow(thread, course.ben, count)
        with django_assert_num_queries(2):
            export = threads.export_thread(viewer=course.chen, thread_id=thread.pk)
            assert f"#{3 + count} " in threads.as_markdown(export)
        assert len(json.loads(threads.as_json(export))["posts"]) == 3 + count
