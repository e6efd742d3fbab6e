"""What opens a session, what only reads in it, and what keeps one person's session from another's."""

from __future__ import annotations

import html
import re
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from companion_lti import sessions
from companion_lti.models import LtiSession, UsedLogin
from companion_lti.mount import viewer_of
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from companion.spaces import api as spaces
from companion.tasks import worker
from companion.threads import api as threads
from tests.lti.conftest import new_browser
from tests.lti.platform import (
    ANA,
    BEN,
    BEN_PLACES,
    LAUNCH_URL,
    NRPS,
    Login,
    Platform,
    page_of,
    page_token,
    post_launch,
    session_of,
    unescaped,
)

pytestmark = pytest.mark.every_database

PLATFORM = "http://127.0.0.1:8400"
THREAD = {"title": "Who declares?", "body": "Is it me?", "submission": "s1"}


def bearer(session: LtiSession) -> dict[str, str]:
    return {sessions.TOKEN_HEADER: sessions.page_token(session)}


def new_thread(session: LtiSession) -> str:
    [activity] = spaces.list_activities(viewer=viewer_of(session))
    return page_of(session, f"activities/{activity.uid}/new/")


def thread_count(session: LtiSession) -> int:
    [activity] = spaces.list_activities(viewer=viewer_of(session))
    return len(threads.list_threads(viewer=viewer_of(session), activity=activity).rows)


def test_it_works(platform: Platform, browser: Client) -> None:
    launched = platform.launch(browser)
    session = session_of(launched)
    assert browser.get(launched["Location"]).status_code == 200
    page = browser.get(new_thread(session))
    posted = browser.post(new_thread(session), THREAD | {"companion_token": page_token(page)})
    assert posted.status_code == 303
    assert thread_count(session) == 1


# -- cookies -------------------------------------------------------------------------------------------------


def cookie_of(response: HttpResponse, name: str) -> tuple[str, set[str]]:
    """The value and the attributes of a cookie, as the browser is told."""
    text = response.cookies[name].OutputString()
    value, *attributes = text.split("; ")
    return value.split("=", 1)[1], {part for part in attributes if not part.startswith("expires")}


def test_the_session_cookie(platform: Platform, browser: Client) -> None:
    launched = platform.launch(browser)
    session = session_of(launched)
    _value, attributes = cookie_of(launched, sessions.cookie_name(session))
    assert attributes == {
        "HttpOnly",
        "Secure",
        "SameSite=None",
        "Partitioned",
        f"Path=/lti/s/{session.handle}/",
        "Max-Age=43200",
    }


def test_the_login_cookie_goes_with_the_launch(platform: Platform, browser: Client) -> None:
    login = platform.login(browser)
    [name] = [name for name in login.response.cookies if name.startswith("companion_login_")]
    value, attributes = cookie_of(login.response, name)
    frame = {"HttpOnly", "Secure", "SameSite=None", "Partitioned", "Path=/lti/launch"}
    assert attributes == frame | {"Max-Age=300"}
    assert value not in login.url
    dropped, attributes = cookie_of(post_launch(browser, login.state, platform.token(login)), name)
    assert (dropped, attributes) == ('""', frame | {"Max-Age=0"})


def test_nothing_in_the_address_names_a_person(platform: Platform, browser: Client) -> None:
    location = platform.launch(browser)["Location"]
    for word in ("Ana", "student1", "example.test", PLATFORM):
        assert word not in location


def test_21_a_cookie_reads_and_does_not_write(platform: Platform, browser: Client) -> None:
    session = platform.enter(browser)
    assert browser.get(new_thread(session)).status_code == 200
    for token in ("", "made up", sessions.cookie_value(session), sessions.opening_code(session)):
        refused = browser.post(new_thread(session), THREAD | {"companion_token": token})
        assert refused.status_code == 401
        headers = {sessions.TOKEN_HEADER: token}
        assert browser.post(new_thread(session), THREAD, headers=headers).status_code == 401
    assert browser.post(page_of(session, "window"), {}).status_code in (401, 404, 405)
    assert thread_count(session) == 0


def test_a_page_token_is_enough_for_everything(platform: Platform, browser: Client) -> None:
    session = platform.enter(browser)
    bare = new_browser()
    assert bare.get(page_of(session), headers=bearer(session)).status_code == 200
    assert bare.post(new_thread(session), THREAD, headers=bearer(session)).status_code == 303
    assert bare.get(page_of(session), {"companion_token": sessions.page_token(session)}).status_code == 401


