"""A form that is larger than we read is answered in words, and one with files in it passes."""

from __future__ import annotations

from typing import Any

import pytest
from companion_lti import sessions
from companion_lti.models import LtiSession
from companion_lti.mount import viewer_of
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client

from companion.spaces import api as spaces
from companion.threads import api as threads
from tests.lti.platform import BEN_PLACES, Platform, page_of

MEGABYTE = 1024 * 1024


def post(
    client: Client, session: LtiSession, *, path: str = "", by_header: bool = False, **fields: Any
) -> HttpResponse:
    """Post a new thread (or to another path), the page token in the form or in a header as htmx has it."""
    token = sessions.page_token(session)
    activities = spaces.list_activities(viewer=viewer_of(session))
    url = page_of(session, path or f"activities/{activities[0].uid}/new/")
    headers = {sessions.TOKEN_HEADER: token} if by_header else {}
    return client.post(url, {"title": "Long", sessions.TOKEN_FIELD: token} | fields, headers=headers)


def count(session: LtiSession) -> int:
    viewer = viewer_of(session)
    [activity] = spaces.list_activities(viewer=viewer)
    return len(threads.list_threads(viewer=viewer, activity=activity).rows)


def check(answer: HttpResponse, status: int, words: str) -> None:
    assert answer.status_code == status
    assert words in answer.content.decode()
    assert "your text is still in the form" in answer.content.decode()
    assert answer["Cache-Control"] == "no-store"
    assert answer["Content-Security-Policy"].endswith("frame-ancestors *")


@pytest.mark.parametrize("by_header", [False, True])
@pytest.mark.parametrize("size", [2 * MEGABYTE, 10 * MEGABYTE, 20 * MEGABYTE])
def test_a_text_that_is_too_large(platform: Platform, browser: Client, size: int, by_header: bool) -> None:
    session = platform.enter(browser)
    answer = post(browser, session, body="x" * size, by_header=by_header)
    check(answer, 413, "A post has at most 20,000 characters")
    assert sessions.page_token(session) not in answer.content.decode()
    assert count(session) == 0


def test_in_the_readers_language_numbers_are_written_as_there(platform: Platform, browser: Client) -> None:
    session = platform.enter(browser)
    answer = browser.post(page_of(session), {"body": "x" * 2 * MEGABYTE}, headers={"Accept-Language": "de"})
    assert answer.status_code == 413
    assert "20.000" in answer.content.decode()


@pytest.mark.parametrize("by_header", [False, True])
def test_a_form_with_too_many_fields(platform: Platform, browser: Client, by_header: bool) -> None:
    session = platform.enter(browser)
    fields = {f"field{number}": "x" for number in range(1_001)}
    check(post(browser, session, body="Short", by_header=by_header, **fields), 400, "more parts")
    assert count(session) == 0


def test_a_form_with_too_many_files(platform: Platform, browser: Client) -> None:
    session = platform.enter(browser)
    files = {f"file{number}": SimpleUploadedFile("a.txt", b"x") for number in range(101)}
    check(post(browser, session, body="Short", **files), 400, "more parts")


def test_files_up_to_twelve_megabytes_pass(platform: Platform, browser: Client) -> None:
    """Django's limit is for texts; files it does not count."""
    session = platform.enter(browser)
    file = SimpleUploadedFile("picture.png", b"x" * 12 * MEGABYTE)
    assert post(browser, session, body="With a picture", file=file).status_code == 303
    assert count(session) == 1


def test_files_beyond_what_we_read_are_refused_before_they_are_read(platform: Platform, browser: Client) -> None:
    session = platform.enter(browser)
    file = SimpleUploadedFile("film.mp4", b"x" * 17 * MEGABYTE)
    check(post(browser, session, body="With a film", file=file), 413, "20,000")


@pytest.mark.parametrize("path", ["place/", "place/cancel", "window"])
def test_other_forms_of_a_session_too(platform: Platform, browser: Client, path: str) -> None:
    placing = platform.enter(browser, BEN_PLACES)
    platform.enter(browser)
    check(post(browser, placing, path=path, body="x" * 2 * MEGABYTE), 413, "20,000")


def test_a_session_that_is_over_reads_no_more_than_that(browser: Client, db: None) -> None:
    answer = browser.post("/lti/s/0123456789ab/", {"body": "x" * 2 * MEGABYTE})
    check(answer, 413, "20,000")


@pytest.mark.parametrize("length", ["", "x", "-1"])
def test_a_length_that_is_none(browser: Client, db: None, length: str) -> None:
    answer = browser.generic("POST", "/lti/s/0123456789ab/", CONTENT_LENGTH=length)
    assert answer.status_code == 401
