"""A platform that launches: its keys, its messages (those that Moodle 4.5 sent, signed anew), its server."""

from __future__ import annotations

import html
import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
from companion_lti.models import Deployment, LtiSession, Registration
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from django.apps import apps
from django.http import HttpResponse
from django.test import Client
from jwt.algorithms import RSAAlgorithm

from companion.spaces import api as spaces
from tests.lti.far_end import Answer, FarEnd

LTI = "https://purl.imsglobal.org/spec/lti/claim/"
DL = "https://purl.imsglobal.org/spec/lti-dl/claim/"
NRPS = "https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice"
ROLE = "http://purl.imsglobal.org/vocab/lis/v2/membership#"
LAUNCH_URL = "http://localhost:8601/lti/launch"

ANA = "launch_student1_rl1"
ANA_UNGRADED = "launch_student1_rl2"
ANA_NAMELESS = "launch_student1_noname_noemail"
BEN = "launch_teacher1_rl1"
ADMIN = "launch_admin_rl1"
BEN_PLACES = "deeplink_teacher1"

# In `changes`: the message does without this claim.
LEFT_OUT = object()


def private_key(name: str = "first") -> RSAPrivateKey:
    """A key pair by name, made once; platforms publish the first."""
    return _make_key(name)


@cache
def _make_key(_name: str) -> RSAPrivateKey:
    return generate_private_key(public_exponent=65537, key_size=2048)


def public_jwk(key: str = "first", **changes: Any) -> dict[str, Any]:
    jwk = RSAAlgorithm.to_jwk(private_key(key).public_key(), as_dict=True)
    return {"kty": "RSA", "n": jwk["n"], "e": jwk["e"], "kid": key, "alg": "RS256", "use": "sig"} | changes


def sign(body: Any, *, kid: str = "first", key: str = "first") -> str:
    """A signed token of any JSON at all: PyJWT's own encoder refuses what an attacker would send."""
    payload = body if isinstance(body, bytes) else json.dumps(body).encode()
    return jwt.PyJWS().encode(payload, private_key(key), algorithm="RS256", headers={"kid": kid})


@cache
def _recorded(message: str) -> str:
    return (Path(__file__).parent / "recorded" / f"{message}.json").read_text()


def recorded(message: str) -> dict[str, Any]:
    """A message of Moodle 4.5 as it was recorded."""
    found: dict[str, Any] = json.loads(_recorded(message))
    return found


@dataclass(frozen=True)
class Login:
    """A login that has been sent to the platform."""

    response: HttpResponse
    url: str
    state: str
    nonce: str


class Platform:
    """A registered platform with one approved deployment, on a server of its own."""

    def __init__(
        self,
        *,
        organization: str = "Northwind",
        issuer: str = "http://127.0.0.1:8400",
        client_id: str = "4qy7Zv10PpPJi4L",
    ) -> None:
        self.server = FarEnd()
        self.publish(public_jwk())
        self.row = Registration.objects.create(
            organization=spaces.ensure_organization(name=organization),
            issuer=issuer,
            client_id=client_id,
            auth_login_url=f"{issuer}/mod/lti/auth.php",
            auth_token_url=f"{self.server.url}/token",
            jwks_url=f"{self.server.url}/jwks",
        )
        self.deployment = self.deploy("1")

    def deploy(self, deployment_id: str, *, approved: bool = True) -> Deployment:
        return Deployment.objects.create(registration=self.row, deployment_id=deployment_id, is_approved=approved)

    def publish(self, *keys: Mapping[str, Any]) -> None:
        self.server.answers["/jwks"] = Answer({"keys": list(keys)})

    def ask_login(self, client: Client, **changes: str) -> HttpResponse:
        """The browser comes with the platform's wish to log somebody in."""
        parameters = recorded("oidc_login_launch")["params"] | {
            "iss": self.row.issuer,
            "client_id": self.row.client_id,
            "target_link_uri": LAUNCH_URL,
        }
        return client.post("/lti/login", parameters | changes)

    def login(self, client: Client, **changes: str) -> Login:
        response = self.ask_login(client, **changes)
        url = response.get("Location") or unescaped(response, r'id="continue" href="([^"]+)"')
        query = parse_qs(urlsplit(url).query)
        return Login(response, url, query["state"][0], query["nonce"][0])

    def claims(self, message: str, login: Login, changes: Mapping[str, Any] | None = None) -> dict[str, Any]:
        now = int(time.time())
        claims: dict[str, Any] = recorded(message)["claims"] | {
            "iss": self.row.issuer,
            "aud": self.row.client_id,
            "nonce": login.nonce,
            "iat": now,
            "exp": now + 60,
            LTI + "target_link_uri": LAUNCH_URL,
            NRPS: {"context_memberships_url": f"{self.server.url}/members", "service_versions": ["2.0"]},
        }
        claims |= changes or {}
        return {name: value for name, value in claims.items() if value is not LEFT_OUT}

    def token(
        self,
        login: Login,
        message: str = ANA,
        changes: Mapping[str, Any] | None = None,
        *,
        kid: str = "first",
        key: str = "first",
    ) -> str:
        return sign(self.claims(message, login, changes), kid=kid, key=key)

    def launch(
        self, client: Client, message: str = ANA, changes: Mapping[str, Any] | None = None, **signing: str
    ) -> HttpResponse:
        """The whole way: login, the platform's answer, our answer to it."""
        login = self.login(client)
        return post_launch(client, login.state, self.token(login, message, changes, **signing))

    def enter(self, client: Client, message: str = ANA, changes: Mapping[str, Any] | None = None) -> LtiSession:
        """A launch that must succeed, and its session."""
        return session_of(self.launch(client, message, changes))


def post_launch(client: Client, state: str, token: str, **fields: str) -> HttpResponse:
    return client.post("/lti/launch", {"state": state, "id_token": token, **fields})


def session_of(response: HttpResponse) -> LtiSession:
    assert response.status_code == 303, (response.status_code, response.content)
    return LtiSession.objects.get(handle=response["Location"].split("/")[3])


def page_of(session: LtiSession, path: str = "") -> str:
    return f"/lti/s/{session.handle}/{path}"


def unescaped(response: HttpResponse, pattern: str) -> str:
    """The first group of a pattern in a page, as the browser reads it."""
    found = re.search(pattern, response.content.decode())
    assert found, response.content.decode()
    return html.unescape(found[1])


def page_token(response: HttpResponse) -> str:
    return unescaped(response, r'name="companion_token" value="([^"]+)"')


def row_counts() -> dict[str, int]:
    """How many rows every table of ours holds."""
    models = [model for app in ("companion", "companion_lti") for model in apps.get_app_config(app).get_models()]
    return {model.__name__: model._default_manager.count() for model in models}