def test_21_the_keys_of_one_session_do_not_open_another(platform: Platform, browser: Client) -> None:
    ana, ben = platform.enter(browser, ANA), platform.enter(new_browser(), BEN)
    assert browser.get(page_of(ben)).status_code == 401
    assert browser.get(page_of(ben), headers=bearer(ana)).status_code == 401
    assert browser.post(new_thread(ben), THREAD, headers=bearer(ana)).status_code == 401
    browser.cookies[sessions.cookie_name(ben)] = sessions.cookie_value(ana)
    assert browser.get(page_of(ben)).status_code == 401
    assert browser.get(page_of(ben), {"code": sessions.opening_code(ana)}).status_code == 401


def test_nobody_without_a_key_gets_in(platform: Platform, browser: Client) -> None:
    session = platform.enter(browser)
    refused, unknown = new_browser().get(page_of(session)), new_browser().get("/lti/s/0123456789ab/")
    assert refused.status_code == unknown.status_code == 401
    assert "open this again" in refused.content.decode()
    blank = refused.content.decode().replace(session.handle, "0123456789ab")
    assert blank == unknown.content.decode()


# -- the code in the address ---------------------------------------------------------------------------------


def test_the_code_opens_once(platform: Platform, browser: Client) -> None:
    location = platform.launch(browser)["Location"]
    page = new_browser().get(location)
    assert page.status_code == 200
    assert page_token(page)
    assert new_browser().get(location).status_code == 401
    assert browser.get(location).status_code == 200


def test_the_code_opens_for_a_minute(platform: Platform, browser: Client) -> None:
    location = platform.launch(browser)["Location"]
    with time_machine.travel(timezone.now() + timedelta(seconds=61)):
        assert new_browser().get(location).status_code == 401


def test_the_code_does_not_write(platform: Platform, browser: Client) -> None:
    session = platform.enter(browser)
    code = sessions.opening_code(session)
    assert new_browser().post(new_thread(session) + f"?code={code}", THREAD).status_code == 401
    assert thread_count(session) == 0


# -- the end -------------------------------------------------------------------------------------------------


def test_a_session_ends(platform: Platform, browser: Client, settings: Any) -> None:
    settings.COMPANION_SESSION_HOURS = 2
    session = platform.enter(browser)
    with time_machine.travel(timezone.now() + timedelta(minutes=119)):
        assert browser.get(page_of(session)).status_code == 200
    with time_machine.travel(timezone.now() + timedelta(minutes=121)):
        over = browser.get(page_of(session))
        assert over.status_code == 401
        assert "open it again" in over.content.decode()
        assert browser.post(new_thread(session), THREAD, headers=bearer(session)).status_code == 401
        assert browser.post(page_of(session, "window"), headers=bearer(session)).status_code == 401


@pytest.mark.django_db(transaction=True)
def test_the_worker_forgets_what_is_over(platform: Platform, browser: Client) -> None:
    platform.enter(browser, ANA, {NRPS: None})
    worker(interval=0).work(forever=False)
    assert (LtiSession.objects.count(), UsedLogin.objects.count()) == (1, 1)
    with time_machine.travel(timezone.now() + timedelta(minutes=11)):
        worker(interval=0).work(forever=False)
    assert (LtiSession.objects.count(), UsedLogin.objects.count()) == (1, 0)
    with time_machine.travel(timezone.now() + timedelta(hours=13)):
        worker(interval=0).work(forever=False)
    assert LtiSession.objects.count() == 0


# -- what was written when the session ended -----------------------------------------------------------------


def send_late(session: LtiSession, fields: dict[str, str], **headers: str) -> HttpResponse:
    with time_machine.travel(timezone.now() + timedelta(hours=13)):
        return new_browser().post(new_thread(session), fields, headers=headers)


def test_what_was_written_comes_back_to_be_copied(platform: Platform, browser: Client) -> None:
    fields = THREAD | {"title": "Who <b>declares</b>?", "body": "\nIs it me?\r\n</textarea><script>x</script>"}
    over = send_late(platform.enter(browser), fields | {"companion_token": "a-token", "extra": "reflected"})
    page = over.content.decode()
    assert over.status_code == 401
    assert "What you wrote was not posted" in page
    title, body = re.findall(r"<textarea[^>]* readonly>\n(.*?)</textarea>", page, re.DOTALL)
    assert html.unescape(title) == fields["title"]
    assert html.unescape(body) == fields["body"]
    assert "<script>x" not in page
    for number in ("1", "2"):
        assert f'for="kept-{number}"' in page
        assert f'id="kept-{number}"' in page
    assert "a-token" not in page
    assert "reflected" not in page
    assert "s1" not in re.sub(r"/static/\S+", "", page)
    # What would bring the page back by itself would take the text away.
    assert "resume.js" not in page
    assert over["Cache-Control"] == "no-store"


