"""The platform around the Companion: registered by one address, graded, changed by hand, reviewed, copied."""

from __future__ import annotations

import re
from uuid import uuid4

import pytest
from playwright.sync_api import Frame, Locator, Page, expect

from tests.browser.conftest import Visitor
from tests.browser.test_accessibility import problems_of
from tests.browser.test_discussion import start_thread, write

pytestmark = pytest.mark.browser


def invitation(visitor: Visitor) -> str:
    """What an administrator of the Companion gives to one of a platform."""
    said = visitor.demo.manage("lti_invite", "--organization", "Another School", "--name", "Second")
    found = re.search(r"\S+/lti/register/\S+", said)
    assert found, said
    return found[0]


def no_problems(frame: Frame) -> None:
    assert problems_of(frame) == []


def test_a_platform_is_connected_by_one_address(visit):
    admin = visit("Admin User")
    page = admin.page
    page.goto(admin.demo.lms)
    page.get_by_role("link", name="Tools").click()
    before = page.get_by_text("waiting", exact=True).count()
    page.get_by_label("Registration address").fill(invitation(admin))
    page.get_by_role("button", name="Open the registration").click()
    frame = page.wait_for_selector("iframe.tool").content_frame()
    assert frame is not None
    frame.get_by_role("button", name="Connect").wait_for()
    expect(frame.locator("main")).to_contain_text("will be connected with Another School")
    no_problems(frame)
    frame.get_by_role("button", name="Connect").press("Enter")
    page.wait_for_url("**/tools")
    expect(page.get_by_text("waiting", exact=True)).to_have_count(before + 1)
    page.get_by_role("button", name=re.compile("^Activate Course Companion")).last.click()
    expect(page.get_by_text("waiting", exact=True)).to_have_count(before)

    ben = visit("Ben Okafor")
    title = f"By the second one {uuid4().hex[:6]}"
    place(ben, title, "Add an activity of Course Companion")
    expect(placed(ben, title).get_by_role("heading", level=1)).to_have_text(title)


def test_a_link_that_is_used_or_made_up_says_so(visit):
    admin = visit("Admin User")
    admin.page.goto(f"{admin.demo.tool}/lti/register/made-up")
    expect(admin.page.get_by_role("heading", level=1)).to_have_text("This link does not work")
    admin.page.goto(invitation(admin))
    expect(admin.page.get_by_label("Registration address")).to_have_value(re.compile("/lti/register/"))
    admin.page.get_by_role("button", name="Copy").first.click()
    expect(admin.page.get_by_role("button", name="Copied")).to_be_visible()
    admin.page.goto(f"{admin.demo.tool}/lti/setup")
    expect(admin.page.get_by_label("Launch, redirect and deep linking URL")).to_have_value(
        f"{admin.demo.tool}/lti/launch"
    )
    no_problems(admin.page.main_frame)


def place(ben: Visitor, title: str, tool: str = "Add a Companion activity", **fields: str) -> None:
    """Ben places a discussion in the unit that has none; `fields` by their labels."""
    ben.page.goto(f"{ben.demo.lms}/courses/2/units/the-review/edit")
    ben.page.get_by_role("link", name=tool).last.click()
    frame = ben.frame()
    frame.get_by_label("Title").fill(title)
    for label, value in fields.items():
        frame.get_by_label(label, exact=True).fill(value)
    no_problems(frame)
    frame.get_by_role("button", name="Place it").click()
    ben.page.wait_for_url("**/edit?placed=*")


def placed(visitor: Visitor, title: str, number: int = 0) -> Frame:
    """The frame of a discussion in that unit."""
    visitor.page.goto(f"{visitor.demo.lms}/courses/2/units/the-review/?fixed=1")
    frame = visitor.page.locator(f"iframe.tool[title*='{title}']").nth(number).element_handle().content_frame()
    assert frame is not None
    frame.get_by_role("heading", level=1).wait_for()
    return frame


def cell_of(page: Page, name: str, title: str) -> Locator:
    return page.locator("td").filter(has=page.get_by_role("link", name=f"Look at the work: {name}, {title}"))


