"""Which answers of a tool the demo LMS believes."""

from __future__ import annotations

import time
from typing import Any

import pytest
import requests

from tests.demo_lms.conftest import DEEP_LINKING, LTI, Lms


def post(lms: Lms, browser: requests.Session, token: str) -> requests.Response:
    form = {"JWT": token, "relayed": "1"}
    return browser.post(f"{lms.url}/deep-link-return", data=form, timeout=5)


def test_it_works(lms: Lms) -> None:
    ben = lms.browser("ben")
    token = lms.tool.sign(lms.answer(lms.deep_linking_data(ben)))

    assert post(lms, ben, token).status_code == 200
    assert "Placed by a test" in ben.get(f"{lms.url}/courses/2/units/the-review/edit", timeout=5).text


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "somebody-else"},
        {"aud": "http://127.0.0.1"},
        {"exp": int(time.time()) - 1},
        {"nonce": ""},
        {f"{LTI}/deployment_id": "2"},
        {f"{LTI}/version": "1.1"},
        {f"{LTI}/message_type": "LtiResourceLinkRequest"},
        {f"{DEEP_LINKING}/data": "made up"},
        {f"{DEEP_LINKING}/content_items": [{"type": "html", "html": "<p>"}]},
        {f"{DEEP_LINKING}/content_items": ["nonsense"]},
        {f"{DEEP_LINKING}/content_items": [{"type": "ltiResourceLink", "url": "javascript:alert(1)"}]},
        {f"{DEEP_LINKING}/content_items": [{"type": "ltiResourceLink", "lineItem": {"scoreMaximum": 0}}]},
    ],
)
def test_an_answer_that_does_not_fit_is_refused(lms: Lms, changes: dict[str, Any]) -> None:
    ben = lms.browser("ben")
    token = lms.tool.sign(lms.answer(lms.deep_linking_data(ben), **changes))

    answer = post(lms, ben, token)

    assert answer.status_code == 400
    assert "refused" in answer.text


def test_an_answer_counts_once(lms: Lms) -> None:
    ben = lms.browser("ben")
    data = lms.deep_linking_data(ben)
    token = lms.tool.sign(lms.answer(data))

    assert post(lms, ben, token).status_code == 200
    assert post(lms, ben, token).status_code == 400
    assert post(lms, ben, lms.tool.sign(lms.answer(data))).status_code == 400


def test_an_answer_is_for_the_person_who_asked(lms: Lms) -> None:
    token = lms.tool.sign(lms.answer(lms.deep_linking_data(lms.browser("ben"))))

    assert post(lms, lms.browser("admin"), token).status_code == 400
    assert post(lms, requests.Session(), token).status_code == 400


def test_learners_cannot_ask(lms: Lms) -> None:
    page = lms.browser("ana").get(f"{lms.url}/launch/deep-link/2/the-review/", timeout=5)

    assert page.status_code == 403
