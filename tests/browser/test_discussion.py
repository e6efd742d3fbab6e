"""Ana, Ben and Dee in a real browser: a true launch into a cross-site frame, cookies allowed, blocked, and none."""

from __future__ import annotations

import re
import time
from uuid import uuid4

import pytest
from playwright.sync_api import Frame, expect

pytestmark = pytest.mark.browser


def write(frame: Frame, text: str, *, anonymous: bool = False) -> None:
    """Use the composer at the end of a thread."""
    composer = frame.locator(".reply-all form")
    composer.get_by_label("Your reply").fill(text)
    if anonymous:
        composer.get_by_label("Do not show my name").check()
    composer.get_by_role("button", name="Reply").click()


def start_thread(frame: Frame, title: str, text: str = "A text with `code`.") -> None:
    frame.get_by_role("link", name="New thread").click()
    frame.get_by_label("Title").fill(title)
    frame.get_by_label("Text").fill(text)
    frame.get_by_role("button", name="Post thread").click()
    expect(frame.get_by_role("heading", level=1)).to_have_text(title)


@pytest.mark.parametrize("cookies", ["allowed", "blocked", "none"])
def test_it_works(visit, cookies):
    title = f"May I ask {uuid4().hex[:6]}?"
    ana = visit("Ana Torres", cookies=cookies)
    frame = ana.open_unit()
    kept = [cookie for cookie in ana.context.cookies() if cookie["path"].startswith("/lti/s/")]
    assert bool(kept) is (cookies != "none")
    start_thread(frame, title)
    write(frame, "First **reply**")
    expect(frame.locator("#post-2 strong")).to_have_text("reply")
    frame.locator("#post-2").get_by_role("link", name="Reply").click()
    slot = frame.locator("#slot-2")
    slot.get_by_label("Your reply").fill("A reply to the reply")
    slot.get_by_role("button", name="Reply").click()
    expect(frame.locator("#post-3")).to_contain_text("A reply to the reply")
    expect(frame.locator("#post-3")).to_contain_text("to #2")
    frame.locator("#post-2").get_by_role("link", name="Edit").click()
    frame.locator("#post-2").get_by_label("Text").fill("Changed my mind")
    frame.locator("#post-2").get_by_role("button", name="Save").click()
    expect(frame.locator("#post-2 .prose")).to_have_text("Changed my mind")
    expect(frame.locator("#post-2")).to_contain_text("edited")
    frame.locator("#post-3").get_by_role("link", name="Delete").click()
    frame.locator("#post-3").get_by_role("button", name="Delete").click()
    expect(frame.locator("#post-3")).to_contain_text("Deleted by its author")
    frame.locator("a.back").click()
    expect(frame.locator(".row-title").nth(1)).to_have_text(title)


def test_a_reply_of_somebody_else_appears_within_three_seconds(visit):
    title = f"Live {uuid4().hex[:6]}"
    ana, ben = visit("Ana Torres"), visit("Ben Okafor", cookies="blocked")
    start_thread(here := ana.open_unit(), title)
    there = ben.open_unit()
    there.get_by_role("link", name=title).click()
    here.get_by_label("Your reply").fill("I am still writ")
    write(there, "From the other side")
    sent = time.monotonic()
    expect(here.locator("#post-2")).to_contain_text("From the other side", timeout=6_000)
    assert time.monotonic() - sent < 4
    # What one is writing, and where, is left alone.
    expect(here.get_by_label("Your reply")).to_have_value("I am still writ")
    expect(here.get_by_label("Your reply")).to_be_focused()
    expect(here.get_by_role("status")).to_have_text("New replies: 1")


def test_a_list_says_that_there_is_something_new(visit):
    title = f"News {uuid4().hex[:6]}"
    chen, ana = visit("Chen Wei"), visit("Ana Torres")
    here = chen.open_unit()
    start_thread(ana.open_unit(), title)
    here.get_by_role("link", name="Show it").click(timeout=8_000)
    expect(here.get_by_role("link", name=title)).to_be_visible()
    expect(here.locator(".row", has_text=title).locator(".mark.new")).to_have_text("New")


def test_ana_asks_without_showing_her_name(visit):
    title = f"Shy {uuid4().hex[:6]}"
    ana, ben = visit("Ana Torres"), visit("Ben Okafor")
    frame = ana.open_unit()
    frame.get_by_role("link", name="New thread").click()
    frame.get_by_label("Title").fill(title)
    frame.get_by_label("Text").fill("What is a SEV?")
    expect(frame.locator("form .who")).to_contain_text("Everyone in this course sees your name, Ana Torres.")
    frame.get_by_label("Do not show my name").check()
    expect(frame.locator("form .who")).to_contain_text("Nobody sees your name, the course staff included")
    expect(frame.locator(".who-named")).to_be_hidden()
    frame.get_by_role("button", name="Post thread").click()
    expect(frame.locator("#post-1")).to_contain_text("Anonymous (you)")
    there = ben.open_unit()
    there.get_by_role("link", name=title).click()
    expect(there.locator("#post-1")).to_contain_text("Learner 1")
    assert "Ana" not in there.locator("#post-1").inner_html()


