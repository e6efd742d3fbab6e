"""Dynamic registration (https://www.imsglobal.org/spec/lti-dr/v1p0), with Moodle's ways.

An administrator offers a tool a token, the tool registers itself with it, and waits until the administrator lets it in.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from django.db import transaction
from django.utils import timezone

from examples.demo_lms.config import CONFIG
from examples.demo_lms.models import RegistrationOffer, Tool
from examples.demo_lms.registration_input import TOOL_CONFIGURATION, Metadata
from examples.demo_lms.scopes import DEEP_LINK, LAUNCH, PERSON_CLAIMS, REVIEW, SCOPES
from examples.demo_lms.variables import VARIABLES

OFFER_LIFETIME = timedelta(hours=1)
PLATFORM_CONFIGURATION = "https://purl.imsglobal.org/spec/lti-platform-configuration"


class OfferRefused(Exception):
    """No open offer has this token."""


def openid_configuration() -> dict[str, Any]:
    """What a tool must know of this LMS before it registers."""
    return {
        "issuer": CONFIG.issuer,
        "authorization_endpoint": f"{CONFIG.url}/auth",
        "token_endpoint": CONFIG.token_url,
        "token_endpoint_auth_methods_supported": ["private_key_jwt"],
        "token_endpoint_auth_signing_alg_values_supported": ["RS256"],
        "jwks_uri": f"{CONFIG.url}/jwks",
        "registration_endpoint": CONFIG.registration_url,
        "scopes_supported": ["openid", *SCOPES],
        "response_types_supported": ["id_token"],
        "subject_types_supported": ["public", "pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "claims_supported": ["sub", "iss", *PERSON_CLAIMS],
        # What a token request has to have as its `aud`.
        "authorization_server": CONFIG.token_url,
        PLATFORM_CONFIGURATION: {
            "product_family_code": "demo-lms",
            "version": "1.0",
            "messages_supported": [
                {"type": LAUNCH},
                {"type": DEEP_LINK, "placements": ["ContentArea"]},
                {"type": REVIEW},
            ],
            "variables": [name.removeprefix("$") for name in VARIABLES],
        },
    }


def make_offer() -> str:
    """A token that one tool may register with, within the hour."""
    token = secrets.token_urlsafe(32)
    now = timezone.now()
    RegistrationOffer.objects.filter(expires_at__lt=now).delete()
    RegistrationOffer.objects.create(token_hash=_hash(token), expires_at=now + OFFER_LIFETIME)
    return token


def check_offer(token: str) -> None:
    """Raises OfferRefused; the token stays good, so that a tool may try again with better data."""
    if not _open_offers(token).exists():
        raise OfferRefused


@transaction.atomic
def register(token: str, metadata: Metadata) -> Tool:
    """A new tool that waits to be let in. Raises OfferRefused where somebody was faster with the same token.

    As Moodle does, it gives the tool what it asks for of what there is: the administrator sees it before letting it in.
    """
    now = timezone.now()
    if not _open_offers(token).update(used_at=now):
        raise OfferRefused
    tool = Tool.objects.create(
        client_id=secrets.token_hex(8),
        name=metadata.name,
        login_url=metadata.login_url,
        launch_url=metadata.launch_url,
        redirect_uris=list(metadata.redirect_uris),
        jwks_url=metadata.jwks_url,
        scopes=[scope for scope in SCOPES if scope in metadata.scopes],
        claims=[name for name in PERSON_CLAIMS if name in metadata.claims],
        custom=metadata.custom,
        messages=metadata.messages,
    )
    tool.deployment_id = str(tool.pk)
    tool.save(update_fields=["deployment_id"])
    return tool


def registered(tool: Tool) -> dict[str, Any]:
    """The registration as it was granted, which may be less than what was asked for."""
    return {
        "client_id": tool.client_id,
        "registration_client_uri": f"{CONFIG.registration_url}/{tool.client_id}",
        "application_type": "web",
        "response_types": ["id_token"],
        "grant_types": ["client_credentials", "implicit"],
        "initiate_login_uri": tool.login_url,
        "redirect_uris": tool.redirect_uris,
        "client_name": tool.name,
        "jwks_uri": tool.jwks_url,
        "token_endpoint_auth_method": "private_key_jwt",
        "scope": " ".join(tool.scopes),
        TOOL_CONFIGURATION: {
            "version": "1.3.0",
            "deployment_id": tool.deployment_id,
            "domain": urlsplit(tool.launch_url).netloc,
            "target_link_uri": tool.launch_url,
            "custom_parameters": tool.custom,
            "claims": ["iss", "sub", *tool.claims],
            "messages": [_message(name, url) for name, url in tool.messages.items()],
        },
    }


def _message(name: str, url: str) -> Mapping[str, str]:
    return {"type": name, "target_link_uri": url} if url else {"type": name}


def _open_offers(token: str) -> Any:
    return RegistrationOffer.objects.filter(token_hash=_hash(token), used_at=None, expires_at__gte=timezone.now())


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
