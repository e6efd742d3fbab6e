"""How often one person may do a thing."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier
from typing import Any

import pytest
from django.core.cache import cache
from django.core.cache.backends.locmem import LocMemCache

from companion import clock, limits
from companion.errors import TooMany

pytestmark = pytest.mark.one_database

ANA, BEN = 1, 2
TEN_MINUTES = timedelta(minutes=10)
MOMENT = datetime(2026, 3, 2, 10, 6, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _in_memory(settings) -> None:
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "limits"}}
    cache.clear()


@pytest.fixture(autouse=True)
def _six_past_ten() -> Iterator[None]:
    with clock.at(MOMENT):
        yield


def take(person_id: int = ANA, what: str = "post", most: int = 2, window: timedelta = TEN_MINUTES) -> None:
    limits.take(person_id=person_id, what=what, most=most, window=window)


def sentence(**options: Any) -> str:
    with pytest.raises(TooMany) as refused:
        take(**options)
    return str(refused.value)


def test_it_works():
    take()
    take()
    assert sentence() == ("You have done this 2 times in 10 minutes. Please wait 4 minutes; what you wrote is kept.")
    assert sentence() == sentence()


def test_each_person_and_each_thing_has_a_count_of_its_own():
    take()
    take()
    take(person_id=BEN)
    take(what="upload")
    assert sentence()


def test_a_person_is_not_taken_for_another_one():
    for person_id in (1, 11, 111):
        take(person_id=person_id, what="post", most=1)
        take(person_id=person_id, what="post1", most=1)


def test_the_window_ends_when_it_says():
    take()
    take()
    with clock.at(MOMENT + timedelta(minutes=4, microseconds=-1)):
        assert "wait 1 minute;" in sentence()
    with clock.at(MOMENT + timedelta(minutes=4)):
        take()
        take()
        assert "wait 10 minutes;" in sentence()


@pytest.mark.parametrize(
    ("most", "window", "words"),
    [
        (1, timedelta(minutes=1), "1 time in 1 minute. Please wait 1 minute;"),
        (3, timedelta(seconds=90), "3 times in 2 minutes. Please wait 2 minutes;"),
        (1, timedelta(hours=1), "1 time in 60 minutes. Please wait 54 minutes;"),
        (1, timedelta(days=1), "1 time in 24 hours. Please wait 14 hours;"),
    ],
)
def test_it_says_how_long_in_words(most, window, words):
    for _time in range(most):
        take(most=most, window=window)
    assert words in sentence(most=most, window=window)


def test_nought_is_no_limit():
    for _time in range(50):
        take(most=0)


def test_many_at_once_never_get_more_than_the_limit():
    start = Barrier(16)

    def press(_number: int) -> int:
        done = 0
        # A thread has a clock of its own.
        with clock.at(MOMENT):
            start.wait()
            for _time in range(10):
                try:
                    take(most=30)
                except TooMany:
                    continue
                done += 1
        return done

    with ThreadPoolExecutor(16) as pool:
        assert sum(pool.map(press, range(16))) == 30


def test_a_cache_that_fails_stops_nobody_and_is_logged_once(monkeypatch, caplog):
    def fail(*_arguments: Any, **_options: Any) -> None:
        raise ConnectionError("No Redis there")

    with monkeypatch.context() as patch:
        patch.setattr(LocMemCache, "add", fail)
        for _time in range(5):
            take()
    assert [record.message for record in caplog.records] == ["The cache fails; limits are off meanwhile"]

    take()
    take()
    assert sentence()
    with monkeypatch.context() as patch:
        patch.setattr(LocMemCache, "incr", fail)
        take()
    assert len(caplog.records) == 2


def test_a_count_that_vanishes_begins_anew(monkeypatch):
    take()
    incr = LocMemCache.incr

    def emptied(self: LocMemCache, *arguments: Any, **options: Any) -> int:
        self.clear()
        return incr(self, *arguments, **options)

    with monkeypatch.context() as patch:
        patch.setattr(LocMemCache, "incr", emptied)
        take()
    take()
    assert sentence()
