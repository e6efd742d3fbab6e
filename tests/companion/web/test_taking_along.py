"""A thread on paper, as Markdown, as JSON: what its reader sees on the screen and no more."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from io import BytesIO

import pytest
from companion_lti import sessions
from PIL import Image

from companion import clock
from companion.spaces import api as spaces
from companion.threads import api as threads
from tests.http import LtiReader
from tests.people import Course
from tests.people import course as make_course

MOMENT = datetime(2026, 3, 2, 10, 6, tzinfo=UTC)
VIDEO = {"video": "https://videos.example/drill.mp4"}


@pytest.fixture
def course(db: None) -> Course:
    return make_course(**VIDEO)


@pytest.fixture
def thread(course: Course) -> threads.Thread:
    """A question with a named and an anonymous reply, one of them endorsed, found helpful and changed."""
    with clock.at(MOMENT):
        thread = threads.start_thread(
            viewer=course.ana,
            activity_uid=course.activity.uid,
            title="Who *declares*?",
            body="Is it **me**?",
            second=92,
        )
        threads.add_reply(viewer=course.ben, thread_id=thread.pk, body="You")
        threads.add_reply(viewer=course.chen, thread_id=thread.pk, parent_number=2, body="Shy\n> quote", anonymous=True)
        threads.edit_post(viewer=course.ben, thread_id=thread.pk, number=2, body="Yes, *you*.")
        threads.mark_helpful(viewer=course.ana, thread_id=thread.pk, number=2, helpful=True)
        threads.endorse_post(viewer=course.ben, thread_id=thread.pk, number=1, endorsed=True)
    return thread


def text_of(response) -> str:
    return response.content.decode()


def posts_of(answer) -> list[dict]:
    return json.loads(answer.content)["posts"]


def test_it_works(course, thread, reader):
    ana = reader(course.ana)
    printed = text_of(ana.get("thread-print", thread.pk))
    assert ("<strong>me</strong>" in printed, "Yes, <em>you</em>." in printed, "1 found it helpful" in printed) == (
        True,
        True,
        True,
    )
    for pressed in ("post-helpful", "/reply/", "/edit/", "<textarea"):
        assert pressed not in printed
    as_markdown = ana.post("thread-export", thread.pk, format="markdown")
    assert as_markdown["Content-Type"] == "text/markdown; charset=utf-8"
    assert as_markdown["Content-Disposition"] == f'attachment; filename="thread-{thread.pk}.md"'
    assert as_markdown["X-Content-Type-Options"] == "nosniff"
    assert [line for line in text_of(as_markdown).splitlines() if line] == [
        "# Who *declares*?",
        "## #1 Ana Torres (you) · 2026-03-02 10:06 UTC",
        "*at 1:32 of the video; endorsed by Ben Okafor*",
        "Is it **me**?",
        "## #2 Ben Okafor · 2026-03-02 10:06 UTC",
        "*Instructor; helpful: 1; edited*",
        "Yes, *you*.",
        "## #3 Learner 1 · 2026-03-02 10:06 UTC",
        "*to #2*",
        "Shy",
        "> quote",
    ]
    as_json = ana.post("thread-export", thread.pk, format="json")
    assert as_json["Content-Type"] == "application/json"
    assert as_json["Content-Disposition"] == f'attachment; filename="thread-{thread.pk}.json"'
    assert json.loads(as_json.content)["title"] == "Who *declares*?"
    assert posts_of(as_json)[1] == {
        "number": 2,
        "reply_to": 1,
        "author": "Ben Okafor",
        "role": "Instructor",
        "posted_at": "2026-03-02T10:06:00+00:00",
        "edited_at": "2026-03-02T10:06:00+00:00",
        "second": None,
        "helpful": 1,
        "endorsed_by": "",
        "state": "shown",
        "text": "Yes, *you*.",
    }


@pytest.mark.parametrize("wanted", ["", "pdf", "../../etc/passwd", "JSON"])
def test_any_other_format_is_markdown(course, thread, reader, wanted):
    answer = reader(course.ana).post("thread-export", thread.pk, format=wanted)
    assert (answer.status_code, answer["Content-Type"]) == (200, "text/markdown; charset=utf-8")


def test_a_file_is_asked_for_by_a_form(course, thread, reader):
    assert reader(course.ana).get("thread-export", thread.pk).status_code == 405


@pytest.mark.parametrize("cookies", [True, False])
def test_without_a_cookie_the_form_s_own_token_is_enough(course, thread, cookies):
    """As a browser sends it that keeps none: no header, because a download is no request of htmx."""
    ana = LtiReader(course.ana, cookies=cookies)
    fields = {"format": "json", sessions.TOKEN_FIELD: sessions.page_token(ana.session)}
    assert ana.client.post(ana.url("thread-export", thread.pk), fields).status_code == 200
    assert ana.client.post(ana.url("thread-export", thread.pk), {"format": "json"}).status_code == 401
    page = text_of(ana.get("thread-detail", thread.pk))
    assert sessions.page_token(ana.session) in page.split("/export/")[1].split("</form>")[0]


def test_what_one_may_not_read_is_not_in_it(course, thread, reader):
    threads.hide_post(viewer=course.ben, thread_id=thread.pk, number=3, reason="Rude")
    threads.add_reply(viewer=course.ana, thread_id=thread.pk, parent_number=2, body="So it keeps its place")
    threads.delete_post(viewer=course.ben, thread_id=thread.pk, number=2)
    gone = threads.add_reply(viewer=course.ben, thread_id=thread.pk, body="Nobody answered this").number
    threads.delete_post(viewer=course.ben, thread_id=thread.pk, number=gone)
    for viewer, texts in ((course.ana, {"", "Is it **me**?", "So it keeps its place"}), (course.ben, {"Shy\n> quote"})):
        person = reader(viewer)
        posts = posts_of(person.post("thread-export", thread.pk, format="json"))
        assert texts <= {post["text"] for post in posts}
        assert {post["number"]: post["state"] for post in posts if post["number"] in (2, 3)} == {
            2: "deleted",
            3: "hidden",
        }
        everything = text_of(person.post("thread-export", thread.pk)) + text_of(person.get("thread-print", thread.pk))
        assert "Yes, *you*." not in everything
        assert ("Shy" in everything) is viewer.is_staff
        assert ("Nobody answered" in everything, "Deleted by its author" in everything) == (False, True)


def test_where_one_writes_first_there_is_the_question_and_one_s_own(course, thread, reader):
    spaces.configure_activity(
        viewer=course.ben, uid=course.activity.uid, title="T", settings={"post_first": True, **VIDEO}
    )
    nameless = reader(course.nameless)
    assert [post["number"] for post in posts_of(nameless.post("thread-export", thread.pk, format="json"))] == [1]
    assert "Yes, <em>you</em>" not in text_of(nameless.get("thread-print", thread.pk))
    threads.add_reply(viewer=course.nameless, thread_id=thread.pk, body="Mine")
    assert len(posts_of(nameless.post("thread-export", thread.pk, format="json"))) == 4


def test_an_anonymous_author_is_named_in_no_file(course, thread, reader):
    ben = reader(course.ben)
    for answer in (
        ben.get("thread-print", thread.pk),
        ben.post("thread-export", thread.pk),
        ben.post("thread-export", thread.pk, format="json"),
    ):
        text = text_of(answer)
        assert ("Learner 1" in text, "Chen" in text, f'"{course.chen.person_id}"' in text) == (True, False, False)
    assert "Anonymous (you)" in text_of(reader(course.chen).post("thread-export", thread.pk))


def test_pictures_are_printed_and_not_written_down(course, thread, reader):
    out = BytesIO()
    Image.new("RGB", (2, 2)).save(out, "PNG")
    taken = threads.add_picture(
        viewer=course.ana, activity_uid=course.activity.uid, file=BytesIO(out.getvalue()), size=len(out.getvalue())
    )
    threads.add_reply(viewer=course.ana, thread_id=thread.pk, body=f"![A drill]({taken.markdown})")
    ana = reader(course.ana)
    assert f"/pictures/{taken.token}/" in text_of(ana.get("thread-print", thread.pk))
    written = text_of(ana.post("thread-export", thread.pk))
    assert ("![A drill]" in written, taken.token in written) == (True, False)


def test_a_merged_thread_is_taken_along_from_where_it_is(course, thread, reader):
    into = threads.start_thread(viewer=course.ben, activity_uid=course.activity.uid, title="Both", body="Opening")
    last = threads.start_thread(viewer=course.ben, activity_uid=course.activity.uid, title="All", body="Opening")
    threads.merge_threads(viewer=course.ben, thread_id=thread.pk, into_id=into.pk)
    threads.merge_threads(viewer=course.ben, thread_id=into.pk, into_id=last.pk)
    ana = reader(course.ana)
    printed = ana.get("thread-print", thread.pk)
    assert (printed.status_code, f"/threads/{into.pk}/print/" in printed["Location"]) == (303, True)
    saved = ana.post("thread-export", thread.pk, format="json")
    assert saved["Content-Disposition"] == f'attachment; filename="thread-{last.pk}.json"'
    assert "Is it **me**?" in [post["text"] for post in posts_of(saved)]
