"""What Ben does while Ana reads: it comes to her by itself, and moves neither what she reads nor her cursor."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

import pytest
from playwright.sync_api import Frame, expect

from tests.browser.conftest import FRAME, Demo, Visitor
from tests.browser.test_discussion import start_thread, write

pytestmark = pytest.mark.browser

LONG = "A post of several lines, " * 16
# How far a post may be from where it was: browsers scroll by whole pixels.
PIXEL = 1.6


def fill_thread(demo: Demo, title: str, number: int, text: str = "") -> None:
    """So many replies of Ben's, without a browser."""
    demo.manage(
        "shell",
        "-c",
        f"""
from companion.models import Membership, Thread
from companion.threads import api as threads
from companion.viewer import Role, Viewer
thread = Thread.objects.get(title={title!r})
space = thread.activity.space
ben = Membership.objects.get(space=space, person__name="Ben Okafor").person
viewer = Viewer(organization_id=space.organization_id, space_id=space.pk, person_id=ben.pk, role=Role.INSTRUCTOR)
for number in range(2, {number} + 2):
    threads.add_reply(viewer=viewer, thread_id=thread.pk, parent_number=1, body=f"Number {{number}}. {text}")
""",
    )


@pytest.fixture
def conversation(visit, demo):
    """`ana, here, ben, there = conversation(5)`: both before a thread of Ben's with so many long replies."""

    def begin(replies: int, **how) -> tuple[Visitor, Frame, Visitor, Frame]:
        title = f"Live {uuid4().hex[:6]}"
        ben = visit("Ben Okafor")
        start_thread(there := ben.open_unit(), title, "What do you say?")
        fill_thread(demo, title, replies, LONG)
        there.goto(there.url)
        expect(there.locator(".post")).to_have_count(replies + 1)
        ana = visit("Ana Torres", **how)
        here = ana.open_unit()
        here.get_by_role("link", name=title).click()
        expect(here.locator(".post")).to_have_count(replies + 1)
        return ana, here, ben, there

    return begin


@contextmanager
def within_three_seconds() -> Iterator[None]:
    """From when Ben's own page shows it, with a second for a slow machine."""
    begun = time.monotonic()
    yield
    assert time.monotonic() - begun < 4


def answer(frame: Frame, number: int, text: str) -> None:
    frame.locator(f"#post-{number} > .post-body .actions").get_by_role("link", name="Reply").click()
    slot = frame.locator(f"#slot-{number}")
    slot.get_by_label("Your reply").fill(text)
    slot.get_by_role("button", name="Reply").click()
    expect(frame.locator(".post", has_text=text)).to_be_visible()


def top_of(frame: Frame, selector: str) -> float:
    return float(frame.locator(selector).evaluate("element => element.getBoundingClientRect().top"))


def read_from(frame: Frame, number: int) -> None:
    """Scroll until a post begins at the top, with the focus nowhere."""
    frame.evaluate("document.activeElement.blur()")
    frame.locator(f"#post-{number}").evaluate("post => post.scrollIntoView({ block: 'start' })")


@pytest.mark.parametrize("cookies", ["allowed", "none"])
def test_it_works(conversation, cookies):
    """A reply, an edit, a mark and a deletion, each within three seconds."""
    _ana, here, _ben, there = conversation(2, cookies=cookies)
    write(here, "Mine")
    expect(there.locator("#post-4")).to_contain_text("Mine")
    write(there, "A reply of Ben's")
    with within_three_seconds():
        expect(here.locator("#post-5")).to_contain_text("A reply of Ben's", timeout=6_000)
    expect(here.get_by_role("status")).to_have_text("New replies: 1")
    expect(here.locator("#post-5")).to_have_class("post indent-1 is-new")
    there.locator("#post-5").get_by_role("link", name="Edit").click()
    there.locator("#post-5").get_by_label("Text").fill("Changed by Ben")
    there.locator("#post-5").get_by_role("button", name="Save").click()
    expect(there.locator("#post-5")).to_contain_text("Changed by Ben")
    with within_three_seconds():
        expect(here.locator("#post-5 .prose")).to_have_text("Changed by Ben", timeout=6_000)
    expect(here.locator("#post-5 .mark.new")).to_be_visible()
    there.locator("#post-4").get_by_role("button", name="Helpful").click()
    expect(there.locator("#post-4").get_by_role("button", name="Helpful")).to_have_attribute("aria-pressed", "true")
    with within_three_seconds():
        expect(here.locator("#post-4 .helpful-count")).to_have_text("1 found it helpful", timeout=6_000)
    # She wrote it, and the focus was on it: there it stays.
    expect(here.locator("#post-4")).to_be_focused()
    there.locator("#post-5").get_by_role("link", name="Delete").click()
    there.locator("#post-5").get_by_role("button", name="Delete").click()
    with within_three_seconds():
        expect(here.locator("#post-5 .prose")).to_have_count(0, timeout=6_000)
    there.get_by_text("More").first.click()
    there.get_by_role("button", name="Lock").click()
    with within_three_seconds():
        expect(here.locator("#thread-head .mark", has_text="Locked")).to_be_visible(timeout=6_000)


