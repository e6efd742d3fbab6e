"""The one place that says what time it is, so that tests, seeds and demonstrations can move it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime, timedelta
from pathlib import Path

from django.utils import timezone

_moved_to: ContextVar[datetime | None] = ContextVar("companion_clock", default=None)


class _Shift:
    """By how much a file says that the time is moved: whole seconds, as text. Read again when it was replaced."""

    def __init__(self) -> None:
        self.path: Path | None = None
        self._read: tuple[tuple[int, int], timedelta] | None = None

    def get(self) -> timedelta:
        """None of it where there is no file, or no number in it."""
        assert self.path is not None
        try:
            found = os.stat(self.path)
            version = (found.st_ino, found.st_mtime_ns)
            if self._read is None or self._read[0] != version:
                self._read = version, timedelta(seconds=int(self.path.read_text()))
        except (OSError, ValueError, OverflowError):
            return timedelta()
        return self._read[1]


_shift = _Shift()


def now() -> datetime:
    """The aware present moment, or the one set by `at`."""
    moved_to = _moved_to.get()
    if moved_to is not None:
        return moved_to
    return timezone.now() if _shift.path is None else timezone.now() + _shift.get()


def now_elsewhere() -> datetime:
    """The same by everybody else's clock: for times that others wrote, such as a platform into its token.

    `at` moves it, what `follow` reads does not.
    """
    return _moved_to.get() or timezone.now()


@contextmanager
def at(moment: datetime) -> Iterator[None]:
    """Everything inside happens at `moment` (aware): `with clock.at(last_monday): start_thread(...)`."""
    token = _moved_to.set(moment)
    try:
        yield
    finally:
        _moved_to.reset(token)


def follow(path: str | Path) -> None:
    """Move the time by as many seconds as a file says, from now on; "" for no file.

    For a demonstration, whose processes all follow one file. The time may then go back: nothing else is made for that.
    """
    _shift.path = Path(path) if path else None
