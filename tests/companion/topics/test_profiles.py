"""How much an expert takes on: places in a week, absence, days on call; and who puts themselves forward."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from companion import clock
from companion.errors import InvalidInput, NotAllowed, NotFound
from companion.topics import api as topics
from companion.topics.models import ExpertProfile, OnCall
from companion.viewer import Role
from tests.people import course as make_course
from tests.people import join, outsider

TOPIC = "Pagers"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
# A Sunday at noon; the next day is 2026-03-02.
SUNDAY = datetime(2026, 3, 1, 12, tzinfo=UTC)
MONDAY = datetime(2026, 3, 2, tzinfo=UTC)


@pytest.fixture
def course(db):
    course = make_course(topic=TOPIC)
    topics.grant_expertise(viewer=course.ben, topic=TOPIC, person_id=course.chen.person_id)
    return course


def room(viewer, moment: datetime) -> topics.Room:
    with clock.at(moment):
        return topics.list_rooms(person_ids=[viewer.person_id])[viewer.person_id]


def take(viewer, moment: datetime) -> topics.Room:
    with clock.at(moment):
        return topics.take_place(topics.hold_rooms(person_ids=[viewer.person_id])[viewer.person_id])


def save(viewer, moment: datetime = SUNDAY, **facts) -> topics.Profile:
    with clock.at(moment):
        topics.save_profile(viewer=viewer, **{"capacity": 3, **facts})
        return topics.get_profile(viewer=viewer, person_id=viewer.person_id)


# -- places --------------------------------------------------------------------------------------------------------


def test_it_works(course):
    assert (room(course.chen, SUNDAY).left, room(course.chen, SUNDAY).last_given_at) == (3, None)
    assert [take(course.chen, SUNDAY + number * HOUR).left for number in range(3)] == [2, 1, 0]
    assert room(course.chen, SUNDAY + 3 * HOUR).last_given_at == SUNDAY + 2 * HOUR
    with pytest.raises(NotAllowed, match="more questions than they take in a week"):
        take(course.chen, SUNDAY + 4 * HOUR)
    assert room(course.chen, SUNDAY).week_ends == MONDAY
    assert take(course.chen, MONDAY).left == 2


def test_nobody_takes_more_than_they_say_and_less_is_never_below_nothing(course):
    save(course.chen, capacity=0)
    with pytest.raises(NotAllowed):
        take(course.chen, SUNDAY)
    save(course.chen, capacity=2)
    take(course.chen, SUNDAY)
    take(course.chen, SUNDAY)
    save(course.chen, capacity=1)
    assert (room(course.chen, SUNDAY).taken, room(course.chen, SUNDAY).left) == (2, 0)


@pytest.mark.parametrize(
    ("zone", "ends"),
    [
        ("UTC", MONDAY),
        ("Asia/Tokyo", MONDAY - 9 * HOUR),
        ("America/New_York", MONDAY + 5 * HOUR),
        ("Pacific/Kiritimati", MONDAY - 14 * HOUR),
    ],
)
def test_a_week_ends_at_midnight_where_they_live(course, zone, ends):
    save(course.chen, capacity=1, time_zone=zone)
    take(course.chen, ends - timedelta(seconds=2))
    assert room(course.chen, ends - timedelta(seconds=1)).left == 0
    assert room(course.chen, ends - timedelta(seconds=1)).week_ends == ends
    assert room(course.chen, ends).left == 1


def test_a_week_whose_clocks_change_is_an_hour_shorter_or_longer(course):
    save(course.chen, time_zone="Europe/Berlin")
    spring, autumn = datetime(2026, 3, 22, 23, tzinfo=UTC), datetime(2026, 10, 18, 22, tzinfo=UTC)
    assert room(course.chen, spring).week_ends == spring + 7 * DAY - HOUR
    assert room(course.chen, autumn).week_ends == autumn + 7 * DAY + HOUR


def test_who_moves_to_another_zone_gets_no_second_monday(course):
    evening = MONDAY - HOUR
    save(course.chen, capacity=1, time_zone="Asia/Tokyo")
    take(course.chen, evening)
    save(course.chen, capacity=1, time_zone="America/New_York")
    # It is Sunday again where they are now; Tokyo's Monday counts until the next one there.
    for moment in (evening, MONDAY + 5 * HOUR, MONDAY + 6 * DAY):
        assert room(course.chen, moment).left == 0
    assert room(course.chen, MONDAY + 7 * DAY + 5 * HOUR).left == 1


def test_a_place_is_given_back_in_its_own_week(course):
    take(course.chen, SUNDAY)
    topics.give_place_back(person_id=course.chen.person_id, given_at=SUNDAY)
    assert room(course.chen, SUNDAY).taken == 0
    # Never below nothing, and nothing for whoever never took one.
    topics.give_place_back(person_id=course.chen.person_id, given_at=SUNDAY)
    topics.give_place_back(person_id=course.ana.person_id, given_at=SUNDAY)
    assert room(course.chen, SUNDAY).taken == 0


def test_a_place_of_last_week_gives_none_of_this_week(course):
    take(course.chen, SUNDAY)
    take(course.chen, MONDAY)
    topics.give_place_back(person_id=course.chen.person_id, given_at=SUNDAY)
    assert room(course.chen, MONDAY).taken == 1
    topics.give_place_back(person_id=course.chen.person_id, given_at=MONDAY)
    assert room(course.chen, MONDAY).taken == 0


def test_rooms_are_held_for_everybody_and_made_where_there_is_none(course):
    people = [course.chen.person_id, course.ana.person_id]
    held = topics.hold_rooms(person_ids=people)
    assert sorted(held) == sorted(people)
    assert topics.hold_rooms(person_ids=[]) == {}
    assert ExpertProfile.objects.count() == 2


# -- what they say -------------------------------------------------------------------------------------------------


def test_a_profile_is_what_somebody_says_of_themselves(course):
    usual = topics.get_profile(viewer=course.ana, person_id=course.chen.person_id)
    assert (usual.name, usual.room.capacity, usual.about, usual.is_listed) == ("Chen Wei", 3, "", True)
    save(course.chen, capacity=5, about=" I built\x00 the pagers.\r\n", time_zone="Europe/Berlin", is_listed=False)
    said = topics.get_profile(viewer=course.ana, person_id=course.chen.person_id)
    assert (said.room.capacity, said.about, said.time_zone) == (5, "I built the pagers.", "Europe/Berlin")
    assert topics.listed_among([course.chen.person_id, course.ana.person_id]) == {course.ana.person_id}
    for person_id in (course.chen.person_id, 0):
        with pytest.raises(NotFound):
            topics.get_profile(viewer=outsider(), person_id=person_id)


@pytest.mark.parametrize(
    ("facts", "fields"),
    [
        ({"capacity": -1}, {"capacity"}),
        ({"capacity": 101}, {"capacity"}),
        ({"away_from": SUNDAY, "away_until": SUNDAY}, {"away_until"}),
        ({"away_from": SUNDAY + 2 * DAY, "away_until": SUNDAY + DAY}, {"away_until"}),
        ({"time_zone": "Berlin"}, {"time_zone"}),
        ({"time_zone": "../../etc/passwd"}, {"time_zone"}),
        ({"about": "x" * 2001}, {"about"}),
        ({"about": "x" * 2001, "capacity": 101, "time_zone": "x"}, {"about", "capacity", "time_zone"}),
    ],
)
def test_what_is_wrong_is_said_beside_its_field(course, facts, fields):
    with pytest.raises(InvalidInput) as refused:
        save(course.chen, **facts)
    assert set(refused.value.errors) == fields
    assert not ExpertProfile.objects.exists()


@pytest.mark.parametrize(
    ("begin", "end", "away"),
    [
        (None, None, []),
        (None, 2, [0, 1]),
        (1, None, [1, 2, 3]),
        (1, 3, [1, 2]),
        (-9, 1, [0]),
        # Back in the past: they are here.
        (-9, -1, []),
        (None, -1, []),
        (-9, 0, []),
    ],
)
def test_an_absence_with_and_without_its_ends(course, begin, end, away):
    def moment(days):
        return None if days is None else SUNDAY + days * DAY

    save(course.chen, away_from=moment(begin), away_until=moment(end))
    rooms = [room(course.chen, SUNDAY + day * DAY) for day in range(4)]
    assert [day for day in range(4) if rooms[day].is_away] == away
    assert {found.away_until for found in rooms if found.is_away} <= {moment(end)}
    assert all(found.away_until is None for found in rooms if not found.is_away)
    for day in range(4):
        with clock.at(SUNDAY + day * DAY):
            gone = topics.away_among([course.chen.person_id, course.ana.person_id])
        assert gone == ([course.chen.person_id] if day in away else [])


def test_an_absence_that_is_over_is_cleared(course):
    said = save(course.chen, away_from=SUNDAY - 9 * DAY, away_until=SUNDAY - DAY)
    assert (said.away_from, said.away_until) == (None, None)


# -- on call -------------------------------------------------------------------------------------------------------


def turn(course, weekdays: str = "1", **facts) -> None:
    place = {"topic": TOPIC, "person_id": course.chen.person_id, **facts}
    topics.add_turn(**{"viewer": course.ben, "weekdays": weekdays, **place})


def on_call(moment: datetime, zone: str = "UTC") -> list[int]:
    topic_ids = list(OnCall.objects.values_list("topic_id", flat=True))
    return list(topics.on_call_now(topic_ids=topic_ids, moment=moment, zone=zone))


def test_a_day_on_call_is_that_of_the_place_that_asks(course):
    turn(course)
    chen = [course.chen.person_id]
    assert (on_call(MONDAY - HOUR), on_call(MONDAY), on_call(MONDAY + DAY)) == ([], chen, [])
    assert on_call(MONDAY - HOUR, "Asia/Tokyo") == chen
    assert on_call(MONDAY, "America/New_York") == []
    assert on_call(MONDAY, "Atlantis/Nowhere") == chen


def test_turns_have_a_first_and_a_last_day(course):
    turn(course, "71", starts_on=date(2026, 3, 2), ends_on=date(2026, 3, 8))
    days = [MONDAY + DAY * number for number in range(-1, 9)]
    assert [day.day for day in days if on_call(day)] == [2, 8]
    [expert] = topics.list_experts(viewer=course.ben, topic=TOPIC)
    assert expert.on_call == "17"


def test_the_same_dates_again_change_the_days_and_clearing_takes_all(course):
    turn(course, "1")
    turn(course, "2")
    turn(course, "3", starts_on=date(2026, 3, 2))
    assert OnCall.objects.count() == 2
    assert (on_call(MONDAY), on_call(MONDAY + DAY)) == ([], [course.chen.person_id])
    topics.clear_turns(viewer=course.ben, topic=TOPIC.upper(), person_id=course.chen.person_id)
    assert OnCall.objects.count() == 0


@pytest.mark.parametrize(
    ("facts", "field"),
    [
        ({"weekdays": ""}, "weekdays"),
        ({"weekdays": "8"}, "weekdays"),
        ({"weekdays": "11"}, "weekdays"),
        ({"starts_on": date(2026, 3, 2), "ends_on": date(2026, 3, 1)}, "ends_on"),
        ({"topic": "Unknown"}, "person"),
        ({"person_id": 0}, "person"),
    ],
)
def test_a_turn_needs_days_an_order_and_an_expert(course, facts, field):
    with pytest.raises(InvalidInput) as refused:
        turn(course, **facts)
    assert list(refused.value.errors) == [field]


def test_only_instructors_write_the_rota(course):
    for viewer in (course.chen, join(course.space, "tia", "Tia", Role.ASSISTANT)):
        with pytest.raises(NotAllowed):
            turn(course, viewer=viewer)
        with pytest.raises(NotAllowed):
            topics.clear_turns(viewer=viewer, topic=TOPIC, person_id=course.chen.person_id)


def test_who_gives_the_topic_up_is_off_the_rota(course):
    turn(course)
    topics.withdraw_expertise(viewer=course.chen, topic=TOPIC, person_id=course.chen.person_id)
    assert on_call(MONDAY) == []
