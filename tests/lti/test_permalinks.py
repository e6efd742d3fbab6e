"""Ana copies the address of a post and Ben follows it: through his own launch, to that post, and to nothing that he
may not see.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from companion_lti import permalinks, sessions
from companion_lti.models import LtiSession, Registration
from companion_lti.mount import mount_of, viewer_of
from django.http import HttpResponse
from django.test import Client

from companion.spaces import api as spaces
from companion.threads import api as threads
from tests.lti import platform as lms
from tests.lti.conftest import new_browser
from tests.lti.platform import ANA, ANA_UNGRADED, BEN, LAUNCH_URL, LTI, Platform, page_token, session_of

CONTEXT = LTI + "context"
CUSTOM = LTI + "custom"
LINK = LTI + "resource_link"
PRESENTATION = LTI + "launch_presentation"
TARGET = LTI + "target_link_uri"
TOOL_PLATFORM = LTI + "tool_platform"
MOODLE_PAGE = "http://127.0.0.1:8400/mod/lti/view.php?l=1"
NO_SUCH = "00000000-0000-4000-8000-000000000000"


class Written:
    """A thread of Ana's with two replies, in the activity that she launched."""

    def __init__(self, session: LtiSession, number: int = 2) -> None:
        self.session = session
        self.viewer = viewer_of(session)
        self.activity = spaces.list_activities(viewer=self.viewer)[0]
        self.thread = threads.start_thread(
            viewer=self.viewer, activity_uid=self.activity.uid, title="Who declares?", body="Is it me?"
        )
        for text in ("Not you", "Or is it?"):
            threads.add_reply(viewer=self.viewer, thread_id=self.thread.pk, parent_number=1, body=text)
        self.number = number

    @property
    def goto(self) -> str:
        return f"{self.thread.pk}-{self.number}"

    @property
    def address(self) -> str:
        """The permalink, as a mount gives it to the pages."""
        permalink = mount_of(self.session, has_cookies=True).permalink
        assert permalink is not None
        return permalink(self.activity.uid, self.thread.pk, self.number).removeprefix("http://localhost:8601")


@pytest.fixture
def written(platform: Platform) -> Written:
    return Written(platform.enter(new_browser(), ANA))


# The three ways in which a launch can know of a post.


def by_cookie(
    platform: Platform, browser: Client, written: Written, message: str = BEN, **changes: Any
) -> HttpResponse:
    browser.get(written.address)
    return platform.launch(browser, message, changes)


def by_query(platform: Platform, browser: Client, written: Written, message: str = BEN, **changes: Any) -> HttpResponse:
    return platform.launch(browser, message, {TARGET: f"{LAUNCH_URL}?goto={written.goto}"} | changes)


def by_custom(
    platform: Platform, browser: Client, written: Written, message: str = BEN, **changes: Any
) -> HttpResponse:
    return platform.launch(browser, message, {CUSTOM: {"companion_goto": written.goto}} | changes)


Way = Callable[..., HttpResponse]
every_way = pytest.mark.parametrize("way", [by_cookie, by_query, by_custom])


def lands_on(launched: HttpResponse, thread: threads.Thread, number: int = 2) -> bool:
    path = launched["Location"].removeprefix(sessions.path_of(session_of(launched)))
    return path.startswith(f"threads/{thread.pk}/?post={number}&code=") and path.endswith(f"#post-{number}")


def lands_on_list(launched: HttpResponse) -> bool:
    path = launched["Location"].removeprefix(sessions.path_of(session_of(launched)))
    return path.startswith("activities/") and "#" not in path and path.count("&") == 0


@every_way
def test_it_works(platform: Platform, written: Written, browser: Client, way: Way) -> None:
    launched = way(platform, browser, written)
    assert lands_on(launched, written.thread)
    page = browser.get(launched["Location"])
    assert page.status_code == 200
    assert 'id="post-2"' in page.content.decode()
    assert "Not you" in page.content.decode()


@every_way
def test_a_browser_without_cookies_gets_the_page_and_its_token(
    platform: Platform, written: Written, browser: Client, way: Way
) -> None:
    """The code opens one page, so the launch must lead to the post's page itself and not to a redirect."""
    location = way(platform, browser, written)["Location"]
    bare = new_browser()
    page = bare.get(location)
    assert page.status_code == 200
    assert "Not you" in page.content.decode()
    assert page_token(page)
    assert new_browser().get(location).status_code == 401


