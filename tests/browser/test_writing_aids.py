"""What helps to write, in a real browser: drafts, room left, names after an @, pictures, times of the video."""

from __future__ import annotations

import base64
import io
import re
from uuid import uuid4

import pytest
from PIL import Image
from playwright.sync_api import Frame, Locator, Page, expect

from tests.browser.conftest import NARROW, PHONE, WIDE, Visitor
from tests.browser.test_accessibility import problems_of
from tests.browser.test_discussion import start_thread, write
from tests.browser.test_workbench import TEN, chromium, see, workbench  # noqa: F401
from tests.browser.test_workbench import problems_of as problems_on

pytestmark = pytest.mark.browser

VIDEO_UNIT = "first-thirty-minutes"
DRAFTS = "Object.entries(localStorage).filter(([key]) => key.startsWith('companion-draft.'))"


def a_picture() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (120, 80), "teal").save(file, "PNG")
    return file.getvalue()


def new_title(what: str) -> str:
    return f"{what} {uuid4().hex[:6]}"


def open_window(visitor: Visitor) -> Page:
    """A new launch into a window, where the browser lets us keep something (this one denies it to a foreign frame);
    what was open before goes, as when somebody leaves it.
    """
    for page in visitor.context.pages:
        if page is not visitor.page:
            page.goto("about:blank")
            page.close()
    page = visitor.open_window()
    page.on("pageerror", lambda error: visitor.problems.append(str(error)))
    return page


def open_new_thread(frame: Frame | Page) -> Locator:
    frame.get_by_role("link", name="New thread").first.click()
    form = frame.locator("form[data-writing]")
    expect(form.get_by_role("button", name="Add a picture")).to_be_visible()
    return form


def open_thread(visitor: Visitor, title: str) -> Page:
    """In a new launch."""
    page = open_window(visitor)
    page.get_by_role("link", name=title).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(title)
    return page


def wait_until_kept(frame: Frame | Page, text: str) -> None:
    frame.wait_for_function(f"text => {DRAFTS}.some(([, draft]) => draft.includes(text))", arg=text)


def drafts_with(frame: Frame | Page, text: str) -> list[list[str]]:
    return frame.evaluate(f"text => {DRAFTS}.filter(([, draft]) => draft.includes(text))", text)


def paste(text: Locator, **data: str) -> bool:
    """Paste what a clipboard holds, by type ("png" is a picture, in Base64); whether the browser pastes on its own."""
    return text.evaluate(
        """(element, data) => {
          const clipboard = new DataTransfer();
          for (const [type, value] of Object.entries(data)) {
            if (type !== "png") { clipboard.setData(`text/${type}`, value); continue; }
            const bytes = Uint8Array.from(atob(value), (character) => character.charCodeAt(0));
            clipboard.items.add(new File([bytes], "image.png", { type: "image/png" }));
          }
          const event = new ClipboardEvent("paste", { clipboardData: clipboard, bubbles: true, cancelable: true });
          return element.dispatchEvent(event);
        }""",
        data,
    )


# -- drafts ----------------------------------------------------------------------------------------------------


def test_it_works(visit):
    """Ana is called away, comes back by another launch, brings her text back and posts it."""
    title = new_title("Called away")
    ana = visit("Ana Torres")
    form = open_new_thread(page := open_window(ana))
    form.get_by_label("Title").fill(title)
    form.get_by_label("Text").fill("Half a thought")
    form.get_by_label("Do not show my name").check()
    wait_until_kept(page, "Half a thought")
    form = open_new_thread(page := open_window(ana))
    notice = form.locator(".kept")
    expect(notice).to_contain_text("You began to write here before.")
    expect(form.get_by_label("Text")).to_have_value("")
    expect(form.get_by_label("Text")).to_have_accessible_description(re.compile("You began to write here before"))
    notice.get_by_role("button", name="Bring it back").click()
    expect(form.get_by_label("Title")).to_have_value(title)
    expect(form.get_by_label("Text")).to_have_value("Half a thought")
    expect(form.get_by_label("Text")).to_be_focused()
    # Who hid their name, does not show it by bringing the text back.
    expect(form.get_by_label("Do not show my name")).to_be_checked()
    expect(notice).to_have_count(0)
    form.get_by_role("button", name="Post thread").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(title)
    assert drafts_with(page, "Half a thought") == []
    form = open_new_thread(open_window(ana))
    expect(form.locator(".kept")).to_have_count(0)


