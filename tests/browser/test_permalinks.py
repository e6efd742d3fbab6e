"""Ana copies the address of a post; Ben follows it and stands before that post, with and without cookies."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from uuid import uuid4

import pytest
from playwright.sync_api import Frame, Page, expect

from tests.browser.conftest import Demo, Visitor
from tests.browser.test_discussion import start_thread, write

pytestmark = pytest.mark.browser
# A unit whose discussion no other story places elsewhere: the newest place is where a link leads.
UNIT = "telling-people"
COOKIES = ["allowed", "blocked", "none"]


def address_of_a_reply(ana: Visitor, text: str) -> str:
    """Ana starts a thread and replies; the address of the reply."""
    frame = ana.open_unit(UNIT)
    activity = re.search(r"/activities/([0-9a-f-]{36})/", frame.url)
    assert activity
    start_thread(frame, f"Copied {uuid4().hex[:6]}")
    write(frame, text)
    expect(frame.locator("#post-2")).to_contain_text(text)
    thread = re.search(r"/threads/(\d+)/", frame.url)
    assert thread
    return f"{ana.demo.tool}/lti/go/{activity[1]}/{thread[1]}/2/"


def expect_post(frame: Frame | Page, text: str) -> None:
    expect(frame.locator("#post-2")).to_contain_text(text)
    expect(frame.locator("#post-2")).to_be_in_viewport()
    assert re.search(r"/lti/s/\w+/threads/\d+/\?post=2&code=\w+#post-2$", frame.url)


def expect_list(frame: Frame | Page) -> None:
    expect(frame.get_by_role("link", name="New thread")).to_be_visible()
    assert "/activities/" in frame.url


@pytest.fixture
def follow(demo: Demo) -> Iterator[Callable[[Visitor, str], None]]:
    """`follow(ben, address)` on a platform whose pages we do not know, so that the cookie alone knows of the post.

    In a platform whose page takes nothing along (Moodle) the same happens, but that it is opened for Ben.
    """

    def set_family(family: str) -> None:
        model = "from companion_lti.models import Registration"
        demo.manage("shell", "-c", f"{model}; Registration.objects.update(family='{family}')")

    def follow_without_help(ben: Visitor, address: str) -> None:
        set_family("unheard-of")
        ben.page.goto(address)
        expect(ben.page.locator("main")).to_contain_text("Open the activity in your course")

    yield follow_without_help
    set_family("demo-lms")


@pytest.mark.parametrize("cookies", COOKIES)
def test_it_works(visit, cookies):
    """The demo LMS, like Canvas, takes along which post it is: no cookie is needed."""
    address = address_of_a_reply(visit("Ana Torres"), text := f"Look here {uuid4().hex[:6]}")
    ben = visit("Ben Okafor", cookies=cookies)
    ben.page.goto(address)
    ben.page.wait_for_url(re.compile(r"/units/telling-people/\?link=\d+&url="))
    expect_post(ben.frame(), text)
    # Once: a launch that names nothing opens the list.
    expect_list(ben.open_unit(UNIT))


def test_who_is_not_signed_in_signs_in_and_lands_on_the_post(visit):
    address = address_of_a_reply(visit("Ana Torres"), text := f"Sign in {uuid4().hex[:6]}")
    ben = visit("Ben Okafor", cookies="blocked")
    ben.page.get_by_role("button", name="Sign out").click()
    ben.page.goto(address)
    ben.page.get_by_role("button", name="Ben Okafor").first.click()
    expect_post(ben.frame(), text)


def test_a_link_in_a_post_opens_in_a_window_of_its_own(visit):
    ana = visit("Ana Torres")
    address = address_of_a_reply(ana, text := f"Linked {uuid4().hex[:6]}")
    write(ana.frame(), f"See {address}")
    ben = visit("Ben Okafor", cookies="blocked")
    ben.page.goto(address.replace("/2/", "/3/"))
    with ben.context.expect_page() as opened:
        ben.frame().locator("#post-3 a", has_text="/lti/go/").click()
    ben.page = opened.value
    expect_post(ben.frame(), text)


def test_dee_who_is_not_in_the_course_gets_nothing(visit):
    address = address_of_a_reply(visit("Ana Torres"), text := f"Not for Dee {uuid4().hex[:6]}")
    dee = visit("Dee Larsen")
    answer = dee.page.goto(address)
    assert answer is not None
    assert answer.status == 403
    assert text not in answer.text()
    expect_list(dee.open_unit("chemicals-and-waste", course=3))


# -- by the cookie alone -------------------------------------------------------------------------------------


def test_where_no_page_is_known_the_activity_is_opened_by_hand(visit, follow):
    address = address_of_a_reply(visit("Ana Torres"), text := f"By cookie {uuid4().hex[:6]}")
    ben = visit("Ben Okafor", cookies="left to the browser")
    follow(ben, address)
    expect_post(ben.open_unit(UNIT), text)
    expect_list(ben.open_unit(UNIT))


def test_where_third_party_cookies_are_blocked_the_cookie_is_for_windows_alone(visit, follow):
    """A frame there has cookies of its own, apart from those of windows: it opens the list, a window the post."""
    address = address_of_a_reply(visit("Ana Torres"), text := f"In a window {uuid4().hex[:6]}")
    ben = visit("Ben Okafor", cookies="blocked")
    follow(ben, address)
    expect_list(ben.open_unit(UNIT))
    expect_post(ben.open_window(UNIT), text)
