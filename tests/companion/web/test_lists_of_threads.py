"""The list of a discussion's threads: kinds, orders, filters, following, announcements, the video, the event."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from companion import clock
from companion.spaces import api as spaces
from companion.threads import api as threads
from companion.threads.api import Kind
from companion.web.views.lists import ONLY, SORTS
from tests.people import Course
from tests.people import course as make_course

pytestmark = pytest.mark.every_database

MOMENT = datetime(2026, 3, 2, 10, tzinfo=UTC)


@pytest.fixture
def course(db: None) -> Course:
    return make_course(video="https://videos.example/drill.mp4")


def start(course: Course, title: str, viewer=None, **facts) -> threads.Thread:
    viewer = viewer or course.ben
    return threads.start_thread(viewer=viewer, activity_uid=course.activity.uid, title=title, body="B", **facts)


def text_of(response) -> str:
    return response.content.decode()


def titles(answer) -> list[str]:
    """What the list itself shows, in order."""
    assert answer.status_code == 200
    listed = re.search(r'<ul class="list" id="threads">.*?</ul>', text_of(answer), re.DOTALL)
    return re.findall(r'class="row-title"[^>]*><bdi>(.*?)</bdi>', listed[0]) if listed else []


@pytest.fixture
def four(course: Course) -> dict[str, threads.Thread]:
    """A question, a tip along the video, an announcement and a discussion that moved last."""
    with clock.at(MOMENT):
        made = {
            "Question": start(course, "Question", kind=Kind.QUESTION, second=90),
            "Tip": start(course, "Tip", kind=Kind.TIP, second=15),
            "News": start(course, "News", kind=Kind.ANNOUNCEMENT),
            "Talk": start(course, "Talk", course.ana),
        }
    with clock.at(MOMENT + timedelta(minutes=1)):
        threads.add_reply(viewer=course.chen, thread_id=made["Question"].pk, body="Yes")
        threads.mark_helpful(viewer=course.ana, thread_id=made["Question"].pk, number=2, helpful=True)
        threads.endorse_post(viewer=course.ben, thread_id=made["Question"].pk, number=2, endorsed=True)
    return made


def test_it_works(course, four, reader):
    ana = reader(course.ana)
    page = text_of(ana.get("thread-list", course.activity.uid))
    assert titles(ana.get("thread-list", course.activity.uid)) == ["Question", "Talk", "News", "Tip"]
    for mark in ("Question</span>", "Tip</span>", "Announcement</span>", "▶ 1:30", "▶ 0:15", "1 found it helpful"):
        assert mark in page
    for name in (*SORTS.values(), *ONLY.values(), "Any kind", *Kind.labels):
        assert f">{name}</a>" in page


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ({"kind": "question"}, ["Question"]),
        ({"kind": "announcement"}, ["News"]),
        ({"kind": "discussion"}, ["Talk"]),
        ({"kind": "x"}, ["Question", "Talk", "News", "Tip"]),
        ({"sort": "newest"}, ["Talk", "News", "Tip", "Question"]),
        ({"sort": "unanswered"}, ["Talk", "News", "Tip"]),
        ({"sort": "unanswered", "kind": "tip"}, ["Tip"]),
        ({"sort": "helpful"}, ["Question", "Talk", "News", "Tip"]),
        ({"sort": "video"}, ["Tip", "Question"]),
        ({"only": "mine"}, ["Talk"]),
        ({"only": "unread"}, ["Question", "News", "Tip"]),
        ({"only": "following"}, ["Talk"]),
        ({"only": "endorsed"}, ["Question"]),
        ({"only": "endorsed", "kind": "tip"}, []),
    ],
)
def test_orders_kinds_and_filters(course, four, lti_reader, query, shown):
    answer = lti_reader(course.ana).get("thread-list", course.activity.uid, **query)
    assert titles(answer) == shown
    assert shown or "Choose “All” to see the others" in text_of(answer)


@pytest.mark.parametrize("sort", SORTS)
def test_pages_follow_one_another_in_every_order(course, lti_reader, sort):
    for number in range(45):
        made = start(course, f"T{number}", second=number % 7)
        if number % 3 == 0:
            threads.mark_helpful(viewer=course.ana, thread_id=made.pk, number=1, helpful=True)
    chen, query, seen, pages = lti_reader(course.chen), {"sort": sort, "kind": "discussion"}, [], 0
    while query is not None:
        answer = chen.get("thread-list", course.activity.uid, **query)
        seen += titles(answer)
        pages += 1
        found = re.search(r"after=([\w-]+)[^>]*>Older threads<", text_of(answer))
        query = query | {"after": found[1]} if found else None
    assert (pages, len(seen), len(set(seen))) == (3, 45, 45)


def test_without_a_video_there_is_no_such_order(db, reader):
    plain = make_course()
    page = text_of(reader(plain.ana).get("thread-list", plain.activity.uid))
    assert ("Along the video" in page, "Newest" in page) == (False, True)


def test_following_them_all(course, four, reader):
    chen = reader(course.nameless)
    page = text_of(chen.get("thread-list", course.activity.uid, only="following"))
    assert "You follow threads that you took part in or chose" in page
    followed = chen.post("list-follow", course.activity.uid, following="1")
    assert (followed.status_code, "only=following" in followed["Location"]) == (303, True)
    threads.follow_thread(viewer=course.nameless, thread_id=four["Tip"].pk, following=False)
    start(course, "To come")
    answer = chen.get("thread-list", course.activity.uid, only="following")
    assert sorted(titles(answer)) == ["News", "Question", "Talk", "To come"]
    assert "You follow every thread here" in text_of(answer)
    chen.post("list-follow", course.activity.uid, following="0")
    assert titles(chen.get("thread-list", course.activity.uid, only="following")) == []


# -- announcements -------------------------------------------------------------------------------------------------


def test_an_announcement_to_the_course_shows_elsewhere_until_it_is_read(course, reader):
    other = spaces.create_activity(viewer=course.ben, title="Other", external_id="second")
    ben, ana = reader(course.ben), reader(course.ana)
    sent = ben.post(
        "thread-new", course.activity.uid, title="Drill moved", body="B", kind="announcement", to_space="on"
    )
    thread_id = int(re.search(r"/threads/(\d+)/", sent["Location"])[1])
    for page in (ana.get("thread-list", other.uid), ana.get("space-home")):
        assert re.search(r"<strong>Announcement</strong> <a href=\"[^\"]+\"><bdi>Drill moved", text_of(page))
    # In its own list it stands as a thread.
    assert "<strong>Announcement</strong>" not in text_of(ana.get("thread-list", course.activity.uid))
    ana.get("thread-detail", thread_id)
    assert "<strong>Announcement</strong>" not in text_of(ana.get("thread-list", other.uid))
    elsewhere = make_course(context="c2")
    assert "Drill moved" not in text_of(reader(elsewhere.ana).get("space-home"))


@pytest.mark.parametrize(
    ("who", "fields", "said"),
    [
        ("ana", {"kind": "announcement"}, "Select a valid choice"),
        ("ben", {"kind": "tip", "to_space": "on"}, "Only an announcement goes to the whole course"),
        ("ben", {"to_space": "on"}, "Only an announcement goes to the whole course"),
    ],
)
def test_what_is_not_announced(course, reader, who, fields, said):
    person = reader(getattr(course, who))
    answer = person.post("thread-new", course.activity.uid, title="T", body="My long text", **fields)
    assert (answer.status_code, said in text_of(answer), "My long text" in text_of(answer)) == (422, True, True)


def test_a_learner_s_announcement_is_not_even_offered(course, reader):
    ana, ben = (text_of(reader(viewer).get("thread-new", course.activity.uid)) for viewer in (course.ana, course.ben))
    for offer in ('value="announcement"', 'name="to_space"'):
        assert (offer in ana, offer in ben) == (False, True)


# -- groups --------------------------------------------------------------------------------------------------------


def in_groups(course: Course, viewer, *names: str):
    ids = spaces.set_groups(space_id=course.space.pk, person_id=viewer.person_id, external_ids=names)
    return replace(viewer, group_ids=ids)


def test_separate_groups_see_their_own(db, reader):
    course = make_course(groups="separate")
    ana, chen = in_groups(course, course.ana, "Reds"), in_groups(course, course.chen, "Blues", "Greens")
    assert 'name="group"' not in text_of(reader(ana).get("thread-new", course.activity.uid))
    assert 'name="group"' in text_of(reader(chen).get("thread-new", course.activity.uid))
    assert reader(ana).post("thread-new", course.activity.uid, title="Red", body="B").status_code == 303
    undecided = reader(chen).post("thread-new", course.activity.uid, title="Blue", body="My text")
    assert (undecided.status_code, "Choose the group" in text_of(undecided)) == (422, True)
    blue = dict((name, pk) for pk, name in spaces.list_groups(viewer=chen))["Blues"]
    assert reader(chen).post("thread-new", course.activity.uid, title="Blue", body="B", group=blue).status_code == 303
    assert reader(course.ben).post("thread-new", course.activity.uid, title="All", body="B").status_code == 303
    shown = {
        who: titles(reader(viewer).get("thread-list", course.activity.uid))
        for who, viewer in {"ana": ana, "chen": chen, "ben": course.ben, "none": course.nameless}.items()
    }
    assert shown == {"ana": ["All", "Red"], "chen": ["All", "Blue"], "ben": ["All", "Blue", "Red"], "none": ["All"]}


def test_a_group_that_one_has_left_is_not_swapped_for_another(db, reader):
    course = make_course(groups="separate")
    chen = in_groups(course, course.chen, "Blues", "Greens")
    blue = dict((name, pk) for pk, name in spaces.list_groups(viewer=chen))["Blues"]
    chen = in_groups(course, course.chen, "Greens")
    answer = reader(chen).post("thread-new", course.activity.uid, title="T", body="My text", group=blue)
    assert (answer.status_code, "Select a valid choice" in text_of(answer)) == (422, True)
    assert ("My text" in text_of(answer), titles(reader(chen).get("thread-list", course.activity.uid))) == (True, [])


# -- the video and the event ---------------------------------------------------------------------------------------


def test_the_strip_says_how_many_threads_lie_where(course, reader):
    ana = reader(course.ana)
    for second in (0, 14, 15, 90, 599, 599):
        start(course, f"At {second}", second=second)
    start(course, "Nowhere")
    page = text_of(ana.get("thread-list", course.activity.uid, sort="video"))
    # Forty parts of fifteen seconds, to the last of them.
    assert re.findall(r"<li>(from .*?)</li>", page) == [
        "from 0:00: 2 threads",
        "from 0:15: 1 thread",
        "from 1:30: 1 thread",
        "from 9:45: 2 threads",
    ]
    bars = re.findall(r'<rect x="(\d+)" y="([\d.]+)" width="0.9" height="([\d.]+)">', page)
    assert bars == [("0", "0.0", "10.0"), ("1", "5.0", "5.0"), ("6", "5.0", "5.0"), ("39", "0.0", "10.0")]
    assert 'class="strip"' not in text_of(ana.get("thread-list", course.activity.uid))


def test_the_banner_before_during_and_after_an_event(course, reader):
    facts = {"title": "Drill", "settings": {"before_days": 3, "before_prompt": "Expect?", "after_prompt": "Do?"}}
    end = MOMENT + timedelta(hours=2)
    spaces.configure_activity(viewer=course.ben, uid=course.activity.uid, event_at=MOMENT, event_ends_at=end, **facts)
    ana, said = reader(course.ana), {}
    for name, moment in (
        ("long before", MOMENT - timedelta(days=5)),
        ("before", MOMENT - timedelta(days=2)),
        ("soon", MOMENT - timedelta(minutes=5)),
        ("during", MOMENT + timedelta(hours=1)),
        ("after", end),
    ):
        with clock.at(moment):
            answer = ana.get("thread-list", course.activity.uid)
        event = re.search(r'<div class="event".*?</div>', text_of(answer), re.DOTALL)[0]
        [step] = re.findall(r'aria-current="step">(\w+)', event)
        said[name] = (re.search(r"<strong>(.*?)</strong>", event)[1], step, event.count(">open<"), titles(answer))
    assert said == {
        "long before": ("The event is in 5 days", "Before", 0, []),
        "before": ("The event is in 2 days", "Before", 1, ["Before the event: Drill"]),
        "soon": ("The event is within the hour", "Before", 1, ["Before the event: Drill"]),
        "during": ("The event is on now", "Event", 1, ["Before the event: Drill"]),
        "after": ("The event is over", "After", 2, ["After the event: Drill", "Before the event: Drill"]),
    }
