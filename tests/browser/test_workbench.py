"""The blocks in a real browser: the workbench as learner, author and outsider, with the host's loud styles around."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest
import requests
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Playwright, expect

from companion.web.embedding import SCRIPTS
from tests import services
from tests.browser.conftest import ARGUMENTS, free_port

pytestmark = pytest.mark.browser

ROOT = Path(__file__).parents[2]
ONE, STAFF_ONLY, EVENT, BROKEN, TEN = (f"companion_discussion.{number}" for number in range(5))
QUESTIONS, ASK_THE_EXPERT, BROKEN_QUESTIONS = (f"companion_questions.{number}" for number in range(3))
IN_A_UNIT, AROUND, BROKEN_SERIES = (f"companion_reflection.{number}" for number in range(3))


@pytest.fixture(scope="module")
def workbench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    port = free_port()
    env = {name: value for name, value in os.environ.items() if name not in ("DJANGO_SETTINGS_MODULE", "DATABASE_URL")}
    env["PYTHONPATH"] = os.pathsep.join(str(ROOT / source) for source in ("", "lti", "xblocks"))
    env["COMPANION_WORKBENCH_DIR"] = str(tmp_path_factory.mktemp("workbench"))
    command = [sys.executable, "-m", "examples.workbench.run", "--port", str(port)]
    process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"
    try:
        for _attempt in range(300):
            assert process.poll() is None
            try:
                requests.get(url, timeout=5)
                break
            except requests.RequestException:
                time.sleep(0.1)
        yield url
    finally:
        process.terminate()
        process.wait(timeout=10)


@pytest.fixture(scope="module")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    browser = playwright.chromium.launch(executable_path=services.chromium_path(), args=ARGUMENTS)
    yield browser
    browser.close()


@pytest.fixture
def see(workbench: str, chromium: Browser) -> Iterator[Callable[..., Page]]:
    """`see("ana", ONE)`: a page of the workbench; none may have had a script error."""
    contexts, problems = [], []

    def open_page(
        person: str, scenario: str, view: str = "student_view", *, width: int = 1280, js: bool = True
    ) -> Page:
        context = chromium.new_context(viewport={"width": width, "height": 800}, java_script_enabled=js)
        context.set_default_timeout(30_000)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.goto(f"{workbench}/as/{person}/{scenario}/{view}/")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert problems == []


def start_thread(page: Page, title: str, text: str = "Words of one's own, ten of them or so, I say.") -> None:
    page.get_by_role("link", name="New thread").or_(page.get_by_role("link", name="Start the first")).first.click()
    page.get_by_label("Title").fill(title)
    page.get_by_label("Text").fill(text)
    page.get_by_role("button", name="Post thread").click()
    expect(page.get_by_role("heading", name=title)).to_be_visible()


def problems_of(page: Page) -> list[str]:
    found = [
        f"{violation['id']}: {violation['nodes'][0]['html'][:200]}"
        for violation in Axe().run(page).response["violations"]
    ]
    if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
        found.append("scrolls sideways")
    return found


def test_it_works(see):
    page = see("ana", ONE)
    address = page.url
    title = f"When? {uuid4().hex[:6]}"
    start_thread(page, title)
    page.get_by_label("Your reply").fill("First **reply**")
    page.get_by_role("button", name="Reply", exact=True).click()
    expect(page.locator("#post-2 strong")).to_have_text("reply")
    page.locator("#post-2").get_by_role("link", name="Reply").click()
    page.locator("#slot-2").get_by_label("Your reply").fill("A reply to the reply")
    page.locator("#slot-2").get_by_role("button", name="Reply").click()
    expect(page.locator("#post-3")).to_contain_text("to #2")
    page.locator("#post-3").get_by_role("link", name="to #2").click()
    expect(page.locator("#post-2")).to_be_focused()
    page.get_by_role("link", name="Discuss: declaring an incident").click()
    expect(page.get_by_role("link", name=title)).to_be_visible()
    assert page.url == address
    assert problems_of(page) == []


def test_a_post_that_a_link_names_is_shown_and_focused(see):
    page = see("ana", ONE)
    start_thread(page, f"Links {uuid4().hex[:6]}")
    page.get_by_label("Your reply").fill("The one")
    page.get_by_role("button", name="Reply", exact=True).click()
    page.locator("#post-2 a.stamp").click()
    expect(page.locator("#post-2")).to_be_focused()


def test_what_others_write_appears_by_itself(see):
    ana, chen = see("ana", ONE), see("chen", ONE)
    title = f"Live {uuid4().hex[:6]}"
    start_thread(ana, title)
    chen.reload()
    chen.get_by_role("link", name=title).click()
    chen.get_by_label("Your reply").fill("From Chen")
    chen.get_by_role("button", name="Reply", exact=True).click()
    expect(ana.locator("#post-2")).to_contain_text("From Chen", timeout=4_000)


def test_the_hosts_styles_stay_outside(see):
    page = see("ana", ONE)
    page.get_by_role("link", name="New thread").or_(page.get_by_role("link", name="Start the first")).first.click()
    button = page.get_by_role("button", name="Post thread")
    style = button.evaluate(
        "element => [getComputedStyle(element).textTransform, getComputedStyle(element).fontFamily]"
    )
    assert (style[0], "Courier" in style[1]) == ("none", False)


def test_ten_blocks_on_a_page_keep_to_themselves(see):
    page = see("ana", TEN)
    hosts = page.locator(".companion-host")
    expect(hosts).to_have_count(10)
    third = hosts.nth(2)
    third.get_by_role("link", name="Start the first thread").click()
    third.get_by_label("Title").fill("Only here")
    third.get_by_label("Text").fill("In the third of ten.")
    third.get_by_role("button", name="Post thread").click()
    expect(third.locator("#post-1")).to_contain_text("In the third of ten.")
    expect(page.locator("#threads, .empty")).to_have_count(9)
    scripts = page.evaluate("[...document.scripts].map(script => script.src).filter(src => /companion|htmx/.test(src))")
    assert len(scripts) == len(set(scripts)) == len(SCRIPTS) + 1
    assert problems_of(page) == []


def test_without_scripts_it_can_be_read_and_written(see):
    page = see("ana", ONE, js=False)
    title = f"No script {uuid4().hex[:6]}"
    start_thread(page, title)
    page.get_by_label("Your reply").fill("Still works")
    page.get_by_role("button", name="Reply", exact=True).click()
    expect(page.locator("#post-2")).to_contain_text("Still works")


def test_an_author_sets_it_up_and_learners_see_it(see):
    author = see("ben", STAFF_ONLY, "studio_view")
    author.get_by_label("Title").fill(" ")
    author.get_by_label("Replies to write").fill("500")
    author.get_by_role("button", name="Save").click()
    expect(author.locator(".errorlist")).to_have_count(2)
    expect(author.get_by_label("Title")).to_be_focused()
    assert problems_of(author) == []
    author.get_by_label("Title").fill("Ask here")
    author.get_by_label("Replies to write").fill("2")
    with author.expect_response("**/studio_submit/**"):
        author.get_by_role("button", name="Save").click()
    expect(author.locator(".errorlist")).to_have_count(0)
    learner = see("ana", STAFF_ONLY)
    expect(learner.get_by_role("heading", name="Ask here")).to_be_visible()
    expect(learner.locator(".credit")).to_contain_text("For credit: 2 replies")


def test_ana_asks_chen_answers_and_ana_accepts(see):
    ben = see("ben", QUESTIONS)
    ben.get_by_role("link", name="Experts").click()
    ben.get_by_role("textbox", name="Name").fill("Chen Wei")
    ben.get_by_role("button", name="Add").click()
    expect(ben.get_by_text("Put somebody on call")).to_be_visible()
    ana = see("ana", QUESTIONS)
    ana.get_by_role("link", name="Ask a question").or_(ana.get_by_role("link", name="Ask the first")).first.click()
    title = f"Who declares it? {uuid4().hex[:6]}"
    ana.get_by_label("Your question in a line").fill(title)
    ana.get_by_label("What have you tried").fill("It is two at night, and I am alone.")
    ana.get_by_role("button", name="Ask", exact=True).click()
    expect(ana.locator(".question")).to_contain_text("Chen Wei has it")
    chen = see("chen", QUESTIONS)
    chen.get_by_role("link", name="question for you").click()
    chen.get_by_role("link", name=title).click()
    expect(chen.locator(".question")).to_contain_text("You have this question")
    chen.get_by_label("Your reply").fill("Whoever sees it first.")
    chen.get_by_role("button", name="Reply", exact=True).click()
    expect(chen.locator("#post-2")).to_contain_text("Whoever sees it first.")
    ana.reload()
    ana.get_by_role("link", name=title).click()
    ana.locator("#post-2").get_by_role("button", name="Accept").click()
    expect(ana.locator("#post-2")).to_contain_text("This is the answer")


def test_an_author_sets_the_ladder(see):
    author = see("ben", ASK_THE_EXPERT, "studio_view")
    for day in ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"):
        author.get_by_label(day).uncheck()
    author.get_by_label("In the time zone").fill("Europe/Atlantis")
    author.get_by_role("button", name="Save").click()
    days = author.get_by_role("group", name="Working days")
    expect(days.locator(".errorlist")).to_have_text("Choose at least one day.")
    expect(author.locator(".errorlist")).to_have_count(2)
    expect(author.get_by_label("Monday")).to_be_focused()
    assert problems_of(author) == []
    author.get_by_label("Tuesday").check()
    author.get_by_label("Thursday").check()
    author.get_by_label("In the time zone").fill("Europe/Berlin")
    with author.expect_response("**/studio_submit/**"):
        author.get_by_role("button", name="Save").click()
    expect(author.locator(".errorlist")).to_have_count(0)
    author.reload()
    expect(author.get_by_role("checkbox", name="Thursday")).to_be_checked()
    expect(author.get_by_role("checkbox", name="Friday")).not_to_be_checked()


def test_a_learner_plans_in_the_unit_and_says_how_it_went(see):
    page = see("ana", IN_A_UNIT)
    page.get_by_role("link", name="What will you do?").click()
    page.get_by_label("When …").fill("the next alert comes in")
    page.get_by_label("call out the time").check()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("heading", name="What you said")).to_be_visible()
    page.get_by_role("link", name="How did it go?").click()
    expect(page.get_by_text("When the next alert comes in, I will call out the time")).to_be_visible()
    page.get_by_label("Partly", exact=True).check()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".entry", has_text="Partly")).to_be_visible()


def test_an_author_begins_with_a_template(see):
    author = see("ben", BROKEN_SERIES, "studio_view")
    prompts = author.get_by_label("Prompts", exact=True)
    prompts.fill("")
    folded = author.get_by_text("Add the prompts of a template")
    if not author.get_by_role("button", name="Take “In a unit”").is_visible():
        folded.click()
    author.get_by_role("button", name="Take “In a unit”").click()
    expect(prompts).to_be_focused()
    expect(prompts).to_have_value(re.compile(r"^## One minute on this unit \{#minute\}\ntext minute, after unit"))
    assert problems_of(author) == []
    with author.expect_response("**/studio_submit/**"):
        author.get_by_role("button", name="Save").click()
    expect(author.locator(".errorlist")).to_have_count(0)


def test_by_keyboard_alone(see):
    page = see("chen", ONE)
    for _press in range(40):
        page.keyboard.press("Tab")
        name = page.evaluate(
            "(() => { let at = document.activeElement; while (at.shadowRoot && at.shadowRoot.activeElement)"
            " at = at.shadowRoot.activeElement; return at.textContent; })()"
        )
        if name in ("New thread", "Start the first thread"):
            break
    page.keyboard.press("Enter")
    page.get_by_label("Title").focus()
    page.keyboard.type("By keyboard")
    # Past the kind of thread.
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.type("Typed, then sent with Ctrl and Enter.")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("heading", name="By keyboard")).to_be_visible()


@pytest.mark.parametrize("width", [1280, 360, 320])
@pytest.mark.parametrize(
    ("person", "scenario", "view"),
    [
        ("ana", ONE, "student_view"),
        ("ben", ONE, "author_view"),
        ("ben", ONE, "studio_view"),
        ("dee", ONE, "student_view"),
        ("nobody", ONE, "student_view"),
        ("17", STAFF_ONLY, "student_view"),
        ("ana", EVENT, "student_view"),
        ("ana", BROKEN, "student_view"),
        ("ben", BROKEN, "student_view"),
        ("ben", QUESTIONS, "student_view"),
        ("ben", QUESTIONS, "author_view"),
        ("ben", ASK_THE_EXPERT, "studio_view"),
        ("ana", ASK_THE_EXPERT, "student_view"),
        ("ben", BROKEN_QUESTIONS, "student_view"),
        ("ana", IN_A_UNIT, "student_view"),
        ("17", IN_A_UNIT, "student_view"),
        ("ben", IN_A_UNIT, "student_view"),
        ("ben", IN_A_UNIT, "author_view"),
        ("ben", AROUND, "studio_view"),
        ("ben", BROKEN_SERIES, "student_view"),
    ],
)
def test_every_view_is_accessible(see, person, scenario, view, width):
    assert problems_of(see(person, scenario, view, width=width)) == []