def test_a_reply_begun_is_offered_and_can_be_thrown_away(visit):
    title = new_title("Begun")
    ana = visit("Ana Torres")
    start_thread(page := open_window(ana), title)
    page.get_by_label("Your reply").fill("Not so sure about this")
    # At once: what was typed a moment ago is kept when the page goes.
    page = open_thread(ana, title)
    page.get_by_role("button", name="Throw it away").click()
    expect(page.get_by_label("Your reply")).to_have_value("")
    expect(page.get_by_label("Your reply")).to_be_focused()
    page = open_thread(ana, title)
    expect(page.locator(".kept")).to_have_count(0)
    write(page, "Sure now")
    expect(page.locator("#post-2")).to_contain_text("Sure now")
    expect(page.locator(".kept")).to_have_count(0)
    assert drafts_with(page, "Sure now") == []


def test_whoever_writes_on_without_an_answer_loses_neither_text(visit):
    title = new_title("Both")
    ana = visit("Ana Torres")
    start_thread(page := open_window(ana), title)
    page.get_by_label("Your reply").fill("The old one")
    page = open_thread(ana, title)
    expect(page.locator(".kept")).to_be_visible()
    page.get_by_label("Your reply").fill("The new one")
    wait_until_kept(page, "The new one")
    page = open_thread(ana, title)
    page.get_by_role("button", name="Bring it back").click()
    expect(page.get_by_label("Your reply")).to_have_value("The old one\n\nThe new one")
    # Posting something else leaves what waits for an answer.
    page = open_thread(ana, title)
    write(page, "Something else")
    expect(page.locator("#post-2")).to_contain_text("Something else")
    expect(page.locator(".kept")).to_be_visible()


def test_a_reply_in_a_slot_is_offered_where_it_was_begun(visit):
    title = new_title("Slot")
    ana = visit("Ana Torres")
    start_thread(page := open_window(ana), title)
    write(page, "First")
    reply = page.locator("#post-2").get_by_role("link", name="Reply")
    reply.click()
    slot = page.locator("#slot-2")
    slot.get_by_label("Your reply").fill("To the first")
    slot.get_by_role("link", name="Cancel").click()
    wait_until_kept(page, "To the first")
    expect(page.locator(".reply-all .kept")).to_have_count(0)
    reply.click()
    expect(slot.locator(".kept")).to_be_visible()
    # The notice does not take the focus from the text.
    expect(slot.get_by_label("Your reply")).to_be_focused()
    slot.get_by_role("button", name="Bring it back").click()
    slot.get_by_role("button", name="Reply", exact=True).click()
    expect(page.locator("#post-3")).to_contain_text("To the first")
    assert drafts_with(page, "To the first") == []


def test_an_edit_is_offered_only_where_it_differs(visit):
    title = new_title("Edit")
    ana = visit("Ana Torres")
    start_thread(page := open_window(ana), title)
    write(page, "As it was")
    edit = page.locator("#post-2").get_by_role("link", name="Edit", exact=True)
    post = page.locator("#post-2")
    edit.click()
    post.get_by_label("Text").fill("As it should be")
    wait_until_kept(page, "As it should be")
    post.get_by_role("link", name="Cancel").click()
    edit.click()
    post.get_by_role("button", name="Bring it back").click()
    expect(post.get_by_label("Text")).to_have_value("As it should be")
    # Back to what the post says: nothing is left to offer.
    post.get_by_label("Text").fill("As it was")
    page.wait_for_function(f"() => !{DRAFTS}.some(([, draft]) => draft.includes('As it'))")
    post.get_by_label("Text").fill("As it should be")
    post.get_by_role("button", name="Save").click()
    expect(post.locator(".prose")).to_have_text("As it should be")
    assert drafts_with(page, "As it should be") == []
    edit.click()
    expect(post.get_by_label("Text")).to_have_value("As it should be")
    expect(post.locator(".kept")).to_have_count(0)


