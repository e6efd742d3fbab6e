"""Ben is sent to choose what to place, and the platform checks each part of the answer that his browser brings back.

The cases are those of "Deep Linking Message testing" in 1EdTech's LTI Advantage Conformance Certification Guide 1.3,
section 6.2 (https://www.imsglobal.org/spec/lti/v1p3/cert/), one test by the name of each; the optional "Core Launch of
Passed LTI Link" is told by atomicjolt/atomic_lti, additional_tests.md. The settings are those that 1EdTech's reference
platform sends (lti-ri.imsglobal.org). The guide has no case for how many items come back and for the data; Deep
Linking 2.0 has rules for both (https://www.imsglobal.org/spec/lti-dl/v2p0/).
"""

from __future__ import annotations

import time
from typing import Any

import jwt
import pytest
from django.http import HttpResponse
from django.test import Client

from companion.viewer import Role
from tests.lti.conftest import new_browser
from tests.lti.platform import (
    ANA,
    BEN_PLACES,
    DL,
    LAUNCH_URL,
    LTI,
    ROLE,
    Platform,
    public_jwk,
    session_of,
    unescaped,
)
from tests.lti.test_deep_linking import FILLED, RETURN_URL, answer_in, send, settings_with

ITEMS = DL + "content_items"
DATA = "Some random opaque data that MUST be sent back"
SENT = {
    "accept_types": ["link", "file", "html", "ltiResourceLink", "image"],
    "accept_media_types": "image/*,text/html",
    "accept_presentation_document_targets": ["iframe", "window", "embed"],
    "accept_multiple": True,
    "auto_create": True,
    "title": "This is the default title",
    "text": "This is the default text",
    "data": DATA,
}


def ben_places(platform: Platform, browser: Client, **changes: Any) -> HttpResponse:
    """The page that hands over what Ben has placed."""
    session = platform.enter(browser, BEN_PLACES, settings_with(**SENT | changes))
    page = send(browser, session, **FILLED)
    assert page.status_code == 200
    return page


def token_in(page: HttpResponse) -> str:
    return unescaped(page, r'name="JWT" value="([^"]+)"')


def test_send_the_request_payload(platform: Platform, browser: Client) -> None:
    """Ben reads a form and Ana, sent there by mistake, why it is not for her."""
    launched = platform.launch(browser, BEN_PLACES, settings_with(**SENT))
    assert session_of(launched).role == Role.INSTRUCTOR
    page = browser.get(launched["Location"])
    assert page.status_code == 200
    assert "<h1>Place a discussion in your course</h1>" in page.content.decode()

    learner = settings_with(**SENT) | {LTI + "roles": [ROLE + "Learner"]}
    refused = browser.get(platform.launch(browser, BEN_PLACES, learner)["Location"])
    assert refused.status_code == 403
    assert "<p>Only instructors can place discussions in a course.</p>" in refused.content.decode()


def test_receive_the_response_payload(platform: Platform, browser: Client) -> None:
    """A form that posts one field, `JWT`, to where the platform asked for it."""
    page = ben_places(platform, browser)
    assert unescaped(page, r'<form id="hand-over" method="post" action="([^"]+)"') == RETURN_URL
    assert page.content.decode().count("<input") == 1
    assert "form-action 'self' http://127.0.0.1:8400;" in page["Content-Security-Policy"]
    assert token_in(page).count(".") == 2


def test_response_format_valid(platform: Platform, browser: Client) -> None:
    claims = answer_in(browser, ben_places(platform, browser))
    assert claims[LTI + "message_type"] == "LtiDeepLinkingResponse"
    assert claims[LTI + "version"] == "1.3.0"


def test_response_timestamps_valid(platform: Platform, browser: Client) -> None:
    before = int(time.time())
    claims = answer_in(browser, ben_places(platform, browser))
    assert before <= claims["iat"] <= time.time() < claims["exp"] <= claims["iat"] + 3_600