def test_a_reply_has_no_title(platform: Platform, browser: Client) -> None:
    page = send_late(platform.enter(browser), {"body": "Only this"}).content.decode()
    assert page.count("<textarea") == 1
    assert "Only this</textarea>" in page


def test_a_very_long_text_comes_back_in_part(platform: Platform, browser: Client) -> None:
    page = send_late(platform.enter(browser), {"body": "\u00e4" * 30_000}).content.decode()
    assert page.count("\u00e4") == 20_000


@pytest.mark.parametrize("headers", [{"HX-Request": "true"}, {"HX-Request": "true", "HX-Boosted": "true"}])
def test_a_page_with_scripts_still_has_the_text(platform: Platform, browser: Client, headers: dict[str, str]) -> None:
    page = send_late(platform.enter(browser), THREAD, **headers)
    assert page.status_code == 401
    assert "Is it me?" not in page.content.decode()


@pytest.mark.parametrize("origin", ["cross-site", "same-site", "none"])
def test_another_site_puts_no_words_on_our_page(platform: Platform, browser: Client, origin: str) -> None:
    session = platform.enter(browser)
    assert "Is it me?" not in send_late(session, THREAD, **{"Sec-Fetch-Site": origin}).content.decode()
    assert "Is it me?" in send_late(session, THREAD, **{"Sec-Fetch-Site": "same-origin"}).content.decode()


def test_where_nothing_was_written_the_page_may_come_back_by_itself(platform: Platform, browser: Client) -> None:
    session = platform.enter(browser)
    for page in (send_late(session, {"title": "Alone"}), send_late(session, {}), new_browser().get(page_of(session))):
        assert "<textarea" not in page.content.decode()
        assert "resume.js" in page.content.decode()
        assert f'data-resume="{session.handle}"' in page.content.decode()


# -- headers -------------------------------------------------------------------------------------------------


def framed_by(response: HttpResponse) -> str:
    return response["Content-Security-Policy"].split("frame-ancestors ")[1]


def test_the_platform_may_frame_the_pages_and_nobody_else(platform: Platform, browser: Client) -> None:
    platform.row.frame_origins = "https://embed.example javascript:x https://b.example/path"
    platform.row.save()
    launched = platform.launch(browser)
    for path in (launched["Location"], page_of(session_of(launched), "threads/987654/")):
        page = browser.get(path)
        assert framed_by(page) == f"{PLATFORM} https://b.example https://embed.example"
        assert "X-Frame-Options" not in page
        assert "script-src 'self';" in page["Content-Security-Policy"]
        assert "private" in page["Cache-Control"]
        assert {"Cookie", sessions.TOKEN_HEADER} <= set(page["Vary"].split(", "))
    placing = platform.launch(browser, BEN_PLACES)
    assert framed_by(browser.get(placing["Location"])) == f"{PLATFORM} https://b.example https://embed.example"


def test_refusals_can_be_read_in_a_frame_and_hold_nothing(platform: Platform, browser: Client) -> None:
    over = browser.get("/lti/s/0123456789ab/")
    refused = post_launch(browser, "made up", "x")
    for page in (over, refused):
        assert framed_by(page) == "*"
        assert "X-Frame-Options" not in page
        assert page["Cache-Control"] == "no-store"
        assert "companion_token" not in page.content.decode()


def test_a_launch_is_never_kept_by_a_cache(platform: Platform, browser: Client) -> None:
    login = platform.login(browser)
    assert login.response["Cache-Control"] == "no-store"
    assert post_launch(browser, login.state, platform.token(login))["Cache-Control"] == "no-store"


# -- browsers without cookies --------------------------------------------------------------------------------


def stored(login: Login) -> str:
    """What the platform's frame was asked to keep."""
    return unescaped(login.response, r'data-value="([^"]+)"')


