"""Figures: with their denominators, of five people at least, and nothing that could be worked out."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion import clock
from companion.reflections import api as reflections
from companion.reflections.models import Commitment, Delivery, Enrolment, Entry
from companion.reflections.reporting import Arm, difference_interval
from companion.reflections.suppressing import LEAST, Part, part_of, suppress
from companion.spaces.prompts import Anchor, Format, PromptSettings
from companion.threads import api as threads
from companion.viewer import Viewer
from tests import people
from tests.companion.reflections import stories
from tests.companion.reflections.stories import DAY, MONDAY, answer, commit, finish

BEFORE = PromptSettings(key="before", format=Format.RATING, title="Before", anchor=Anchor.COURSE)
AFTER = PromptSettings(
    key="after", format=Format.RATING, title="After", anchor=Anchor.COURSE, days=3, pairs_with="before"
)


def learners(followed: stories.Followed, count: int) -> list[Viewer]:
    found = [people.join(followed.space, f"l{number}", f"L{number}") for number in range(count)]
    with clock.at(MONDAY):
        finish(followed, *found)
    return found


def report(followed: stories.Followed) -> reflections.Report:
    return reflections.make_report(followed.series)


def test_it_works(db: None) -> None:
    with clock.at(MONDAY):
        followed = stories.course()
    crowd = learners(followed, 14)
    with clock.at(MONDAY + 2 * DAY):
        reflections.deliver_due()
        for viewer in crowd[:13]:
            commit(followed, viewer)
    with clock.at(MONDAY + 21 * DAY):
        reflections.deliver_due()
        for number, viewer in enumerate(crowd[:12]):
            answer(viewer, "how", outcome="done" if number % 2 else "not_yet")
        plan, _sure, how = report(followed).funnel
    assert (plan.addressed, plan.sent, plan.answered, plan.silent, plan.planned) == (17, 14, 13, 1, 13)
    assert (how.answered, how.applied) == (12, Part(of=10, count=5))


def test_one_more_answer_changes_no_figure(db: None) -> None:
    with clock.at(MONDAY):
        followed = stories.course(prompts=[BEFORE, AFTER])
    crowd = learners(followed, 10)
    with clock.at(MONDAY + 3 * DAY):
        for number, viewer in enumerate(crowd[:9]):
            answer(viewer, "before", number=number)
            answer(viewer, "after", number=5)
            if number == 4:
                at_five = report(followed).slopes
        assert report(followed).slopes == at_five
        answer(crowd[9], "before", number=9)
        answer(crowd[9], "after", number=9)
        assert report(followed).slopes[0].people == 10


def test_whoever_is_asked_once_more_moves_no_figure(db: None) -> None:
    with clock.at(MONDAY):
        followed = stories.course(prompts=[stories.PLAN, stories.HOW])
    crowd = learners(followed, 10)
    with clock.at(MONDAY + 2 * DAY):
        for viewer in crowd:
            commit(followed, viewer)
    with clock.at(MONDAY + 21 * DAY):
        for number, viewer in enumerate(crowd):
            answer(viewer, "how", outcome="blocked" if number % 2 else "done")
        before = report(followed)
        thread_id = stories.ask(followed, crowd[1], stories.row(crowd[1], "how"))
        threads.add_reply(viewer=followed.ben, thread_id=thread_id, body="Ask whoever is on call.")
    with clock.at(MONDAY + 23 * DAY):
        answer(crowd[1], "how", round=2, outcome="done")
        assert report(followed) == before


@pytest.mark.parametrize(
    ("yes", "no", "shown"),
    [
        (5, 4, Part(of=5)),
        (5, 9, Part(of=10, count=5)),
        (4, 6, Part(of=10, is_few=True)),
        (6, 4, Part(of=10, count=None, is_most=True)),
        (20, 0, Part(of=20, is_most=True)),
        (0, 20, Part(of=20, is_few=True)),
        (0, 0, Part(of=0)),
    ],
)
def test_a_part_that_points_at_nobody(yes: int, no: int, shown: Part) -> None:
    assert part_of([True] * yes + [False] * no) == shown


def test_a_slope_is_of_those_who_gave_both(db: None) -> None:
    with clock.at(MONDAY):
        followed = stories.course(prompts=[BEFORE, AFTER])
    crowd = learners(followed, 6)
    with clock.at(MONDAY + 3 * DAY):
        for viewer in crowd:
            answer(viewer, "before", number=4)
        for viewer in crowd[: LEAST - 1]:
            answer(viewer, "after", number=7)
        assert report(followed).slopes == []
        answer(crowd[LEAST - 1], "after", number=2)
        [slope] = report(followed).slopes
    assert (slope.people, slope.before, slope.after) == (5, 4, 6)


def test_plans_that_were_offered_are_counted_and_ones_own_are_not(db: None) -> None:
    with clock.at(MONDAY):
        followed = stories.course()
    crowd = learners(followed, 17)
    with clock.at(MONDAY + 2 * DAY):
        for viewer in crowd[:6]:
            commit(followed, viewer, action="write down who leads")
        commit(followed, crowd[16], action="something of my own that nobody reads")
        for viewer in crowd[6:16]:
            commit(followed, viewer, action="call out the time")
        [spread] = report(followed).spreads
    assert (spread.answered, spread.options) == (15, [("write down who leads", 6), ("call out the time", 9)])
    assert "nobody reads" not in str(report(followed))


@pytest.mark.parametrize(
    ("counts", "shown"),
    [
        ([9, 5], [9, 5]),
        ([9, 0, 5], [9, 0, 5]),
        # One that is too small could be worked out from the others.
        ([9, 4], [None, None]),
        ([9, 7, 4], [9, None, None]),
        ([9, 2, 2], [None, None, None]),
        ([9, 4, 4], [9, None, None]),
        ([3], [None]),
        # What nearly everybody said is not shown either.
        ([9, 0, 0], [None, None, None]),
        ([30, 0, 4], [None, None, None]),
        ([], []),
    ],
)
def test_what_is_too_small_is_not_shown(counts: Sequence[int], shown: Sequence[int | None]) -> None:
    assert suppress(counts) == shown


@given(st.lists(st.integers(0, 30), max_size=8))
def test_nothing_small_can_be_worked_out(counts: list[int]) -> None:
    shown = suppress(counts)
    hidden = [count for count, seen in zip(counts, shown, strict=True) if seen is None]
    assert all(seen is None or seen == 0 or seen >= LEAST for seen in shown)
    if hidden and sum(count > 0 for count in counts) > 1:
        assert len(hidden) > 1
        assert sum(hidden) >= LEAST or len(hidden) == len(counts)
    if counts and len(hidden) < len(counts):
        assert sum(counts) - max(counts) >= LEAST


# -- what the prompts have changed ---------------------------------------------------------------------------------


def test_newcombes_own_example() -> None:
    """Statistics in Medicine 17 (1998), table II: 56/70 against 48/80 gives 0.0524 to 0.3339 by method 10."""
    one, other = Arm(people=70, answered=70, applied=56), Arm(people=80, answered=80, applied=48)
    low, high = difference_interval(one, other)
    assert (round(low, 4), round(high, 4)) == (0.0524, 0.3339)


def test_none_at_all_against_none_at_all_has_an_interval_of_its_own() -> None:
    none = Arm(people=10, answered=10, applied=0)
    low, high = difference_interval(none, none)
    assert low < 0 < high
    assert low >= -1


def held_out(followed: stories.Followed, *, answers: int) -> reflections.Report:
    """So many on each side say how it went: those who were asked all along all did it, the others did not."""
    with clock.at(MONDAY + 21 * DAY):
        for is_out in (False, True):
            rows = Enrolment.objects.filter(is_held_out=is_out, person__name__startswith="L")
            for enrolment in rows.select_related("person")[:answers]:
                delivery = Delivery.objects.get(enrolment=enrolment, prompt__key="how")
                Entry.objects.create(
                    delivery=delivery,
                    prompt_id=delivery.prompt_id,
                    person_id=enrolment.person_id,
                    space=followed.space,
                    outcome="not_yet" if is_out else "done",
                )
                Delivery.objects.filter(pk=delivery.pk).update(answered_at=clock.now(), state="sent")
    return report(followed)


def test_the_difference_with_its_interval(db: None) -> None:
    with clock.at(MONDAY):
        followed = stories.course(holdout_percent=50)
    learners(followed, 90)
    impact = held_out(followed, answers=20).impact
    assert impact is not None
    assert impact.difference == 1
    assert impact.low is not None
    assert impact.low > 0.7
    assert (impact.asked.answered, impact.held_out.answered) == (20, 20)


def test_with_too_few_nothing_is_said(db: None) -> None:
    with clock.at(MONDAY):
        followed = stories.course(holdout_percent=50)
    learners(followed, 90)
    impact = held_out(followed, answers=19).impact
    assert impact is not None
    assert (impact.difference, impact.low, impact.high) == (None, None, None)


def test_without_lots_there_is_no_difference_to_speak_of(db: None) -> None:
    with clock.at(MONDAY):
        followed = stories.course()
    assert report(followed).impact is None
    assert not Commitment.objects.exists()
