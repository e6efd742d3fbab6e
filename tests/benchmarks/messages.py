"""The signed message of a launch, with the claims that a Moodle sends. Nothing of the Companion is imported here."""

from __future__ import annotations

from dataclasses import dataclass
from time import time
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from jwt.algorithms import RSAAlgorithm

LTI = "https://purl.imsglobal.org/spec/lti/claim/"
NRPS = "https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice"
AGS = "https://purl.imsglobal.org/spec/lti-ags/"
LEARNER = "http://purl.imsglobal.org/vocab/lis/v2/membership#Learner"
KID = "1"


@dataclass(frozen=True, kw_only=True)
class Visit:
    """Who opens which link of which course."""

    subject: str
    name: str
    context: str
    title: str
    link: str
    link_title: str = "Discuss the unit"


@dataclass(frozen=True, kw_only=True)
class Sender:
    """A platform as its messages show it. Where it has `services`, they name a roster and a gradebook there."""

    issuer: str
    client_id: str
    deployment_id: str
    target: str
    key: RSAPrivateKey
    services: str = ""

    def login(self, visit: Visit) -> dict[str, str]:
        """What the browser brings from the platform's page."""
        return {
            "iss": self.issuer,
            "client_id": self.client_id,
            "login_hint": visit.subject,
            "lti_message_hint": visit.link,
            "target_link_uri": self.target,
        }

    def token(self, visit: Visit, nonce: str) -> str:
        return jwt.encode(self.claims(visit, nonce), self.key, algorithm="RS256", headers={"kid": KID})

    def claims(self, visit: Visit, nonce: str) -> dict[str, Any]:
        now = int(time())
        given, _, family = visit.name.partition(" ")
        return {
            "iss": self.issuer,
            "aud": self.client_id,
            "sub": visit.subject,
            "iat": now,
            "exp": now + 60,
            "nonce": nonce,
            "name": visit.name,
            "given_name": given,
            "family_name": family,
            "email": "somebody@lms.example",
            LTI + "version": "1.3.0",
            LTI + "message_type": "LtiResourceLinkRequest",
            LTI + "deployment_id": self.deployment_id,
            LTI + "target_link_uri": self.target,
            LTI + "roles": [LEARNER],
            LTI + "context": {"id": visit.context, "title": visit.title, "type": ["CourseSection"]},
            LTI + "resource_link": {"id": visit.link, "title": visit.link_title, "description": ""},
            LTI + "tool_platform": {"product_family_code": "moodle", "version": "2024100700", "guid": "lms.example"},
            LTI + "launch_presentation": {"locale": "en", "document_target": "iframe", "return_url": self.issuer},
            LTI + "custom": {"context_id_history": "$Context.id.history", "groups": ""},
            **(self._services(visit) if self.services else {}),
        }

    def _services(self, visit: Visit) -> dict[str, Any]:
        scopes = [f"{AGS}scope/{scope}" for scope in ("lineitem", "result.readonly", "score")]
        course = f"{self.services}/courses/{visit.context}"
        return {
            NRPS: {"context_memberships_url": f"{course}/members", "service_versions": ["2.0"]},
            AGS + "claim/endpoint": {"scope": scopes, "lineitems": f"{course}/lineitems"},
        }


def new_key() -> RSAPrivateKey:
    return generate_private_key(public_exponent=65537, key_size=2048)


def public_jwk(key: RSAPrivateKey) -> dict[str, Any]:
    """As a platform publishes it."""
    return RSAAlgorithm.to_jwk(key.public_key(), as_dict=True) | {"kid": KID, "alg": "RS256", "use": "sig"}
