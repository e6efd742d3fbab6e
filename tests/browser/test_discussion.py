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


def open_thread(frame: Frame, title: str) -> None:
    """From the list it is in, on whatever page the threads of other tests have pushed it to."""
    thread = frame.locator(".row-title", has_text=title).first
    older = frame.locator(".more > a.button")
    while not thread.count():
        address = frame.url
        older.click()
        frame.wait_for_url(lambda url, before=address: url != before)
    thread.click()
    frame.locator("#post-1").wait_for()


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
    expect(frame.get_by_label("Kind")).to_be_focused()
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


# -- menus, links, times, paper --------------------------------------------------------------------------------


def test_a_menu_closes_by_escape_by_a_click_elsewhere_and_when_the_focus_leaves(visit):
    ana = visit("Ana Torres", size=(900, 474))
    page = ana.open_window()
    start_thread(page.main_frame, f"Menus {uuid4().hex[:6]}")
    menu, summary = page.locator("#post-1 .menu"), page.locator("#post-1 .menu summary")
    summary.focus()
    page.keyboard.press("Enter")
    expect(menu.get_by_role("link", name="Copy link")).to_be_visible()
    page.keyboard.press("Tab")
    page.keyboard.press("Escape")
    expect(menu).not_to_have_attribute("open", "")
    expect(summary).to_be_focused()
    summary.click()
    page.locator("h1").click()
    expect(menu).not_to_have_attribute("open", "")
    summary.click()
    page.keyboard.press("Shift+Tab")
    expect(menu).not_to_have_attribute("open", "")
    summary.click()
    page.locator(".bar .menu summary").click()
    expect(menu).not_to_have_attribute("open", "")
    expect(page.get_by_role("link", name="Print")).to_be_visible()


@pytest.mark.parametrize("size", [(900, 474), (360, 740), (320, 640)])
@pytest.mark.parametrize("locale", ["en", "ar"])
def test_no_menu_is_cut_off(visit, size, locale):
    ben = visit("Ben Okafor", size=size, locale=locale)
    page = ben.open_window()
    open_thread(page.main_frame, "At 22:04")
    page.locator("#post-6").wait_for()
    for summary in page.locator(".menu summary").all():
        summary.click()
        expect(page.locator(".menu[open] > :last-child")).to_be_in_viewport(ratio=1)
        page.keyboard.press("Escape")


def test_ana_copies_the_link_to_a_post(visit):
    ana = visit("Ana Torres")
    ana.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = ana.open_window()
    start_thread(page.main_frame, f"To copy {uuid4().hex[:6]}")
    write(page.main_frame, "The one")
    thread = re.search(r"/threads/(\d+)/", page.url)
    assert thread
    page.locator("#post-2 .menu summary").click()
    page.locator("#post-2").get_by_role("link", name="Copy link").click()
    expect(page.get_by_role("status")).to_have_text("The link is copied.")
    expect(page.locator("#post-2 .menu")).to_contain_text("The link is copied.")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert re.fullmatch(rf"{ana.demo.tool}/lti/go/[0-9a-f-]{{36}}/{thread[1]}/2/", copied)
    expect(page.locator("#post-2 .menu")).not_to_have_attribute("open", "")
    expect(page.locator("#post-2 .menu summary")).to_be_focused()


@pytest.mark.parametrize("cookies", ["allowed", "none"])
def test_where_copying_is_forbidden_the_address_is_shown(visit, cookies):
    """As in a frame whose platform does not allow it."""
    ana = visit("Ana Torres", cookies=cookies)
    ana.context.add_init_script("document.execCommand = () => false")
    frame = ana.open_unit()
    start_thread(frame, f"To copy {uuid4().hex[:6]}")
    frame.locator("#post-1 .menu summary").click()
    frame.locator("#post-1").get_by_role("link", name="Copy link").click()
    field = frame.locator("#slot-1").get_by_label("Copy link")
    expect(field).to_be_focused()
    expect(field).to_have_value(re.compile(r"/lti/go/[0-9a-f-]{36}/\d+/1/$"))
    assert field.evaluate("field => field.selectionEnd - field.selectionStart === field.value.length")
    ana.page.keyboard.press("Escape")
    expect(field).to_have_count(0)
    expect(frame.locator("#post-1")).to_be_focused()


def test_a_mark_keeps_the_focus(visit):
    title = f"Mark {uuid4().hex[:6]}"
    ana, ben = visit("Ana Torres"), visit("Ben Okafor")
    start_thread(ben.open_unit(), title)
    frame = ana.open_unit()
    frame.get_by_role("link", name=title).click()
    button = frame.locator("#post-1").get_by_role("button", name="Helpful")
    button.focus()
    ana.page.keyboard.press("Enter")
    expect(button).to_have_attribute("aria-pressed", "true")
    expect(button).to_be_focused()
    ana.page.keyboard.press("Enter")
    expect(button).to_have_attribute("aria-pressed", "false")
    expect(button).to_be_focused()


def test_times_are_those_of_the_reader(visit):
    """The game day begins at 9:30 UTC."""
    page = visit("Ana Torres", timezone_id="Asia/Tokyo", locale="de").open_window("game-day")
    time_ = page.locator(".event time").first
    expect(time_).to_have_text(re.compile("18:30"))
    expect(time_).to_have_attribute("title", re.compile(r"9:30 UTC"))


def test_printing_a_thread(visit):
    ana = visit("Ana Torres")
    page = ana.open_window()
    open_thread(page.main_frame, "At 22:04")
    page.locator(".bar .menu summary").click()
    page.get_by_role("link", name="Print").click()
    page.evaluate("window.print = () => { window.printed = true; }")
    page.get_by_role("button", name="Print").click()
    assert page.evaluate("window.printed")
    page.emulate_media(media="print")
    expect(page.locator(".bar")).to_be_hidden()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