def until(page: Page, cell: Locator, text: str) -> None:
    """The worker sends within seconds; the gradebook has to be looked at again."""
    for _look in range(60):
        if cell.count() and text in cell.inner_text():
            return
        page.wait_for_timeout(500)
        page.reload()
    expect(cell).to_contain_text(text)


def test_what_ana_writes_is_graded_and_what_ben_changes_stays(visit):
    ben, ana = visit("Ben Okafor"), visit("Ana Torres")
    title = f"Graded {uuid4().hex[:6]}"
    rule = {"Threads to start": "1", "Replies to write": "1", "Points for all of it": "10"}
    place(ben, title, **rule)
    frame = placed(ana, title)
    expect(frame.locator(".credit")).to_contain_text("1 thread and 1 reply")
    expect(frame.locator(".credit")).to_contain_text("It gives 10 points in this course")
    no_problems(frame)
    start_thread(frame, "What I take along")
    ana.page.goto(f"{ana.demo.lms}/courses/2/")
    ana.page.get_by_role("link", name="My grades").click()
    until(ana.page, cell_of(ana.page, "Ana Torres", title), "5\n")
    expect(cell_of(ana.page, "Ana Torres", title)).to_contain_text("So far: 1 of 2 (1 thread and 1 reply)")

    ben.page.goto(f"{ben.demo.lms}/courses/2/gradebook")
    ben.page.get_by_role("link", name=f"Change the score: Ana Torres, {title}").click()
    ben.page.get_by_label("Score, of 10").fill("8")
    ben.page.get_by_role("button", name="Save the score").click()
    frame = placed(ana, title)
    frame.get_by_role("link", name="What I take along").click()
    write(frame, "And a reply")
    expect(frame.locator("#post-2")).to_contain_text("And a reply")
    ben.page.wait_for_timeout(4_000)
    ben.page.goto(f"{ben.demo.lms}/courses/2/gradebook")
    cell = cell_of(ben.page, "Ana Torres", title)
    expect(cell).to_contain_text("by hand, Ben Okafor")
    expect(cell).to_contain_text("8")

    cell.get_by_role("link", name="Look at the work").click()
    frame = ben.frame()
    expect(frame.get_by_role("heading", level=1)).to_have_text("What Ana Torres wrote here")
    expect(frame.locator("main")).to_contain_text("And a reply")
    no_problems(frame)


def test_a_duplicate_is_a_discussion_of_its_own(visit):
    ben = visit("Ben Okafor")
    title = f"Twice {uuid4().hex[:6]}"
    place(ben, title, Prompt="The same prompt")
    ben.page.get_by_role("button", name=f"Duplicate {title}").click()
    for number in (0, 1):
        expect(placed(ben, title, number).locator(".prompt")).to_have_text("The same prompt")
    start_thread(placed(ben, title), "Only in one")
    expect(placed(ben, title).get_by_role("link", name="Only in one")).to_be_visible()
    expect(placed(ben, title, 1).get_by_role("link", name="Only in one")).to_have_count(0)


def test_the_health_of_a_platform(visit, demo):
    demo.env["DJANGO_SUPERUSER_PASSWORD"] = uuid4().hex
    demo.manage("createsuperuser", "--noinput", "--username", "root", "--email", "root@example.test")
    visit("Ana Torres").open_unit()
    page = visit("Admin User").page
    page.goto(f"{demo.tool}/admin/companion_lti/registration/")
    page.get_by_label("Username").fill("root")
    page.get_by_label("Password").fill(demo.env["DJANGO_SUPERUSER_PASSWORD"])
    page.get_by_role("button", name="Log in").click()
    page.get_by_role("link", name="Demo LMS", exact=True).click()
    page.get_by_role("link", name="Last launch, last errors, tests").click()
    for number, said in enumerate(("keys?", "for rosters and for grades", "names")):
        page.get_by_role("button", name="Test now").nth(number).click()
        expect(page.get_by_role("status").nth(number)).to_contain_text(re.compile(said), timeout=30_000)
    no_problems(page.main_frame)
