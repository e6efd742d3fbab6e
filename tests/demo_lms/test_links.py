"""The address of a placed activity, and what the demo LMS launches from there."""

from __future__ import annotations

import html
import re
from urllib.parse import urlencode

import pytest
import requests

from tests.demo_lms.conftest import Lms, hidden_fields


def follow(lms: Lms, browser: requests.Session, url: str) -> requests.Response:
    return browser.get(f"{lms.url}/links/2/?{urlencode({'url': url})}", timeout=5)


def frames(lms: Lms, page: requests.Response) -> list[str]:
    return [lms.url + html.unescape(src) for src in re.findall(r'<iframe class="tool" src="([^"]+)"', page.text)]


def target(browser: requests.Session, launch: str) -> str:
    return hidden_fields(browser.get(launch, timeout=5).text)["target_link_uri"]


def test_it_works(lms: Lms) -> None:
    ana = lms.browser("ana")
    url = f"{lms.tool.url}/lti/launch?goto=12-3"
    page = follow(lms, ana, url)
    assert page.url.startswith(f"{lms.url}/courses/2/units/declaring-an-incident/?link=2&url=")
    [frame] = frames(lms, page)
    assert target(ana, frame) == url


def test_without_an_address_in_the_tool_it_opens_as_always(lms: Lms) -> None:
    ana = lms.browser("ana")
    page = ana.get(f"{lms.url}/links/2/", timeout=5)
    assert page.url == f"{lms.url}/courses/2/units/declaring-an-incident/#link-2"
    [frame] = frames(lms, page)
    assert frame == f"{lms.url}/launch/2/"
    assert target(ana, frame) == f"{lms.tool.url}/lti/launch"


@pytest.mark.parametrize(
    "url", ["https://evil.example/lti/launch", "javascript:alert(1)", "{tool}/lti/launch.evil", "{tool}/lti/login", ""]
)
def test_nothing_but_the_tools_launch_address_is_launched(lms: Lms, url: str) -> None:
    ana = lms.browser("ana")
    for frame in frames(lms, follow(lms, ana, url.format(tool=lms.tool.url))):
        assert target(ana, frame) == f"{lms.tool.url}/lti/launch"


def test_who_is_not_signed_in_signs_in_first(lms: Lms) -> None:
    page = follow(lms, requests.Session(), f"{lms.tool.url}/lti/launch?goto=12-3")
    assert page.url.startswith(f"{lms.url}/sign-in?next=")


def test_an_outsider_is_refused(lms: Lms) -> None:
    assert follow(lms, lms.browser("dee"), f"{lms.tool.url}/lti/launch?goto=12-3").status_code == 403
