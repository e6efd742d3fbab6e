"""Ana's launch with something wrong in it, whatever it is: she gets in or reads why not; it never is an error of
ours, and a launch that is refused leaves nobody and nothing behind.
"""

from __future__ import annotations

import copy
import json
from typing import Any

from companion_lti import invites, openid, registering
from companion_lti.models import Registration
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from companion.spaces import api as spaces
from tests.lti import platform as lms
from tests.lti.gradebook import AGS, ALL, SCOPE
from tests.lti.platform import ANA, BEN, BEN_PLACES, LEFT_OUT, Platform, post_launch, row_counts, sign

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


SAID = VALUES.filter(lambda value: value is not LEFT_OUT)


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


# Claims that Moodle 4.5 does not send: those of copies, notices, columns and of somebody's work.
MORE: dict[str, Any] = {
    lms.LTI + "message_type": "LtiSubmissionReviewRequest",
    lms.LTI + "for_user": {"user_id": "6", "name": "Ana"},
    lms.LTI + "custom": {
        "companion_activity": "4899913f-b245-4c29-82ae-dfe79f8249ec",
        "companion_placement": "p",
        "companion_goto": "1-1",
        "context_id_history": "2,3",
        "resource_link_id_history": "1,%C3%BC",
        "groups": "1,2",
    },
    lms.LTI + "platformnotificationservice": {
        "service_versions": ["1.0"],
        "platform_notification_service_url": "https://lms.example/notices",
        "notice_types_supported": ["LtiContextCopyNotice"],
    },
    AGS: {"scope": [SCOPE + scope for scope in ALL], "lineitems": "https://lms.example/items"},
}


def mutations(message: str, more: dict[str, Any] | None = None) -> st.SearchStrategy[list[tuple[Path, Any]]]:
    every = paths(lms.recorded(message)["claims"] | (more or {}))
    return st.lists(st.tuples(st.sampled_from(every), VALUES), min_size=1, max_size=3)


def check(
    platform: Platform, message: str, changes: list[tuple[Path, Any]], more: dict[str, Any] | None = None
) -> None:
    browser = Client(SERVER_NAME="localhost")
    login = platform.login(browser)
    body = changed(platform.claims(message, login, more), changes)
    send(browser, login, body)


def send(browser: Client, login: lms.Login, body: Any) -> None:
    before = row_counts()
    answer = post_launch(browser, login.state, sign(body))
    if answer.status_code == 303:
        # 404: a learner who asks for somebody else's work.
        assert browser.get(answer["Location"]).status_code in (200, 403, 404)
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
@given(changes=mutations(BEN, MORE))
def test_a_launch_with_every_claim_and_anything_wrong(platform: Platform, changes: list[tuple[Path, Any]]) -> None:
    check(platform, BEN, changes, MORE)


@SEND
@given(
    name=st.sampled_from(sorted(lms.recorded(ANA)["claims"])), value=VALUES.filter(lambda value: value is not LEFT_OUT)
)
def test_a_launch_that_says_something_twice(platform: Platform, name: str, value: object) -> None:
    """Once as it should be and once otherwise, in either order: JSON allows it."""
    for first in (True, False):
        browser = Client(SERVER_NAME="localhost")
        login = platform.login(browser)
        claims = json.dumps(platform.claims(ANA, login))
        twice = f"{json.dumps(name)}: {json.dumps(value)}"
        body = f"{{{twice}, {claims[1:]}" if first else f"{claims[:-1]}, {twice}}}"
        send(browser, login, body.encode())


@SEND
@given(body=SAID)
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


# -- a platform that registers itself ------------------------------------------------------------------------

CONFIGURATION = {
    "issuer": "https://lms.example",
    "authorization_endpoint": "https://lms.example/auth",
    "token_endpoint": "https://lms.example/token",
    "jwks_uri": "https://lms.example/jwks",
    "registration_endpoint": "https://lms.example/register",
    "authorization_server": "https://lms.example/token",
    "scopes_supported": ["openid"],
    openid.PLATFORM: {
        "product_family_code": "moodle",
        "messages_supported": [{"type": "LtiDeepLinkingRequest", "placements": ["ContentArea"]}],
        "variables": ["Context.id.history"],
    },
}


@settings(max_examples=300, deadline=None, derandomize=True, database=None)
@given(changes=st.lists(st.tuples(st.sampled_from(paths(CONFIGURATION)), VALUES), min_size=1, max_size=3))
def test_a_configuration_with_anything_wrong(changes: list[tuple[Path, Any]]) -> None:
    try:
        found = openid.read_configuration(changed(CONFIGURATION, changes), url="https://lms.example/openid")
    except openid.WrongConfiguration:
        return
    assert json.dumps(registering.metadata(found))
    for endpoint in (found.auth_login_url, found.auth_token_url, found.jwks_url, found.registration_url):
        assert endpoint.startswith("https://lms.example")


@SEND
@given(answer=SAID | st.dictionaries(st.just("client_id"), VALUES))
def test_an_answer_that_is_anything(db: None, answer: Any) -> None:
    found = openid.read_configuration(CONFIGURATION, url="https://lms.example/openid")
    invite, _address = invites.make(organization_id=spaces.ensure_organization(name="Northwind").pk)
    Registration.objects.all().delete()
    try:
        kept = registering._keep(invite, found, answer if isinstance(answer, dict) else {"client_id": answer})
    except registering.NotRegistered:
        assert not Registration.objects.exists()
    else:
        assert kept.client_id
