"""Ben places a discussion in his course, and the platform gets an answer that it can check."""

from __future__ import annotations

from typing import Any
from unittest.mock import ANY

import jwt
import pytest
from companion_lti import sessions
from companion_lti.models import LtiSession
from companion_lti.mount import viewer_of
from django.http import HttpResponse
from django.test import Client

from companion.spaces import api as spaces
from tests.lti import platform as lms
from tests.lti.conftest import new_browser
from tests.lti.gradebook import AGS
from tests.lti.platform import (
    ANA,
    BEN,
    BEN_PLACES,
    DL,
    LAUNCH_URL,
    LTI,
    ROLE,
    Platform,
    page_of,
    page_token,
    row_counts,
    unescaped,
)

SETTINGS = DL + "deep_linking_settings"
RETURN_URL = "http://127.0.0.1:8400/mod/lti/contentitem_return.php?course=2&id=1&sesskey=3H2IdN9l47"
FILLED = {"title": "Week 1", "prompt": "What **surprised** you?", "anonymity": "off", "starters": "staff"}


def settings_with(**changes: Any) -> dict[str, Any]:
    return {SETTINGS: lms.recorded(BEN_PLACES)["claims"][SETTINGS] | changes}


def send(client: Client, session: LtiSession, path: str = "place/", **fields: str) -> HttpResponse:
    fields.setdefault(sessions.TOKEN_FIELD, sessions.page_token(session))
    return client.post(page_of(session, path), fields)


def answer_in(client: Client, page: HttpResponse) -> dict[str, Any]:
    """The claims of the response that a page hands over, checked with the keys that the tool publishes."""
    token = unescaped(page, r'name="JWT" value="([^"]+)"')
    keys = jwt.PyJWKSet.from_dict(client.get("/lti/jwks").json())
    key = keys[jwt.get_unverified_header(token)["kid"]]
    claims: dict[str, Any] = jwt.decode(
        token, key, algorithms=["RS256"], audience="http://127.0.0.1:8400", issuer="4qy7Zv10PpPJi4L"
    )
    return claims


def test_it_works(platform: Platform, browser: Client) -> None:
    launched = platform.launch(browser, BEN_PLACES, settings_with(data="as it came"))
    form = browser.get(launched["Location"])
    assert form.status_code == 200
    session = lms.session_of(launched)
    page = send(browser, session, **FILLED, companion_token=page_token(form))
    assert page.status_code == 200
    assert unescaped(page, r'<form id="hand-over" method="post" action="([^"]+)"') == RETURN_URL
    claims = answer_in(browser, page)
    [activity] = spaces.list_activities(viewer=viewer_of(session))
    assert claims[LTI + "deployment_id"] == "1"
    assert claims[LTI + "message_type"] == "LtiDeepLinkingResponse"
    assert claims[LTI + "version"] == "1.3.0"
    assert claims[DL + "data"] == "as it came"
    assert claims["nonce"]
    assert 0 < claims["exp"] - claims["iat"] <= 3_600
    [item] = claims[DL + "content_items"]
    assert item["type"] == "ltiResourceLink"
    assert (item["title"], item["url"]) == ("Week 1", LAUNCH_URL)
    assert item["custom"] == {"companion_activity": str(activity.uid), "companion_placement": ANY}
    assert activity.settings["starters"] == "staff"


def test_what_was_placed_is_what_the_link_opens(platform: Platform, browser: Client) -> None:
    session = platform.enter(browser, BEN_PLACES)
    [item] = answer_in(browser, send(browser, session, **FILLED))[DL + "content_items"]
    opened = platform.launch(new_browser(), ANA, {LTI + "custom": item["custom"]})
    assert item["custom"]["companion_activity"] in opened["Location"]


def test_18_cancelled_places_nothing(platform: Platform, browser: Client) -> None:
    session = platform.enter(browser, BEN_PLACES)
    claims = answer_in(browser, send(browser, session, "place/cancel"))
    assert claims[DL + "content_items"] == []
    assert DL + "data" not in claims
    assert row_counts()["Activity"] == 0