def test_what_was_refused_stays(visit):
    ana = visit("Ana Torres")
    form = open_new_thread(page := open_window(ana))
    text = new_title("Without a title")
    form.get_by_label("Text").fill(text)
    form.get_by_role("button", name="Post thread").click()
    expect(page.locator(".errorlist").first).to_be_visible()
    expect(form.get_by_label("Text")).to_have_value(text)
    expect(form.locator(".kept")).to_have_count(0)
    form = open_new_thread(page := open_window(ana))
    form.get_by_role("button", name="Bring it back").click()
    form.get_by_label("Title").fill(text)
    form.get_by_role("button", name="Post thread").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(text)
    assert drafts_with(page, text) == []


@pytest.mark.parametrize("status", [401, 502])
def test_what_did_not_arrive_stays(visit, status):
    title = new_title("Lost")
    ana = visit("Ana Torres")
    start_thread(page := open_window(ana), title)
    ana.context.route("**/reply/", lambda route: route.fulfill(status=status, body="<p>Not now.</p>"))
    write(page, "My precious")
    expect(page.get_by_role("alert").first).to_be_visible()
    wait_until_kept(page, "My precious")
    ana.context.unroute_all()
    page = open_thread(ana, title)
    page.get_by_role("button", name="Bring it back").click()
    page.locator(".reply-all").get_by_role("button", name="Reply", exact=True).click()
    expect(page.locator("#post-2")).to_contain_text("My precious")
    assert drafts_with(page, "My precious") == []
    ana.problems.clear()


def test_a_whole_page_that_did_not_arrive_keeps_its_draft(visit):
    """The browser's own error page comes instead of ours; a look at another thread is no proof that it was taken."""
    title = new_title("Gone")
    ana = visit("Ana Torres")
    start_thread(open_window(ana), title)
    form = open_new_thread(page := open_window(ana))
    form.get_by_label("Title").fill("Precious title")
    form.get_by_label("Text").fill("Precious text")
    ana.context.route("**/new/", lambda route: route.abort())
    form.get_by_role("button", name="Post thread").click()
    ana.page.wait_for_timeout(500)
    ana.context.unroute_all()
    open_thread(ana, title)
    form = open_new_thread(page := open_window(ana))
    form.get_by_role("button", name="Bring it back").click()
    expect(form.get_by_label("Text")).to_have_value("Precious text")
    form.get_by_label("Text").fill("")
    form.get_by_label("Title").fill("")
    page.wait_for_function(f"() => !{DRAFTS}.some(([, draft]) => draft.includes('Precious'))")
    ana.problems.clear()


def test_somebody_else_on_the_device_is_offered_nothing(visit):
    ana = visit("Ana Torres")
    form = open_new_thread(page := open_window(ana))
    form.get_by_label("Text").fill("For nobody else")
    wait_until_kept(page, "For nobody else")
    ana.page.goto(f"{ana.demo.lms}/sign-in")
    ana.page.get_by_role("button", name="Ben Okafor").first.click()
    form = open_new_thread(page := open_window(ana))
    expect(form.locator(".kept")).to_have_count(0)
    [[key, _draft]] = drafts_with(page, "For nobody else")
    assert form.get_attribute("data-person") not in key
    assert form.get_attribute("data-draft") in key


