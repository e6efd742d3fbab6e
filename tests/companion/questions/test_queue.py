"""An expert's one queue over all courses: what they have, what they are on call for, where they could help."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from companion import clock, keyset
from companion.models import Thread, ThreadTopic
from companion.questions import api as questions
from companion.questions.models import Question
from companion.spaces import api as spaces
from companion.spaces.kinds import Kind
from companion.threads import api as threads
from companion.topics import api as topics
from companion.viewer import Role
from tests import people
from tests.companion.questions import stories
from tests.companion.questions.stories import DAY, HOUR, MONDAY, TOPIC, ask, expert, row

pytestmark = pytest.mark.django_db
Tab = questions.Tab


@pytest.fixture
def idle(asked) -> stories.Asked:
    """The same, with nobody who takes any: what is asked waits for whoever would."""
    for viewer in (asked.chen, asked.ben):
        topics.save_profile(viewer=viewer, capacity=0)
    return asked


def titles(viewer, tab: questions.Tab, **how) -> list[str]:
    return [found.title for found in questions.list_queue(viewer=viewer, tab=tab, **how).rows]


def test_it_works(asked):
    topics.save_profile(viewer=asked.chen, capacity=1)
    topics.save_profile(viewer=asked.ben, capacity=0)
    with clock.at(MONDAY):
        mine, _other = ask(asked, title="Mine"), ask(asked, title="Not mine", is_private=True)
        [found] = questions.list_queue(viewer=asked.chen, tab=Tab.MINE).rows
        assert (found.thread_id, found.title, found.place) == (mine.pk, "Mine", "Course c1 · Ask about incidents")
        assert (found.due_at, found.is_late, found.metoo_count, found.reply_count) == (MONDAY + 8 * HOUR, False, 0, 0)
        assert found.reason == "expert for Incident command; 1 of 1 this week"
        assert ([topic.name for topic in found.topics], found.is_private) == ([TOPIC], False)
        [other] = questions.list_queue(viewer=asked.chen, tab=Tab.COULD_HELP).rows
        assert (other.title, other.is_private, other.due_at) == ("Not mine", True, None)
        assert other.reason == "Everybody who could answer has as many questions as they take this week."
        assert titles(asked.chen, Tab.ON_CALL) == []
        assert questions.count_mine(viewer=asked.chen) == 1
    with clock.at(MONDAY + 9 * HOUR):
        assert questions.list_queue(viewer=asked.chen, tab=Tab.MINE).rows[0].is_late


def test_what_somebody_has_is_in_the_order_of_its_end(asked):
    topics.save_profile(viewer=asked.ben, capacity=0)
    for hours, title in ((2, "Later"), (0, "Soon"), (1, "Then")):
        with clock.at(MONDAY + hours * HOUR):
            ask(asked, title=title)
    assert titles(asked.chen, Tab.MINE) == ["Soon", "Then", "Later"]
    assert questions.count_mine(viewer=asked.chen) == 3
    assert (titles(asked.ben, Tab.MINE), questions.count_mine(viewer=asked.ben)) == ([], 0)


def test_what_has_no_end_comes_last(idle):
    ida = people.join(idle.space, "ida", "Ida Roy", Role.INSTRUCTOR)
    with clock.at(MONDAY):
        ask(idle, title="Until whenever")
        topics.grant_expertise(viewer=idle.ben, topic=TOPIC, person_id=ida.person_id)
    with clock.at(MONDAY + HOUR):
        ask(idle, title="Until tonight")
        found = questions.list_queue(viewer=ida, tab=Tab.MINE).rows
    assert [(one.title, one.due_at is None) for one in found] == [("Until tonight", False), ("Until whenever", True)]


def test_what_waits_is_in_the_order_of_those_who_have_it_then_of_age(idle):
    found = [ask(idle, title=title) for title in ("Old", "Wanted", "New", "Most wanted")]
    for thread, viewers in ((found[1], [idle.eve]), (found[3], [idle.eve, idle.nameless])):
        for viewer in viewers:
            questions.say_me_too(viewer=viewer, thread_id=thread.pk)
    assert titles(idle.chen, Tab.COULD_HELP) == ["Most wanted", "Wanted", "Old", "New"]


def test_on_call_is_what_waits_on_their_day(idle):
    ask(idle, title="Waiting")
    topics.add_turn(viewer=idle.ben, topic=TOPIC, person_id=idle.chen.person_id, weekdays="1")
    for moment, found in ((MONDAY, ["Waiting"]), (MONDAY + DAY, [])):
        with clock.at(moment):
            assert titles(idle.chen, Tab.ON_CALL) == found
    # Their own Monday: in Kiritimati it is fourteen hours earlier.
    topics.save_profile(viewer=idle.chen, capacity=0, time_zone="Pacific/Kiritimati")
    with clock.at(MONDAY - 22 * HOUR):
        assert titles(idle.chen, Tab.ON_CALL) == ["Waiting"]


def test_a_turn_calls_nobody_whose_grant_has_expired(idle):
    with clock.at(MONDAY):
        ask(idle, title="Secret", is_private=True)
        fay = people.join(idle.space, "fay", "Fay Ito")
        person = {"topic": TOPIC, "person_id": fay.person_id}
        topics.grant_expertise(viewer=idle.ben, **person, expires_at=MONDAY + DAY)
        topics.add_turn(viewer=idle.ben, **person, weekdays="1234567")
        assert titles(fay, Tab.ON_CALL) == ["Secret"]
    with clock.at(MONDAY + DAY):
        assert [titles(fay, tab) for tab in Tab] == [[], [], []]


def test_topics_that_became_another_one_are_called_for_as_well(idle):
    ask(idle, title="About paging", topic_names=["Paging"])
    fay = expert(idle, "Fay Ito", topic="Pagers", capacity=0)
    topics.add_turn(viewer=idle.ben, topic="Pagers", person_id=fay.person_id, weekdays="1234567")
    assert titles(fay, Tab.COULD_HELP) == []
    ids = {found.name: found.id for found in topics.list_topics(viewer=idle.ben)}
    topics.merge_topics(viewer=idle.ben, topic_id=ids["Paging"], into_id=ids["Pagers"])
    for tab in (Tab.ON_CALL, Tab.COULD_HELP):
        [found] = questions.list_queue(viewer=fay, tab=tab).rows
        assert {topic.name for topic in found.topics} == {TOPIC, "Pagers"}


def test_experts_see_every_course_and_the_staff_its_own(idle):
    ask(idle, title="Here")
    gus = stories.elsewhere(idle, Role.INSTRUCTOR, "Gus Orr")
    activity = spaces.create_activity(
        viewer=gus,
        title="Ask",
        kind=Kind.QUESTIONS,
        settings={"topic": "Lab safety", **stories.AT_ONCE},
        external_id="q",
    )
    topics.save_profile(viewer=gus, capacity=0)
    hal = people.join(
        spaces.find_space(organization_id=idle.space.organization_id, issuer=people.ISSUER, external_id="c2"),
        "hal",
        "Hal",
    )
    questions.ask_question(viewer=hal, activity_uid=activity.uid, title="There", body="B")
    tia = people.join(idle.space, "tia", "Tia", Role.ASSISTANT)
    assert [titles(viewer, Tab.COULD_HELP) for viewer in (idle.ben, tia, gus)] == [["Here"], ["Here"], ["There"]]
    topics.grant_expertise(viewer=gus, topic=TOPIC, person_id=hal.person_id)
    assert titles(hal, Tab.COULD_HELP) == ["Here"]
    for viewer in (idle.ana, idle.eve):
        assert [titles(viewer, tab) for tab in Tab] == [[], [], []]


def test_nothing_of_another_organization(idle):
    ask(idle, title="Ours")
    elsewhere = people.course(organization="Elsewhere", context="c9", issuer="https://other.example x 1")
    topics.grant_expertise(viewer=elsewhere.ben, topic=TOPIC, person_id=elsewhere.chen.person_id)
    topics.add_turn(viewer=elsewhere.ben, topic=TOPIC, person_id=elsewhere.chen.person_id, weekdays="1234567")
    for viewer in (elsewhere.chen, elsewhere.ben):
        assert [titles(viewer, tab) for tab in Tab] == [[], [], []]


@pytest.mark.parametrize("how", ["deleted", "taken back", "hidden", "answered", "closed", "merged"])
def test_what_waits_no_longer_is_in_no_queue(idle, how):
    stays, thread = ask(idle, title="Stays"), ask(idle, title="Gone")
    if how == "taken back":
        stories.reply(idle.eve, thread)
    if how in ("deleted", "taken back"):
        threads.delete_post(viewer=idle.ana, thread_id=thread.pk, number=1)
    elif how == "hidden":
        threads.hide_post(viewer=idle.ben, thread_id=thread.pk, number=1, reason="r")
    elif how == "answered":
        stories.reply(idle.ben, thread)
    elif how == "closed":
        questions.close_as_duplicate(viewer=idle.chen, thread_id=thread.pk, of_thread_id=stays.pk)
    else:
        threads.merge_threads(viewer=idle.ben, thread_id=thread.pk, into_id=stays.pk)
    for viewer in (idle.chen, idle.ben):
        assert titles(viewer, Tab.COULD_HELP) == ["Stays"]


# -- pages ---------------------------------------------------------------------------------------------------------


def grow(asked: stories.Asked, count: int) -> None:
    """So many more that nobody has."""
    topic = topics.find_topics(organization_id=asked.space.organization_id, names=[TOPIC])[0]
    last = Thread.objects.order_by("pk").values_list("pk", flat=True).last() or 0
    place = {"activity": asked.activity, "space_id": asked.space.pk}
    Thread.objects.bulk_create([Thread(title=f"t{number}", kind="question", **place) for number in range(count)])
    ids = list(Thread.objects.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True))
    Question.objects.bulk_create(
        [
            Question(
                thread_id=pk, organization_id=asked.space.organization_id, reason="full", metoo_count=pk % 4, **place
            )
            for pk in ids
        ]
    )
    ThreadTopic.objects.bulk_create([ThreadTopic(thread_id=pk, topic_id=topic.id) for pk in ids])


def test_pages_follow_one_another_without_gaps_or_doubles(idle):
    grow(idle, 50)
    found, cursor = [], ""
    for _page in range(4):
        queue = questions.list_queue(viewer=idle.chen, tab=Tab.COULD_HELP, cursor=cursor)
        found += [(-one.metoo_count, one.thread_id) for one in queue.rows]
        cursor = queue.next
        if not cursor:
            break
        # What comes meanwhile moves no page.
        grow(idle, 1)
    assert found == sorted(set(found))
    assert set(Question.objects.order_by("pk").values_list("pk", flat=True)[:50]) <= {pk for _count, pk in found}


@pytest.mark.parametrize("cursor", ["x", "\u2603", "====", keyset.encode(1), keyset.encode(-1, 2), "a" * 5000])
def test_a_cursor_that_no_page_gave_out(idle, cursor):
    for tab in (Tab.ON_CALL, Tab.COULD_HELP):
        with pytest.raises(keyset.InvalidCursor):
            questions.list_queue(viewer=idle.chen, tab=tab, cursor=cursor)


def test_it_asks_as_often_with_ten_as_with_two_thousand(idle):
    topics.add_turn(viewer=idle.ben, topic=TOPIC, person_id=idle.chen.person_id, weekdays="1234567")
    counts = []
    for size in (10, 1_990):
        grow(idle, size)
        Question.objects.filter(assignment=None).update(metoo_count=0)
        for viewer in (idle.chen, idle.ben):
            for tab in Tab:
                with CaptureQueriesContext(connection) as captured:
                    questions.list_queue(viewer=viewer, tab=tab)
                counts.append((size, viewer.name, tab, len(captured)))
    small, large = ([count[1:] for count in counts if count[0] == size] for size in (10, 1_990))
    assert small == large
    assert {count for *_facts, count in large if count > 7} == set()
    assert row(Thread.objects.first()).is_open