def test_what_she_reads_stays_where_it_is(conversation):
    _ana, here, _ben, there = conversation(7, size=FRAME)
    read_from(here, 5)
    before = top_of(here, "#post-5")
    answer(there, 2, f"Above. {LONG}")
    expect(here.locator("#post-9")).to_have_count(1, timeout=6_000)
    assert abs(top_of(here, "#post-5") - before) < PIXEL
    write(there, f"Below. {LONG}")
    expect(here.locator("#post-10")).to_have_count(1, timeout=6_000)
    assert abs(top_of(here, "#post-5") - before) < PIXEL
    there.locator("#post-2").get_by_role("link", name="Edit").click()
    there.locator("#post-2").get_by_label("Text").fill("Short now")
    there.locator("#post-2").get_by_role("button", name="Save").click()
    expect(here.locator("#post-2 .prose")).to_have_text("Short now", timeout=6_000)
    assert abs(top_of(here, "#post-5") - before) < PIXEL
    expect(here.locator("#held-back")).to_have_count(0)


def test_her_cursor_stays_where_it_is(conversation):
    _ana, here, _ben, there = conversation(6, size=FRAME)
    field = here.get_by_label("Your reply")
    field.fill("I am still writ")
    before = top_of(here, "#reply-body")
    write(there, f"Right above her text. {LONG}")
    answer(there, 2, f"Far above. {LONG}")
    expect(here.locator("#post-9")).to_have_count(1, timeout=6_000)
    assert abs(top_of(here, "#reply-body") - before) < PIXEL
    expect(field).to_be_focused()
    expect(field).to_have_value("I am still writ")
    assert field.evaluate("field => field.selectionStart") == len("I am still writ")


def test_a_reply_amid_what_she_reads_waits_behind_a_button(conversation):
    """Which works by keyboard."""
    ana, here, _ben, there = conversation(7, size=FRAME)
    read_from(here, 3)
    tops = [top_of(here, f"#post-{number}") for number in (3, 4)]
    answer(there, 3, "Between two posts")
    button = here.get_by_role("button", name="Show new replies: 1")
    expect(button).to_be_visible(timeout=6_000)
    expect(button).to_be_in_viewport(ratio=1)
    expect(here.locator("#post-9")).to_have_count(0)
    assert [top_of(here, f"#post-{number}") for number in (3, 4)] == tops
    button.focus()
    answer(there, 3, "And another one")
    expect(here.get_by_role("button", name="Show new replies: 2")).to_be_focused(timeout=6_000)
    ana.page.keyboard.press("Enter")
    expect(here.locator("#post-9")).to_be_focused()
    expect(here.locator("#post-9")).to_be_in_viewport()
    assert here.locator(".post").evaluate_all("posts => posts.map(post => post.id)")[2:6] == [
        *("post-3", "post-9", "post-10", "post-4")
    ]
    expect(here.locator("#held-back")).to_have_count(0)


@pytest.mark.parametrize("fixed", [True, False])
def test_where_nothing_scrolls_a_reply_waits_while_she_writes(visit, fixed):
    """A thread that is shorter than its frame, and a frame that grows with its content."""
    title = f"Short {uuid4().hex[:6]}"
    ana, ben = visit("Ana Torres"), visit("Ben Okafor")
    here = ana.open_unit(fixed=fixed)
    start_thread(here, title)
    field = here.get_by_label("Your reply")
    field.fill("I am still writ")
    ana.page.wait_for_timeout(500)
    before = field.bounding_box()
    there = ben.open_unit()
    there.get_by_role("link", name=title).click()
    write(there, f"From Ben. {LONG}")
    button = here.get_by_role("button", name="Show new replies: 1")
    expect(button).to_be_visible(timeout=6_000)
    assert field.bounding_box() == before
    expect(field).to_be_focused()
    button.click()
    expect(here.locator("#post-2")).to_contain_text("From Ben")
    expect(here.locator("#post-2")).to_be_focused()
    expect(field).to_have_value("I am still writ")


def test_a_post_in_use_is_left_alone_until_it_is_free(conversation):
    ana, here, _ben, there = conversation(3)
    here.locator("#post-2").get_by_role("link", name="Reply").click()
    field = here.locator("#slot-2").get_by_label("Your reply")
    field.fill("An answer to what it said")
    there.locator("#post-2").get_by_role("link", name="Edit").click()
    there.locator("#post-2").get_by_label("Text").fill("It says something else now")
    there.locator("#post-2").get_by_role("button", name="Save").click()
    there.locator("#post-3").get_by_role("button", name="Helpful").or_(
        there.locator("#post-3").get_by_role("link", name="Delete")
    ).first.click()
    there.locator("#post-3").get_by_role("button", name="Delete").click()
    expect(here.locator("#post-3 .prose")).to_have_count(0, timeout=6_000)
    expect(here.locator("#post-2 .prose")).to_contain_text("Number 2.")
    expect(field).to_have_value("An answer to what it said")
    expect(field).to_be_focused()
    ana.page.keyboard.press("Escape")
    expect(here.locator("#post-2 .prose")).to_have_text("It says something else now", timeout=6_000)
    expect(here.locator("#post-2")).to_be_focused()