def test_signature_valid(platform: Platform, browser: Client) -> None:
    """RS256 by the published key that it names, and by no other; what was changed on the way no longer fits."""
    token = token_in(ben_places(platform, browser))
    other = token_in(ben_places(platform, browser))
    header = jwt.get_unverified_header(token)
    keys = {key["kid"]: jwt.PyJWK(key) for key in browser.get("/lti/jwks").json()["keys"]}
    assert header == {"typ": "JWT", "alg": "RS256", "kid": header["kid"]}

    def checked(text: str, key: jwt.PyJWK) -> dict[str, Any]:
        claims: dict[str, Any] = jwt.decode(text, key, algorithms=["RS256"], audience=platform.row.issuer)
        return claims

    assert checked(token, keys[header["kid"]])[ITEMS]
    with pytest.raises(jwt.InvalidSignatureError):
        checked(token, jwt.PyJWK(public_jwk("stranger")))
    with pytest.raises(jwt.InvalidSignatureError):
        checked(f"{token.rsplit('.', 1)[0]}.{other.rsplit('.', 1)[1]}", keys[header["kid"]])


def test_required_claims_verified(platform: Platform, browser: Client) -> None:
    """From this tool for this platform and deployment, and no two answers alike."""
    claims = answer_in(browser, ben_places(platform, browser))
    assert claims["iss"] == platform.row.client_id
    assert claims["aud"] in (platform.row.issuer, [platform.row.issuer])
    assert claims[LTI + "deployment_id"] == platform.deployment.deployment_id
    assert {"exp", "iat", "nonce", LTI + "message_type", LTI + "version", ITEMS} <= set(claims)
    assert claims["nonce"] != answer_in(browser, ben_places(platform, browser))["nonce"]


def test_affirm_response(platform: Platform, browser: Client) -> None:
    """What Ben typed is what the platform gets; its custom parameters are texts, as LTI wants them."""
    [item] = answer_in(browser, ben_places(platform, browser))[ITEMS]
    assert (item["type"], item["title"], item["url"]) == ("ltiResourceLink", "Week 1", LAUNCH_URL)
    assert item["custom"]
    assert all(isinstance(value, str) and value for value in item["custom"].values())


def test_core_launch_of_passed_lti_link(platform: Platform, browser: Client) -> None:
    """Ana opens what Ben has placed, as the platform kept it."""
    [item] = answer_in(browser, ben_places(platform, browser))[ITEMS]
    anas = new_browser()
    kept = {
        LTI + "custom": item["custom"],
        LTI + "target_link_uri": item["url"],
        LTI + "resource_link": {"id": "placed", "title": item["title"]},
    }
    launched = platform.launch(anas, ANA, kept)
    assert session_of(launched).role == Role.LEARNER
    page = anas.get(launched["Location"])
    assert page.status_code == 200
    assert "<strong>surprised</strong>" in page.content.decode()
    elsewhere = anas.get(platform.launch(anas, ANA)["Location"])
    assert "<strong>surprised</strong>" not in elsewhere.content.decode()


# -- Deep Linking 2.0: how many, and the data -----------------------------------------------------------------


@pytest.mark.parametrize("multiple", [True, False, "true", "false", None])
def test_one_item_whether_or_not_more_are_accepted(platform: Platform, browser: Client, multiple: object) -> None:
    """Ben places one discussion at a time, so every platform gets what it takes; cancelled, it gets none."""
    assert len(answer_in(browser, ben_places(platform, browser, accept_multiple=multiple))[ITEMS]) == 1
    session = platform.enter(browser, BEN_PLACES, settings_with(**SENT | {"accept_multiple": multiple}))
    assert answer_in(browser, send(browser, session, "place/cancel"))[ITEMS] == []


@pytest.mark.parametrize("accepted", [["link", "file", "html", "image"], []], ids=["others", "none"])
def test_a_place_that_accepts_other_items_only(platform: Platform, browser: Client, accepted: list[str]) -> None:
    refused = platform.launch(browser, BEN_PLACES, settings_with(**SENT | {"accept_types": accepted}))
    assert refused.status_code == 400
    assert "<p>This place in the course cannot take a discussion.</p>" in refused.content.decode()
    assert platform.launch(browser, BEN_PLACES, settings_with(**SENT)).status_code == 303


def test_data_is_returned(platform: Platform, browser: Client) -> None:
    """As it came; and where none came, none goes back."""
    assert answer_in(browser, ben_places(platform, browser))[DL + "data"] == DATA
    assert answer_in(browser, ben_places(platform, browser, data="another"))[DL + "data"] == "another"
    assert DL + "data" not in answer_in(browser, ben_places(platform, browser, data=None))
