"""`companion manage import_problem_builder`: a course that asked with Problem Builder asks with the Companion."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from django.core.management.base import BaseCommand, CommandError

from companion.openedx.problem_builder import convert


class Command(BaseCommand):
    help = "Turn the Problem Builder blocks of an exported course (OLX) into companion_reflection blocks."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("path", type=Path, help="an XML file, or the folder of an exported course")
        parser.add_argument("--write", action="store_true", help="change the files; without it they are only read")

    def handle(self, *_args: Any, path: Path, write: bool, **_options: Any) -> None:
        files = sorted(path.rglob("*.xml")) if path.is_dir() else [path]
        if not all(file.exists() for file in files) or not files:
            raise CommandError(f"There is no XML file at {path}.")
        count = sum(self._convert(file, write=write) for file in files)
        self.stdout.write(f"{count} blocks converted." if write else f"{count} blocks found; --write converts them.")

    def _convert(self, file: Path, *, write: bool) -> int:
        """Python's parser fetches nothing, and its expat refuses entities that grow without end."""
        try:
            found = convert(ElementTree.parse(file).getroot())  # noqa: S314
        except ElementTree.ParseError as error:
            self.stderr.write(f"{file}: {error}")
            return 0
        for note in found.notes:
            self.stdout.write(f"{file}: {note}")
        if write and found.count:
            file.write_bytes(ElementTree.tostring(found.root, encoding="utf-8"))
        return found.count
