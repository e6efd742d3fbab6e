"""Copies of a course and of an activity, and the notice that tells the tool of them."""

from __future__ import annotations

import re
import time
from typing import Any

import jwt
import pytest
import requests

from tests.demo_lms.conftest import LTI, NOTICES, ROSTER, Lms, Tool

COPY, HELLO = "LtiContextCopyNotice", "LtiHelloWorldNotice"


def handlers(lms: Lms, tool: Tool) -> str:
    return f"{lms.url}/notice-handlers/{tool.deployment_id}"


def ask_for(lms: Lms, tool: Tool, handler: Any, notice_type: Any = COPY) -> requests.Response:
    body = {"notice_type": notice_type, "handler": handler}
    return requests.put(handlers(lms, tool), json=body, headers=lms.bearer(NOTICES, tool), timeout=5)


def copy_course(lms: Lms) -> str:
    """Ben copies course 2; gives the copy's id."""
    return lms.submit(lms.browser("ben"), "courses/2/copy").url.split("/")[-2]


def wait_for_notice(tool: Tool) -> dict[str, Any]:
    for _attempt in range(100):
        if tool.posted:
            break
        time.sleep(0.05)
    [notice] = tool.posted.pop(0)["notices"]
    return notice


@pytest.fixture
def link(lms: Lms) -> int:
    return lms.place(custom={"companion_activity": "one"}, lineItem={"scoreMaximum": 10})


def test_an_activity_is_duplicated(lms: Lms, link: int) -> None:
    original = lms.launch(lms.browser("ana"), f"launch/{link}/")

    page = lms.submit(lms.browser("ben"), f"links/{link}/duplicate")

    assert "One activity was added." in page.text
    copy = lms.link_id(f"{original[f'{LTI}/resource_link']['title']} (copy)")
    assert copy != link
    claims = lms.launch(lms.browser("ana"), f"launch/{copy}/")
    assert claims[f"{LTI}/custom"]["companion_activity"] == "one"
    assert claims[f"{LTI}/custom"]["resource_link_id_history"] == str(link)
    assert claims[f"{LTI}/custom"]["context_id_history"] == ""


@pytest.mark.parametrize("person", ["ana", "dee"])
def test_learners_duplicate_nothing(lms: Lms, link: int, person: str) -> None:
    assert lms.submit(lms.browser(person), f"links/{link}/duplicate").status_code == 403


def test_the_tool_is_told_of_a_copied_course(lms: Lms, second: Tool) -> None:
    answer = ask_for(lms, second, f"{second.url}/notices")
    assert answer.json() == {"notice_type": COPY, "handler": f"{second.url}/notices"}

    copy = copy_course(lms)

    token = wait_for_notice(second)["jwt"]
    key = jwt.PyJWK(lms.get(requests.Session(), "jwks").json()["keys"][0])
    claims = jwt.decode(token, key, algorithms=["RS256"], audience=second.client_id, issuer=lms.url)
    assert jwt.get_unverified_header(token)["kid"] == key.key_id
    assert claims[f"{LTI}/notice"]["type"] == COPY
    assert {"id", "timestamp"} < set(claims[f"{LTI}/notice"])
    assert claims[f"{LTI}/context"]["id"] == copy
    assert claims[f"{LTI}/origin_contexts"] == ["2"]
    assert (claims[f"{LTI}/version"], claims[f"{LTI}/deployment_id"]) == ("1.3.0", second.deployment_id)
    assert {"nonce", "iat", "exp"} < set(claims)
    assert "sub" not in claims


def test_a_handler_can_be_looked_up_replaced_and_taken_away(lms: Lms, second: Tool) -> None:
    ask_for(lms, second, f"{second.url}/first")
    ask_for(lms, second, f"{second.url}/second")
    known = requests.get(handlers(lms, second), headers=lms.bearer(NOTICES, second), timeout=5).json()
    assert known == {
        "client_id": second.client_id,
        "deployment_id": second.deployment_id,
        "notice_handlers": [
            {"notice_type": HELLO, "handler": ""},
            {"notice_type": COPY, "handler": f"{second.url}/second"},
        ],
    }

    assert ask_for(lms, second, "").json() == {"notice_type": COPY, "handler": ""}

    copy_course(lms)
    time.sleep(0.3)
    assert second.posted == []


def test_a_new_handler_is_greeted(lms: Lms, second: Tool) -> None:
    ask_for(lms, second, f"{second.url}/notices", HELLO)
    claims = jwt.decode(wait_for_notice(second)["jwt"], options={"verify_signature": False})
    assert claims[f"{LTI}/notice"]["type"] == HELLO


@pytest.mark.parametrize("handler", ["https://evil.example/", "javascript:alert(1)", "/notices", None, ["a"]])
def test_a_handler_is_on_the_tools_origin(lms: Lms, second: Tool, handler: Any) -> None:
    assert ask_for(lms, second, handler).status_code == 400


@pytest.mark.parametrize("notice_type", ["LtiMadeUpNotice", None, {}])
def test_an_unknown_notice_is_refused(lms: Lms, second: Tool, notice_type: Any) -> None:
    assert ask_for(lms, second, f"{second.url}/notices", notice_type).status_code == 400


def test_only_a_token_for_notices_and_only_the_tools_own_deployment(lms: Lms, second: Tool) -> None:
    assert requests.get(handlers(lms, second), timeout=5).status_code == 401
    assert requests.get(handlers(lms, lms.tool), headers=lms.bearer(ROSTER), timeout=5).status_code == 401
    assert requests.get(handlers(lms, lms.tool), headers=lms.bearer(NOTICES, second), timeout=5).status_code == 404


def test_an_inactive_tool_is_told_nothing(lms: Lms, second: Tool) -> None:
    ask_for(lms, second, f"{second.url}/notices")
    lms.switch(second)
    copy_course(lms)
    time.sleep(0.3)
    assert second.posted == []


def test_nobody_waits_for_a_tool_that_does_not_answer(lms: Lms, second: Tool) -> None:
    ask_for(lms, second, f"{second.url}/notices")
    second.server.shutdown()
    started_at = time.monotonic()
    assert re.fullmatch(r"\d+", copy_course(lms))
    assert time.monotonic() - started_at < 2.5
