"""Marks on posts, and what each of us finds below a post and above a thread."""

from __future__ import annotations

import re

import pytest

from companion.spaces import api as spaces
from companion.threads import api as threads
from companion.topics import api as topics
from companion.viewer import Role
from tests.people import Course, join
from tests.people import course as make_course


@pytest.fixture
def course(db: None) -> Course:
    return make_course(topic="Incidents")


@pytest.fixture
def thread(course: Course) -> threads.Thread:
    thread = threads.start_thread(viewer=course.ana, activity_uid=course.activity.uid, title="Drill", body="Opening")
    threads.add_reply(viewer=course.chen, thread_id=thread.pk, body="A reply")
    return thread


def text_of(response) -> str:
    return response.content.decode()


def post_of(page: str, number: int) -> str:
    """One post of a page."""
    return re.search(rf'<article[^>]*id="post-{number}".*?</article>', page, re.DOTALL)[0]


def menu_of(page: str, number: int) -> set[str]:
    """What can be done with a post: the last part of each link and form below it."""
    return set(re.findall(rf"/posts/{number}/(\w+)/", post_of(page, number)))


def test_it_works(course, thread, reader):
    ana, ben = reader(course.ana), reader(course.ben)
    marked = ana.post("post-helpful", thread.pk, 2, helpful="1", htmx=True)
    piece = text_of(marked)
    assert (marked.status_code, "<html" in piece) == (200, False)
    assert re.search(r'name="helpful" value="0"[^>]*aria-pressed="true"[^>]*>Helpful <span class="count">1<', piece)
    endorsed = ben.post("post-endorse", thread.pk, 2, endorsed="1", htmx=True)
    assert "Endorsed by Ben Okafor" in text_of(endorsed)
    row = text_of(ana.get("thread-list", course.activity.uid))
    assert ("1 found it helpful" in row, "✓ Endorsed" in row) == (True, True)
    # Without a script each leads back to the post.
    for back in (
        ana.post("post-helpful", thread.pk, 2, helpful="0"),
        ben.post("post-endorse", thread.pk, 2, endorsed="0"),
    ):
        assert (back.status_code, back["Location"].endswith("#post-2")) == (303, True)
    page = post_of(text_of(ana.get("thread-detail", thread.pk)), 2)
    assert ('class="count"' in page, "Endorsed by" in page) == (False, False)


@pytest.mark.parametrize("value", ["", "x", "2", "true", "on"])
def test_a_mark_is_one_or_none(course, thread, reader, value):
    reader(course.ana).post("post-helpful", thread.pk, 2, helpful=value)
    reader(course.ben).post("post-endorse", thread.pk, 2, endorsed=value)
    assert threads.get_post(viewer=course.ana, thread_id=thread.pk, number=2).helpful_count == 0


def test_one_s_own_is_marked_by_others(course, thread, reader):
    chen = reader(course.chen)
    assert not {"helpful", "endorse", "report"} & menu_of(text_of(chen.get("thread-detail", thread.pk)), 2)
    refused = chen.post("post-helpful", thread.pk, 2, helpful="1")
    assert (refused.status_code, "Others say whether your post helped" in text_of(refused)) == (403, True)
    anonymous = threads.add_reply(viewer=course.ana, thread_id=thread.pk, body="Shy", anonymous=True).number
    ana = reader(course.ana)
    assert "helpful" not in menu_of(text_of(ana.get("thread-detail", thread.pk)), anonymous)
    assert ana.post("post-helpful", thread.pk, anonymous, helpful="1").status_code == 403


@pytest.mark.parametrize("gone", ["hidden", "deleted"])
def test_what_is_no_longer_shown_takes_no_marks(course, thread, reader, gone):
    threads.add_reply(viewer=course.ana, thread_id=thread.pk, parent_number=2, body="So it keeps its place")
    threads.mark_helpful(viewer=course.ana, thread_id=thread.pk, number=2, helpful=True)
    if gone == "hidden":
        threads.hide_post(viewer=course.ben, thread_id=thread.pk, number=2, reason="r")
    else:
        threads.delete_post(viewer=course.chen, thread_id=thread.pk, number=2)
    for viewer, name, field in ((course.ana, "post-helpful", "helpful"), (course.ben, "post-endorse", "endorsed")):
        answer = reader(viewer).post(name, thread.pk, 2, **{field: "1"})
        assert (answer.status_code, "no longer there" in text_of(answer)) == (409, True)
    page = text_of(reader(course.ana).get("thread-detail", thread.pk))
    assert "found it helpful" not in page
    assert "found it helpful" not in text_of(reader(course.ana).get("thread-list", course.activity.uid))


BELOW_ANOTHERS = {
    "learner": {"helpful", "reply", "report"},
    "expert": {"helpful", "reply", "report", "endorse"},
    "staff": {"helpful", "reply", "report", "endorse", "edit", "hide", "split", "mute"},
}


