"""Ana asks, is offered what is there, and gets an answer from whoever is on call; the demo's clock moves the ladder."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from playwright.sync_api import Frame, Page, expect

from examples.demo_lms.conversations.on_call.ask_the_experts import SETUP
from tests.browser.conftest import PHONE, Demo, Visitor
from tests.browser.test_accessibility import problems_of

pytestmark = pytest.mark.browser

DESK = (1280, 800)
SEEDED = "Who leads an incident when nobody has said so?"
TYPED = "Who leads an incident when nobody said so"


@pytest.fixture
def _now_in_the_end(demo: Demo) -> Iterator[None]:
    """The other stories happen today."""
    yield
    Path(demo.env["COMPANION_CLOCK_FILE"]).unlink(missing_ok=True)


def questions(visitor: Visitor) -> Page:
    """The list of questions, in a window of its own: a launch anew, whatever time it is by now."""
    return visitor.open_window("ask-the-experts")


def beside(page: Page, path: str) -> None:
    """Another page of the same session, such as "queue/"."""
    root = re.match(r".*/lti/s/\w+/", page.url)
    assert root
    page.goto(root[0] + path)


def type_question(page: Page, title: str) -> None:
    page.get_by_role("link", name="Ask a question").click()
    page.get_by_label("Your question in a line").press_sequentially(title)


def ask(page: Page, title: str, *, anonymous: bool = False) -> None:
    type_question(page, title)
    page.get_by_label("What have you tried").fill("I looked at the unit on handovers, and it does not say.")
    if anonymous:
        page.get_by_label("Do not show my name").check()
    page.get_by_role("button", name="Ask", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(title)


def open_question(page: Page | Frame, title: str) -> None:
    page.locator(".row-title", has_text=title).first.click()
    page.locator("#post-1").wait_for()


def moment_in(page: Page, place: str) -> datetime:
    text = page.locator(f"{place} time").last.get_attribute("datetime")
    assert text is not None
    return datetime.fromisoformat(text)


def press(page: Page, step: str) -> None:
    """Move the time, by a button in the header of the LMS."""
    before = moment_in(page, ".switch")
    page.get_by_role("button", name=step).click()
    expect(page.locator(".switch time")).not_to_have_attribute("datetime", before.isoformat())
    page.wait_for_load_state()


def travel(visitor: Visitor, until: datetime) -> datetime:
    """Press "+4 hours" until a moment has passed and experts are asked again; gives the time that it is then."""
    begins, ends = int(SETUP.ladder["day_begins"]), int(SETUP.ladder["day_ends"])
    page = visitor.page
    page.goto(f"{visitor.demo.lms}/")
    for _press in range(12):
        now = moment_in(page, ".switch")
        if now > until + timedelta(minutes=1) and begins <= now.hour < ends:
            return now
        press(page, "+4 hours")
    raise AssertionError(f"{until} never came")


def wait_for_holder(page: Page, name: str) -> None:
    """The worker looks once the time has moved; the page is read again until it has."""
    panel = page.locator("section.question")
    for _try in range(30):
        if f"{name} has it" in panel.inner_text():
            return
        page.wait_for_timeout(300)
        page.reload()
    expect(panel).to_contain_text(f"{name} has it")


def answer(page: Page, text: str) -> None:
    page.locator(".reply-all form").get_by_label("Your reply").fill(text)
    page.locator(".reply-all form").get_by_role("button", name="Reply").click()
    expect(page.locator(".post", has_text=text)).to_be_visible()


@pytest.mark.usefixtures("_now_in_the_end")
def test_it_works(visit: Callable[..., Visitor]) -> None:
    """One story, in this order: what people were given next week, they still have when it is now again."""
    ana, chen = visit("Ana Torres"), visit("Chen Wei")
    an_answer_that_is_there(ana)
    title = f"May whoever leads go to bed before dawn? {uuid4().hex[:6]}"
    whoever_is_on_call_answers(ana, chen, title)
    the_next_one_finds_it(visit("Learner without name"), title)
    whoever_is_away_is_not_asked(ana, chen)
    nor_is_an_expert_for_something_else(visit("Farah Nasser"))
    launches_work_at_any_time(ana)


def an_answer_that_is_there(ana: Visitor) -> None:
    page = questions(ana)
    type_question(page, TYPED)
    offered = page.locator(".similar li").filter(has=page.get_by_role("link", name=SEEDED))
    expect(offered).to_contain_text("Answered")
    offered.get_by_role("button", name="That answers it").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(SEEDED)
    expect(page.locator("#post-2")).to_be_visible()


def whoever_is_on_call_answers(ana: Visitor, chen: Visitor, title: str) -> None:
    page = questions(ana)
    ask(page, title, anonymous=True)
    expect(page.locator("section.question")).to_contain_text("Everybody here may answer first")
    expect(page.locator("#post-1")).to_contain_text("Anonymous (you)")
    travel(ana, moment_in(page, "section.question"))
    page = questions(ana)
    open_question(page, title)
    wait_for_holder(page, "Chen Wei")

    theirs = questions(chen)
    expect(theirs.locator(".bar")).to_contain_text("for you")
    beside(theirs, "queue/")
    row = theirs.locator(".row", has_text=title)
    expect(row).to_contain_text(re.compile(r"on call for Incident command; \d of 3 this week"))
    row.get_by_role("link").click()
    expect(theirs.locator("section.question")).to_contain_text("You have this question, since")
    assert "Ana" not in theirs.locator("#post-1").inner_html()
    answer(theirs, "They may, once they have handed over in writing and somebody has said yes.")

    page.reload()
    page.locator("#post-2").get_by_role("button", name="Accept as the answer").click()
    expect(page.locator("#post-2")).to_contain_text("This is the answer")


def the_next_one_finds_it(somebody: Visitor, title: str) -> None:
    page = questions(somebody)
    type_question(page, "can the one who leads go to bed before dawn")
    found = page.locator(".similar li").filter(has=page.get_by_role("link", name=title))
    expect(found).to_contain_text("once they have handed over in writing")


def whoever_is_away_is_not_asked(ana: Visitor, chen: Visitor) -> None:
    here = questions(chen)
    # What Chen has now would go to the other expert as well, who takes two a week.
    beside(here, "queue/")
    for _question in range(here.locator(".row-title").count()):
        here.locator(".row-title").first.click()
        answer(here, f"Both of you stay until the new lead has said it aloud. {uuid4().hex[:6]}")
        beside(here, "queue/")
    expect(here.locator("main")).to_contain_text("Nothing waits for you here")
    beside(here, "profile/")
    back = moment_in(chen.page, ".switch") + timedelta(days=21)
    here.get_by_label("Back on").fill(back.strftime("%Y-%m-%dT%H:%M"))
    here.get_by_role("button", name="Save").click()
    expect(here.locator("main")).to_contain_text("You are away until")

    title = f"How many may be in the call at once? {uuid4().hex[:6]}"
    page = questions(ana)
    ask(page, title)
    travel(ana, moment_in(page, "section.question"))
    page = questions(ana)
    open_question(page, title)
    wait_for_holder(page, "Noor Haddad")
    why = re.compile(r"expert for Incident command; \d of 2 this week")
    expect(page.locator("section.question")).to_contain_text(why)


def nor_is_an_expert_for_something_else(farah: Visitor) -> None:
    page = farah.open_window("chemicals-and-waste", course=3)
    expect(page.locator("main")).to_contain_text("Lab safety")
    for tab in ("mine", "on-call", "could-help"):
        beside(page, f"queue/?tab={tab}")
        expect(page.locator("main")).to_contain_text("20 of 20 left this week")
        expect(page.locator("main")).to_contain_text("Nothing waits for you here")


def launches_work_at_any_time(ana: Visitor) -> None:
    """The time on the pages is the demo's; what a browser and a platform sign for minutes goes by the machine's."""
    before = questions(ana)
    # Behind another window, Chromium now and then loses a click in a frame of another site.
    ana.page.bring_to_front()
    ana.page.goto(f"{ana.demo.lms}/")
    for _week in range(5):
        press(ana.page, "+1 week")
    frame = ana.open_unit("ask-the-experts")
    open_question(frame, SEEDED)
    expect(frame.locator("#post-2")).to_contain_text("8 weeks ago")
    # What was open before is over after twelve hours, and says what to do.
    before.reload()
    expect(before.locator("main")).to_contain_text("open it again")
    press(ana.page, "Back to now")
    expect(ana.page.get_by_role("button", name="Back to now")).to_have_count(0)
    frame = ana.open_unit("ask-the-experts")
    open_question(frame, SEEDED)
    expect(frame.locator("#post-2")).to_contain_text("3 weeks ago")


def test_the_form_by_the_keyboard_alone(visit: Callable[..., Visitor]) -> None:
    page = questions(visit("Ana Torres", size=DESK))
    page.get_by_role("link", name="Ask a question").focus()
    page.keyboard.press("Enter")
    title = page.get_by_label("Your question in a line")
    title.focus()
    page.keyboard.type(TYPED)
    page.locator(".similar button").first.wait_for()
    reached = []
    for _step in range(40):
        page.keyboard.press("Tab")
        focused = page.evaluate(
            "(at => at.labels?.[0]?.innerText || at.innerText || at.name || '')(document.activeElement)"
        )
        reached.append(" ".join(focused.split()))
        if reached[-1] == "Preview":
            break
    wanted = [
        SEEDED,
        "That answers it",
        "What have you tried, and where are you stuck?",
        "Add a picture",
        "Topics",
        "Ask the experts alone",
        "Do not show my name",
        "Ask",
        "Preview",
    ]
    assert [name for name in wanted if name not in reached] == []
    places = [reached.index(name) for name in wanted]
    assert places == sorted(places)
    # Enter asks; it does not choose the first answer that was found.
    title.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".errorlist").first).to_be_visible()
    expect(title).to_have_value(TYPED)
    page.locator(".similar button").first.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text(SEEDED)


@pytest.mark.parametrize("size", [DESK, PHONE])
def test_no_page_has_a_violation(visit: Callable[..., Visitor], size: tuple[int, int]) -> None:
    found: dict[str, list[str]] = {}

    def look(page: Page, name: str) -> None:
        if problems := problems_of(page.main_frame):
            found[name] = problems

    page = questions(visit("Ana Torres", size=size))
    look(page, "list")
    type_question(page, TYPED)
    page.locator(".similar button").first.wait_for()
    look(page, "ask, with suggestions")
    page.get_by_label("Ask the experts alone").check()
    page.get_by_label("Do not show my name").check()
    look(page, "ask in private, without a name")
    page.locator(".similar button").first.click()
    page.locator("#post-2").wait_for()
    look(page, "thread with an answer that somebody vouches for")
    page.locator("#post-2 .menu summary").click()
    look(page, "thread, menu")
    beside(page, "topics/")
    look(page, "topics")
    page.get_by_role("link", name="Incident command").click()
    page.locator("#knowers").wait_for()
    look(page, "topic")
    page.get_by_role("link", name="Chen Wei").first.click()
    page.locator("#helped").wait_for()
    look(page, "person")
    beside(page, "")
    look(page, "space")

    page = questions(visit("Chen Wei", size=size))
    open_question(page, "Does whoever led also write the review?")
    look(page, "thread that Chen could take")
    for tab in ("mine", "on-call", "could-help"):
        beside(page, f"queue/?tab={tab}")
        look(page, f"queue, {tab}")
    beside(page, "profile/")
    look(page, "profile")
    page.get_by_label("Questions a week").fill("1000")
    page.get_by_role("button", name="Save").click()
    page.locator(".errorlist").first.wait_for()
    look(page, "profile, refused")

    page = questions(visit("Ben Okafor", size=size))
    look(page, "list of the staff")
    open_question(page, "I slept through a page")
    look(page, "private thread")
    thread = page.url.split("?")[0].split("#")[0]
    for name in ("duplicate/", "topics/", "posts/2/verify/"):
        page.goto(f"{thread}{name}")
        look(page, name)
    beside(page, "figures/")
    page.locator(".figures").wait_for()
    look(page, "figures")
    beside(page, "topics/")
    page.get_by_role("link", name="Incident command").click()
    page.locator("#change-it").wait_for()
    look(page, "topic, for an instructor")
    assert found == {}
