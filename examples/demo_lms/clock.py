"""What time it is in the demo: now, or as far ahead as somebody went.

How far is in a file that the Companion follows, too (its COMPANION_CLOCK_FILE). Tokens, hints and whatever else runs
out within minutes stay on the machine's time, here as there.
"""

from __future__ import annotations

import os
from datetime import datetime, timedelta

from django.utils import timezone

from examples.demo_lms.config import CONFIG

FILE = CONFIG.directory / "clock"
STEPS = {"+4 hours": timedelta(hours=4), "+1 day": timedelta(days=1), "+1 week": timedelta(weeks=1)}
"""What one may press, and how far it goes."""


def ahead() -> timedelta:
    """How far the time has been moved."""
    try:
        return timedelta(seconds=int(FILE.read_text()))
    except (OSError, ValueError, OverflowError):
        return timedelta()


def now() -> datetime:
    return timezone.now() + ahead()


def go(step: str) -> None:
    """One of STEPS further; anything else is back to now."""
    moved = ahead() + STEPS[step] if step in STEPS else timedelta()
    # Replaced as a whole: others read it at any moment.
    written = FILE.with_suffix(".new")
    written.write_text(str(int(moved.total_seconds())))
    os.replace(written, FILE)
