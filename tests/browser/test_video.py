"""A discussion beside a video: times in posts and rows play it from there; players of others wait to be asked for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from uuid import uuid4

import pytest
from playwright.sync_api import Frame, Route, expect

from tests.browser.conftest import FRAME, Visitor
from tests.browser.test_discussion import start_thread

pytestmark = pytest.mark.browser

UNIT = "first-thirty-minutes"
YOUTUBE = ("https://www.youtube.com/watch?v=aqz-KE-bpKQ", "https://www.youtube-nocookie.com/**")
VIMEO = ("https://vimeo.com/76979871", "https://player.vimeo.com/**")
# A player that writes down where it was told to begin, and what it was told afterwards.
PLAYER = """<!DOCTYPE html><title>A player</title><p id="address"></p><ol></ol><script>
document.querySelector("#address").textContent = location.href;
addEventListener("message", ({ data }) => {
  const told = Object.assign(document.createElement("li"), { textContent: JSON.stringify(data) });
  document.querySelector("ol").append(told);
});
</script>"""

# Puts an element where the middle of another is, and says whether a press there would reach the element.
COVERS = """(element, other) => {
  const under = document.querySelector(other).getBoundingClientRect();
  const own = element.getBoundingClientRect();
  const [x, y] = [under.x + under.width / 2, under.y + under.height / 2];
  element.style.translate = `${x - own.x - own.width / 2}px ${y - own.y - own.height / 2}px`;
  const reached = document.elementFromPoint(x, y);
  element.style.translate = "";
  return reached === element;
}"""


def playing_from(frame: Frame) -> float:
    frame.wait_for_function("document.querySelector('#video video').currentTime > 0")
    return float(frame.locator("#video video").evaluate("video => video.currentTime"))


def follow(frame: Frame, address: str) -> None:
    """As if there were a link to it on the page."""
    frame.locator("main").evaluate(
        """(main, address) => {
          const link = Object.assign(document.createElement("a"), { href: address });
          main.append(link);
          htmx.process(link);
          link.click();
        }""",
        address,
    )


@pytest.fixture
def set_video(visit) -> Iterator:
    """`set_video(address)`: Ben gives it to the discussion about telling people, and takes it away in the end."""
    used: list[Visitor] = []

    def give(address: str) -> None:
        if not used:
            used.append(visit("Ben Okafor"))
        frame = used[0].open_unit("telling-people")
        frame.get_by_role("link", name="Settings").click()
        frame.get_by_label("Video").fill(address)
        frame.get_by_role("button", name="Save").click()
        expect(frame.locator("#video")).to_have_count(1 if address else 0)

    yield give
    if used:
        give("")


@pytest.mark.parametrize("cookies", ["allowed", "none"])
def test_it_works(visit, cookies):
    title = f"Hangs on a second {uuid4().hex[:6]}"
    ana = visit("Ana Torres", cookies=cookies)
    frame = ana.open_unit(UNIT)
    frame.get_by_role("link", name="New thread").click()
    frame.get_by_label("Title").fill(title)
    frame.get_by_label("Text").fill("Here it goes wrong.")
    frame.get_by_label("At this time of the video").fill("0:07")
    frame.get_by_role("button", name="Post thread").click()
    frame.locator("#post-1").get_by_role("button", name="0:07").click()
    assert 7 <= playing_from(frame) < 12
    frame.locator("a.back").click()
    # In a row it lies above the link that the whole row is, and does not follow it.
    frame.locator(".row", has_text=title).get_by_role("button", name="0:07").click()
    assert 7 <= playing_from(frame) < 12
    expect(frame.get_by_role("link", name="New thread")).to_be_visible()


def test_a_time_far_down_brings_the_video_into_sight(visit):
    ana = visit("Ana Torres", size=FRAME)
    page = ana.open_window(UNIT)
    last = page.locator(".row .timecode").last
    last.scroll_into_view_if_needed()
    expect(page.locator("#video")).not_to_be_in_viewport(ratio=1)
    last.click()
    expect(page.locator("#video")).to_be_in_viewport(ratio=1)


def test_the_order_along_the_video_and_its_strip(visit):
    frame = visit("Ana Torres").open_unit(UNIT)
    frame.locator(".choices summary").last.click()
    # A time that lies below the open menu stays below it.
    assert not frame.locator(".row .timecode").first.evaluate(COVERS, "[open].menu > ul")
    frame.get_by_role("link", name="Along the video").click()
    expect(frame.locator(".strip")).to_be_visible()
    times = frame.locator(".row .timecode").all_inner_texts()
    seconds = [int(minutes) * 60 + int(rest) for minutes, rest in re.findall(r"(\d+):(\d\d)", " ".join(times))]
    assert seconds == sorted(seconds)
    assert len(seconds) == frame.locator(".row").count() > 3
    expect(frame.locator(".strip li").first).to_be_hidden()
    frame.locator(".strip summary").click()
    told = frame.locator(".strip li").all_inner_texts()
    counts = [re.fullmatch(r"from (\d+:\d\d): (\d+) threads?", text) for text in told]
    assert all(counts), told
    # The drawing may be a minute old: what another test has started since then is in the list alone.
    assert 0 < sum(int(line[2]) for line in counts if line) <= len(seconds)


@pytest.mark.parametrize(
    ("address", "pattern", "start", "order"),
    [
        (*YOUTUBE, "start=92", {"event": "command", "func": "seekTo", "args": [15, True]}),
        (*VIMEO, "#t=92s", {"method": "setCurrentTime", "value": 15}),
    ],
)
def test_a_player_of_others_is_loaded_when_somebody_asks(visit, set_video, address, pattern, start, order):
    set_video(address)
    ana = visit("Ana Torres")
    asked: list[str] = []

    def play(route: Route) -> None:
        asked.append(route.request.url)
        route.fulfill(body=PLAYER, content_type="text/html")

    ana.context.route(pattern, play)
    frame = ana.open_unit("telling-people")
    start_thread(frame, f"Two times {uuid4().hex[:6]}", "The first one.")
    composer = frame.locator(".reply-all form")
    for text, second in (("Early", "1:32"), ("Late", "0:15")):
        composer.get_by_label("Your reply").fill(text)
        composer.get_by_label("At this time of the video").fill(second)
        composer.get_by_role("button", name="Reply").click()
        expect(frame.locator(".post", has_text=text)).to_be_visible()
    expect(frame.locator("#video iframe")).to_have_count(0)
    assert asked == []
    frame.get_by_role("button", name="1:32").click()
    player = frame.frame_locator("#video iframe")
    expect(player.locator("#address")).to_contain_text(start)
    assert re.match(pattern.replace("**", ".*autoplay=1"), asked[0])
    frame.get_by_role("button", name="0:15").click()
    expect(player.locator("li", has_text=str(order["args"][0] if "args" in order else order["value"]))).to_have_count(1)
    assert len(asked) == 1
    frame.locator("a.back").click()
    frame.get_by_role("button", name="Play the video here").click()
    expect(frame.frame_locator("#video iframe").locator("#address")).to_be_visible()


def test_a_page_loads_no_other_video_than_its_own(visit, set_video):
    """Also not where it takes the place of a page without one, whose policy goes on ruling: there is a link then."""
    set_video(YOUTUBE[0])
    ana = visit("Ana Torres", cookies="none")
    frame = ana.open_unit()
    policy = ana.context.request.get(ana.demo.tool + "/lti/s/0123456789abcdef/").headers["content-security-policy"]
    assert "frame-src 'none'" in policy
    assert "media-src 'none'" in policy
    follow(frame, re.sub(r"activities/.*", "", frame.url))
    frame.get_by_role("link", name="Discuss: Telling people").click()
    link = frame.get_by_role("link", name="Open the video")
    expect(link).to_be_hidden()
    frame.get_by_role("button", name="Play the video here").click()
    expect(link).to_be_visible()
    expect(link).to_have_attribute("href", YOUTUBE[0])
    assert any("frame-src" in problem for problem in ana.problems)
    ana.problems.clear()


def test_without_a_video_a_time_is_words(visit):
    """In the lists of a course there are times of all videos, and none to play."""
    ana = visit("Ana Torres")
    page = ana.open_window(UNIT)
    home = re.sub(r"activities/.*", "", page.url)
    page.goto(home)
    for button in page.locator(".timecode").all():
        expect(button).to_be_disabled()