def test_old_drafts_and_too_many_go(visit):
    ana = visit("Ana Torres")
    page = open_window(ana)
    page.evaluate(
        """() => {
          const keep = (name, days) => localStorage.setItem(`companion-draft.${name}`,
            JSON.stringify({ title: "", body: name, at: Date.now() - days * 24 * 60 * 60 * 1000 }));
          for (let day = 0; day < 29; day += 0.5) keep(`day ${day}`, day);
          keep("old", 31);
        }"""
    )
    page = open_window(ana)
    page.wait_for_function(f"() => {DRAFTS}.length === 50")
    assert drafts_with(page, "day 24.5") != []
    assert drafts_with(page, "day 25") == []
    assert drafts_with(page, "old") == []


# -- room and names --------------------------------------------------------------------------------------------


def test_near_the_limit_it_says_how_much_room_is_left(visit):
    form = open_new_thread(frame := visit("Ana Torres").open_unit())
    text, room = form.get_by_label("Text"), form.locator(".room")
    text.fill("x" * 17_999)
    expect(room).to_be_hidden()
    text.fill("x" * 18_999 + "😀")
    expect(room).to_have_text("Characters left: 1,000")
    expect(text).to_have_accessible_description("Characters left: 1,000")
    text.press("End")
    text.press_sequentially("yz")
    expect(room).to_have_text("Characters left: 998")
    # Not at each key: once, when the hands rest.
    expect(frame.get_by_role("status").first).to_have_text("Characters left: 998")
    text.fill("x" * 20_001)
    expect(room).to_have_text("Characters too many: 1")
    text.fill("Short")
    expect(room).to_be_hidden()


def test_ana_names_chen_with_the_keyboard(visit):
    title = new_title("Names")
    ana = visit("Ana Torres")
    start_thread(frame := ana.open_unit(), title)
    write(frame, "First")
    frame.locator("#post-2").get_by_role("link", name="Reply").click()
    slot = frame.locator("#slot-2")
    text = slot.get_by_label("Your reply")
    expect(text).to_be_focused()
    keyboard = ana.page.keyboard
    keyboard.type("Ask me at ana@c")
    people = slot.get_by_role("listbox", name="People you may mean")
    ana.page.wait_for_timeout(400)
    expect(people).to_be_hidden()
    keyboard.type(" or @c")
    options = people.get_by_role("option")
    expect(options).to_have_text(["Chen Wei", "Mateus Carvalho"])
    expect(options.first).to_have_attribute("aria-selected", "true")
    keyboard.press("ArrowDown")
    expect(options.nth(1)).to_have_attribute("aria-selected", "true")
    active = options.nth(1).get_attribute("id")
    expect(text).to_have_attribute("aria-activedescendant", active)
    expect(text).to_have_attribute("aria-controls", people.get_attribute("id"))
    # Escape closes the list, and not the slot around it; the next one does.
    keyboard.press("Escape")
    expect(people).to_be_hidden()
    expect(text).to_be_focused()
    expect(text).not_to_have_attribute("aria-activedescendant", re.compile("."))
    keyboard.press("Backspace")
    keyboard.type("che")
    expect(options).to_have_text(["Chen Wei"])
    keyboard.press("Enter")
    expect(people).to_be_hidden()
    expect(text).to_have_value("Ask me at ana@c or @Chen Wei ")
    keyboard.type("and @ma")
    expect(options).to_have_text(["Mateus Carvalho"])
    keyboard.press("Tab")
    keyboard.type("please")
    expect(text).to_have_value("Ask me at ana@c or @Chen Wei and @Mateus Carvalho please")
    ana.page.wait_for_timeout(400)
    expect(people).to_be_hidden()
    keyboard.press("Control+Enter")
    expect(frame.locator("#post-3 .mention")).to_have_text(["@Chen Wei", "@Mateus Carvalho"])


@pytest.mark.parametrize("cookies", ["allowed", "none"])
def test_a_name_is_chosen_by_pointing_at_it(visit, cookies):
    ana = visit("Ana Torres", cookies=cookies, size=PHONE, has_touch=True)
    form = open_new_thread(ana.open_unit())
    text = form.get_by_label("Text")
    text.press_sequentially("@che")
    form.get_by_role("option", name="Chen Wei").tap()
    expect(text).to_have_value("@Chen Wei ")
    expect(text).to_be_focused()
    text.press("Control+z")
    expect(text).to_have_value("@che")