@pytest.mark.parametrize("who", BELOW_ANOTHERS)
def test_what_each_of_us_finds_below_somebody_else_s_post(course, thread, reader, who):
    topics.grant_expertise(viewer=course.ben, topic="Incidents", person_id=course.nameless.person_id)
    viewer = {"learner": course.ana, "expert": course.nameless, "staff": join(course.space, "t", "Tia", Role.ASSISTANT)}
    page = text_of(reader(viewer[who]).get("thread-detail", thread.pk))
    assert menu_of(page, 2) == BELOW_ANOTHERS[who]


@pytest.mark.parametrize(
    ("state", "finds"),
    [
        ("as it is", {"reply", "edit", "delete"}),
        ("changed", {"reply", "edit", "delete", "history"}),
        ("deleted", {"restore"}),
        ("hidden", {"delete"}),
        ("sent back", {"edit", "delete"}),
        ("locked", {"delete"}),
        ("time is over", {"reply", "delete"}),
    ],
)
def test_what_chen_finds_below_a_post_of_his(course, thread, reader, state, finds):
    verbs = {
        "changed": lambda: threads.edit_post(viewer=course.chen, thread_id=thread.pk, number=2, body="Better"),
        "deleted": lambda: threads.delete_post(viewer=course.chen, thread_id=thread.pk, number=2),
        "hidden": lambda: threads.hide_post(viewer=course.ben, thread_id=thread.pk, number=2, reason="r"),
        "sent back": lambda: threads.return_post(viewer=course.ben, thread_id=thread.pk, number=2, reason="r"),
        "locked": lambda: threads.lock_thread(viewer=course.ben, thread_id=thread.pk, locked=True),
        "time is over": lambda: (
            spaces.configure_activity(
                viewer=course.ben, uid=course.activity.uid, title="T", settings={"edit_minutes": 1}
            ),
            thread.posts.filter(number=2).update(created_at=thread.created_at.replace(year=2020)),
        ),
    }
    verbs.get(state, lambda: None)()
    assert menu_of(text_of(reader(course.chen).get("thread-detail", thread.pk)), 2) == finds


def test_the_staff_s_change_says_who_and_why(course, thread, reader):
    ben, ana = reader(course.ben), reader(course.ana)
    assert "Change the post of Chen Wei" in text_of(ben.get("post-edit", thread.pk, 2))
    refused = ben.post("post-edit", thread.pk, 2, body="Better", version=1)
    assert (refused.status_code, "Say why" in text_of(refused), "Better" in text_of(refused)) == (422, True, True)
    assert ben.post("post-edit", thread.pk, 2, body="Better", reason="A typo", version=1).status_code == 303
    page = text_of(ana.get("thread-detail", thread.pk))
    assert "Changed by the course staff: A typo" in page
    history = text_of(ana.get("post-history", thread.pk, 2))
    for said in ("Ben Okafor", "A typo", "<ins>", "<del>"):
        assert said in history


def test_an_anonymous_post_s_earlier_words_are_its_author_s_alone(course, thread, reader):
    number = threads.add_reply(viewer=course.ana, thread_id=thread.pk, body="I, Ana", anonymous=True).number
    threads.edit_post(viewer=course.ana, thread_id=thread.pk, number=number, body="I")
    assert "Ana" in text_of(reader(course.ana).get("post-history", thread.pk, number))
    for viewer in (course.ben, course.chen):
        someone = reader(viewer)
        assert "history" not in menu_of(text_of(someone.get("thread-detail", thread.pk)), number)
        assert someone.get("post-history", thread.pk, number).status_code == 404


def test_above_a_thread(course, thread, reader):
    ana, ben = reader(course.ana), reader(course.ben)
    staffs = {"pin", "lock", "move", "merge"}
    for person, tools in ((ana, set()), (ben, staffs)):
        page = text_of(person.get("thread-detail", thread.pk))
        found = set(re.findall(rf"/threads/{thread.pk}/(\w+)/", page)) & (staffs | {"follow", "print", "export"})
        assert found == tools | {"follow", "print", "export"}
    chen = reader(course.nameless)
    assert ">Follow<" in text_of(chen.get("thread-detail", thread.pk))
    assert chen.post("thread-follow", thread.pk, following="1").status_code == 303
    assert ">Following<" in text_of(chen.get("thread-detail", thread.pk))
    assert chen.post("thread-follow", thread.pk, following="0").status_code == 303
    assert ">Follow<" in text_of(chen.get("thread-detail", thread.pk))


def test_orders_of_a_thread(course, thread, reader):
    for body in ("Third", "Fourth"):
        threads.add_reply(viewer=course.chen, thread_id=thread.pk, body=body)
    threads.mark_helpful(viewer=course.ana, thread_id=thread.pk, number=3, helpful=True)
    ana = reader(course.ana)
    for order, numbers in (("", "1234"), ("oldest", "1234"), ("newest", "1432"), ("helpful", "1324"), ("x", "1234")):
        page = text_of(ana.get("thread-detail", thread.pk, order=order))
        assert (order, "".join(re.findall(r'<article[^>]*id="post-(\d)"', page))) == (order, numbers)
