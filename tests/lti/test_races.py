"""What happens at the same moment: several posts of one token, and first launches side by side (attacks 3 and 22)."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client

from tests.lti.conftest import new_browser
from tests.lti.platform import ANA, BEN, LTI, Platform, post_launch, row_counts, session_of

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.every_database]


def at_once(*calls: Callable[[], HttpResponse]) -> list[HttpResponse]:
    """Every call in a thread of its own, all let go together."""
    gate = threading.Barrier(len(calls))

    def run(function: Callable[[], HttpResponse]) -> HttpResponse:
        try:
            gate.wait(10)
            return function()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def same_browser(browser: Client) -> Client:
    twin = new_browser()
    for name, morsel in browser.cookies.items():
        twin.cookies[name] = morsel.value
    return twin


def test_3_of_several_posts_of_one_token_one_wins(platform: Platform, browser: Client) -> None:
    platform.enter(new_browser())
    before = row_counts()["LtiSession"]
    for _round in range(3):
        login = platform.login(browser)
        token = platform.token(login)
        posts = [partial(post_launch, same_browser(browser), login.state, token) for _ in range(4)]
        answers = at_once(*posts)
        assert sorted(answer.status_code for answer in answers) == [303, 403, 403, 403]
    assert row_counts()["LtiSession"] == before + 3


@pytest.mark.parametrize("round_", range(3))
def test_22_first_launches_side_by_side_make_one_row_of_each(platform: Platform, round_: int) -> None:
    def launch(message: str) -> Callable[[], HttpResponse]:
        browser = new_browser()
        login = platform.login(browser)
        token = platform.token(login, message)
        return lambda: post_launch(browser, login.state, token)

    answers = at_once(*[launch(message) for message in (ANA, ANA, BEN, BEN)])
    sessions = [session_of(answer) for answer in answers]
    assert len({session.space_id for session in sessions}) == 1
    assert len({session.person_id for session in sessions}) == 2
    counts = row_counts()
    wanted = {"Person": 2, "Space": 1, "Activity": 1, "ResourceLink": 1, "Membership": 2, "Roster": 1, "Group": 2}
    assert {name: counts[name] for name in wanted} == wanted


def test_11_first_launches_of_a_new_deployment_side_by_side_write_it_down_once(platform: Platform) -> None:
    def launch() -> Callable[[], HttpResponse]:
        browser = new_browser()
        login = platform.login(browser)
        token = platform.token(login, ANA, {LTI + "deployment_id": "new"})
        return lambda: post_launch(browser, login.state, token)

    answers = at_once(*[launch() for _ in range(4)])
    assert [answer.status_code for answer in answers] == [403] * 4
    assert row_counts()["Deployment"] == 2
