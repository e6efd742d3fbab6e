"""Make a link by which a platform registers itself: `companion manage lti_invite --organization ...`."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.timezone import localtime

from companion.errors import InvalidInput
from companion.spaces.api import ensure_organization
from companion_lti import invites


class Command(BaseCommand):
    help = "Make a link by which one learning platform registers itself, once, and print it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--organization", required=True, help="the company or school the platform belongs to")
        parser.add_argument("--name", default="", help="a name for your own lists")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            organization = ensure_organization(name=options["organization"])
        except InvalidInput as error:
            raise CommandError(str(error)) from error
        invite, address = invites.make(organization_id=organization.pk, name=options["name"])
        until = f"{localtime(invite.expires_at):%Y-%m-%d %H:%M}"
        self.stdout.write(f"Paste this into the platform of {organization}. It works once, until {until}:\n  {address}")
