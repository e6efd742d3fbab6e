"""Several tools in one demo LMS: each gets what it was granted, and none gets what is another's."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from tests.demo_lms.conftest import (
    AGS,
    CLIENT_ID,
    COLUMNS,
    DEEP_LINKING,
    LTI,
    NOTICES,
    ROSTER,
    TOOL_CONFIGURATION,
    Lms,
    Tool,
    hidden_fields,
)

NRPS = "https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice"


def place(lms: Lms, tool: Tool, title: str) -> int:
    """Ben asks a tool what to place, and it places one activity with a column; gives the link's id."""
    ben = lms.browser("ben")
    path = f"launch/deep-link/2/the-review/?tool={tool.deployment_id}"
    data = lms.launch(ben, path, tool)[f"{DEEP_LINKING}/deep_linking_settings"]["data"]
    item = {"type": "ltiResourceLink", "title": title, "lineItem": {"scoreMaximum": 10}}
    changes = {f"{DEEP_LINKING}/content_items": [item], f"{LTI}/deployment_id": tool.deployment_id}
    answer = ben.post(f"{lms.url}/deep-link-return", data={"JWT": tool.sign(lms.answer(data, **changes))}, timeout=5)
    assert answer.status_code == 200, answer.text
    return lms.link_id(title)


def add(lms: Lms, tool: Tool, name: str = "Another tool", **configuration: Any) -> None:
    """Register a tool with a configuration of its own, and let it in."""
    metadata = {"client_name": name, TOOL_CONFIGURATION: tool.configuration(**configuration)}
    registered = lms.register(tool.metadata(**metadata)).json()
    tool.client_id = registered["client_id"]
    tool.deployment_id = registered[TOOL_CONFIGURATION]["deployment_id"]
    lms.switch(tool, active="1")


def remove(lms: Lms, tool: Tool) -> None:
    lms.submit(lms.browser("admin"), f"tools/{tool.deployment_id}/remove")
    tool.stop()


def send_score(lms: Lms, tool: Tool) -> str:
    """The tool grades Ana in its one column; gives the column's id."""
    [column] = line_items(lms, tool)
    score = {
        "userId": "3",
        "scoreGiven": 1,
        "scoreMaximum": 1,
        "activityProgress": "Completed",
        "gradingProgress": "FullyGraded",
        "timestamp": "2026-01-01T12:00:00Z",
    }
    address = column["id"].partition("?")[0]
    headers = lms.bearer(COLUMNS, tool)
    assert requests.post(f"{address}/scores?type_id=1", json=score, headers=headers, timeout=5).status_code == 200
    return address.split("/")[-2]


def line_items(lms: Lms, tool: Tool) -> list[dict[str, str]]:
    headers = lms.bearer(f"{AGS}/scope/lineitem", tool)
    found: list[dict[str, str]] = requests.get(f"{lms.url}/ags/2/lineitems", headers=headers, timeout=5).json()
    return found


def test_it_works(lms: Lms, second: Tool) -> None:
    link = place(lms, second, "Of the second tool")

    claims = lms.launch(lms.browser("ana"), f"launch/{link}/", second)

    assert (claims["aud"], claims[f"{LTI}/deployment_id"]) == (second.client_id, second.deployment_id)
    assert claims[f"{LTI}/target_link_uri"] == f"{second.url}/launch"
    assert claims[f"{LTI}/custom"] == {"course": "2"}
    assert (claims["name"], claims.get("email")) == ("Ana Torres", None)
    assert claims[f"{AGS}/claim/endpoint"]["scope"] == [
        f"{AGS}/scope/lineitem",
        f"{AGS}/scope/result.readonly",
        f"{AGS}/scope/score",
    ]
    assert NRPS not in claims


def test_the_built_in_tool_has_every_service(lms: Lms) -> None:
    claims = lms.launch(lms.browser("ana"), "launch/2/")
    assert (claims["aud"], claims[f"{LTI}/deployment_id"]) == (CLIENT_ID, "1")
    assert claims[f"{LTI}/message_type"] == "LtiResourceLinkRequest"
    assert len(claims[f"{AGS}/claim/endpoint"]["scope"]) == 4
    assert NRPS in claims
    assert claims[f"{LTI}/platformnotificationservice"] == {
        "service_versions": ["1.0"],
        "platform_notification_service_url": f"{lms.url}/notice-handlers/1",
        "scope": [NOTICES],
        "notice_types_supported": ["LtiHelloWorldNotice", "LtiContextCopyNotice"],
    }


def test_every_active_tool_is_offered(lms: Lms, second: Tool) -> None:
    ben = lms.browser("ben")
    answer = lms.get(ben, "courses/2/units/the-review/edit")
    assert "Add a Companion activity" in answer.text
    assert f"/add?tool={second.deployment_id}" in answer.text
    assert "Add an activity of Second tool" in answer.text
    assert second.url in answer.headers["Content-Security-Policy"]

    lms.switch(second)

    answer = lms.get(ben, "courses/2/units/the-review/edit")
    assert f"/add?tool={second.deployment_id}" not in answer.text
    assert second.url not in answer.headers["Content-Security-Policy"]


