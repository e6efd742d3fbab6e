"""Where a permalink sends people who come from outside: their platform's page, as each family has it, or nowhere."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from companion_lti.models import ResourceLink
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.lti import platform as lms
from tests.lti.conftest import new_browser
from tests.lti.platform import ANA, BEN, LAUNCH_URL, LTI, Platform, row_counts, session_of
from tests.lti.test_permalinks import MOODLE_PAGE, Written, by_query, lands_on, lands_on_list

CONTEXT = LTI + "context"
CUSTOM = LTI + "custom"
LINK = LTI + "resource_link"
PRESENTATION = LTI + "launch_presentation"
TOOL_PLATFORM = LTI + "tool_platform"


def family(code: object) -> dict[str, Any]:
    return {TOOL_PLATFORM: {"guid": "x", "product_family_code": code}}


def page_for(browser: Client, launched: HttpResponse) -> str:
    """Where a permalink of what a launch has opened leads, "" for the page in words."""
    uid = launched["Location"].split("activities/")[1].split("/")[0]
    return str(browser.get(f"/lti/go/{uid}/7/2/").get("Location", ""))


def test_the_family_is_written_down_when_it_changes(platform: Platform, browser: Client) -> None:
    assert platform.row.family is None
    for _time in range(2):
        with CaptureQueriesContext(connection) as queries:
            platform.launch(browser, BEN)
        updates = [query for query in queries if query["sql"].startswith('UPDATE "companion_lti_registration"')]
        platform.row.refresh_from_db()
        assert platform.row.family == "moodle"
    assert updates == []
    platform.launch(browser, BEN, {TOOL_PLATFORM: lms.LEFT_OUT})
    platform.row.refresh_from_db()
    assert platform.row.family == "moodle"


@pytest.mark.parametrize("code", ["Moodle", "MOODLE"])
def test_a_family_is_one_however_it_is_written(platform: Platform, browser: Client, code: str) -> None:
    assert page_for(browser, platform.launch(browser, BEN, family(code))) == MOODLE_PAGE


@pytest.mark.parametrize("link_id", ["7x", "../admin", "\u0667", "7&forceview=1"])
def test_moodle_has_no_page_for_a_link_that_is_no_number(platform: Platform, browser: Client, link_id: str) -> None:
    assert page_for(browser, platform.launch(browser, BEN, {LINK: {"id": link_id}})) == ""


def test_the_demo_launches_the_address_it_is_given(platform: Platform, browser: Client) -> None:
    page = page_for(browser, platform.launch(browser, BEN, {LINK: {"id": "a/b?c"}} | family("demo-lms")))
    assert page == f"http://127.0.0.1:8400/links/a%2Fb%3Fc/?url={quote(LAUNCH_URL + '?goto=7-2', safe='')}"


@pytest.mark.parametrize("code", ["", None, "sakai", "x" * 500])
def test_other_families_have_no_page(platform: Platform, browser: Client, code: object) -> None:
    assert page_for(browser, platform.launch(browser, BEN, family(code))) == ""


def canvas(return_url: object, link_id: str = "1", context_id: str = "2") -> dict[str, Any]:
    named = {LINK: {"id": link_id}, CONTEXT: {"id": context_id}, PRESENTATION: {"return_url": return_url}}
    return named | family("canvas")


RETURN = "https://school.instructure.com/courses/12/external_content/success/external_tool_redirect"


def test_canvas_launches_the_address_in_the_course(connect: Callable[..., Platform], browser: Client) -> None:
    hosted = connect(issuer="https://canvas.instructure.com")
    launched = hosted.launch(browser, BEN, canvas(RETURN))
    retrieve = "https://school.instructure.com/courses/12/external_tools/retrieve"
    assert page_for(browser, launched) == f"{retrieve}?url={quote(LAUNCH_URL + '?goto=7-2', safe='')}"
    moved = hosted.launch(browser, BEN, canvas(RETURN.replace("school", "college").replace("12", "70~12")))
    assert page_for(browser, moved).startswith("https://college.instructure.com/courses/70~12/external_tools/")
    silent = hosted.launch(browser, BEN, canvas(""))
    assert page_for(browser, silent).startswith("https://college.instructure.com/courses/70~12/external_tools/")


def test_canvas_launches_a_permalink_under_the_courses_id_and_nothing_is_made_for_it(
    connect: Callable[..., Platform], browser: Client
) -> None:
    hosted = connect(issuer="https://canvas.instructure.com")
    written = Written(session_of(hosted.launch(new_browser(), ANA, canvas(RETURN))))
    browser.get(written.address)
    retrieved = canvas(RETURN, link_id="2")
    before = row_counts()
    launched = by_query(hosted, browser, written, **retrieved)
    assert lands_on(launched, written.thread)
    assert launched.cookies["companion_goto"]["max-age"] == 0
    after = row_counts()
    assert (after["Activity"], after["ResourceLink"]) == (before["Activity"], before["ResourceLink"])
    # What the same address opens without a post is a discussion of its own, which a permalink then passes by.
    assert lands_on_list(hosted.launch(new_browser(), BEN, retrieved))
    assert lands_on(by_query(hosted, new_browser(), written, **retrieved), written.thread)


@pytest.mark.parametrize(
    "return_url",
    [
        "https://evil.example/courses/12/x",
        "https://evil.example/.instructure.com/courses/12/x",
        "https://instructure.com.evil.example/courses/12/x",
        "https://evilinstructure.com/courses/12/x",
        "http://school.instructure.com/courses/12/x",
        "https://school.instructure.com:8443/courses/12/x",
        "https://school.instructure.com/accounts/12/x",
        "https://school.instructure.com/courses/new/x",
        "https://school.instructure.com/courses/12x/",
        "https://school.instructure.com//evil.example/courses/12/",
        "//school.instructure.com/courses/12/x",
        "javascript:alert(1)//courses/12/x",
        "https://[school/courses/12/x",
        "",
        None,
    ],
)
def test_no_page_where_canvas_does_not_name_a_course_of_its_own(
    connect: Callable[..., Platform], browser: Client, return_url: object
) -> None:
    hosted = connect(issuer="https://canvas.instructure.com")
    assert page_for(browser, hosted.launch(browser, BEN, canvas(return_url))) == ""


def test_a_canvas_of_ones_own_counts_with_the_origins_it_is_registered_with(
    connect: Callable[..., Platform], browser: Client
) -> None:
    """Its return_url has the host that the browser asked for, whoever that belongs to."""
    own = connect(issuer="https://canvas.school.example")
    launched = own.launch(browser, BEN, canvas(RETURN))
    assert page_for(browser, launched) == ""
    launched = own.launch(browser, BEN, canvas("https://learn.school.example/courses/12/x"))
    assert page_for(browser, launched) == ""
    own.row.frame_origins = "https://learn.school.example"
    own.row.save()
    launched = own.launch(browser, BEN, canvas("https://learn.school.example/courses/12/x"))
    assert page_for(browser, launched).startswith("https://learn.school.example/courses/12/external_tools/")


def test_an_issuer_that_is_no_address_has_no_pages(connect: Callable[..., Platform], browser: Client) -> None:
    named = connect(issuer="school.example")
    assert page_for(browser, named.launch(browser, BEN)) == ""


def test_a_platform_that_was_shut_out_gets_nobody(platform: Platform, browser: Client) -> None:
    launched = platform.launch(browser, BEN)
    assert page_for(browser, launched) == MOODLE_PAGE
    platform.deployment.is_approved = False
    platform.deployment.save()
    assert page_for(browser, launched) == ""
    platform.deployment.is_approved = True
    platform.deployment.save()
    platform.row.is_active = False
    platform.row.save()
    assert page_for(browser, launched) == ""


def test_of_several_placements_the_newest_with_a_page_is_taken(platform: Platform, browser: Client) -> None:
    first = platform.launch(browser, BEN)
    uid = first["Location"].split("activities/")[1].split("/")[0]
    for link_id in ("8", "not a number"):
        placed = {"companion_activity": uid, "companion_placement": link_id}
        platform.launch(browser, BEN, {LINK: {"id": link_id}, CUSTOM: placed})
    assert ResourceLink.objects.filter(activity__uid=uid).count() == 3
    assert page_for(browser, first) == MOODLE_PAGE.replace("l=1", "l=8")