def test_the_address_leads_to_the_activity_in_the_platform(
    written: Written, browser: Client, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(1):
        answer = browser.get(written.address)
    assert (answer.status_code, answer["Location"]) == (303, MOODLE_PAGE)
    assert answer["Cache-Control"] == "no-store"


def test_the_cookie(written: Written, browser: Client) -> None:
    """Not partitioned: it is set in a window and read in a frame of the platform."""
    text = browser.get(written.address).cookies["companion_goto"].OutputString()
    value, *attributes = text.split("; ")
    assert value == f"companion_goto={written.activity.uid}.{written.thread.pk}-2"
    kept = {part for part in attributes if not part.startswith("expires")}
    assert kept == {"HttpOnly", "Secure", "SameSite=None", "Path=/lti/", "Max-Age=900"}


def test_a_link_is_used_once(platform: Platform, written: Written, browser: Client) -> None:
    launched = by_cookie(platform, browser, written)
    assert launched.cookies["companion_goto"]["max-age"] == 0
    assert lands_on_list(platform.launch(browser, BEN))


def test_the_last_link_followed_counts(platform: Platform, written: Written, browser: Client) -> None:
    browser.get(written.address)
    other = Written(platform.enter(new_browser(), ANA), number=3)
    browser.get(other.address)
    assert lands_on(by_custom(platform, browser, written), other.thread, 3)


# -- what is not shown ---------------------------------------------------------------------------------------


def hide(platform: Platform, written: Written) -> None:
    ben = viewer_of(platform.enter(new_browser(), BEN))
    threads.hide_post(viewer=ben, thread_id=written.thread.pk, number=1, reason="Off topic")


def forgotten_link(response: Any) -> dict[str, Any] | None:
    """What a response says of the cookie, apart from the second at which it was made."""
    cookie = response.cookies.get("companion_goto")
    return cookie and {"value": cookie.value, **cookie, "expires": bool(cookie["expires"])}


@every_way
def test_a_hidden_thread_is_as_good_as_a_missing_one(platform: Platform, browser: Client, way: Way) -> None:
    written = Written(platform.enter(new_browser(), ANA))
    hide(platform, written)
    chen = {"sub": "7", "name": "Chen"}
    hidden = way(platform, browser, written, ANA, **chen)
    assert lands_on_list(hidden)
    written.thread.pk = 987654
    missing = way(platform, new_browser(), written, ANA, **chen)
    assert lands_on_list(missing)
    assert hidden["Location"].split("?")[0].split("/")[4:] == missing["Location"].split("?")[0].split("/")[4:]
    assert len(hidden.cookies) == len(missing.cookies)
    assert forgotten_link(hidden) == forgotten_link(missing)


@every_way
def test_a_missing_post_leads_to_its_thread(platform: Platform, written: Written, browser: Client, way: Way) -> None:
    written.number = 9
    assert lands_on(way(platform, browser, written), written.thread, 1)


@every_way
def test_a_post_that_has_moved_is_landed_on_where_it_is(
    platform: Platform, written: Written, browser: Client, way: Way
) -> None:
    """Without a redirect of ours, which would cost a browser without cookies its code."""
    ben = viewer_of(platform.enter(new_browser(), BEN))
    elsewhere = Written(written.session)
    threads.merge_threads(viewer=ben, thread_id=written.thread.pk, into_id=elsewhere.thread.pk)
    location = way(platform, browser, written)["Location"]
    assert f"/threads/{elsewhere.thread.pk}/?post=5&code=" in location
    assert new_browser().get(location).status_code == 200


@every_way
def test_a_thread_that_has_moved_to_another_activity_is_landed_on_there(
    platform: Platform, written: Written, browser: Client, way: Way
) -> None:
    ben = viewer_of(platform.enter(new_browser(), BEN))
    other = spaces.create_activity(viewer=ben, title="Elsewhere", external_id="elsewhere")
    threads.move_thread(viewer=ben, thread_id=written.thread.pk, to_uid=other.uid)
    launched = way(platform, browser, written)
    assert lands_on(launched, written.thread)
    assert browser.get(launched["Location"]).status_code == 200


@every_way
def test_a_post_of_another_course_leads_to_the_list(
    platform: Platform, written: Written, browser: Client, way: Way
) -> None:
    elsewhere = {CONTEXT: {"id": "77", "title": "Elsewhere"}, LINK: {"id": "9"}}
    launched = way(platform, browser, written, **elsewhere)
    assert lands_on_list(launched)
    assert str(written.activity.uid) not in launched["Location"]


@every_way
def test_a_post_of_another_platform_leads_to_the_list(
    connect: Callable[..., Platform], written: Written, browser: Client, way: Way
) -> None:
    other = connect(organization="Elsewhere", issuer="https://other.example")
    assert lands_on_list(way(other, browser, written))


def test_another_activity_of_the_course_opens_as_always_and_the_link_waits(
    platform: Platform, written: Written, browser: Client
) -> None:
    browser.get(written.address)
    other = platform.launch(browser, ANA_UNGRADED)
    assert lands_on_list(other)
    assert "companion_goto" not in other.cookies
    assert lands_on(platform.launch(browser, BEN), written.thread)


def test_deep_linking_goes_on_and_the_link_waits(platform: Platform, written: Written, browser: Client) -> None:
    placing = by_cookie(platform, browser, written, lms.BEN_PLACES)
    assert "/place/?code=" in placing["Location"]
    assert "companion_goto" not in placing.cookies


# -- what an address tells -----------------------------------------------------------------------------------


def test_who_is_not_signed_in_learns_nothing(written: Written, browser: Client) -> None:
    """An activity that there is not, and one whose page we do not know, look the same; a thread is not looked for."""
    known = browser.get(written.address)
    assert browser.get(written.address.replace(f"/{written.thread.pk}/", "/987654/"))["Location"] == known["Location"]
    Registration.objects.update(family=None)
    unknown, missing = browser.get(written.address), browser.get(f"/lti/go/{NO_SUCH}/{written.thread.pk}/2/")
    assert unknown.status_code == missing.status_code == 200
    assert unknown.content == missing.content
    assert "you will land on the post" in unknown.content.decode()
    assert set(unknown.headers.items()) == set(missing.headers.items())
    for word in ("Who declares", "Ana", "Bench", "Northwind", "127.0.0.1"):
        assert word not in unknown.content.decode()
    assert known.content == b""


def test_what_was_launched_where_no_page_is_known_lands_on_the_post_too(
    platform: Platform, written: Written, browser: Client
) -> None:
    Registration.objects.update(family="unheard-of")
    assert browser.get(written.address).status_code == 200
    assert lands_on(platform.launch(browser, BEN), written.thread)


@pytest.mark.parametrize(
    "path",
    [
        "no-uid/1/1",
        "/1/1",
        NO_SUCH,
        f"{NO_SUCH}/1",
        f"{NO_SUCH}/1/1/1",
        f"{NO_SUCH}/1-1",
        f"{NO_SUCH}//1",
        f"{NO_SUCH}/0/1",
        f"{NO_SUCH}/-1/1",
        f"{NO_SUCH}/1/x",
        f"{NO_SUCH}/{'9' * 19}/1",
        f"{NO_SUCH}/{'9' * 6000}/1",
        f"{NO_SUCH}/1/{'9' * 10}",
        f"{NO_SUCH}/1-1/1",
        f"{NO_SUCH}/%D9%A1/1",
        f"{NO_SUCH}/%00/1",
        "https:%2F%2Fevil.example/1/1",
        "javascript:alert(1)/1/1",
        "%3Cscript%3Ealert(1)%3C%2Fscript%3E/1/1",
    ],
)
def test_an_address_that_is_none_gets_a_page_in_words(browser: Client, db: None, path: str) -> None:
    answer = browser.get(f"/lti/go/{path}/")
    assert answer.status_code == 404
    assert "This link does not work" in answer.content.decode()
    assert "evil" not in answer.content.decode()
    assert "<script>alert" not in answer.content.decode()
    assert not answer.cookies


HOSTILE = [
    "",
    "x",
    "1",
    "-",
    "1-",
    "0-1",
    "1-0",
    "1-1-1",
    "-1-1",
    "1-1 ",
    f"{'9' * 18}-{'9' * 9}",
    f"{'9' * 30}-1",
    f"1-{'9' * 30}",
    "javascript:alert(1)",
    "//evil.example",
    "\u0661-\u0661",
]


@pytest.mark.parametrize("goto", HOSTILE)
def test_a_launch_that_names_nonsense_opens_as_always(platform: Platform, browser: Client, goto: str) -> None:
    assert lands_on_list(platform.launch(browser, BEN, {TARGET: f"{LAUNCH_URL}?goto={quote(goto)}"}))
    assert lands_on_list(platform.launch(browser, BEN, {CUSTOM: {"companion_goto": goto}}))


@pytest.mark.parametrize("goto", [*HOSTILE, "x.1-1", ".", ".1-1", f"{NO_SUCH}.", f"{NO_SUCH}.x"])
def test_a_cookie_that_holds_nonsense_is_passed_over(platform: Platform, browser: Client, goto: str) -> None:
    uid = platform.launch(new_browser(), BEN)["Location"].split("activities/")[1].split("/")[0]
    for value in (goto, f"{uid}.{goto}"):
        browser.cookies["companion_goto"] = quote(value, safe="")
        assert lands_on_list(platform.launch(browser, BEN))


def test_inside_a_frame_the_address_opens_in_the_window(written: Written, browser: Client) -> None:
    """Platforms let nobody frame them, and a cookie of a frame would stay with it."""
    answer = browser.get(written.address, headers={"Sec-Fetch-Dest": "iframe"})
    assert answer.status_code == 200
    assert f'href="{written.address}" target="_top"' in answer.content.decode()
    assert "companion_goto" not in answer.cookies
    missing = browser.get(f"/lti/go/{NO_SUCH}/1/2/", headers={"Sec-Fetch-Dest": "iframe"})
    assert missing.content.decode().replace(f"/{NO_SUCH}/1/2/", "") == answer.content.decode().replace(
        written.address.removeprefix("/lti/go"), ""
    )


# -- by an author --------------------------------------------------------------------------------------------


def test_a_placement_of_one_post_opens_it_each_time(platform: Platform, written: Written, browser: Client) -> None:
    placed = {LINK: {"id": "70"}, CUSTOM: {"companion_goto": written.goto}}
    for _time in range(2):
        assert lands_on(platform.launch(browser, BEN, placed), written.thread)
    copied = placed | {CONTEXT: {"id": "3", "title": "Rerun"}}
    assert lands_on_list(platform.launch(browser, BEN, copied))


def test_the_target_is_read_as_it_is_written() -> None:
    target = permalinks.read_target("12-3")
    assert target is not None
    assert (target.thread_id, target.number, str(target)) == (12, 3, "12-3")
