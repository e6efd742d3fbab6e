"""The catalogue of the demo, which needs no Django."""

from __future__ import annotations

from datetime import date

import pytest

from examples.demo_lms.course import COURSES, GAME_DAY


@pytest.mark.parametrize(
    ("today", "expected"),
    [
        (date(2026, 12, 9), date(2026, 12, 10)),
        (date(2026, 12, 10), date(2026, 12, 10)),
        (date(2026, 12, 11), date(2027, 1, 14)),
    ],
)
def test_game_day_is_the_coming_second_thursday(today: date, expected: date) -> None:
    assert GAME_DAY.next_start(today).date() == expected


def test_every_unit_has_a_text() -> None:
    for course in COURSES:
        for unit in course.units:
            assert 150 < len(unit.body.split()) < 320, unit.slug