def test_one_that_the_course_has_already_can_be_placed_again(platform: Platform, browser: Client) -> None:
    launched = platform.launch(browser, BEN)
    uid = launched["Location"].split("activities/")[1].split("/")[0]
    session = platform.enter(browser, BEN_PLACES)
    assert uid in browser.get(page_of(session, "place/")).content.decode()
    [item] = answer_in(browser, send(browser, session, activity=uid))[DL + "content_items"]
    assert item["custom"] == {"companion_activity": uid, "companion_placement": ANY}
    assert row_counts()["Activity"] == 1


def test_one_of_another_course_cannot_be_placed(platform: Platform, browser: Client) -> None:
    elsewhere = platform.launch(browser, BEN, {LTI + "context": {"id": "77", "title": "Elsewhere"}})
    uid = elsewhere["Location"].split("activities/")[1].split("/")[0]
    session = platform.enter(browser, BEN_PLACES)
    assert uid not in browser.get(page_of(session, "place/")).content.decode()
    for chosen in (uid, "00000000-0000-4000-8000-000000000000", "no uid"):
        refused = send(browser, session, activity=chosen)
        assert refused.status_code == 422
        assert "not in this course" in refused.content.decode()
        assert "JWT" not in refused.content.decode()


@pytest.mark.parametrize("role", ["Learner", "Mentor"])
@pytest.mark.parametrize("path", ["place/", "place/cancel"])
def test_18_a_learner_places_nothing(platform: Platform, browser: Client, role: str, path: str) -> None:
    session = platform.enter(browser, BEN_PLACES, {LTI + "roles": [ROLE + role]})
    assert browser.get(page_of(session, "place/")).status_code == 403
    refused = send(browser, session, path, **FILLED)
    assert refused.status_code == 403
    assert "Only instructors" in refused.content.decode()
    assert row_counts()["Activity"] == 0


@pytest.mark.parametrize("path", ["place/", "place/cancel"])
def test_18_a_second_answer_is_refused(platform: Platform, browser: Client, path: str) -> None:
    session = platform.enter(browser, BEN_PLACES)
    assert send(browser, session, **FILLED).status_code == 200
    again = send(browser, session, path, **FILLED)
    assert again.status_code == 403
    assert "JWT" not in again.content.decode()
    assert browser.get(page_of(session, "place/")).status_code == 403
    assert row_counts()["Activity"] == 1


def test_a_form_without_the_page_token_is_refused(platform: Platform, browser: Client) -> None:
    session = platform.enter(browser, BEN_PLACES)
    other = platform.enter(browser, BEN_PLACES)
    for token in ("", "made up", sessions.page_token(other)):
        assert send(browser, session, **FILLED, companion_token=token).status_code == 401
    assert row_counts()["Activity"] == 0


def test_an_ordinary_launch_has_nothing_to_place(platform: Platform, browser: Client) -> None:
    session = platform.enter(browser, BEN)
    assert browser.get(page_of(session, "place/")).status_code == 401
    assert send(browser, session, **FILLED).status_code == 401


@pytest.mark.parametrize(
    "url",
    [
        lms.LEFT_OUT,
        None,
        "",
        7,
        "javascript:alert(1)",
        "data:text/html,x",
        "//evil.example/x",
        "http://[::1",
        "http://evil.example;script-src *",
        "https://a'b.example/",
    ],
)
def test_18_a_return_address_that_is_no_web_address_is_refused(
    platform: Platform, browser: Client, url: object
) -> None:
    settings = settings_with(deep_link_return_url=url)[SETTINGS]
    kept = {name: value for name, value in settings.items() if value is not lms.LEFT_OUT}
    before = row_counts()
    assert platform.launch(browser, BEN_PLACES, {SETTINGS: kept}).status_code == 400
    assert row_counts() == before


def test_18_quotes_in_the_return_address_stay_in_the_attribute(platform: Platform, browser: Client) -> None:
    url = """http://127.0.0.1:8400/back?a="><script>alert(1)</script>&b='x'"""
    session = platform.enter(browser, BEN_PLACES, settings_with(deep_link_return_url=url))
    page = send(browser, session, "place/cancel")
    assert "<script>alert" not in page.content.decode()
    assert unescaped(page, r'method="post" action="([^"]+)"').startswith('http://127.0.0.1:8400/back?a=">')


