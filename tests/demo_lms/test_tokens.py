"""Who gets an access token from the demo LMS, and what it opens."""

from __future__ import annotations

import secrets
import time
from typing import Any

import pytest
import requests
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.demo_lms.conftest import CLIENT_ID, ROSTER, Lms

SCORE = "https://purl.imsglobal.org/spec/lti-ags/scope/score"


def assertion(lms: Lms, **changes: Any) -> str:
    claims = {"sub": CLIENT_ID, "aud": f"{lms.url}/token", "jti": secrets.token_hex(8)}
    return lms.tool.sign(claims | changes)


def ask(lms: Lms, assertion: str, **changes: str) -> requests.Response:
    form = {
        "grant_type": "client_credentials",
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": assertion,
        "scope": ROSTER,
    }
    return requests.post(f"{lms.url}/token", data=form | changes, timeout=5)


def read_roster(lms: Lms, token: str) -> requests.Response:
    headers = {"Authorization": f"Bearer {token}"}
    return requests.get(f"{lms.url}/nrps/2/memberships", headers=headers, timeout=5)


def test_it_works(lms: Lms) -> None:
    token = ask(lms, assertion(lms)).json()["access_token"]

    members = read_roster(lms, token).json()["members"]

    assert {"status": "Active", "user_id": "7", "roles": ["Learner"]} in members
    assert "Ben Okafor" in [member.get("name") for member in members]


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "somebody-else"},
        {"sub": "somebody-else"},
        {"aud": "http://127.0.0.1/token"},
        {"exp": int(time.time()) - 1},
        {"exp": int(time.time()) + 365 * 86400},
        {"jti": ""},
    ],
)
def test_an_assertion_that_is_not_the_tools_is_refused(lms: Lms, changes: dict[str, Any]) -> None:
    answer = ask(lms, assertion(lms, **changes))

    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


def test_a_foreign_key_is_refused(lms: Lms) -> None:
    foreign = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    claims = {"sub": CLIENT_ID, "aud": f"{lms.url}/token", "jti": "foreign"}

    assert ask(lms, lms.tool.sign(claims, key=foreign)).status_code == 401
    assert ask(lms, lms.tool.sign(claims, kid="unknown")).status_code == 401


def test_an_assertion_counts_once(lms: Lms) -> None:
    once = assertion(lms)

    assert ask(lms, once).status_code == 200
    assert ask(lms, once).status_code == 401


def test_unknown_scopes_are_refused(lms: Lms) -> None:
    answer = ask(lms, assertion(lms), scope=f"{ROSTER} everything")

    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_scope")


def test_a_token_opens_only_what_it_names(lms: Lms) -> None:
    scores = ask(lms, assertion(lms), scope=SCORE).json()["access_token"]

    assert read_roster(lms, scores).status_code == 401
    assert read_roster(lms, "nonsense").status_code == 401