# -- pictures --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cookies", ["allowed", "none"])
def test_ana_shows_a_picture_to_ben(visit, cookies):
    title = new_title("Picture")
    ana, ben = visit("Ana Torres", cookies=cookies), visit("Ben Okafor", cookies=cookies)
    start_thread(frame := ana.open_unit(), title)
    form = frame.locator(".reply-all form")
    text = form.get_by_label("Your reply")
    text.fill("See here.")
    with ana.page.expect_file_chooser() as chooser:
        form.get_by_role("button", name="Add a picture").click()
    chooser.value.set_files({"name": "chart.png", "mimeType": "image/png", "buffer": a_picture()})
    alt = form.get_by_label("What does the picture show?")
    expect(alt).to_be_focused()
    expect(alt).to_have_accessible_description("For people who cannot see it.")
    ana.page.keyboard.type("The chart [of May]")
    ana.page.keyboard.press("Enter")
    expect(alt).to_have_count(0)
    expect(text).to_be_focused()
    expect(text).to_have_value(
        re.compile(r"^See here\.\n\n!\[The chart \(of May\)\]\(companion-picture:[0-9a-f]{32}\)\n\n$")
    )
    # Another one by paste, and sent before its question was answered: the picture goes along.
    assert not paste(text, png=base64.b64encode(a_picture()).decode())
    expect(alt).to_be_focused()
    alt.fill("Another")
    form.get_by_role("button", name="Reply", exact=True).click()
    expect(frame.locator("#post-2 img")).to_have_count(2)
    there = ben.open_unit()
    there.get_by_role("link", name=title).click()
    pictures = there.locator("#post-2 .prose img")
    expect(pictures).to_have_count(2)
    expect(pictures.first).to_have_attribute("alt", "The chart (of May)")
    for picture in pictures.all():
        picture.scroll_into_view_if_needed()
        there.wait_for_function("picture => picture.complete && picture.naturalWidth > 0", arg=picture.element_handle())


def test_pasted_text_is_no_picture(visit):
    """Word and Excel put a picture of the text on the clipboard too; a browser's "copy picture" has no text."""
    form = open_new_thread(visit("Ana Torres").open_unit())
    text = form.get_by_label("Text")
    png = base64.b64encode(a_picture()).decode()
    assert paste(text, plain="Cell", html="<table><td>Cell</td></table>", png=png)
    assert paste(text, plain="Only words")
    expect(form.locator(".alt-panel")).to_have_count(0)
    assert not paste(text, html="<img src='https://elsewhere.example/a.png'>", png=png)
    expect(form.get_by_label("What does the picture show?")).to_be_focused()


def test_several_pictures_come_one_after_the_other(visit):
    ana = visit("Ana Torres")
    form = open_new_thread(ana.open_unit())
    form.locator("input[type=file]:not([name])").set_input_files(
        [{"name": f"{name}.png", "mimeType": "image/png", "buffer": a_picture()} for name in ("a", "b", "c")]
    )
    alt = form.get_by_label("What does the picture show?")
    for name in ("One", "Two"):
        alt.fill(name)
        form.get_by_role("button", name="Put it into the text").click()
        expect(alt).to_have_value("")
    alt.press("Escape")
    expect(alt).to_have_count(0)
    text = form.get_by_label("Text").input_value()
    assert re.findall(r"!\[(.*?)\]\(companion-picture:", text) == ["One", "Two"]


