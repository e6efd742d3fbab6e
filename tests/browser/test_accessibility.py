"""axe on every page in every state, at every width, light and dark, left-to-right and right-to-left."""

from __future__ import annotations

from uuid import uuid4

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Frame, expect

from tests.browser.conftest import FRAME, NARROW, PHONE, WIDE
from tests.browser.test_discussion import open_thread

pytestmark = pytest.mark.browser

# As long as a reason may be.
LONG = ("Names a customer, who would not like it. " * 13)[:500]


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
    open_thread(frame, "At 22:04")
    frame.locator("#post-2").wait_for()
    yield "thread"
    frame.locator("#post-2 .actions a").first.click()
    frame.locator("#slot-2 textarea").fill("- [ ] a\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n```python\n# c\nx = 'y'\n```")
    frame.locator("#slot-2 .composer-end button.quiet").click()
    frame.locator("#slot-2 .preview").wait_for()
    yield "thread, replying, with preview"
    thread = frame.url.split("?")[0]
    go(f"{thread}posts/2/reply/")
    yield "reply page"
    go(f"{thread}posts/1/report/")
    yield "report page"
    for order in ("newest", "helpful"):
        go(f"{thread}?order={order}")
        yield f"thread, {order} first"
    for place in range(frame.locator(".menu summary").count()):
        frame.locator(".menu summary").nth(place).click()
        frame.locator(".menu[open]").wait_for()
        yield f"thread, menu {place}"
        frame.locator(".menu[open] > summary").press("Escape")
    go(f"{thread}print/")
    yield "print"
    yield from walk_video(frame, root)
    if staff:
        yield from walk_staff(frame, list_url, thread)


def walk_video(frame: Frame, root: str):
    """A discussion with a video, and one around an event."""
    frame.goto(root)
    frame.locator(".row-title", has_text="Discuss: The first thirty").last.click()
    frame.locator("#video").wait_for()
    yield "list with a video"
    for place in range(2):
        frame.locator(".choices summary").nth(place).click()
        frame.locator(".menu[open]").wait_for()
        yield f"list, menu {place}"
        frame.locator(".menu[open] > summary").press("Escape")
    frame.goto(f"{frame.url.split('?')[0]}?sort=video")
    frame.locator(".strip summary").click()
    yield "list along the video"
    frame.locator(".row-title").first.click()
    frame.locator("#post-1 .timecode").wait_for()
    yield "thread with a video"
    frame.goto(root)
    frame.locator(".row-title", has_text="Discuss: Game day").last.click()
    frame.locator(".event").wait_for()
    yield "list around an event"


def walk_staff(frame: Frame, list_url: str, thread: str):
    def go(url: str) -> None:
        frame.goto(url)

    for name in ("hide", "split", "mute", "edit"):
        go(f"{thread}posts/2/{name}/")
        yield f"{name} page"
    frame.locator("textarea[name=body]").fill(f"Other words, {uuid4().hex[:6]}\n\nand a second line.")
    frame.locator("[name=reason]").fill(LONG)
    frame.locator("form.composer button.primary").click()
    frame.locator("#post-2 .notice").wait_for()
    yield "thread with a post that the staff changed"
    go(f"{thread}posts/2/history/")
    frame.locator(".diff del").first.wait_for()
    yield "history"
    go(f"{thread}posts/1/report/")
    frame.locator("[name=reason]").fill(LONG)
    frame.locator("form.composer button.primary").click()
    frame.locator("[role=status].notice, .errors").first.wait_for()
    yield "reported"
    go(f"{thread}posts/1/mute/")
    frame.locator("[name=reason]").fill(LONG)
    frame.locator("button.danger").click()
    frame.locator(".row button").first.wait_for()
    yield "muted"
    frame.locator(".row button").first.click()
    for url in ("", "record/", "?show=closed"):
        go(f"{thread.split('threads/')[0]}moderation/{url}")
        yield f"moderation {url}"
    go(f"{thread.split('threads/')[0]}moderation/")
    frame.locator(".row-title").first.click()
    frame.locator(".case-post").wait_for()
    yield "case"
    frame.locator("button[value=hide]").click()
    frame.locator(".errorlist").first.wait_for()
    yield "case, refused"
    frame.locator("button[value=dismiss]").click()
    frame.locator(".tabs").wait_for()
    yield "moderation, after"
    for name in ("move", "merge"):
        go(f"{thread}{name}/")
        yield name
    for name in ("experts", "settings"):
        go(f"{list_url}{name}/")
        yield name


@pytest.mark.parametrize(
    ("size", "person", "scheme"),
    [
        (FRAME, "Ben Okafor", "dark"),
        (WIDE, "Ben Okafor", "light"),
        (PHONE, "Ana Torres", "dark"),
        (PHONE, "Ana Torres", "light"),
    ],
)
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
