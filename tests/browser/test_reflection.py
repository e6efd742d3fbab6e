"""Ana commits, weeks pass, she is stuck, Chen answers, she says done; Ben sees how far it went and why not further."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PHONE, Demo, Visitor
from tests.browser.test_accessibility import problems_of
from tests.browser.test_questions import moment_in

pytestmark = pytest.mark.browser

UNIT = "after-the-course"
OBSTACLE = "Everybody talks at once"


@pytest.fixture(autouse=True)
def _now_in_the_end(demo: Demo) -> Iterator[None]:
    """The other stories happen today."""
    yield
    Path(demo.env["COMPANION_CLOCK_FILE"]).unlink(missing_ok=True)


def series(visitor: Visitor) -> Page:
    """In a window of its own: a launch anew, whatever time it is by now."""
    return visitor.open_window(UNIT)


def travel(visitor: Visitor, step: str) -> None:
    visitor.page.goto(visitor.demo.lms + "/")
    before = moment_in(visitor.page, ".switch")
    visitor.page.get_by_role("button", name=step).click()
    expect(visitor.page.locator(".switch time")).not_to_have_attribute("datetime", before.isoformat())


def test_it_works(visit):
    ana, ben, chen = visit("Ana Torres"), visit("Ben Okafor"), visit("Chen Wei")
    page = series(ana)
    page.get_by_role("link", name="How sure are you today?").click()
    page.get_by_label("4", exact=True).check(force=True)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("heading", name="What you said")).to_be_visible()
    expect(page.get_by_text("4 / 10")).to_be_visible()

    # Two days later there is a letter; the plan is made from it, without signing in.
    travel(ana, "+1 day")
    travel(ana, "+1 day")
    for _try in range(60):
        ana.page.goto(ana.demo.lms + "/mail")
        if ana.page.get_by_role("heading", name=re.compile("What will you do differently")).count():
            break
        ana.page.wait_for_timeout(500)
    answer = ana.page.frame_locator("iframe").first.get_by_role("link", name=re.compile("Answer in"))
    with ana.context.expect_page() as opened:
        answer.click()
    form = opened.value
    form.get_by_label("When …").fill("the next page comes in")
    form.get_by_label("write down who leads").check()
    form.get_by_label("What may get in the way").fill(OBSTACLE)
    form.get_by_role("button", name="Send").click()
    expect(form.get_by_role("heading", name="Thank you")).to_be_visible()
    form.goto(form.url)
    expect(form.get_by_role("heading", name="This link does not work any more")).to_be_visible()

    # Three weeks after the course she is stuck, and asks.
    for _week in range(3):
        travel(ana, "+1 week")
    page = series(ana)
    page.get_by_role("link", name="How did it go?").click()
    expect(page.get_by_text("When the next page comes in, I will write down who leads")).to_be_visible()
    page.get_by_label("I am stuck").check()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("heading", name="Ask somebody who knows")).to_be_visible()
    expect(page.get_by_label("What they will read")).to_have_value(re.compile(OBSTACLE))
    page.get_by_role("button", name="Ask", exact=True).click()
    expect(page.get_by_text("Without your word, nobody is shown your plan.")).to_be_visible()
    page.get_by_label("They may read this").check()
    page.get_by_role("button", name="Ask", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Stuck: write down who leads")
    address = re.sub(r".*/lti/s/\w+/", "", page.url).split("?")[0]

    answered = chen.open_window("ask-the-experts")
    root = re.match(r".*/lti/s/\w+/", answered.url)
    assert root
    answered.goto(root[0] + address)
    reply = answered.locator(".reply-all form")
    reply.locator("textarea").fill("Say it before anybody else does: I lead until somebody else says so.")
    reply.get_by_role("button", name="Reply").click()
    expect(answered.get_by_text("Say it before anybody else does")).to_be_visible()

    page.reload()
    page.get_by_role("button", name="Accept as the answer").click()
    expect(page.get_by_text("This is the answer")).to_be_visible()
    travel(ana, "+1 day")
    travel(ana, "+1 day")
    page = series(ana)
    page.locator("section", has_text="For you today").get_by_role("link", name="How did it go?").click()
    page.get_by_label("Done", exact=True).check()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".entry", has_text="Done")).to_be_visible()

    # Ben sees numbers and reasons, and nothing that she wrote.
    page = series(ben)
    page.get_by_role("link", name="Figures").click()
    expect(page.get_by_role("row", name=re.compile("How did it go"))).to_contain_text("of 8")
    expect(page.get_by_text("Waits until the learner has finished what it is about.")).to_be_visible()
    page.get_by_role("link", name="Who got what").click()
    expect(page.get_by_role("heading", name="Ana Torres")).to_be_visible()
    expect(page.get_by_text("By e-mail.").first).to_be_visible()
    assert OBSTACLE not in page.content()
    assert "Asked again" not in page.content()


@pytest.mark.parametrize("size", [(1280, 800), PHONE, (900, 474)])
def test_every_page_of_a_series_is_for_everybody(visit, size):
    ben = visit("Ben Okafor", size=size)
    page = series(ben)
    root = re.match(r"(.*/lti/s/\w+/)(activities/[0-9a-f-]+/)", page.url)
    assert root
    for path in (
        "",
        "series/",
        "series/people/",
        "series/report/",
        "series/muddiest/",
        "series/shared/",
        "prompts/plan/",
        "settings/",
    ):
        page.goto(root[1] + root[2] + path)
        assert problems_of(page) == []
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    for path in ("journal/", "journal/print/", "reminders/"):
        page.goto(root[1] + path)
        assert problems_of(page) == []


@pytest.mark.parametrize("size", [(1280, 800), PHONE])
def test_every_page_of_a_learner_is_for_everybody(visit, size):
    visitor = visit("Without name", size=size)
    page = series(visitor)
    assert problems_of(page) == []
    page.get_by_role("link", name="How sure are you today?").click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert problems_of(page) == []
    # By keyboard alone: an arrow chooses, Enter sends.
    page.get_by_label("0", exact=True).focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(page.get_by_label("2", exact=True)).to_be_checked()
    page.get_by_role("button", name=re.compile("Save")).focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("2 / 10")).to_be_visible()
    page.get_by_role("link", name="My journal").click()
    expect(page.get_by_role("heading", name="My journal")).to_be_visible()
    assert problems_of(page) == []