def test_a_file_that_is_no_picture_is_refused_in_words(visit):
    ana = visit("Ana Torres")
    form = open_new_thread(frame := ana.open_unit())
    chooser = form.locator("input[type=file]:not([name])")
    chooser.set_input_files({"name": "a.png", "mimeType": "image/png", "buffer": b"not a picture"})
    expect(form.get_by_role("alert")).to_contain_text("This file cannot be read as a picture.")
    ana.page.route("**/pictures/", lambda route: route.abort())
    chooser.set_input_files({"name": "a.png", "mimeType": "image/png", "buffer": a_picture()})
    expect(form.get_by_role("alert")).to_have_text("The picture did not arrive. Please try again.")
    ana.page.unroute_all()
    ana.page.route("**/pictures/", lambda route: route.fulfill(status=401, body="<p>Over.</p>"))
    chooser.set_input_files({"name": "a.png", "mimeType": "image/png", "buffer": a_picture()})
    expect(form.get_by_role("alert")).to_contain_text("Your session has ended.")
    expect(frame.get_by_label("Text")).to_have_value("")
    ana.problems.clear()


def test_while_a_picture_is_on_its_way_one_writes_on(visit):
    ana = visit("Ana Torres")
    form = open_new_thread(frame := ana.open_unit())
    text = form.get_by_label("Text")
    waiting = []
    ana.page.route("**/pictures/", lambda route: waiting.append(route))
    form.locator("input[type=file]:not([name])").set_input_files(
        {"name": "a.png", "mimeType": "image/png", "buffer": a_picture()}
    )
    expect(form.get_by_role("status")).to_have_text("The picture is on its way …")
    text.press_sequentially("I write on")
    # The post does not go without it.
    form.get_by_role("button", name="Post thread").click()
    expect(form.get_by_role("alert")).to_have_text("The picture is on its way …")
    text.focus()
    waiting[0].continue_()
    alt = form.get_by_label("What does the picture show?")
    expect(alt).to_be_visible()
    expect(text).to_be_focused()
    expect(frame.get_by_role("status").first).to_have_text("What does the picture show?")


def test_a_dropped_picture_is_taken_and_other_files_are_not_opened(visit):
    form = open_new_thread(visit("Ana Torres").open_unit())
    drop = """(element, [type, data]) => {
      const transfer = new DataTransfer();
      const bytes = Uint8Array.from(atob(data), (character) => character.charCodeAt(0));
      transfer.items.add(new File([bytes], "file", { type }));
      const send = (name) => element.dispatchEvent(
        new DragEvent(name, { dataTransfer: transfer, bubbles: true, cancelable: true }));
      return [send("dragover"), send("drop")];
    }"""
    data = base64.b64encode(a_picture()).decode()
    assert form.get_by_label("Text").evaluate(drop, ["application/pdf", data]) == [False, False]
    expect(form.locator(".alt-panel")).to_have_count(0)
    assert form.get_by_label("Text").evaluate(drop, ["image/png", data]) == [False, False]
    expect(form.get_by_label("What does the picture show?")).to_be_focused()


def test_without_javascript_a_picture_comes_with_the_form(visit):
    title = new_title("Plain picture")
    ana = visit("Ana Torres", java_script_enabled=False)
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
    start.first.click()
    frame.get_by_label("Title").fill(title)
    frame.get_by_label("Text").fill("Look:")
    frame.get_by_text("Add a picture").click()
    frame.get_by_label("Picture", exact=True).set_input_files(
        {"name": "a.png", "mimeType": "image/png", "buffer": a_picture()}
    )
    frame.get_by_label("What the picture shows").fill("A [plain] picture")
    frame.get_by_role("button", name="Post thread").click()
    expect(frame.locator("#post-1 img")).to_have_attribute("alt", "A (plain) picture")


# -- the rest --------------------------------------------------------------------------------------------------


