"""A picture in a post is shown in a browser without cookies, by its address alone; nothing else is."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from companion_lti import sessions
from django.test import Client
from django.utils import timezone

from tests.lti.conftest import new_browser
from tests.lti.platform import Platform, page_of

PICTURE = "0123456789abcdef" * 2


@pytest.mark.parametrize("method", ["get", "head"])
def test_a_picture_is_let_through_by_the_handle_and_its_name(platform: Platform, browser: Client, method: str) -> None:
    """An <img> sends no header. There is no picture of this name, so the gate behind answers."""
    session = platform.enter(browser)
    answer = getattr(new_browser(), method)(page_of(session, f"pictures/{PICTURE}/"))
    assert answer.status_code == 404
    assert method == "head" or "There is nothing here" in answer.content.decode()


def test_what_is_no_picture_holds_no_key_of_the_session(platform: Platform, browser: Client) -> None:
    """Anybody who has seen the address can ask for it."""
    session = platform.enter(browser)
    page = new_browser().get(page_of(session, f"pictures/{PICTURE}/"))
    for secret in (sessions.page_token(session), sessions.cookie_value(session), sessions.opening_code(session), "Ana"):
        assert secret not in page.content.decode()
    assert not page.cookies


@pytest.mark.parametrize(
    "path",
    [
        "",
        "threads/1/",
        "pictures/",
        f"pictures/{PICTURE}",
        f"pictures/{PICTURE[1:]}/",
        f"pictures/{PICTURE}0/",
        f"pictures/{PICTURE.upper()}/",
        f"pictures/{PICTURE}/x",
        f"pictures/{PICTURE}//",
        f"x/pictures/{PICTURE}/",
        f"pictures/{PICTURE}/../../threads/1/",
        f"pictures/%2e%2e/{PICTURE}/",
    ],
)
def test_nothing_else_is_let_through_by_the_handle(platform: Platform, browser: Client, path: str) -> None:
    assert new_browser().get(page_of(platform.enter(browser), path)).status_code == 401


def test_a_picture_takes_no_form_and_no_dead_handle(platform: Platform, browser: Client) -> None:
    session = platform.enter(browser)
    picture = page_of(session, f"pictures/{PICTURE}/")
    assert new_browser().post(picture).status_code == 401
    assert new_browser().put(picture).status_code == 401
    assert new_browser().get(f"/lti/s/0123456789ab/pictures/{PICTURE}/").status_code == 401
    with time_machine.travel(timezone.now() + timedelta(hours=13)):
        assert new_browser().get(picture).status_code == 401
