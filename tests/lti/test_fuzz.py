"""Ana's launch with something wrong in it, whatever it is: she gets in or reads why not; it never is an error of
ours, and a launch that is refused leaves nobody and nothing behind.
"""

from __future__ import annotations

import copy
from typing import Any

from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.lti import platform as lms
from tests.lti.platform import ANA, BEN_PLACES, LEFT_OUT, Platform, post_launch, row_counts, sign

# A deployment that waits for approval is written down, and bounded (test_attacks.py).
MAY_GROW = {"Deployment"}
SEND = settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)

Path = tuple[str, ...]


def paths(claims: dict[str, Any], above: Path = ()) -> list[Path]:
    """Every claim, and every claim inside of it."""
    found: list[Path] = []
    for name, value in claims.items():
        found.append((*above, name))
        if isinstance(value, dict):
            found += paths(value, (*above, name))
    return found


TEXTS = st.sampled_from(
    ["", "\x00", "\ud800", "x" * 300, "x" * 30_000, "\U0001f600" * 200, "$User.id", "http://[", "a b\r\nc: d", "'\"<>"]
)
NUMBERS = st.sampled_from([0, -1, 10**30, 1.5, float("inf"), float("nan"), True])
PLAIN = st.none() | TEXTS | NUMBERS | st.text(max_size=20)
VALUES = (
    st.just(LEFT_OUT)
    | PLAIN
    | st.recursive(
        PLAIN,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
        max_leaves=6,
    )
)


def changed(claims: dict[str, Any], changes: list[tuple[Path, Any]]) -> dict[str, Any]:
    claims = copy.deepcopy(claims)
    for path, value in changes:
        place = claims
        for name in path[:-1]:
            place = place.get(name) if isinstance(place, dict) else None  # type: ignore[assignment]
        if not isinstance(place, dict):
            continue
        if value is LEFT_OUT:
            place.pop(path[-1], None)
        else:
            place[path[-1]] = value
    return claims


def mutations(message: str) -> st.SearchStrategy[list[tuple[Path, Any]]]:
    every = paths(lms.recorded(message)["claims"])
    return st.lists(st.tuples(st.sampled_from(every), VALUES), min_size=1, max_size=3)


def check(platform: Platform, message: str, changes: list[tuple[Path, Any]]) -> None:
    browser = Client(SERVER_NAME="localhost")
    login = platform.login(browser)
    body = changed(platform.claims(message, login), changes)
    before = row_counts()
    answer = post_launch(browser, login.state, sign(body))
    if answer.status_code == 303:
        assert browser.get(answer["Location"]).status_code in (200, 403)
        return
    assert 400 <= answer.status_code < 500
    assert "<h1>" in answer.content.decode()
    after = row_counts()
    assert {name for name in after if after[name] != before[name]} <= MAY_GROW


def test_it_works(platform: Platform) -> None:
    check(platform, ANA, [])
    assert row_counts()["LtiSession"] == 1


@SEND
@given(changes=mutations(ANA))
def test_a_launch_with_anything_wrong(platform: Platform, changes: list[tuple[Path, Any]]) -> None:
    check(platform, ANA, changes)


@SEND
@given(changes=mutations(BEN_PLACES))
def test_a_deep_linking_launch_with_anything_wrong(platform: Platform, changes: list[tuple[Path, Any]]) -> None:
    check(platform, BEN_PLACES, changes)


@SEND
@given(body=VALUES.filter(lambda value: value is not LEFT_OUT))
def test_a_token_that_holds_anything(platform: Platform, body: object) -> None:
    browser = Client(SERVER_NAME="localhost")
    before = row_counts()
    assert post_launch(browser, platform.login(browser).state, sign(body)).status_code in (400, 403)
    assert row_counts() == before


@SEND
@given(parameters=st.dictionaries(st.sampled_from(["iss", "login_hint", "client_id", "target_link_uri"]), TEXTS))
def test_a_login_with_anything_wrong(platform: Platform, parameters: dict[str, str]) -> None:
    sent = {name: value.replace("\ud800", "") for name, value in parameters.items()}
    assert platform.ask_login(Client(SERVER_NAME="localhost"), **sent).status_code in (302, 400, 404)
