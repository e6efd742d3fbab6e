"""Prove that nothing says who wrote an anonymous post: `companion manage audit_anonymity`."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from companion.anonymity_audit.audit import audit
from companion.anonymity_audit.course import ROLES
from companion.anonymity_audit.looking import ADMIN
from companion.anonymity_audit.pages import SAMPLES


class Command(BaseCommand):
    help = "Look at everything there is, as everybody, and fail on any trace of who wrote an anonymous post."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--role", action="append", choices=ROLES, help="look as these alone, which is quicker; may be given often"
        )
        parser.add_argument(
            "--page",
            action="append",
            choices=sorted([*SAMPLES, ADMIN]),
            metavar="NAME",
            help="look at these pages alone, by the names of companion.web.urls; may be given often",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        roles = options["role"] or ROLES
        verdict = audit(roles=roles, pages=options["page"] or [*SAMPLES, ADMIN])
        for leak in verdict.leaks:
            self.stdout.write(str(leak))
        if verdict.leaks:
            raise CommandError(f"{len(verdict.leaks)} leaks in {verdict.renderings} renderings.")
        self.stdout.write(
            f"{verdict.renderings} renderings, {verdict.anonymous} of them with an anonymous post, for"
            f" {', '.join(roles)}: nothing says who wrote it."
        )