def test_only_the_platform_gets_the_answer(platform: Platform, browser: Client) -> None:
    session = platform.enter(browser, BEN_PLACES, settings_with(deep_link_return_url="https://returns.example/x?y"))
    policy = send(browser, session, "place/cancel")["Content-Security-Policy"]
    assert "form-action 'self' https://returns.example;" in policy
    assert policy.endswith("frame-ancestors http://127.0.0.1:8400 https://returns.example")


@pytest.mark.parametrize("accepted", [None, "ltiResourceLink", [], ["link", "html"]])
def test_a_place_that_takes_no_links_is_refused(platform: Platform, browser: Client, accepted: object) -> None:
    refused = platform.launch(browser, BEN_PLACES, settings_with(accept_types=accepted))
    assert refused.status_code == 400
    assert "cannot take a discussion" in refused.content.decode()


def test_a_place_outside_of_every_course_is_refused(platform: Platform, browser: Client) -> None:
    refused = platform.launch(browser, BEN_PLACES, {LTI + "context": lms.LEFT_OUT})
    assert refused.status_code == 400
    assert "cannot take a discussion" in refused.content.decode()


@pytest.mark.parametrize("data", [{"a": [1, None]}, 7, '\u00e9"<'])
def test_data_goes_back_as_it_came(platform: Platform, browser: Client, data: object) -> None:
    session = platform.enter(browser, BEN_PLACES, settings_with(data=data))
    assert answer_in(browser, send(browser, session, "place/cancel"))[DL + "data"] == data


@pytest.mark.parametrize("data", ["\x00", "\ud800", float("nan"), {"x": ["\x00"]}])
def test_data_that_cannot_be_kept_is_refused(platform: Platform, browser: Client, data: object) -> None:
    assert platform.launch(browser, BEN_PLACES, settings_with(data=data)).status_code == 400


@pytest.mark.parametrize(
    "wrong",
    [
        {"title": "  "},
        {"title": "x" * 201},
        {"prompt": "x" * 5_001},
        {"anonymity": "sometimes"},
        {"closes_at": "2026-01-01T10:00", "opens_at": "2026-01-02T10:00"},
        {"opens_at": "tomorrow"},
    ],
)
def test_a_form_that_is_wrong_keeps_what_was_typed(platform: Platform, browser: Client, wrong: dict[str, str]) -> None:
    session = platform.enter(browser, BEN_PLACES)
    page = send(browser, session, **FILLED | {"prompt": "Typed & kept"} | wrong)
    assert page.status_code == 422
    assert ("Typed &amp; kept" in page.content.decode()) == ("prompt" not in wrong)
    assert "JWT" not in page.content.decode()
    assert row_counts()["Activity"] == 0
    assert send(browser, session, **FILLED).status_code == 200


GRADED = FILLED | {"credit_threads": "1", "credit_replies": "2", "credit_points": "10"}


def test_a_graded_discussion_asks_for_its_column(platform: Platform, browser: Client) -> None:
    session = platform.enter(browser, BEN_PLACES)
    [item] = answer_in(browser, send(browser, session, **GRADED))[DL + "content_items"]
    uid = item["custom"]["companion_activity"]
    wanted = {"label": "Week 1", "scoreMaximum": 10, "resourceId": uid, "tag": "companion-credit"}
    assert item["lineItem"] == wanted | {"submissionReview": ANY}


def test_no_column_without_points_or_where_none_is_taken(platform: Platform, browser: Client) -> None:
    session = platform.enter(browser, BEN_PLACES)
    [item] = answer_in(browser, send(browser, session, **GRADED | {"credit_points": "0"}))[DL + "content_items"]
    assert "lineItem" not in item
    session = platform.enter(browser, BEN_PLACES, settings_with(accept_lineitem=False))
    [item] = answer_in(browser, send(browser, session, **GRADED))[DL + "content_items"]
    assert "lineItem" not in item


def test_where_no_grades_are_taken_the_form_asks_for_no_credit(platform: Platform, browser: Client) -> None:
    launched = platform.launch(browser, BEN_PLACES)
    assert "credit_points" in browser.get(launched["Location"]).content.decode()
    launched = platform.launch(browser, BEN_PLACES, {AGS: lms.LEFT_OUT})
    assert "credit_points" not in browser.get(launched["Location"]).content.decode()
