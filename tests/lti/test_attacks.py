"""Launches that must not get in. The numbers in this folder are those of the list of attacks and faults that the
design works from.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import jwt
import pytest
import time_machine
from companion_lti.models import Deployment, LtiSession
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from django.core import signing
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from tests.lti import platform as lms
from tests.lti.conftest import new_browser
from tests.lti.platform import ANA, LTI, Platform, post_launch, private_key, row_counts

NOBODY_CAME = {"Person": 0, "Space": 0, "Activity": 0, "LtiSession": 0, "UsedLogin": 0, "Membership": 0}


def assert_refused(answer: HttpResponse, status: int = 403) -> None:
    """A page that says what to do; nobody came in, and nothing that the platform said is stored or shown."""
    assert answer.status_code == status
    assert "<h1>" in answer.content.decode()
    assert "no-store" in answer["Cache-Control"]
    counts = row_counts()
    assert {name: counts[name] for name in NOBODY_CAME} == NOBODY_CAME


def test_it_works(platform: Platform, browser: Client) -> None:
    assert platform.launch(browser).status_code == 303


# -- state, nonce, browser -----------------------------------------------------------------------------------


def test_1_a_replay_in_the_same_browser_is_refused(platform: Platform, browser: Client) -> None:
    login = platform.login(browser)
    token = platform.token(login)
    kept = {name: morsel.value for name, morsel in browser.cookies.items()}
    assert post_launch(browser, login.state, token).status_code == 303
    for name, value in kept.items():
        browser.cookies[name] = value
    again = post_launch(browser, login.state, token)
    assert again.status_code == 403
    assert "open it again" in again.content.decode()
    assert LtiSession.objects.count() == 1


def test_1_another_browser_is_refused(platform: Platform, browser: Client) -> None:
    login = platform.login(browser)
    thief = new_browser()
    platform.login(thief)
    assert_refused(post_launch(thief, login.state, platform.token(login)))
    assert post_launch(browser, login.state, platform.token(login)).status_code == 303


def test_2_an_old_token_with_a_new_state_is_refused(platform: Platform, browser: Client) -> None:
    old, new = platform.login(browser), platform.login(browser)
    assert_refused(post_launch(browser, new.state, platform.token(old)))


def test_2_the_state_of_another_registration_is_refused(connect: Callable[..., Platform], browser: Client) -> None:
    one, other = connect(), connect(issuer="https://other.example")
    login = one.login(browser)
    assert_refused(post_launch(browser, login.state, other.token(login)))
    other.publish(lms.public_jwk("second"))
    assert_refused(post_launch(browser, login.state, other.token(login, kid="second", key="second")))


@pytest.mark.parametrize(
    "forge",
    [
        lambda state: "",
        lambda state: "made-up",
        lambda state: state[:-1] + ("A" if state[-1] != "A" else "B"),
        lambda state: state + "x",
        lambda state: signing.dumps(["login", 1, "hash", ""], salt="another purpose"),
        lambda state: "\x00é\U0001f600:::",
    ],
)
def test_4_a_forged_state_is_refused_and_nothing_is_stored(
    platform: Platform, browser: Client, forge: Callable[[str], str]
) -> None:
    login = platform.login(browser)
    before = row_counts()
    assert_refused(post_launch(browser, forge(login.state), platform.token(login)))
    assert row_counts() == before


def test_4_an_expired_state_is_refused(platform: Platform, browser: Client) -> None:
    login = platform.login(browser)
    with time_machine.travel(timezone.now() + timedelta(minutes=5, seconds=2)):
        answer = post_launch(browser, login.state, platform.token(login))
    assert_refused(answer)
    assert "too long" in answer.content.decode()


def test_4_a_flood_of_logins_stores_nothing(platform: Platform, browser: Client) -> None:
    before = row_counts()
    for _visit in range(20):
        platform.login(browser)
    assert row_counts() == before


def test_the_platforms_own_error_is_a_page(platform: Platform, browser: Client) -> None:
    login = platform.login(browser)
    fields = {"error": "login_required", "error_description": "<b>Secret words</b>", "state": login.state}
    answer = browser.post("/lti/launch", fields)
    assert_refused(answer)
    assert "Secret words" not in answer.content.decode()


# -- signatures ----------------------------------------------------------------------------------------------


def _unsigned(claims: dict[str, Any], header: dict[str, Any]) -> str:
    parts = (base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in (header, claims))
    return b".".join(parts).decode() + "."


def _public_pem() -> str:
    key = private_key().public_key()
    kind = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_bytes(serialization.Encoding.PEM, kind).decode()


def _hs256(claims: dict[str, Any]) -> str:
    text = _unsigned(claims, {"alg": "HS256", "typ": "JWT", "kid": "first"})[:-1]
    mac = hmac.new(_public_pem().encode(), text.encode(), hashlib.sha256).digest()
    return f"{text}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"


def _signed(algorithm: str, key: Any = None) -> Callable[[dict[str, Any]], str]:
    return lambda claims: jwt.encode(claims, key or private_key(), algorithm, {"kid": "first"})


@pytest.mark.parametrize(
    "sign",
    [
        lambda claims: _unsigned(claims, {"alg": "none", "kid": "first"}),
        lambda claims: _unsigned(claims, {"alg": "RS256", "kid": "first"}),
        _hs256,
        _signed("RS512"),
        _signed("PS256"),
        _signed("ES256", ec.generate_private_key(ec.SECP256R1())),
        lambda claims: jwt.encode(claims, private_key("stranger"), "RS256", {"kid": "first"}),
        lambda claims: jwt.encode(claims, private_key(), "RS256"),
        lambda claims: jwt.encode(claims, private_key(), "RS256", {"kid": ""}),
    ],
    ids="none unsigned hs256 rs512 ps256 es256 stranger no-kid empty-kid".split(),
)
def test_5_a_token_that_is_not_rs256_by_the_named_key_is_refused(
    platform: Platform, browser: Client, sign: Callable[[dict[str, Any]], str]
) -> None:
    login = platform.login(browser)
    assert_refused(post_launch(browser, login.state, sign(platform.claims(ANA, login))))


def test_5_a_key_inside_the_token_is_not_believed(platform: Platform, browser: Client) -> None:
    login = platform.login(browser)
    jwk = lms.public_jwk("stranger", kid="first")
    header = {"kid": "first", "jwk": jwk, "jku": f"{platform.server.url}/evil", "x5u": "https://evil.example"}
    token = jwt.encode(platform.claims(ANA, login), private_key("stranger"), "RS256", header)
    assert_refused(post_launch(browser, login.state, token))
    assert platform.server.count("/evil") == 0


# -- claims --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": "somebody else"},
        {"aud": []},
        {"aud": {}},
        {"aud": ["4qy7Zv10PpPJi4L", "another"]},
        {"aud": ["4qy7Zv10PpPJi4L", "another"], "azp": "another"},
        {"aud": ["another"], "azp": "4qy7Zv10PpPJi4L"},
        {"azp": "another"},
        {"azp": ["4qy7Zv10PpPJi4L"]},
        {"iss": "http://127.0.0.1:8400/"},
        {"iss": "https://evil.example"},
        {"iss": ["http://127.0.0.1:8400"]},
        {"iss": None},
    ],
)
def test_8_a_token_for_or_from_somebody_else_is_refused(
    platform: Platform, browser: Client, changes: dict[str, Any]
) -> None:
    assert_refused(platform.launch(browser, ANA, changes))


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": ["4qy7Zv10PpPJi4L"]},
        {"azp": "4qy7Zv10PpPJi4L"},
        {"aud": ["another", "4qy7Zv10PpPJi4L"], "azp": "4qy7Zv10PpPJi4L"},
    ],
)
def test_8_an_audience_list_with_us_as_authorized_party_gets_in(
    platform: Platform, browser: Client, changes: dict[str, Any]
) -> None:
    assert platform.launch(browser, ANA, changes).status_code == 303


@pytest.mark.parametrize(
    ("issued", "expires", "status"),
    [
        (0, 60, 303),
        (50, 110, 303),
        (-110, -50, 303),
        (-3_600, 60, 303),
        (70, 130, 403),
        (-130, -70, 403),
        (-3_700, 60, 403),
        (-400 * 86_400, 60, 403),
    ],
)
def test_9_clocks_may_differ_by_a_minute(
    platform: Platform, browser: Client, issued: int, expires: int, status: int
) -> None:
    now = int(time.time())
    answer = platform.launch(browser, ANA, {"iat": now + issued, "exp": now + expires})
    assert answer.status_code == status


@pytest.mark.parametrize("claim", ["exp", "iat", "nonce", "aud", "iss"])
@pytest.mark.parametrize("value", [lms.LEFT_OUT, None])
def test_9_what_every_token_must_have(platform: Platform, browser: Client, claim: str, value: object) -> None:
    assert_refused(platform.launch(browser, ANA, {claim: value}))


def test_11_a_deployment_that_nobody_approved_waits_and_gets_in_later(platform: Platform, browser: Client) -> None:
    unknown = {LTI + "deployment_id": "7"}
    answer = platform.launch(browser, ANA, unknown)
    assert_refused(answer)
    assert "waits for an administrator" in answer.content.decode()
    assert_refused(platform.launch(browser, ANA, unknown))
    waiting = Deployment.objects.get(registration=platform.row, deployment_id="7")
    assert not waiting.is_approved
    Deployment.objects.filter(pk=waiting.pk).update(is_approved=True)
    assert platform.launch(browser, ANA, unknown).status_code == 303


def test_11_deployments_that_wait_are_bounded(
    platform: Platform, browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("companion_lti.launch.MOST_PENDING", 2)
    for name in ("7", "8", "9", "10"):
        assert_refused(platform.launch(browser, ANA, {LTI + "deployment_id": name}))
    assert Deployment.objects.filter(is_approved=False).count() == 2


def test_11_a_setting_lets_deployments_in(platform: Platform, browser: Client, settings: Any) -> None:
    settings.COMPANION_LTI_APPROVE_DEPLOYMENTS = True
    assert platform.launch(browser, ANA, {LTI + "deployment_id": "7"}).status_code == 303


@pytest.mark.parametrize("value", [lms.LEFT_OUT, None, "", 1, ["1"], "x" * 256])
def test_11_a_launch_without_a_deployment_is_refused(platform: Platform, browser: Client, value: object) -> None:
    assert_refused(platform.launch(browser, ANA, {LTI + "deployment_id": value}))
    assert Deployment.objects.count() == 1


def test_a_registration_that_was_switched_off_lets_nobody_in(platform: Platform, browser: Client) -> None:
    login = platform.login(browser)
    platform.row.is_active = False
    platform.row.save()
    assert_refused(post_launch(browser, login.state, platform.token(login)), 404)
    assert platform.ask_login(browser).status_code == 404
