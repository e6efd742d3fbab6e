"""Ben places, configures and moderates, in a real browser."""

from __future__ import annotations

from uuid import uuid4

import pytest
from playwright.sync_api import expect

from tests.browser.test_discussion import start_thread, write

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("cookies", ["allowed", "none"])
def test_ben_places_a_discussion_and_ana_finds_it(visit, cookies):
    title = f"Review {uuid4().hex[:6]}"
    ben = visit("Ben Okafor", cookies=cookies)
    unit = f"{ben.demo.lms}/courses/2/units/the-review/"
    ben.page.goto(f"{unit}edit")
    ben.page.get_by_role("link", name="Add a Companion activity").click()
    frame = ben.frame()
    frame.get_by_role("button", name="Place it").click()
    expect(frame.locator(".errorlist")).to_contain_text("Give it a title")
    frame.get_by_label("Title").fill(title)
    frame.get_by_label("Prompt", exact=True).fill("What did **you** learn?")
    frame.get_by_label("Off: every post shows its author's name").check()
    frame.get_by_label("Course staff only; learners reply").check()
    frame.get_by_role("button", name="Place it").click()
    ben.page.wait_for_url("**/edit?placed=*")
    expect(ben.page.get_by_text(title).first).to_be_visible()

    ana = visit("Ana Torres")
    ana.page.goto(unit)
    frame = next(
        frame
        for frame in [handle.content_frame() for handle in ana.page.query_selector_all("iframe.tool")]
        if frame and title in (frame.frame_element().get_attribute("title") or "")
    )
    expect(frame.get_by_role("heading", level=1)).to_have_text(title)
    expect(frame.locator(".prompt strong")).to_have_text("you")
    expect(frame.get_by_role("link", name="New thread")).to_have_count(0)


def test_ben_places_a_discussion_that_the_course_has(visit):
    ben = visit("Ben Okafor")
    ben.page.goto(f"{ben.demo.lms}/courses/2/units/the-review/edit")
    ben.page.get_by_role("link", name="Add a Companion activity").click()
    frame = ben.frame()
    row = frame.get_by_role("listitem").filter(has_text="Discuss: Declaring an incident")
    row.get_by_role("button", name="Place").click()
    ben.page.wait_for_url("**/edit?placed=*")
    ben.page.goto(f"{ben.demo.lms}/courses/2/units/the-review/?fixed=1")
    handle = ben.page.locator("iframe.tool[title*='Declaring']").element_handle()
    frame = handle.content_frame()
    expect(frame.locator(".row-title").first).to_have_text("Please read first: how we tell stories here")


def test_cancelling_goes_back_with_nothing(visit):
    ben = visit("Ben Okafor")
    ben.page.goto(f"{ben.demo.lms}/courses/2/units/the-review/edit")
    ben.page.get_by_role("link", name="Add a Companion activity").click()
    ben.frame().get_by_role("button", name="Cancel").click()
    ben.page.wait_for_url("**/edit?placed=0")


def test_ben_pins_locks_hides_and_restores(visit):
    title = f"Moderated {uuid4().hex[:6]}"
    ana, ben = visit("Ana Torres"), visit("Ben Okafor")
    start_thread(here := ana.open_unit("telling-people"), title)
    write(here, "Something rude")
    expect(here.locator("#post-2")).to_be_visible()
    there = ben.open_unit("telling-people")
    there.get_by_role("link", name=title).click()
    there.locator("#post-2 .menu summary").click()
    there.locator("#post-2").get_by_role("link", name="Hide").click()
    there.locator("#slot-2").get_by_role("button", name="Hide").click()
    expect(there.locator("#slot-2 .errorlist")).to_have_text("Say why: the author reads it.")
    there.locator("#slot-2").get_by_label("Reason").fill("Please stay kind")
    there.locator("#slot-2").get_by_role("button", name="Hide").click()
    expect(there.locator("#post-2 .notice")).to_contain_text("Please stay kind")
    there.locator("#post-2").get_by_role("button", name="Restore").click()
    expect(there.locator("#post-2 .notice")).to_have_count(0)
    there.locator(".bar .menu summary").click()
    there.get_by_role("button", name="Pin").click()
    expect(there.locator(".thread-head")).to_contain_text("Pinned")
    there.locator(".bar .menu summary").click()
    there.get_by_role("button", name="Lock").click()
    expect(there.locator(".thread-head")).to_contain_text("Locked")
    again = ana.open_unit("telling-people")
    expect(again.locator(".row").first).to_contain_text("Locked")
    again.get_by_role("link", name=title).click()
    expect(again.locator("main")).to_contain_text("This thread is locked")


def test_ben_changes_the_settings(visit):
    ben = visit("Ben Okafor")
    frame = ben.open_unit("before-your-first-shift")
    frame.get_by_role("link", name="Settings").click()
    frame.get_by_label("Prompt", exact=True).fill("A *new* prompt")
    frame.get_by_role("button", name="Save").click()
    expect(frame.locator(".prompt em")).to_have_text("new")


def test_a_copied_course_takes_the_settings_and_leaves_the_posts(visit):
    ben = visit("Ben Okafor")
    title = f"Copied {uuid4().hex[:6]}"
    ben.page.goto(f"{ben.demo.lms}/courses/2/units/the-review/edit")
    ben.page.get_by_role("link", name="Add a Companion activity").click()
    frame = ben.frame()
    frame.get_by_label("Title").fill(title)
    frame.get_by_label("Prompt", exact=True).fill("Kept in the copy")
    frame.get_by_role("button", name="Place it").click()
    ben.page.wait_for_url("**/edit?placed=*")
    ben.page.goto(f"{ben.demo.lms}/courses/2/")
    ben.page.get_by_role("button", name="Copy this course").click()
    ben.page.get_by_role("link", name="The review").first.click()
    handle = ben.page.locator(f"iframe.tool[title*='{title}']").element_handle()
    frame = handle.content_frame()
    expect(frame.locator(".prompt")).to_have_text("Kept in the copy")
    expect(frame.locator(".empty")).to_contain_text("Nobody has written yet")
