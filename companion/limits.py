"""How often one person may do a thing, so that nobody floods a course: a fixed window in Django's cache.

django-ratelimit would do, but it refuses the caches in memory and in the database, which the Companion runs on.
"""

import logging
from datetime import UTC, datetime, timedelta
from math import ceil
from threading import Event
from typing import Final

from django.core.cache import cache
from django.utils.translation import ngettext

from companion import clock
from companion.errors import TooMany

logger = logging.getLogger(__name__)

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MINUTE: Final = timedelta(minutes=1)
_HOUR: Final = timedelta(hours=1)

# Set while the cache fails: one line in the log for an outage, not one for every post.
_outage: Final = Event()


def take(*, person_id: int, what: str, most: int, window: timedelta) -> None:
    """Count that this person does `what` (a name in code, "post") once more; at most `most` times in a window.

    Windows follow one another on the clock, the same for everybody: [10:00, 10:10), [10:10, 10:20) ... `most` of 0 is
    no limit. Raises TooMany, with a sentence that says how long to wait. Where the cache fails, everybody may go on:
    a limit is not worth a lost answer.
    """
    if most <= 0:
        return
    number, gone = divmod(clock.now() - _EPOCH, window)
    # Twice, so that a count does not end before its window, whatever clock the cache goes by.
    timeout = ceil(2 * window.total_seconds())
    try:
        count = _count(f"companion.limit.{what}.{person_id}.{number}", timeout)
    except Exception:
        if not _outage.is_set():
            logger.exception("The cache fails; limits are off meanwhile")
        _outage.set()
        return
    _outage.clear()
    if count > most:
        raise TooMany(_sentence(most, window, window - gone))


def _count(key: str, timeout: int) -> int:
    """How many there are with this one."""
    if cache.add(key, 1, timeout):
        return 1
    try:
        return cache.incr(key)
    except ValueError:
        # It went between the two, because the cache was full or emptied: a new count begins.
        cache.add(key, 1, timeout)
        return 1


def _sentence(most: int, window: timedelta, wait: timedelta) -> str:
    text = ngettext(
        "You have done this %(most)d time in %(window)s. Please wait %(wait)s; what you wrote is kept.",
        "You have done this %(most)d times in %(window)s. Please wait %(wait)s; what you wrote is kept.",
        most,
    )
    return text % {"most": most, "window": _duration(window), "wait": _duration(wait)}


def _duration(span: timedelta) -> str:
    """In whole minutes or hours, rounded up: whoever waits that long has waited long enough."""
    minutes = ceil(span / _MINUTE)
    if minutes < 120:
        # Translators: as in "in 10 minutes" and "wait 10 minutes".
        return ngettext("%(count)d minute", "%(count)d minutes", minutes) % {"count": minutes}
    hours = ceil(span / _HOUR)
    # Translators: as in "in 2 hours" and "wait 2 hours".
    return ngettext("%(count)d hour", "%(count)d hours", hours) % {"count": hours}
