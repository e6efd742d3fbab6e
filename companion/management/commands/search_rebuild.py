"""Fill the search index anew: `companion manage search_rebuild`."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from companion.search import api as search


class Command(BaseCommand):
    help = "Bring the search index in line with everything there is. Stopped, it goes on where it was."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--restart", action="store_true", help="begin anew where an earlier one was stopped")

    def handle(self, *args: Any, **options: Any) -> None:
        shown = -1
        for progress in search.rebuild(restart=options["restart"]):
            percent = 100 * progress.done // max(progress.total, 1)
            if percent > shown:
                shown = percent
                self.stdout.write(f"{percent:3d} %, {progress.done} of {progress.total} posts")
        self.stdout.write("The search index is up to date.")
