"""The one place that says what time it is, so that tests, seeds and demonstrations can move it."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime

from django.utils import timezone

_moved_to: ContextVar[datetime | None] = ContextVar("companion_clock", default=None)


def now() -> datetime:
    """The aware present moment, or the one set by `at`."""
    return _moved_to.get() or timezone.now()


@contextmanager
def at(moment: datetime) -> Iterator[None]:
    """Everything inside happens at `moment` (aware): `with clock.at(last_monday): start_thread(...)`."""
    token = _moved_to.set(moment)
    try:
        yield
    finally:
        _moved_to.reset(token)
