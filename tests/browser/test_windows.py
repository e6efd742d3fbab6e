"""A frame in which the browser keeps nothing of ours, in a platform that keeps nothing for us either."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode
from uuid import uuid4

import pytest
from playwright.sync_api import Route, expect

from tests.browser.conftest import FRAME
from tests.browser.test_discussion import start_thread

pytestmark = pytest.mark.browser


def without_storage(route: Route) -> None:
    """As a platform sends it that offers no storage (Moodle 4.5)."""
    fields = [pair for pair in parse_qsl(route.request.post_data or "") if pair[0] != "lti_storage_target"]
    route.continue_(post_data=urlencode(fields))


def test_a_window_of_its_own_works(visit):
    ana = visit("Ana Torres", cookies="none in frames", size=FRAME)
    ana.context.route("**/lti/login", without_storage)
    ana.page.goto(f"{ana.demo.lms}/courses/2/units/declaring-an-incident/?fixed=1")
    frame = ana.page.frame_locator("iframe.tool")
    button = frame.get_by_role("link", name="Open in a new window")
    expect(button).to_be_visible()
    expect(frame.get_by_text("One moment")).to_have_count(0)
    with ana.context.expect_page() as opened:
        button.press("Enter")
    window = opened.value
    window.wait_for_url(lambda url: "/lti/s/" in url)
    expect(frame.get_by_text("It is open in another window")).to_be_visible()
    title = f"From a window {uuid4().hex[:6]}"
    start_thread(window.main_frame, title)
    window.reload()
    expect(window.get_by_role("heading", level=1)).to_have_text(title)


@pytest.mark.parametrize("cookies", ["allowed", "blocked"])
def test_where_cookies_work_nobody_is_asked(visit, cookies):
    ana = visit("Ana Torres", cookies=cookies)
    ana.context.route("**/lti/login", without_storage)
    for _visit in range(2):
        ana.open_unit()
