"""`companion manage note_bounce`: a letter that came back, from the mail server by a pipe."""

from __future__ import annotations

import sys
from typing import Any, Final

from django.core.management.base import BaseCommand

from companion.reflections.api import note_returned

_MOST: Final = 1_000_000


class Command(BaseCommand):
    help = "Read a returned letter from standard input, and write no more to its address if it takes no mail."

    def handle(self, *_args: Any, **_options: Any) -> None:
        self.stdout.write(note_returned(sys.stdin.buffer.read(_MOST)))
