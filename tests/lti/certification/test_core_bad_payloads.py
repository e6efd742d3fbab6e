"""Ana and Ben come with a launch that is wrong in one way: they read why not, and nobody came in. The right launch
of the same login, in the same browser, gets them in.

The cases are those of "Known Bad Payloads" in 1EdTech's LTI Advantage Conformance Certification Guide 1.3, section
6.1.1 (https://www.imsglobal.org/spec/lti/v1p3/cert/#known-bad-payloads), one test by the name of each. What the suite
puts into them (`11.3`, `badltilaunch`, 11111) is told by hypothesis/lms, tests/functional/lti_certification/v13/core.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import jwt
import pytest
from django.test import Client

from companion.viewer import Role
from tests.lti.platform import (
    ANA,
    BEN,
    LEFT_OUT,
    LTI,
    Login,
    Platform,
    post_launch,
    private_key,
    session_of,
    sign,
    unescaped,
)
from tests.lti.test_attacks import assert_refused

AGAIN = "Please go back to your course and open it again from there."
LATE = f"This took too long, or a clock is wrong. {AGAIN}"
MALFORMED = (
    "Your course sent something that we cannot read. Please open it again; if this stays, tell your administrator."
)
NOBODY = "Your course did not say who you are. Please sign in there and open it again."

YEAR = 365 * 86_400


@dataclass(frozen=True)
class Door:
    """Where somebody stands whose login has begun: the next token decides."""

    platform: Platform
    browser: Client
    login: Login
    message: str
    role: Role

    def refuses(self, token: str, status: int, words: str) -> None:
        """This token, and for nothing but what is wrong with it: the right one gets in afterwards."""
        refused = post_launch(self.browser, self.login.state, token)
        assert_refused(refused, status)
        assert unescaped(refused, r"<h1>([^<]+)</h1>") == "This could not be opened"
        assert unescaped(refused, r"</h1>\s*<p>([^<]+)</p>") == words
        right = self.platform.token(self.login, self.message)
        assert session_of(post_launch(self.browser, self.login.state, right)).role == self.role

    def refuses_claims(self, changes: Mapping[str, Any], status: int, words: str) -> None:
        self.refuses(self.platform.token(self.login, self.message, changes), status, words)


@pytest.fixture(params=[(ANA, Role.LEARNER), (BEN, Role.INSTRUCTOR)], ids=["ana", "ben"])
def door(request: pytest.FixtureRequest, platform: Platform, browser: Client) -> Door:
    return Door(platform, browser, platform.login(browser), *request.param)


# -- the key -------------------------------------------------------------------------------------------------


def test_no_kid_in_header(door: Door) -> None:
    """No KID Sent in JWT header: the right key signed it, and does not say which it is."""
    claims = door.platform.claims(door.message, door.login)
    door.refuses(jwt.encode(claims, private_key("first"), "RS256"), 403, AGAIN)


def test_incorrect_kid_in_header(door: Door) -> None:
    """Incorrect KID in JWT header: the right key signed it under a name that the platform does not publish."""
    door.refuses(door.platform.token(door.login, door.message, kid="imstester_66067"), 403, AGAIN)


# -- the version and the message -----------------------------------------------------------------------------


@pytest.mark.parametrize("version", ["11.3", "2.3", "1.3", "LTI-1p0", 1.3])
def test_wrong_lti_version(door: Door, version: object) -> None:
    door.refuses_claims({LTI + "version": version}, 400, MALFORMED)


def test_no_lti_version(door: Door) -> None:
    door.refuses_claims({LTI + "version": LEFT_OUT}, 400, MALFORMED)


NO_LAUNCH = {"name": "badltilaunch"}


@pytest.mark.parametrize(
    ("token", "status", "words"),
    [(sign(NO_LAUNCH), 403, AGAIN), (json.dumps(NO_LAUNCH), 400, MALFORMED)],
    ids=["signed", "bare"],
)
def test_invalid_lti_message(door: Door, token: str, status: int, words: str) -> None:
    """JSON that is no launch of LTI 1.3, signed and as it is."""
    door.refuses(token, status, words)


@pytest.mark.parametrize(
    ("missing", "status", "words"),
    [
        (["aud", "iss", "sub", LTI + "deployment_id", LTI + "roles"], 403, AGAIN),
        (["iss"], 403, AGAIN),
        (["aud"], 403, AGAIN),
        (["iat"], 403, AGAIN),
        (["exp"], 403, AGAIN),
        (["nonce"], 403, AGAIN),
        ([LTI + "target_link_uri"], 403, AGAIN),
        ([LTI + "message_type", LTI + "version", LTI + "roles", LTI + "resource_link"], 400, MALFORMED),
    ],
    ids="suite iss aud iat exp nonce target lti".split(),
)
def test_missing_lti_claims(door: Door, missing: list[str], status: int, words: str) -> None:
    door.refuses_claims(dict.fromkeys(missing, LEFT_OUT), status, words)


@pytest.mark.parametrize(
    ("issued", "expires"),
    [(None, None), (-YEAR, -YEAR + 60), (-YEAR, 60), (YEAR, YEAR + 60)],
    ids="suite past old future".split(),
)
def test_timestamps_incorrect(door: Door, issued: int | None, expires: int | None) -> None:
    """The suite's 11111 and 22222 (in 1970), and times around now that do not hold now."""
    if issued is None or expires is None:
        times = {"iat": 11_111, "exp": 22_222}
    else:
        now = door.platform.claims(door.message, door.login)["iat"]
        times = {"iat": now + issued, "exp": now + expires}
    door.refuses_claims(times, 403, LATE)


# -- one claim -----------------------------------------------------------------------------------------------


def test_message_type_claim_missing(door: Door) -> None:
    door.refuses_claims({LTI + "message_type": LEFT_OUT}, 400, MALFORMED)


def test_role_claim_missing(door: Door) -> None:
    door.refuses_claims({LTI + "roles": LEFT_OUT}, 400, MALFORMED)


def test_deployment_id_claim_missing(door: Door) -> None:
    door.refuses_claims({LTI + "deployment_id": LEFT_OUT}, 403, AGAIN)


@pytest.mark.parametrize("link", [LEFT_OUT, {}, {"title": "Bench graded discussion"}], ids="claim empty id".split())
def test_resource_link_id_claim_missing(door: Door, link: object) -> None:
    door.refuses_claims({LTI + "resource_link": link}, 400, MALFORMED)


def test_user_claim_missing(door: Door) -> None:
    """Without `sub` nobody is named; a launch that means nobody gets in nowhere."""
    door.refuses_claims({"sub": LEFT_OUT}, 400, NOBODY)