def test_a_learner_without_a_name_takes_part(visit):
    title = f"Nameless {uuid4().hex[:6]}"
    frame = visit("Learner without name").open_unit()
    start_thread(frame, title)
    expect(frame.locator("#post-1 h2")).to_have_text(re.compile(r"Participant \d+ \(you\)"))


def test_writing_with_the_keyboard_alone(visit):
    title = f"Keys {uuid4().hex[:6]}"
    ana = visit("Ana Torres", size=(900, 1400))
    frame = ana.open_unit()
    page = ana.page
    frame.get_by_role("link", name="Skip to the content").focus()
    page.keyboard.press("Tab")
    expect(frame.get_by_role("link", name="New thread")).to_be_focused()
    page.keyboard.press("Enter")
    frame.get_by_label("Title").focus()
    page.keyboard.type(title)
    page.keyboard.press("Tab")
    page.keyboard.type("With the keyboard")
    page.keyboard.press("Control+Enter")
    expect(frame.get_by_role("heading", level=1)).to_have_text(title)
    frame.get_by_label("Your reply").focus()
    page.keyboard.type("And a reply")
    page.keyboard.press("Control+Enter")
    expect(frame.locator("#post-2")).to_be_focused()
    frame.locator("#post-2").get_by_role("link", name="Reply").focus()
    page.keyboard.press("Enter")
    expect(frame.locator("#slot-2 textarea")).to_be_focused()
    page.keyboard.press("Escape")
    expect(frame.locator("#slot-2 textarea")).to_have_count(0)
    expect(frame.locator("#post-2")).to_be_focused()


@pytest.mark.parametrize("cookies", ["allowed", "blocked"])
def test_reading_and_posting_without_javascript(visit, cookies):
    title = f"Plain {uuid4().hex[:6]}"
    ana = visit("Ana Torres", cookies=cookies, java_script_enabled=False)
    ana.page.goto(f"{ana.demo.lms}/courses/2/units/declaring-an-incident/?fixed=1")
    frame = ana.page.frame_locator("iframe.tool")
    onward = frame.get_by_role("button", name="Continue").or_(frame.get_by_role("link", name="Continue"))
    start = frame.get_by_role("link", name="New thread")
    for _page in range(8):
        start.or_(onward).first.wait_for()
        if start.count():
            break
        onward.first.click(no_wait_after=True)
        ana.page.wait_for_timeout(300)
    start.click()
    frame.get_by_label("Title").fill(title)
    frame.get_by_label("Text").fill("No scripts, **please**")
    frame.get_by_role("button", name="Preview").click()
    expect(frame.get_by_role("group", name="Preview")).to_contain_text("No scripts, please")
    frame.get_by_role("button", name="Post thread").click()
    expect(frame.get_by_role("heading", level=1)).to_have_text(title)
    frame.get_by_label("Your reply").fill("A plain reply")
    frame.get_by_role("button", name="Reply").click()
    expect(frame.locator("#post-2")).to_contain_text("A plain reply")
    frame.locator("#post-2").get_by_role("link", name="Edit").click()
    frame.get_by_label("Text").fill("A plainer reply")
    frame.get_by_role("button", name="Save").click()
    expect(frame.locator("#post-2")).to_contain_text("A plainer reply")


def test_text_is_not_lost_when_the_service_is_gone(visit):
    ana = visit("Ana Torres")
    frame = ana.open_unit()
    start_thread(frame, f"Offline {uuid4().hex[:6]}")
    ana.context.set_offline(True)
    write(frame, "My precious text")
    expect(frame.get_by_role("alert")).to_contain_text("Your text is still here")
    expect(frame.get_by_label("Your reply")).to_have_value("My precious text")
    ana.context.set_offline(False)
    frame.get_by_role("button", name="Reply", exact=True).click()
    expect(frame.locator("#post-2")).to_contain_text("My precious text")
    ana.problems.clear()


def test_a_frame_grows_where_the_platform_listens(visit):
    ana = visit("Ana Torres")
    frame = ana.open_unit(fixed=False)
    frame.locator(".row-title").first.wait_for()
    ana.page.wait_for_function("document.querySelector('iframe.tool').getBoundingClientRect().height > 500")
    ana.page.locator("iframe.tool").scroll_into_view_if_needed()
    deadline = time.monotonic() + 5
    while frame.evaluate("document.documentElement.scrollHeight > window.innerHeight"):
        assert time.monotonic() < deadline
        ana.page.wait_for_timeout(50)


def test_dee_gets_nothing_of_another_course(visit):
    ana, dee = visit("Ana Torres"), visit("Dee Larsen")
    url = ana.open_unit().url
    answer = dee.page.goto(f"{dee.demo.lms}/courses/2/units/declaring-an-incident/")
    assert answer is not None
    assert answer.status in (403, 404)
    answer = dee.page.goto(url)
    assert answer is not None
    assert answer.status == 401
    expect(dee.page.get_by_role("heading", level=1)).to_have_text("Please open this again")
    own = dee.open_unit("chemicals-and-waste", course=3)
    expect(own.get_by_role("heading", level=1)).to_contain_text("Chemicals")
