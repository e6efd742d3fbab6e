"""The keys that a platform publishes: which are believed, when they are read again, and what happens when they
cannot be read (attacks 5 to 7).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from tests.lti.far_end import Answer
from tests.lti.platform import ANA, Platform, public_jwk, row_counts

SECRET_WORDS = "the far end's own words"


def fetches(platform: Platform) -> int:
    return platform.server.count("/jwks")


def later(**span: float) -> Any:
    return time_machine.travel(timezone.now() + timedelta(**span))


def test_it_works(platform: Platform, browser: Client) -> None:
    assert platform.launch(browser).status_code == 303
    assert platform.launch(browser).status_code == 303
    assert fetches(platform) == 1
    asked = platform.server.asked[0]
    assert "course-companion" in asked.headers["user-agent"]
    assert "authorization" not in asked.headers


def test_a_key_without_alg_and_use_is_fine(platform: Platform, browser: Client) -> None:
    """Brightspace's keys are like that."""
    jwk = public_jwk()
    del jwk["alg"], jwk["use"]
    platform.publish({"kty": "EC", "kid": "other"}, jwk)
    assert platform.launch(browser).status_code == 303


@pytest.mark.parametrize(
    "keys",
    [
        [public_jwk(kty="oct", k="c2VjcmV0")],
        [public_jwk(use="enc")],
        [public_jwk(alg="RS512")],
        [public_jwk(alg="HS256")],
        [public_jwk(kid=None)],
        [public_jwk(n="")],
        [public_jwk(n="AQAB")],
        [public_jwk(n="\x00")],
        [public_jwk(e=None)],
        [public_jwk(), public_jwk()],
        [public_jwk(), public_jwk("stranger", kid="first")],
        [public_jwk("stranger")],
        ["first", None, 7],
    ],
)
def test_5_a_key_that_is_not_the_one_signing_key_of_its_id_is_refused(
    platform: Platform, browser: Client, keys: list[Any]
) -> None:
    platform.publish(*keys)
    assert platform.launch(browser).status_code == 403
    assert row_counts()["LtiSession"] == 0


def test_5_a_platform_that_repairs_its_keys_gets_in_again(platform: Platform, browser: Client) -> None:
    platform.publish(public_jwk(), public_jwk("stranger", kid="first"))
    assert platform.launch(browser).status_code == 403
    platform.publish(public_jwk())
    with later(seconds=31):
        assert platform.launch(browser).status_code == 303


def test_6_a_rotated_key_works_on_the_first_launch(platform: Platform, browser: Client) -> None:
    with later(seconds=0):
        assert platform.launch(browser).status_code == 303
    platform.publish(public_jwk("second"))
    with later(minutes=1):
        assert platform.launch(browser, ANA, kid="second", key="second").status_code == 303
        assert platform.launch(browser).status_code == 403
    assert fetches(platform) == 2


def test_6_unknown_kids_make_us_look_once_in_a_while(platform: Platform, browser: Client) -> None:
    assert platform.launch(browser).status_code == 303
    with later(minutes=1):
        for number in range(5):
            assert platform.launch(browser, ANA, kid=f"made up {number}").status_code == 403
        assert fetches(platform) == 2
    with later(minutes=2):
        assert platform.launch(browser, ANA, kid="made up").status_code == 403
    assert fetches(platform) == 3


def test_keys_are_read_again_after_half_a_day(platform: Platform, browser: Client) -> None:
    assert platform.launch(browser).status_code == 303
    platform.publish(public_jwk("second"))
    with later(hours=13):
        assert platform.launch(browser).status_code == 403


BROKEN = [
    Answer(status=503, body={"error": SECRET_WORDS}),
    Answer(status=500, body=SECRET_WORDS.encode()),
    Answer(status=404),
    Answer(body=b"<!DOCTYPE html><h1>the far end's own words</h1>"),
    Answer(body=b'{"keys": ['),
    Answer(body=b"[" * 100_000),
    Answer(body=b""),
    Answer(body={}),
    Answer(body={"keys": []}),
    Answer(body={"keys": {"first": public_jwk()}}),
    Answer(body=[public_jwk()]),
    Answer(body={"keys": [public_jwk()], "padding": "x" * 300_000}),
    Answer(status=302, headers={"Location": "http://localhost:9/jwks"}),
    Answer(body={"keys": [public_jwk()]}, wait=2),
    Answer(body={"keys": [public_jwk()]}, pause=0.1),
]
IDS = "503 500 404 html cut deep empty object no-keys dict list huge redirect slow drip".split()


@pytest.fixture
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("companion_lti.outgoing.TIMEOUT", (1, 0.3))
    monkeypatch.setattr("companion_lti.outgoing.LONGEST", 1.0)


@pytest.mark.usefixtures("_impatient")
@pytest.mark.parametrize("broken", BROKEN, ids=IDS)
def test_7_a_key_set_that_cannot_be_read(platform: Platform, browser: Client, broken: Answer) -> None:
    """Keys that we hold are used until they are stale; then, and at a first launch, it is a 503 in our own words."""
    platform.server.answers["/jwks"], good = broken, platform.server.answers["/jwks"]
    answer = platform.launch(browser)
    assert answer.status_code == 503
    assert "Please try again" in answer.content.decode()
    assert SECRET_WORDS not in answer.content.decode()
    platform.row.refresh_from_db()
    assert platform.row.platform_keys is None
    platform.server.answers["/jwks"] = good
    with later(seconds=31):
        assert platform.launch(browser).status_code == 303
    platform.server.answers["/jwks"] = broken
    with later(days=2):
        assert platform.launch(browser).status_code == 303
    with later(days=4):
        assert platform.launch(browser).status_code == 503


def test_7_a_platform_that_is_down(platform: Platform, browser: Client) -> None:
    assert platform.launch(browser).status_code == 303
    platform.server.close()
    with later(days=2):
        assert platform.launch(browser).status_code == 303
    with later(days=4):
        assert platform.launch(browser).status_code == 503


def test_7_a_server_that_fails_is_not_asked_at_every_launch(platform: Platform, browser: Client) -> None:
    platform.server.answers["/jwks"] = Answer(status=503)
    for _visit in range(5):
        assert platform.launch(browser).status_code == 503
    assert fetches(platform) == 1


def test_a_key_set_may_move_on_its_own_host(platform: Platform, browser: Client) -> None:
    platform.server.answers["/new"] = platform.server.answers["/jwks"]
    platform.server.answers["/jwks"] = Answer(status=302, headers={"Location": "/new"})
    assert platform.launch(browser).status_code == 303


def test_7_redirects_in_circles_end(platform: Platform, browser: Client) -> None:
    platform.server.answers["/jwks"] = Answer(status=302, headers={"Location": "/jwks"})
    assert platform.launch(browser).status_code == 503
    assert fetches(platform) == 4


def test_14_a_key_set_on_a_private_address_is_not_read(
    connect: Callable[..., Platform], browser: Client, settings: Any
) -> None:
    platform = connect()
    settings.COMPANION_LTI_PRIVATE_HOSTS = ()
    assert platform.launch(browser).status_code == 503
    assert platform.server.asked == []
