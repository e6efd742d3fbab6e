"""What is no message at all, leads elsewhere, or carries markup: a page in words, never a trace, never a redirect."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from django.test import Client

from tests.lti import platform as lms
from tests.lti.platform import ANA, LAUNCH_URL, LTI, Platform, page_of, post_launch, row_counts, sign

pytestmark = pytest.mark.every_database

ELSEWHERE = [
    "",
    "https://evil.example/lti/launch",
    "//evil.example/lti/launch",
    "javascript:alert(1)//localhost:8601/lti/launch",
    "http://localhost:8601@evil.example/lti/launch",
    "http://localhost:8601/lti/launch/../jwks",
    "http://localhost:8601/admin/",
    "https://localhost:8601/lti/launch",
    "http://localhost:8602/lti/launch",
    "http://[::1/lti/launch",
    "\x00",
]


def nothing_came(before: dict[str, int]) -> bool:
    return row_counts() == before


def test_it_works(platform: Platform, browser: Client) -> None:
    login = platform.login(browser)
    assert login.response.status_code == 302
    assert login.url.startswith("http://127.0.0.1:8400/mod/lti/auth.php?")
    assert post_launch(browser, login.state, platform.token(login)).status_code == 303


def test_a_login_asks_for_what_openid_connect_says(platform: Platform, browser: Client) -> None:
    login = platform.login(browser)
    asked = dict(parse_qsl(urlsplit(login.url).query))
    assert asked == {
        "scope": "openid",
        "response_type": "id_token",
        "response_mode": "form_post",
        "prompt": "none",
        "client_id": platform.row.client_id,
        "redirect_uri": LAUNCH_URL,
        "login_hint": "6",
        "lti_message_hint": '{"cmid":3,"launchid":"ltilaunch2_293490110"}',
        "state": login.state,
        "nonce": login.nonce,
    }
    assert len({platform.login(browser).nonce for _ in range(3)}) == 3


def test_a_login_by_get_works_too(platform: Platform, browser: Client) -> None:
    query = {"iss": platform.row.issuer, "login_hint": "6", "target_link_uri": LAUNCH_URL}
    assert browser.get("/lti/login", query).status_code == 302


def test_without_a_client_id_an_issuer_with_two_registrations_is_nobody(
    connect: Callable[..., Platform], browser: Client
) -> None:
    platform = connect()
    assert platform.ask_login(browser, client_id="").status_code == 302
    connect(client_id="another")
    assert platform.ask_login(browser, client_id="").status_code == 404


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "https://evil.example"},
        {"client_id": "somebody else"},
        {"iss": "http://127.0.0.1:8400\x00", "client_id": "x"},
        {"iss": "\x00é", "client_id": ""},
        {"iss": "HTTP://127.0.0.1:8400", "client_id": ""},
    ],
)
def test_13_an_unknown_issuer_looks_like_not_found(
    platform: Platform, browser: Client, changes: dict[str, str]
) -> None:
    answer = platform.ask_login(browser, **changes)
    assert answer.status_code == 404
    assert "Location" not in answer
    assert not answer.cookies
    assert "evil.example" not in answer.content.decode()


@pytest.mark.parametrize("uri", ELSEWHERE)
def test_13_a_login_for_an_address_that_is_not_ours_is_refused(platform: Platform, browser: Client, uri: str) -> None:
    answer = platform.ask_login(browser, target_link_uri=uri)
    assert answer.status_code == 400
    assert not answer.cookies


@pytest.mark.parametrize("uri", ELSEWHERE)
def test_13_a_launch_for_an_address_that_is_not_ours_is_refused(platform: Platform, browser: Client, uri: str) -> None:
    before = row_counts()
    answer = platform.launch(browser, ANA, {LTI + "target_link_uri": uri})
    assert answer.status_code in (400, 403)
    assert nothing_came(before)


@pytest.mark.parametrize("name", ["iss", "login_hint"])
def test_a_login_without_what_it_needs_is_refused(platform: Platform, browser: Client, name: str) -> None:
    assert platform.ask_login(browser, **{name: ""}).status_code == 400


@pytest.mark.parametrize("name", ["iss", "login_hint", "lti_message_hint", "client_id", "target_link_uri"])
def test_10_an_oversize_login_is_refused(platform: Platform, browser: Client, name: str) -> None:
    assert platform.ask_login(browser, **{name: "x" * 4_001}).status_code == 400


def _deep(depth: int) -> bytes:
    return b"[" * depth + b"]" * depth


def _with_header(header: bytes) -> str:
    return base64.urlsafe_b64encode(header).rstrip(b"=").decode() + ".e30.AAAA"


@pytest.mark.parametrize(
    "token",
    [
        "",
        "x",
        "..",
        "a.b.c",
        "é.é.é",
        "\x00",
        "x" * (64 * 1024 + 1),
        _with_header(b"[]"),
        _with_header(b'"RS256"'),
        _with_header(b'{"kid": 7, "alg": "RS256"}'),
        _with_header(b'{"alg": "RS256", "kid": "first", "x": ' + _deep(20_000) + b"}"),
        _with_header(b"\xff\xfe"),
        sign([]),
        sign("claims"),
        sign(None),
        sign(b"not json"),
        sign(_deep(10_000)),
        sign(b'{"exp": ' + b"9" * 5_000 + b"}"),
    ],
    ids=range(18),
)
def test_10_what_is_no_token_is_malformed(platform: Platform, browser: Client, token: str) -> None:
    login = platform.login(browser)
    before = row_counts()
    assert post_launch(browser, login.state, token).status_code == 400
    assert nothing_came(before)


CONTEXT, LINK = LTI + "context", LTI + "resource_link"


@pytest.mark.parametrize(
    "changes",
    [
        {"sub": {}},
        {"sub": True},
        {"sub": lms.LEFT_OUT},
        {"sub": ""},
        {"sub": "x" * 256},
        {"sub": "\x00"},
        {"sub": "\ud800"},
        {"name": ["Ana"]},
        {"email": 7},
        {"name": "A\x00na"},
        {"exp": float("inf")},
        {"exp": "soon"},
        {"iat": "1795303671"},
        {CONTEXT: []},
        {CONTEXT: {"id": ["2"]}},
        {CONTEXT: {"id": "\ud800"}},
        {LINK: None},
        {LINK: {"title": "no id"}},
        {LINK: {"id": "x" * 256}},
        {LINK: {"id": "1", "title": 7}},
        {LTI + "version": "1.2.0"},
        {LTI + "version": None},
        {LTI + "message_type": "LtiStartProctoring"},
        {LTI + "custom": "x=1"},
        {LTI + "launch_presentation": 7},
        {LTI + "deployment_id": "\ud800"},
        {lms.NRPS: ["url"]},
        {lms.NRPS: {"context_memberships_url": 7}},
    ],
)
def test_10_claims_of_the_wrong_type_are_malformed(
    platform: Platform, browser: Client, changes: dict[str, Any]
) -> None:
    before = row_counts()
    assert platform.launch(browser, ANA, changes).status_code == 400
    assert nothing_came(before)


def test_ids_that_are_numbers_are_taken_as_texts(platform: Platform, browser: Client) -> None:
    texts = platform.enter(browser)
    numbers = platform.enter(browser, ANA, {"sub": 6, CONTEXT: {"id": 2}, LINK: {"id": 1}})
    assert (numbers.person_id, numbers.space_id) == (texts.person_id, texts.space_id)


def test_23_markup_and_variables_in_what_a_platform_says_are_text(platform: Platform, browser: Client) -> None:
    evil = "<script>alert(1)</script> {{ viewer }} $User.id"
    said = {"name": evil, CONTEXT: {"id": "2", "title": evil}, LINK: {"id": "1", "title": evil}}
    answer = platform.launch(browser, ANA, said)
    page = browser.get(answer["Location"]).content.decode()
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt; {{ viewer }} $User.id" in page
    session = lms.session_of(answer)
    form = browser.get(page_of(session)).content.decode()
    assert "<script>alert" not in form


def test_only_posts_launch(browser: Client) -> None:
    assert browser.get("/lti/launch").status_code == 405
    assert browser.put("/lti/login").status_code == 405


def test_a_body_that_is_no_form_is_refused(platform: Platform, browser: Client) -> None:
    for body in (json.dumps({"state": 1}), "\xff" * 10, "state=%ff%00&id_token=%00"):
        answer = browser.post("/lti/launch", body, content_type="application/x-www-form-urlencoded")
        assert answer.status_code == 403