def test_platform_storage_carries_a_login_without_cookies(platform: Platform) -> None:
    login = platform.login(new_browser(), lti_storage_target="post_message_forwarding")
    assert login.response.status_code == 200
    assert unescaped(login.response, r'data-frame="([^"]+)"') == "post_message_forwarding"
    assert unescaped(login.response, r'data-origin="([^"]+)"') == PLATFORM
    token = platform.token(login)
    bare = new_browser()
    asking = post_launch(bare, login.state, token)
    assert asking.status_code == 200
    assert unescaped(asking, r'data-key="([^"]+)"') == unescaped(login.response, r'data-key="([^"]+)"')
    assert unescaped(asking, r'action="([^"]+)"') == LAUNCH_URL
    assert unescaped(asking, r'name="id_token" value="([^"]+)"') == token
    assert stored(login) not in asking.content.decode()
    again = post_launch(bare, login.state, token, storage_value=stored(login))
    assert bare.get(again["Location"]).status_code == 200


def test_21_a_wrong_answer_from_platform_storage_is_refused(platform: Platform) -> None:
    login = platform.login(new_browser(), lti_storage_target="_parent")
    another = platform.login(new_browser(), lti_storage_target="_parent")
    for value in ("", "made up", stored(another)):
        refused = post_launch(new_browser(), login.state, platform.token(login), storage_value=value)
        assert refused.status_code == 403
        assert "new window" in refused.content.decode()
    assert LtiSession.objects.count() == 0


def test_21_a_login_without_platform_storage_takes_no_answer_from_it(platform: Platform, browser: Client) -> None:
    login = platform.login(browser)
    [secret] = [morsel.value for name, morsel in login.response.cookies.items() if name.startswith("companion_login_")]
    refused = post_launch(new_browser(), login.state, platform.token(login), storage_value=secret)
    assert refused.status_code == 403


def test_the_frame_that_is_asked_is_escaped(platform: Platform) -> None:
    answer = platform.ask_login(new_browser(), lti_storage_target='"><script>alert(1)</script>')
    assert "<script>alert" not in answer.content.decode()


def test_a_new_window_gets_the_cookie(platform: Platform, browser: Client) -> None:
    session = platform.enter(browser)
    bare = new_browser()
    opened = bare.post(page_of(session, "window"), {"companion_token": sessions.page_token(session)})
    assert (opened.status_code, opened["Location"]) == (303, page_of(session))
    assert bare.get(opened["Location"]).status_code == 200
    assert new_browser().post(page_of(session, "window"), {"companion_token": "x"}).status_code == 401


@pytest.mark.parametrize("name", ["login", "launch"])
def test_a_form_of_another_site_may_come(browser: Client, db: None, name: str) -> None:
    """Platforms post from their own pages: Django's CSRF check would refuse them all."""
    assert b"CSRF" not in browser.post(f"/lti/{name}").content


# -- a frame that may remember nothing -----------------------------------------------------------------------

FRAMED = {"HTTP_SEC_FETCH_DEST": "iframe"}


def login_in_frame(platform: Platform, client: Client, **headers: str) -> HttpResponse:
    parameters = {
        "iss": platform.row.issuer,
        "client_id": platform.row.client_id,
        "target_link_uri": LAUNCH_URL,
        "login_hint": "6",
        "lti_message_hint": '{"cmid":"1"}',
    }
    return client.post("/lti/login", parameters, **headers)


def test_a_first_login_in_a_frame_finds_out_about_cookies(platform: Platform, browser: Client) -> None:
    page = login_in_frame(platform, browser, **FRAMED)
    assert page.status_code == 200
    assert unescaped(page, r'id="continue" href="([^"]+)"').startswith(platform.row.auth_login_url)
    again = parse_qs(urlsplit(unescaped(page, r'href="([^"]+)" target="_blank"')).query)
    assert again["lti_message_hint"] == ['{"cmid":"1"}']
    assert set(again) == {"iss", "client_id", "target_link_uri", "login_hint", "lti_message_hint"}
    cookie = browser.cookies["companion_keeps"]
    assert (cookie["samesite"], cookie["secure"], cookie["path"]) == ("None", True, "/lti/")
    assert cookie["partitioned"]
    assert not cookie["httponly"]


def test_a_browser_that_brought_a_cookie_before_waits_for_nothing(platform: Platform, browser: Client) -> None:
    login_in_frame(platform, browser, **FRAMED)
    assert login_in_frame(platform, browser, **FRAMED).status_code == 302


def test_platform_storage_is_not_needed_where_cookies_work(platform: Platform, browser: Client) -> None:
    assert platform.ask_login(browser, lti_storage_target="_parent").status_code == 200
    assert platform.ask_login(browser, lti_storage_target="_parent").status_code == 302


def test_a_window_waits_for_nothing(platform: Platform, browser: Client) -> None:
    assert login_in_frame(platform, browser, HTTP_SEC_FETCH_DEST="document").status_code == 302
    assert login_in_frame(platform, new_browser()).status_code == 302
