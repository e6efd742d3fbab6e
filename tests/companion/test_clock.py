"""The one clock: moved for a block of code, or by a file that a demonstration's processes follow."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from companion import clock, tasks

MONDAY = datetime(2026, 3, 2, 9, tzinfo=UTC)
A_MOMENT = timedelta(seconds=5)


@pytest.fixture
def file(tmp_path: Path) -> Iterator[Path]:
    """What a demonstration's clock follows; not there yet."""
    path = tmp_path / "clock"
    clock.follow(path)
    yield path
    clock.follow("")


def move(file: Path, text: str) -> None:
    """As the demo does: replaced as a whole."""
    written = file.with_suffix(".new")
    written.write_text(text)
    written.replace(file)


def ahead() -> timedelta:
    return clock.now() - timezone.now()


def test_it_works(file: Path) -> None:
    assert abs(ahead()) < A_MOMENT
    for hours in (4, 24, 0, -1):
        move(file, str(hours * 3600))
        assert abs(ahead() - timedelta(hours=hours)) < A_MOMENT
    file.unlink()
    assert abs(ahead()) < A_MOMENT


@pytest.mark.parametrize("text", ["", "soon", "1e3", "9" * 30])
def test_a_file_that_makes_no_sense_moves_nothing(file: Path, text: str) -> None:
    move(file, text)
    assert abs(ahead()) < A_MOMENT


def test_a_moment_that_was_set_goes_before_the_file(file: Path) -> None:
    move(file, "3600")
    with clock.at(MONDAY):
        assert clock.now() == clock.now_elsewhere() == MONDAY
    assert abs(clock.now_elsewhere() - timezone.now()) < A_MOMENT


def test_the_worker_looks_as_soon_as_the_time_was_moved(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ticked: list[datetime] = []
    worker = tasks.worker()
    monkeypatch.setattr(worker, "_tick", lambda: ticked.append(clock.now()))
    worker._tick_when_due()
    worker._tick_when_due()
    assert len(ticked) == 1
    move(file, "14400")
    worker._tick_when_due()
    assert len(ticked) == 2
    move(file, "0")
    worker._tick_when_due()
    worker._tick_when_due()
    assert len(ticked) == 3
