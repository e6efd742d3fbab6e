"""Change the tool's key: `companion manage lti_rotate_key`, after a leak with `--leaked`."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils.timezone import localtime

from companion_lti import tool_keys


class Command(BaseCommand):
    help = (
        "Make a new key. It is published at once and signs in an hour; the earlier one stays published for a day"
        " after that."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--leaked",
            action="store_true",
            help="the new key signs at once, and the earlier ones are published no longer",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        key = tool_keys.rotate(leaked=options["leaked"])
        self.stdout.write(f"The key {key.kid} signs from {localtime(key.signs_from):%Y-%m-%d %H:%M} on.")