def test_a_time_in_the_text_can_become_the_place_in_the_video(visit):
    form = open_new_thread(visit("Ana Torres").open_unit(VIDEO_UNIT))
    text, second = form.get_by_label("Text"), form.get_by_label("At this time of the video")
    offer = form.get_by_role("button", name="Hang it on")
    text.fill("No time here, 12:345 and 1:2:3 are none")
    expect(offer).to_have_count(0)
    text.fill("What happens at 1:32?")
    expect(offer).to_have_text("Hang it on 1:32 of the video")
    offer.click()
    expect(second).to_have_value("1:32")
    expect(second).to_be_focused()
    expect(offer).to_have_count(0)
    second.fill("")
    text.fill("And at 01:02:03?")
    expect(offer).to_have_text("Hang it on 01:02:03 of the video")


def test_the_whole_course_is_offered_for_announcements_alone(visit):
    form = open_new_thread(visit("Ben Okafor").open_unit())
    whole = form.get_by_label("Show it in every discussion of the course")
    expect(whole).to_be_hidden()
    expect(whole).to_be_disabled()
    form.get_by_label("Kind").select_option("announcement")
    expect(whole).to_be_visible()
    expect(whole).to_be_enabled()


@pytest.mark.parametrize(
    ("size", "scheme", "locale"), [(WIDE, "light", "en"), (PHONE, "dark", "de"), (NARROW, "light", "ar")]
)
def test_every_state_is_accessible(visit, size, scheme, locale):
    visitor = visit("Ana Torres", size=size, color_scheme=scheme, locale=locale)
    page = visitor.open_window(VIDEO_UNIT)
    frame = page.main_frame
    found = {}

    def look(state: str) -> None:
        if problems := problems_of(frame):
            found[state] = problems

    page.locator("a.button.primary").first.click()
    text = page.locator("#thread-body")
    text.press_sequentially("At 1:32, @c")
    page.locator("[role=option]").first.wait_for()
    look("names")
    page.locator("input[type=file]:not([name])").set_input_files(
        [
            {"name": "a.png", "mimeType": "image/png", "buffer": b"none"},
            {"name": "b.png", "mimeType": "image/png", "buffer": a_picture()},
        ]
    )
    page.locator(".alt-panel").wait_for()
    look("picture")
    text.fill("x" * 20_100)
    look("too long")
    wait_until_kept(page, "xxx")
    page.reload()
    page.locator(".kept").wait_for()
    look("draft")
    assert found == {}


# -- inside a page of the host ---------------------------------------------------------------------------------


def test_two_composers_on_a_page_of_the_host(see):  # noqa: F811
    # People can be named once they have been there.
    see("ben", TEN)
    page = see("ana", TEN)
    first, second = (page.locator(".companion-host").nth(place) for place in (0, 1))
    for host in (first, second):
        host.get_by_role("link", name=re.compile("New thread|Start the first thread")).first.click()
        host.get_by_label("Text").wait_for()
    text = first.get_by_label("Text")
    text.press_sequentially("Hello @be")
    first.get_by_role("option", name="Ben Okafor").wait_for()
    expect(second.get_by_role("listbox", name="People you may mean")).to_be_hidden()
    page.keyboard.press("Enter")
    expect(text).to_have_value("Hello @Ben Okafor ")
    assert not paste(text, png=base64.b64encode(a_picture()).decode())
    alt = first.get_by_label("What does the picture show?")
    expect(alt).to_be_focused()
    assert problems_on(page) == []
    page.keyboard.type("Teal")
    page.keyboard.press("Enter")
    expect(text).to_have_value(re.compile(r"!\[Teal\]"))
    expect(second.get_by_label("Text")).to_have_value("")
    wait_until_kept(page, "Teal")
    page.reload()
    first.get_by_role("link", name=re.compile("New thread|Start the first thread")).first.click()
    first.get_by_role("button", name="Bring it back").click()
    first.get_by_label("Title").fill(new_title("In the host's page"))
    first.get_by_role("button", name="Post thread").click()
    picture = first.locator("#post-1 img")
    expect(picture).to_have_attribute("alt", "Teal")
    page.wait_for_function("picture => picture.complete && picture.naturalWidth > 0", arg=picture.element_handle())
    assert drafts_with(page, "Teal") == []
