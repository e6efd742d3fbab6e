"""Connect a platform: `companion manage lti_register --organization ... --issuer ...`."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from companion.errors import InvalidInput
from companion.spaces.api import ensure_organization
from companion.spaces.keys import external_key
from companion_lti.models import Deployment, Registration, origin_of
from companion_lti.setup import addresses
from companion_lti.tool_keys import signing_key


class Command(BaseCommand):
    help = "Connect a learning platform by LTI 1.3 and print what to paste into it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--organization", required=True, help="the company or school the platform belongs to")
        parser.add_argument("--issuer", required=True, help="the platform's issuer, exactly as it sends it")
        parser.add_argument("--client-id", required=True)
        parser.add_argument("--deployment-id", required=True, action="append", help="may be given several times")
        parser.add_argument("--auth-login-url", required=True, help="the platform's authentication request URL")
        parser.add_argument("--auth-token-url", required=True, help="the platform's access token URL")
        parser.add_argument("--jwks-url", required=True, help="the platform's public keyset URL")
        parser.add_argument("--auth-audience", default="", help="where it differs from the token URL (Brightspace)")
        parser.add_argument("--name", default="", help="a name for your own lists")
        parser.add_argument("--update", action="store_true", help="change the addresses of a known registration")

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        facts = {
            name: options[name] for name in ("auth_login_url", "auth_token_url", "jwks_url", "auth_audience", "name")
        }
        for name in ("auth_login_url", "auth_token_url", "jwks_url"):
            if not origin_of(facts[name]):
                raise CommandError(f"--{name.replace('_', '-')} must be a web address")
        try:
            organization = ensure_organization(name=options["organization"])
        except InvalidInput as error:
            raise CommandError(str(error)) from error
        registration = self._registration(organization, options, facts)
        for deployment_id in options["deployment_id"]:
            Deployment.objects.update_or_create(
                registration=registration,
                key=external_key(deployment_id),
                defaults={"deployment_id": deployment_id, "is_approved": True},
            )
        signing_key()
        self.stdout.write(f"{registration} belongs to {organization}. Paste into the platform:\n")
        for label, address in addresses():
            self.stdout.write(f"  {label}: {address}")

    def _registration(self, organization: Any, options: dict[str, Any], facts: dict[str, Any]) -> Registration:
        key = external_key(options["issuer"], options["client_id"])
        known = Registration.objects.filter(key=key).first()
        if known is None:
            new = Registration(
                organization=organization, issuer=options["issuer"], client_id=options["client_id"], **facts
            )
            try:
                new.clean_fields(exclude=["auth_login_url", "auth_token_url", "jwks_url"])
            except ValidationError as error:
                raise CommandError("; ".join(error.messages)) from error
            new.save()
            return new
        if known.organization_id != organization.pk:
            raise CommandError(f"This issuer and client id belong to another organization: {known.organization}")
        changed = [name for name, value in facts.items() if value and getattr(known, name) != value]
        if changed and not options["update"]:
            raise CommandError(f"Known already, with another {', '.join(changed)}. Give --update to change that.")
        for name in changed:
            setattr(known, name, facts[name])
        if "jwks_url" in changed:
            known.platform_keys, known.platform_keys_at = None, None
        known.save()
        return known
