"""axe on every page in every state, at every width, light and dark, left-to-right and right-to-left."""

from __future__ import annotations

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Frame, expect

from tests.browser.conftest import FRAME, NARROW, PHONE, WIDE

pytestmark = pytest.mark.browser


def problems_of(frame: Frame) -> list[str]:
    """axe's violations on this page, and whether it scrolls sideways."""
    result = Axe().run(frame)
    found = [
        f"{violation['id']}: {node['html'][:150]} {node.get('failureSummary', '')[:200]}"
        for violation in result.response["violations"]
        for node in violation["nodes"]
    ]
    if frame.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
        found.append("scrolls sideways")
    return found


def walk(frame: Frame, *, staff: bool):
    """Every page and state one can come to, by name."""
    list_url = frame.url.split("?")[0]
    root = list_url.split("activities/")[0]

    def go(url: str) -> None:
        frame.goto(url)

    yield "list"
    frame.locator("a.button.primary").first.click()
    frame.wait_for_url("**/new/")
    yield "new thread"
    frame.locator("button.primary").click()
    frame.locator(".errorlist").first.wait_for()
    yield "new thread, refused"
    go(f"{list_url}?only=mine&sort=unanswered")
    yield "list, filtered"
    go(root)
    yield "space"
    go(f"{root}threads/987654321/")
    yield "not found"
    go(list_url)
    frame.locator(".row-title", has_text=re.compile("22:04|said nothing")).first.click()
    frame.locator("#post-2").wait_for()
    yield "thread"
    frame.locator("#post-2 .actions a").first.click()
    frame.locator("#slot-2 textarea").fill("- [ ] a\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n```python\n# c\nx = 'y'\n```")
    frame.locator("#slot-2 .composer-end button.quiet").click()
    frame.locator("#slot-2 .preview").wait_for()
    yield "thread, replying, with preview"
    go(frame.url.split("?")[0] + "posts/2/reply/")
    yield "reply page"
    if staff:
        go(frame.url.replace("/reply/", "/hide/"))
        yield "hide page"
        go(f"{list_url}settings/")
        yield "settings"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("size", "person"), [(FRAME, "Ben Okafor"), (PHONE, "Ana Torres"), (WIDE, "Ben Okafor")])
def test_no_page_has_a_violation(visit, size, person, scheme):
    visitor = visit(person, size=size, color_scheme=scheme)
    page = visitor.open_window()
    found = {
        name: problems
        for name in walk(page.main_frame, staff=person.startswith("Ben"))
        if (problems := problems_of(page.main_frame))
    }
    assert found == {}


@pytest.mark.parametrize("locale", ["ar", "de"])
def test_other_languages_at_320_pixels(visit, locale):
    visitor = visit("Ben Okafor", size=NARROW, locale=locale)
    page = visitor.open_window()
    expect(page.locator("html")).to_have_attribute("lang", locale)
    expect(page.locator("html")).to_have_attribute("dir", "rtl" if locale == "ar" else "ltr")
    assert "New thread" not in page.content()
    found = {name: problems for name in walk(page.main_frame, staff=True) if (problems := problems_of(page.main_frame))}
    assert found == {}


def test_placing_and_the_page_of_an_ended_session(visit):
    ben = visit("Ben Okafor")
    ben.page.goto(f"{ben.demo.lms}/courses/2/units/the-review/edit")
    ben.page.get_by_role("link", name="Add a Companion activity").click()
    frame = ben.frame()
    assert problems_of(frame) == []
    frame.get_by_role("button", name="Place it").click()
    frame.locator(".errorlist").first.wait_for()
    assert problems_of(frame) == []
    page = ben.context.new_page()
    page.goto(f"{ben.demo.tool}/lti/s/0123456789abcdef/")
    assert problems_of(page.main_frame) == []
