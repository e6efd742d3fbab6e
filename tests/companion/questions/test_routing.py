"""The ladder as a pure function, held against its promises for any question, people and time."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from companion.questions.models import Step
from companion.questions.routing import Bench, Case, Decision, Helper, Ladder, Reason, decide
from companion.spaces.hours import WorkingHours, week_ends
from companion.topics.api import Room

MONDAY = datetime(2026, 3, 2, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)

moments = st.integers(0, 60 * 24).map(lambda hours: MONDAY + hours * HOUR)
hours = st.builds(
    WorkingHours,
    zone=st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia"]),
    days=st.sets(st.integers(1, 7), min_size=1).map(frozenset),
    begins=st.integers(0, 12),
    ends=st.integers(13, 24),
)
ladders = st.builds(
    Ladder,
    hours=hours,
    lasts=st.fixed_dictionaries(
        {Step.PEERS: st.integers(0, 80), Step.EXPERT: st.integers(0, 80), Step.AUTHOR: st.integers(0, 80)}
    ),
)


@st.composite
def rooms(draw, person_id: int) -> Room:
    away = draw(st.booleans())
    return Room(
        person_id=person_id,
        capacity=draw(st.integers(0, 4)),
        taken=draw(st.integers(0, 4)),
        week_ends=week_ends(MONDAY, zone="UTC"),
        is_away=away,
        away_until=draw(st.none() | moments) if away else None,
        last_given_at=draw(st.none() | moments),
    )


@st.composite
def benches(draw) -> Bench:
    people = {pk: draw(rooms(pk)) for pk in range(1, 7)}

    def step(*, topic: str = "") -> list[Helper]:
        chosen = draw(st.lists(st.sampled_from(list(people)), unique=True, max_size=4))
        return [Helper(room=people[pk], topic=topic, is_on_call=bool(topic) and draw(st.booleans())) for pk in chosen]

    return {Step.PEERS: [], Step.EXPERT: step(topic="Pagers"), Step.AUTHOR: step(), Step.INSTRUCTOR: step()}


@st.composite
def cases(draw) -> Case:
    holder = draw(st.none() | st.integers(1, 7))
    return Case(
        clock_at=draw(moments),
        step=draw(st.sampled_from(list(Step))) if holder is None else draw(st.sampled_from(list(Step)[1:])),
        asker_id=draw(st.none() | st.integers(1, 7)),
        holder=holder,
        due_at=draw(st.none() | moments) if holder else None,
        passed=draw(st.sets(st.integers(1, 7)).map(frozenset)),
        opens_at=draw(st.none() | moments),
    )


def everybody(bench: Bench) -> dict[int, Room]:
    return {helper.room.person_id: helper.room for helpers in bench.values() for helper in helpers}


@settings(max_examples=150, deadline=None)
@given(case=cases(), bench=benches(), ladder=ladders, now=moments)
def test_every_decision_keeps_every_promise(case: Case, bench: Bench, ladder: Ladder, now: datetime):
    decision = decide(case, bench, ladder, now)
    assert decide(case, bench, ladder, now) == decision
    if decision is None:
        assert case.holder in everybody(bench)
        assert not everybody(bench)[case.holder].is_away
        assert case.due_at is None or case.due_at > now
        return
    assert decision.reason in Reason
    if decision.person_id is None:
        # Somebody waits for it: a moment says when it is looked at again.
        assert decision.look_at is not None
        assert decision.look_at > now
        return
    room = everybody(bench)[decision.person_id]
    assert room.taken < room.capacity
    assert not room.is_away
    assert decision.person_id != case.asker_id
    assert decision.person_id not in case.passed
    assert decision.person_id != case.holder
    assert ladder.hours.is_open(now)
    assert decision.look_at is None or decision.look_at >= now
    assert (decision.look_at is None) == (decision.step is Step.INSTRUCTOR)
    assert decision.facts["number"] == room.taken + 1


@settings(max_examples=60, deadline=None)
@given(case=cases(), bench=benches(), ladder=ladders, now=moments)
def test_whoever_has_it_is_released_with_a_reason(case: Case, bench: Bench, ladder: Ladder, now: datetime):
    decision = decide(case, bench, ladder, now)
    if decision is not None:
        assert (decision.released is not None) == (case.holder is not None)


@settings(max_examples=40, deadline=None)
@given(bench=benches(), ladder=ladders, start=moments)
def test_no_question_starves_where_somebody_has_room(bench: Bench, ladder: Ladder, start: datetime):
    """Looked at whenever it says so, a question is somebody's within the days that peers have, if anybody can."""
    steps = {step: helpers for step, helpers in bench.items() if ladder.lasts.get(step, 1)}
    able = [room for room in everybody(steps).values() if room.capacity > room.taken and not room.is_away]
    case, now = Case(clock_at=start), start
    for _look in range(60):
        decision = decide(case, bench, ladder, now)
        assert decision is not None
        if decision.person_id is not None:
            assert able
            return
        case = replace(case, step=decision.step)
        assert decision.look_at is not None
        now = decision.look_at
    assert not able


@settings(max_examples=60, deadline=None)
@given(working=hours, start=moments, count=st.integers(0, 300))
def test_working_hours_add_up(working: WorkingHours, start: datetime, count: int):
    end = working.add(start, count)
    assert end >= start
    assert working.add(working.add(start, count), 3) == working.add(start, count + 3)
    opens = working.next_open(start)
    assert working.is_open(opens)
    assert working.is_open(start) == (opens == start)


def test_a_day_whose_clocks_change_is_as_long_as_the_clock_says():
    working = WorkingHours(zone="Europe/Berlin", days=frozenset({7}), begins=0, ends=24)
    begins = datetime(2026, 3, 28, 23, tzinfo=UTC)
    assert working.next_open(datetime(2026, 3, 27, tzinfo=UTC)) == begins
    assert working.is_open(begins + 22 * HOUR)
    assert not working.is_open(begins + 23 * HOUR)


def test_a_step_without_time_is_passed():
    ladder = Ladder(
        hours=WorkingHours(zone="UTC", days=frozenset(range(1, 8)), begins=0, ends=24),
        lasts={Step.PEERS: 0, Step.EXPERT: 0, Step.AUTHOR: 0},
    )
    room = Room(person_id=1, week_ends=week_ends(MONDAY, zone="UTC"))
    bench = {Step.EXPERT: [Helper(room=room, topic="T")], Step.AUTHOR: [Helper(room=room)], Step.INSTRUCTOR: []}
    nobody = decide(Case(clock_at=MONDAY), bench, ladder, MONDAY)
    assert nobody is not None
    assert (nobody.person_id, nobody.is_new_round) == (None, True)
    timed = Ladder(hours=ladder.hours, lasts={**ladder.lasts, Step.AUTHOR: 2})
    assert decide(Case(clock_at=MONDAY), bench, timed, MONDAY) == Decision(
        step=Step.AUTHOR,
        person_id=1,
        reason=Reason.AUTHOR,
        look_at=MONDAY + 2 * HOUR,
        facts={"number": 1, "capacity": 3},
    )