def test_a_page_that_came_back_after_a_reload_goes_on(visit):
    """As resume.js of the LTI tool brings it: a browser that keeps no cookies here keeps no token for it either."""
    title = f"Reloaded {uuid4().hex[:6]}"
    ana, ben = visit("Ana Torres"), visit("Ben Okafor")
    start_thread(here := ana.open_unit(), title)
    here.evaluate(
        """async () => {
          const page = new DOMParser().parseFromString(await (await fetch(location.href)).text(), "text/html");
          document.body.replaceWith(document.adoptNode(page.body));
          htmx.process(document.body);
          document.dispatchEvent(new CustomEvent("companion:resumed"));
        }"""
    )
    write(here, "Mine")
    expect(here.locator("#post-2")).to_be_focused()
    there = ben.open_unit()
    there.get_by_role("link", name=title).click()
    write(there, "After the reload")
    expect(here.locator("#post-3")).to_contain_text("After the reload", timeout=6_000)


def test_an_open_menu_stays_open(conversation):
    _ana, here, _ben, there = conversation(2)
    here.locator("#post-3 .menu summary").click()
    here.locator("main").evaluate("main => main.focus()")
    here.locator("#post-3 .menu").evaluate("menu => { menu.open = true; }")
    there.locator("#post-3").get_by_role("link", name="Edit").click()
    there.locator("#post-3").get_by_label("Text").fill("Other words")
    there.locator("#post-3").get_by_role("button", name="Save").click()
    expect(here.locator("#post-3 .prose")).to_have_text("Other words", timeout=6_000)
    expect(here.locator("#post-3 .menu")).to_have_attribute("open", "")


def test_the_newest_come_first_where_she_wants_that(conversation):
    _ana, here, _ben, there = conversation(3)
    here.locator(".reading summary").click()
    here.get_by_role("link", name="Newest first").click()
    expect(here.locator("#posts")).to_have_attribute("data-order", "newest")
    write(there, "The newest")
    button = here.get_by_role("button", name="Show new replies: 1")
    expect(button).to_be_visible(timeout=6_000)
    write(there, "Newer still")
    expect(here.get_by_role("button", name="Show new replies: 2")).to_be_visible(timeout=6_000)
    here.get_by_role("button", name="Show new replies: 2").click()
    expect(here.locator("#post-6")).to_be_focused()
    shown = here.locator(".post").evaluate_all("posts => posts.map(post => post.id)")
    assert shown == ["post-1", "post-6", "post-5", "post-4", "post-3", "post-2"]


def test_on_an_earlier_page_she_is_told_and_led_to_the_end(visit, demo):
    title = f"Many {uuid4().hex[:6]}"
    ana, ben = visit("Ana Torres"), visit("Ben Okafor")
    start_thread(there := ben.open_unit(), title)
    fill_thread(demo, title, 40)
    here = ana.open_unit()
    here.get_by_role("link", name=title).click()
    expect(here.locator(".post")).to_have_count(30)
    expect(there.locator("#post-41")).to_have_count(1, timeout=8_000)
    write(there, "On the last page")
    link = here.get_by_role("link", name="Show new replies: 1")
    expect(link).to_be_visible(timeout=6_000)
    # Her own reply is shown at once, wherever she is.
    write(here, "Mine, from the first page")
    expect(here.locator("#post-43")).to_be_focused()
    expect(here.locator("#post-42")).to_have_count(0)
    link.click()
    expect(here.locator("#post-42")).to_contain_text("On the last page")
    expect(here.locator("#post-2")).to_have_count(0)


def test_who_had_to_write_first_reads_the_others_then(visit):
    title = f"Write first {uuid4().hex[:6]}"
    ana, ben = visit("Ana Torres"), visit("Ben Okafor")
    there = ben.open_unit("before-your-first-shift")
    there.get_by_role("link", name="Settings").click()
    there.get_by_label("Learners write in a thread before they read its replies").check()
    there.get_by_role("button", name="Save").click()
    start_thread(there, title)
    write(there, "Not before you have written")
    expect(there.locator("#post-2")).to_be_visible()
    here = ana.open_unit("before-your-first-shift")
    here.get_by_role("link", name=title).click()
    expect(here.locator("main")).to_contain_text("Here you write before you read")
    expect(here.locator("#post-2")).to_have_count(0)
    write(here, "My own first")
    expect(here.locator("#post-2")).to_contain_text("Not before you have written")
    expect(here.locator("#post-3")).to_contain_text("My own first")
    there.locator("a.back").click()
    there.get_by_role("link", name="Settings").click()
    there.get_by_label("Learners write in a thread before they read its replies").uncheck()
    there.get_by_role("button", name="Save").click()
    expect(there.get_by_role("link", name=title)).to_be_visible()
