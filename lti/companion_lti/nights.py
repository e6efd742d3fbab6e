"""What is done each night, in the time zone of the service."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.utils import timezone

from companion import clock

HOUR: Final = 3


def last_night() -> datetime:
    """The last time that it was three at night: what is older than that is due again."""
    now = timezone.localtime(clock.now())
    night = now.replace(hour=HOUR, minute=0, second=0, microsecond=0)
    return night if night <= now else night - timedelta(days=1)
