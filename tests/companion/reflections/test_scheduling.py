"""When a prompt is due: pure, so tried with any learner, any zone and any clock."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.reflections.scheduling import (
    LEAST_WORTH,
    Moments,
    Plan,
    Reason,
    State,
    days_after,
    last_open,
    local_date,
    schedule,
)
from companion.spaces.hours import WorkingHours
from companion.spaces.prompts import Anchor, PromptSettings

ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Pacific/Apia", "Australia/Lord_Howe")
# A Monday at ten in Berlin.
MONDAY = datetime(2026, 3, 2, 9, tzinfo=UTC)
DAY = timedelta(days=1)


def hours(zone: str = "Europe/Berlin", days: str = "12345", begins: int = 8, ends: int = 18) -> WorkingHours:
    return WorkingHours(zone=zone, days=frozenset(map(int, days)), begins=begins, ends=ends)


def prompt(key: str = "a", days: int = 2, anchor: Anchor = Anchor.COURSE, unit: str = "") -> PromptSettings:
    return PromptSettings(key=key, title=key, days=days, anchor=anchor, unit=unit)


def plan(one: PromptSettings, now: datetime = MONDAY, zone: str = "Europe/Berlin", **moments: datetime) -> Plan:
    return schedule([one], Moments(**moments), hours(zone), now)[one.key]


def test_it_works() -> None:
    found = schedule(
        [prompt("a", 2), prompt("b", 7), prompt("c", 21), prompt("d", 60)], Moments(course_at=MONDAY), hours(), MONDAY
    )
    due = [found[key].due_at for key in "abcd"]
    # Sixty days later is a Friday in summer: ten o'clock in Berlin is eight in UTC.
    assert due == [
        MONDAY + 2 * DAY,
        MONDAY + 7 * DAY,
        MONDAY + 21 * DAY,
        datetime(2026, 5, 1, 8, tzinfo=UTC),
    ]
    assert {one.reason for one in found.values()} == {Reason.ON_TIME}


def test_a_weekend_waits_for_monday() -> None:
    found = plan(prompt(days=5), course_at=MONDAY)
    assert (found.reason, found.due_at) == (Reason.QUIET, datetime(2026, 3, 9, 7, tzinfo=UTC))


@pytest.mark.parametrize(
    ("anchor", "reason"),
    [
        (Anchor.ENROLMENT, Reason.NOT_JOINED),
        (Anchor.UNIT, Reason.NOT_FINISHED),
        (Anchor.COURSE, Reason.NOT_FINISHED),
        (Anchor.EVENT_START, Reason.NO_EVENT),
        (Anchor.EVENT_END, Reason.NO_EVENT),
    ],
)
def test_without_its_moment_it_is_held_and_says_why(anchor: Anchor, reason: Reason) -> None:
    found = plan(prompt(anchor=anchor))
    assert (found.state, found.reason, found.due_at) == (State.HELD, reason, None)


def test_each_unit_has_its_own_moment() -> None:
    prompts = [prompt("a", 1, Anchor.UNIT, "one"), prompt("b", 1, Anchor.UNIT, "two")]
    found = schedule(prompts, Moments(units={"two": MONDAY}), hours(), MONDAY)
    assert found["a"].reason is Reason.NOT_FINISHED
    assert found["b"].due_at == MONDAY + DAY


def test_what_comes_before_an_event_never_comes_after_it() -> None:
    # The event is on a Monday at nine: the day before is a Sunday, so Friday's last hour it is.
    event = datetime(2026, 3, 9, 8, tzinfo=UTC)
    found = plan(prompt(days=-1, anchor=Anchor.EVENT_START), event_at=event)
    assert (found.reason, found.due_at) == (Reason.QUIET, datetime(2026, 3, 6, 16, tzinfo=UTC))
    over = plan(prompt(days=-1, anchor=Anchor.EVENT_START), now=event + DAY, event_at=event)
    assert (over.state, over.reason) == (State.DROPPED, Reason.EVENT_OVER)


def test_whoever_joins_late_gets_the_expectations_at_once() -> None:
    event = MONDAY + 2 * DAY
    found = plan(prompt(days=-7, anchor=Anchor.EVENT_START), now=MONDAY, event_at=event)
    assert (found.reason, found.due_at) == (Reason.LATE, MONDAY)


def test_the_end_of_an_event_without_an_end_is_its_beginning() -> None:
    found = plan(prompt(days=2, anchor=Anchor.EVENT_END), event_at=MONDAY)
    assert found.due_at == MONDAY + 2 * DAY


def test_what_was_missed_is_caught_up_with_while_it_is_worth_it() -> None:
    late = plan(prompt(days=2), now=MONDAY + 4 * DAY, course_at=MONDAY)
    assert (late.reason, late.due_at) == (Reason.LATE, MONDAY + 4 * DAY)
    stale = plan(prompt(days=2), now=MONDAY + 2 * DAY + LEAST_WORTH + DAY, course_at=MONDAY)
    assert (stale.state, stale.reason) == (State.DROPPED, Reason.TOO_OLD)


def test_a_completion_of_long_ago_brings_no_heap() -> None:
    found = schedule(
        [prompt("a", 2), prompt("b", 7), prompt("c", 21)], Moments(course_at=MONDAY), hours(), MONDAY + 22 * DAY
    )
    assert found["a"].reason is Reason.TOO_OLD
    assert found["b"].reason is Reason.TOO_OLD
    assert found["c"].reason is Reason.LATE


def test_of_several_that_are_late_the_last_is_asked() -> None:
    found = schedule([prompt("a", 7), prompt("b", 8)], Moments(course_at=MONDAY), hours(), MONDAY + 9 * DAY)
    assert found["a"].reason is Reason.OVERTAKEN
    assert found["b"].reason is Reason.LATE


def test_offsets_that_collide_take_turns() -> None:
    prompts = [prompt("a", 2), prompt("b", 2), prompt("c", 4)]
    found = schedule(prompts, Moments(course_at=MONDAY), hours(), MONDAY)
    days = [local_date(found[key].due_at, hours()) for key in "abc"]  # type: ignore[arg-type]
    assert days == [date(2026, 3, 4), date(2026, 3, 5), date(2026, 3, 6)]
    assert found["b"].reason is Reason.ONE_A_DAY


def test_a_day_that_a_zone_leaves_out_is_the_one_after_it() -> None:
    # Apia went from 29 to 31 December 2011.
    before = datetime(2011, 12, 29, 10, tzinfo=ZoneInfo("Pacific/Apia"))
    there = days_after(before, 1, zone="Pacific/Apia").astimezone(ZoneInfo("Pacific/Apia"))
    assert there.date() == date(2011, 12, 31)


def test_leap_days_count() -> None:
    noon = datetime(2028, 2, 28, 12, tzinfo=UTC)
    assert days_after(noon, 1, zone="UTC").date() == date(2028, 2, 29)


def test_an_hour_that_the_clocks_jump_over() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    local = days_after(datetime(2026, 3, 28, 2, 30, tzinfo=berlin), 1, zone="Europe/Berlin").astimezone(berlin)
    assert (local.date(), local.hour, local.minute) == (date(2026, 3, 29), 3, 30)


# -- any learner, any clock ----------------------------------------------------------------------------------------

moments = st.integers(0, 23 * 365 * 24 * 4).map(
    lambda quarters: datetime(2010, 1, 1, tzinfo=UTC) + timedelta(minutes=15 * quarters)
)
anchors = st.sampled_from(list(Anchor))


@st.composite
def calendars(draw: st.DrawFn) -> WorkingHours:
    begins = draw(st.integers(0, 22))
    days = draw(st.sets(st.integers(1, 7), min_size=1))
    return WorkingHours(
        zone=draw(st.sampled_from(ZONES)),
        days=frozenset(days),
        begins=begins,
        ends=draw(st.integers(begins + 2, 24)),
    )


@st.composite
def series(draw: st.DrawFn) -> list[PromptSettings]:
    prompts = []
    for number in range(draw(st.integers(1, 8))):
        anchor = draw(anchors)
        is_event = anchor in (Anchor.EVENT_START, Anchor.EVENT_END)
        days = draw(st.integers(-40 if is_event else 0, 200))
        prompts.append(prompt(f"p{number}", days, anchor, draw(st.sampled_from(["", "one"]))))
    return prompts


@st.composite
def lives(draw: st.DrawFn) -> Moments:
    units = draw(st.dictionaries(st.sampled_from(["", "one"]), moments))
    event = draw(st.none() | moments)
    return Moments(
        enrolled_at=draw(st.none() | moments),
        units=units,
        course_at=draw(st.none() | moments),
        event_at=event,
        event_ends_at=event + draw(st.timedeltas(timedelta(), timedelta(days=3))) if event else None,
    )


@given(series(), lives(), calendars(), moments)
def test_whatever_happens(prompts: list[PromptSettings], life: Moments, calendar: WorkingHours, now: datetime) -> None:
    found = schedule(prompts, life, calendar, now)
    assert found == schedule(prompts, life, calendar, now)
    assert list(found) == [one.key for one in prompts]
    days = []
    for one in prompts:
        outcome = found[one.key]
        assert (outcome.due_at is not None) == (outcome.state is State.PLANNED)
        assert (outcome.state is State.HELD) == (life.of(one) is None)
        if outcome.due_at is None:
            continue
        assert outcome.due_at >= now
        assert outcome.worth_until is not None
        assert outcome.due_at <= outcome.worth_until
        assert calendar.is_open(outcome.due_at)
        event = life.of(one)
        if one.days < 0 and event is not None:
            assert outcome.due_at < event
        days.append(local_date(outcome.due_at, calendar))
    assert len(set(days)) == len(days)


@given(series(), lives(), calendars(), moments, st.timedeltas(timedelta(), timedelta(days=400)))
def test_a_later_look_never_brings_something_earlier(
    prompts: list[PromptSettings], life: Moments, calendar: WorkingHours, now: datetime, gone: timedelta
) -> None:
    """However late a worker is: what was dropped stays dropped, and nothing that is held gets a date by waiting."""
    first, later = schedule(prompts, life, calendar, now), schedule(prompts, life, calendar, now + gone)
    for one in prompts:
        if first[one.key].state is State.HELD:
            assert later[one.key] == first[one.key]
        if first[one.key].reason is Reason.EVENT_OVER:
            assert later[one.key].state is State.DROPPED
        if later[one.key].state is State.PLANNED and first[one.key].state is State.PLANNED:
            assert later[one.key].due_at >= first[one.key].due_at or first[one.key].reason in (  # type: ignore[operator]
                Reason.ONE_A_DAY,
                Reason.LATE,
            )


@given(calendars(), moments)
def test_the_last_working_hour_before_a_moment(calendar: WorkingHours, moment: datetime) -> None:
    found = last_open(calendar, moment)
    if found is not None:
        assert found < moment
        assert calendar.is_open(found)