def test_a_tool_that_takes_no_deep_links_is_placed_as_it_is(lms: Lms, second: Tool) -> None:
    plain = Tool()
    add(lms, plain, "Plain tool", messages=[])
    ben = lms.browser("ben")
    assert "Add Plain tool" in lms.get(ben, "courses/2/units/the-review/edit").text

    lms.submit(ben, "courses/2/units/the-review/place", tool=plain.deployment_id)

    claims = lms.launch(lms.browser("ana"), f"launch/{lms.link_id('Plain tool')}/", plain)
    assert claims["aud"] == plain.client_id
    assert lms.submit(ben, "courses/2/units/the-review/place", tool=second.deployment_id).status_code == 404
    ana = lms.browser("ana")
    assert lms.submit(ana, "courses/2/units/the-review/place", tool=plain.deployment_id).status_code == 403
    remove(lms, plain)


@pytest.mark.parametrize("address", ["", "{tool}/reviews?from=lms"])
def test_a_tool_says_where_it_shows_work(lms: Lms, address: str) -> None:
    tool = Tool()
    review = {"type": "LtiSubmissionReviewRequest"}
    if address:
        review["target_link_uri"] = address.format(tool=tool.url)
    add(lms, tool, messages=[{"type": "LtiDeepLinkingRequest"}, review])
    place(lms, tool, "Work to look at")
    column = send_score(lms, tool)

    claims = lms.launch(lms.browser("ben"), f"launch/review/{column}/3/", tool)

    assert claims[f"{LTI}/message_type"] == "LtiSubmissionReviewRequest"
    assert claims[f"{LTI}/target_link_uri"] == review.get("target_link_uri", f"{tool.url}/launch")
    assert set(claims[f"{LTI}/for_user"]) == {"user_id", "roles", "name"}
    remove(lms, tool)


def test_a_tool_that_shows_no_work_is_not_asked(lms: Lms, second: Tool) -> None:
    place(lms, second, "Nothing to look at")
    column = send_score(lms, second)
    ben = lms.browser("ben")
    assert f"/grades/{column}/3/work" not in lms.get(ben, "courses/2/gradebook").text
    assert lms.get(ben, f"launch/review/{column}/3/").status_code == 404


def test_a_launch_is_for_its_own_tool(lms: Lms, second: Tool) -> None:
    answer = hidden_fields(lms.authorize(lms.browser("ana"), "launch/2/", second).text)

    assert answer["error"] == "access_denied"
    assert "id_token" not in answer


def test_an_answer_is_from_the_tool_that_was_asked(lms: Lms, second: Tool) -> None:
    ben = lms.browser("ben")
    data = lms.deep_linking_data(ben)
    token = second.sign(lms.answer(data, **{f"{LTI}/deployment_id": second.deployment_id}))

    answer = ben.post(f"{lms.url}/deep-link-return", data={"JWT": token}, timeout=5)

    assert answer.status_code == 400
    assert "fits no open request" in answer.text


def test_a_tool_gets_the_scopes_it_was_granted(lms: Lms, second: Tool) -> None:
    assert lms.token(COLUMNS, second).status_code == 200
    refused = lms.token(ROSTER, second)
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_scope")


def test_a_tool_cannot_sign_for_another(lms: Lms, second: Tool) -> None:
    answer = lms.token(COLUMNS, second, iss=CLIENT_ID, sub=CLIENT_ID)
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


def test_a_tool_sees_its_own_columns(lms: Lms, second: Tool) -> None:
    link = place(lms, second, "Graded by the second tool")
    [own] = line_items(lms, second)
    assert own["label"] == "Graded by the second tool"
    assert own["resourceLinkId"] == str(link)
    assert "Graded by the second tool" not in [item["label"] for item in line_items(lms, lms.tool)]

    others = lms.bearer(f"{AGS}/scope/lineitem", lms.tool)
    assert requests.get(own["id"], headers=others, timeout=5).status_code == 404
    column = {"label": "Mine?", "scoreMaximum": 1, "resourceLinkId": str(link)}
    answer = requests.post(f"{lms.url}/ags/2/lineitems", json=column, headers=others, timeout=5)
    assert answer.status_code == 400
    roster = requests.get(f"{lms.url}/nrps/2/memberships?rlid={link}", headers=lms.bearer(ROSTER), timeout=5)
    assert roster.status_code == 403


def test_an_inactive_tool_gets_no_launches_and_no_tokens(lms: Lms, second: Tool) -> None:
    link = place(lms, second, "Soon without a tool")
    headers = lms.bearer(f"{AGS}/scope/lineitem", second)
    ana = lms.browser("ana")
    lms.switch(second)

    refused = lms.get(ana, f"launch/{link}/")
    assert refused.status_code == 403
    assert "Second tool is not active in this LMS." in refused.text
    assert lms.authorize(ana, "launch/2/", second).status_code == 400
    assert lms.token(COLUMNS, second).status_code == 401
    assert requests.get(f"{lms.url}/ags/2/lineitems", headers=headers, timeout=5).status_code == 401
    deep_link = lms.get(lms.browser("ben"), f"launch/deep-link/2/the-review/?tool={second.deployment_id}")
    assert deep_link.status_code == 404
