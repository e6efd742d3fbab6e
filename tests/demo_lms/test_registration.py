"""A tool registers itself with the demo LMS, and an administrator decides."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from tests.demo_lms.conftest import COLUMNS, NOTICES, ROSTER, TOOL_CONFIGURATION, Lms, Tool

PLATFORM_CONFIGURATION = "https://purl.imsglobal.org/spec/lti-platform-configuration"


@pytest.fixture
def stranger() -> Iterator[Tool]:
    """A tool that the LMS does not know."""
    tool = Tool()
    yield tool
    tool.stop()


def test_it_works(lms: Lms, stranger: Tool) -> None:
    offer = lms.offer()
    assert offer["theme"] == "dark"
    known = requests.get(offer["openid_configuration"], timeout=5).json()

    headers = {"Authorization": f"Bearer {offer['registration_token']}"}
    answer = requests.post(known["registration_endpoint"], json=stranger.metadata(), headers=headers, timeout=5)

    assert answer.status_code == 200
    registered = answer.json()
    stranger.client_id = registered["client_id"]
    assert set(registered["scope"].split()) == {*COLUMNS.split(), NOTICES}
    granted = registered[TOOL_CONFIGURATION]
    assert granted["target_link_uri"] == f"{stranger.url}/launch"
    assert granted["claims"] == ["iss", "sub", "name"]
    assert granted["custom_parameters"] == {"course": "$Context.id"}
    stranger.deployment_id = granted["deployment_id"]

    assert lms.token(COLUMNS, stranger).status_code == 401
    lms.switch(stranger, active="1")
    assert lms.token(COLUMNS, stranger).status_code == 200
    own = requests.get(registered["registration_client_uri"], headers=lms.bearer(COLUMNS, stranger), timeout=5)
    assert own.json() == registered


def test_what_the_lms_says_of_itself(lms: Lms) -> None:
    known = lms.get(requests.Session(), ".well-known/openid-configuration").json()
    assert known["issuer"] == lms.url
    assert known["authorization_endpoint"] == f"{lms.url}/auth"
    assert known["token_endpoint"] == known["authorization_server"] == f"{lms.url}/token"
    assert known["jwks_uri"] == f"{lms.url}/jwks"
    assert {"openid", ROSTER, NOTICES, *COLUMNS.split()} <= set(known["scopes_supported"])
    platform = known[PLATFORM_CONFIGURATION]
    assert platform["product_family_code"] == "demo-lms"
    assert platform["messages_supported"] == [
        {"type": "LtiResourceLinkRequest"},
        {"type": "LtiDeepLinkingRequest", "placements": ["ContentArea"]},
        {"type": "LtiSubmissionReviewRequest"},
    ]
    assert {"Context.id.history", "ResourceLink.id.history", "User.id"} <= set(platform["variables"])


def test_a_token_registers_once(lms: Lms, stranger: Tool) -> None:
    token = lms.offer()["registration_token"]

    assert lms.register(stranger.metadata(), token).status_code == 200
    again = lms.register(stranger.metadata(), token)
    assert (again.status_code, again.json()["error"]) == (401, "invalid_token")


def test_a_token_lives_an_hour_and_is_not_stored(lms: Lms, stranger: Tool) -> None:
    token = lms.offer()["registration_token"]
    with sqlite3.connect(lms.folder / "demo_lms.sqlite3", timeout=20) as database:
        assert token not in str(database.execute("SELECT * FROM demo_lms_registrationoffer").fetchall())
        database.execute("UPDATE demo_lms_registrationoffer SET expires_at = datetime('now', '-1 second')")

    assert lms.register(stranger.metadata(), token).status_code == 401


def test_without_a_token_nothing_is_registered(lms: Lms, stranger: Tool) -> None:
    assert lms.register(stranger.metadata(), "made-up").status_code == 401
    assert requests.post(f"{lms.url}/register", json=stranger.metadata(), timeout=5).status_code == 401


@pytest.mark.parametrize(
    "changes",
    [
        {"application_type": "native"},
        {"response_types": ["code"]},
        {"grant_types": ["implicit"]},
        {"grant_types": "implicit client_credentials"},
        {"initiate_login_uri": "javascript:alert(1)"},
        {"redirect_uris": []},
        {"redirect_uris": ["https://tool.example/launch", "http://tool.example;img-src *"]},
        {"client_name": ""},
        {"jwks_uri": None},
        {"token_endpoint_auth_method": "client_secret_basic"},
        {"scope": None},
        {TOOL_CONFIGURATION: None},
        {TOOL_CONFIGURATION: {"domain": "tool.example"}},
    ],
)
def test_metadata_that_the_specification_does_not_allow_are_refused(
    lms: Lms, stranger: Tool, changes: dict[str, Any]
) -> None:
    answer = lms.register(stranger.metadata(**changes))
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_client_metadata")


@pytest.mark.parametrize(
    "changes",
    [
        {"domain": ""},
        {"domain": "tool.example"},
        {"target_link_uri": "http://evil.example/launch"},
        {"claims": None},
        {"messages": None},
        {"messages": ["LtiResourceLinkRequest"]},
        {"custom_parameters": "course=$Context.id"},
    ],
)
def test_so_is_a_tool_configuration(lms: Lms, stranger: Tool, changes: dict[str, Any]) -> None:
    answer = lms.register(stranger.metadata(**{TOOL_CONFIGURATION: stranger.configuration(**changes)}))
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_client_metadata")


@pytest.mark.parametrize("body", ["nonsense", "[]", "[" * 100_000])
def test_so_is_what_is_no_json_object(lms: Lms, body: str) -> None:
    headers = {"Authorization": f"Bearer {lms.offer()['registration_token']}"}
    answer = requests.post(f"{lms.url}/register", data=body, headers=headers, timeout=5)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_client_metadata")


def test_after_a_refusal_the_tool_may_try_again(lms: Lms, stranger: Tool) -> None:
    token = lms.offer()["registration_token"]
    assert lms.register(stranger.metadata(client_name=""), token).status_code == 400
    assert lms.register(stranger.metadata(), token).status_code == 200


def test_a_registration_is_for_its_own_tool_to_read(lms: Lms, second: Tool) -> None:
    address = f"{lms.url}/register/{second.client_id}"
    assert requests.get(address, headers=lms.bearer(COLUMNS, second), timeout=5).status_code == 200
    assert requests.get(address, headers=lms.bearer(COLUMNS), timeout=5).status_code == 401
    assert requests.get(address, timeout=5).status_code == 401


def test_the_administrator_sees_what_waits_and_what_it_may_do(lms: Lms, stranger: Tool) -> None:
    metadata = stranger.metadata(client_name="Waiting <tool>", scope=ROSTER)
    registered = lms.register(metadata).json()
    admin = lms.browser("admin")
    assert 'href="/tools"' in lms.get(admin, "").text

    page = lms.get(admin, "tools").text

    assert "Course Companion" in page
    row = re.split(r"<li>", page[: page.index(registered["client_id"])])[-1] + page.split(registered["client_id"])[1]
    assert "Waiting &lt;tool&gt;" in row
    assert "waiting" in row
    assert "read who is in a course" in row


def test_the_page_frames_the_tool_and_listens_to_it(lms: Lms) -> None:
    answer = lms.submit(lms.browser("admin"), "tools/add", url="https://tool.example/register")
    assert "frame-src 'self' " in answer.headers["Content-Security-Policy"]
    assert "https://tool.example" in answer.headers["Content-Security-Policy"]
    assert 'data-tool-origin="https://tool.example" data-leads-to="/tools"' in answer.text


def test_a_link_to_the_page_makes_no_token(lms: Lms) -> None:
    answer = lms.get(lms.browser("admin"), "tools/add?url=https://tool.example/register")
    assert answer.url == f"{lms.url}/tools"
    assert "registration_token" not in answer.text


@pytest.mark.parametrize(
    "url", ["", "tool.example/register", "javascript:alert(1)", "https://tool.example;script-src *"]
)
def test_what_is_no_address_is_said_in_words(lms: Lms, url: str) -> None:
    answer = lms.submit(lms.browser("admin"), "tools/add", url=url)
    assert answer.status_code == 422
    assert "Paste the whole address" in answer.text


def test_a_tool_that_registered_can_be_removed(lms: Lms, second: Tool) -> None:
    answer = lms.submit(lms.browser("admin"), f"tools/{second.deployment_id}/remove")
    assert "The tool was removed" in answer.text
    assert second.client_id not in answer.text
    assert lms.token(COLUMNS, second).status_code == 401


def test_the_built_in_tool_stays(lms: Lms) -> None:
    answer = lms.submit(lms.browser("admin"), "tools/1/remove")
    assert answer.status_code == 409
    assert "cannot be removed" in answer.text
    assert lms.token(ROSTER).status_code == 200


@pytest.mark.parametrize("person", ["ben", "ana"])
def test_only_the_administrator_manages_tools(lms: Lms, second: Tool, person: str) -> None:
    somebody = lms.browser(person)
    assert lms.get(somebody, "tools").status_code == 403
    assert 'href="/tools"' not in lms.get(somebody, "").text
    assert lms.submit(somebody, "tools/add", url="https://tool.example/").status_code == 403
    for verb in ("activate", "remove"):
        assert lms.submit(somebody, f"tools/{second.deployment_id}/{verb}").status_code == 403
    assert lms.get(requests.Session(), "tools").url.startswith(f"{lms.url}/sign-in?")
