"""The roster of Ana's course, read from the platform by a task: who is in it, and who has left (attacks 15 and 16)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import jwt
import pytest
import time_machine
from companion_lti import roster
from companion_lti.models import LtiSession, Roster
from django.test import Client
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from companion import clock
from companion.tasks import RetryLater
from tests.lti.conftest import new_browser
from tests.lti.far_end import Answer, Asked
from tests.lti.platform import ANA, ANA_UNGRADED, BEN, NRPS, ROLE, Platform, page_of

pytestmark = pytest.mark.every_database

ANA_LISTED = {"user_id": "6", "roles": [ROLE + "Learner"], "name": "Ana Álvarez", "email": "ana@example.test"}
BEN_LISTED = {"user_id": "3", "roles": ["Instructor"], "name": "Tina Teacher", "status": "Active"}
CHEN_LISTED = {"user_id": "9", "roles": ["Learner"], "given_name": "Chen", "family_name": "Wei"}
NAMELESS = {"user_id": 17, "roles": None}


def members(*listed: object, **headers: str) -> Answer:
    return Answer({"id": "x", "context": {"id": "2"}, "members": list(listed)}, headers=headers)


def token(lifetime: int = 3_600) -> Callable[[Asked], Answer]:
    """The token service: each token has a number."""
    given: list[int] = []

    def give(_asked: Asked) -> Answer:
        given.append(1)
        return Answer({"access_token": f"token {len(given)}", "token_type": "bearer", "expires_in": lifetime})

    return give


@pytest.fixture
def school(platform: Platform) -> Platform:
    platform.server.answers["/token"] = token()
    platform.server.answers["/members"] = members(ANA_LISTED, BEN_LISTED, CHEN_LISTED, NAMELESS)
    return platform


def read() -> str:
    """Run the task of the only roster, as the worker does."""
    return roster.read_roster.func(Roster.objects.get().pk)


def active(session: LtiSession) -> dict[str, str]:
    """Subject and role of everybody who is in a session's course now."""
    return dict(session.space.memberships.filter(left_at=None).values_list("person__subject", "role"))


def test_it_works(school: Platform, browser: Client) -> None:
    ana = school.enter(browser)
    assert read() == "4 active, 0 left"
    assert active(ana) == {"6": "learner", "3": "instructor", "9": "learner", "17": "learner"}
    names = dict(ana.space.memberships.values_list("person__subject", "person__name"))
    assert names == {"6": "Ana Álvarez", "3": "Tina Teacher", "9": "Chen Wei", "17": ""}
    kept = Roster.objects.get()
    assert (kept.member_count, kept.error) == (4, "")
    assert kept.synced_at is not None
    assert browser.get(page_of(ana)).status_code == 200


def test_we_prove_who_we_are(school: Platform, browser: Client) -> None:
    school.row.auth_audience = "https://audience.example"
    school.row.save()
    school.enter(browser)
    read()
    [asked] = [asked for asked in school.server.asked if asked.path == "/token"]
    assert asked.form["grant_type"] == "client_credentials"
    assert asked.form["scope"] == roster.SCOPE
    assertion = asked.form["client_assertion"]
    keys = jwt.PyJWKSet.from_dict(browser.get("/lti/jwks").json())
    key = keys[jwt.get_unverified_header(assertion)["kid"]]
    claims = jwt.decode(assertion, key, algorithms=["RS256"], audience="https://audience.example")
    assert claims["iss"] == claims["sub"] == school.row.client_id
    assert claims["jti"]
    assert 0 < claims["exp"] - claims["iat"] <= 300
    [listed] = [asked for asked in school.server.asked if asked.path == "/members"]
    assert listed.headers["authorization"] == "Bearer token 1"
    assert listed.headers["accept"] == roster.ACCEPT


def test_a_token_is_kept_until_it_expires(school: Platform, browser: Client) -> None:
    school.enter(browser)
    read()
    read()
    assert school.server.count("/token") == 1
    with time_machine.travel(timezone.now() + timedelta(minutes=59, seconds=30)):
        read()
    assert school.server.count("/token") == 2


def test_a_launch_asks_for_one_read_in_half_a_day(school: Platform, browser: Client) -> None:
    school.enter(browser)
    for message in (BEN, ANA, ANA_UNGRADED):
        school.enter(browser, message)
    assert DBTaskResult.objects.count() == 1
    with time_machine.travel(timezone.now() + timedelta(hours=12, minutes=1)):
        school.enter(browser)
    assert DBTaskResult.objects.count() == 2


def test_rosters_can_be_turned_off(school: Platform, browser: Client, settings: Any) -> None:
    settings.COMPANION_LTI_ROSTER_HOURS = 0
    school.enter(browser)
    assert (DBTaskResult.objects.count(), Roster.objects.count()) == (0, 0)


def test_a_launch_never_waits_for_the_roster(school: Platform, browser: Client) -> None:
    school.enter(browser)
    assert school.server.count("/members") == school.server.count("/token") == 0


# -- pages ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "link",
    [
        '<{url}/members/Page2?Cursor=AbC>; rel="next"',
        "<{url}/members/Page2?Cursor=AbC>; rel=next",
        "<{url}/members/Page2?Cursor=AbC>;rel=NEXT",
        "</members/Page2?Cursor=AbC>; rel=next",
        '<{url}/members>; rel="first", <{url}/members/Page2?Cursor=AbC>; rel="next"',
        '<{url}/members?differences=1>; rel="differences", </members/Page2?Cursor=AbC>; rel="next"',
    ],
)
def test_pages_are_followed(school: Platform, browser: Client, link: str) -> None:
    url = school.server.url
    school.server.answers["/members"] = members(ANA_LISTED, Link=link.format(url=url))
    school.server.answers["/members/Page2"] = members(CHEN_LISTED)
    ana = school.enter(browser)
    assert read() == "2 active, 0 left"
    assert set(active(ana)) == {"6", "9"}
    [second] = [asked for asked in school.server.asked if asked.path == "/members/Page2"]
    assert second.query == {"Cursor": ["AbC"]}


@pytest.mark.parametrize(
    "target",
    ["http://localhost:{port}/members/2", "https://127.0.0.1:{port}/members/2", "//evil.example/", "http://[x"],
)
def test_15_a_next_page_on_another_host_is_not_asked_for(
    school: Platform, browser: Client, settings: Any, target: str
) -> None:
    settings.COMPANION_LTI_PRIVATE_HOSTS = ("127.0.0.1", "localhost")
    link = f"<{target.format(port=school.server.port)}>; rel=next"
    school.server.answers["/members"] = members(ANA_LISTED, BEN_LISTED, Link=link)
    school.enter(browser)
    assert read() == "2 active, 0 left"
    assert school.server.count("/members/2") == 0


def test_15_pages_without_end_are_not_followed_for_ever(
    school: Platform, browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(roster, "MOST_PAGES", 5)

    def another(asked: Asked) -> Answer:
        page = int(asked.query.get("page", ["0"])[0]) + 1
        return members({"user_id": f"made up {page}"}, Link=f"</members?page={page}>; rel=next")

    school.server.answers["/members"] = another
    ana = school.enter(browser)
    with pytest.raises(RetryLater, match="never came to an end"):
        read()
    assert school.server.count("/members") == 5
    assert set(active(ana)) == {"6"}


def test_15_a_page_that_names_itself_as_the_next_is_an_end(school: Platform, browser: Client) -> None:
    school.server.answers["/members"] = members(ANA_LISTED, Link="</members?limit=500>; rel=next")
    school.enter(browser)
    with pytest.raises(RetryLater, match="never came to an end"):
        read()
    assert school.server.count("/members") == 1


def test_15_a_roster_on_a_private_address_gets_no_token(school: Platform, browser: Client, settings: Any) -> None:
    school.enter(browser, ANA, {NRPS: {"context_memberships_url": f"http://localhost:{school.server.port}/members"}})
    with pytest.raises(RetryLater, match="private address"):
        read()
    assert school.server.count("/members") == 0


# -- a platform that says no ---------------------------------------------------------------------------------


def test_16_a_token_that_is_refused_is_dropped_and_tried_once_more(school: Platform, browser: Client) -> None:
    good = school.server.answers["/members"]
    assert isinstance(good, Answer)

    def picky(asked: Asked) -> Answer:
        return good if asked.headers["authorization"] == "Bearer token 2" else Answer(status=401)

    school.server.answers["/members"] = picky
    school.enter(browser)
    assert read() == "4 active, 0 left"
    assert (school.server.count("/token"), school.server.count("/members")) == (2, 2)


@pytest.mark.parametrize("status", [401, 403, 404])
def test_16_a_roster_that_is_not_for_us_is_given_up(school: Platform, browser: Client, status: int) -> None:
    school.server.answers["/members"] = Answer({"error": "its own words"}, status=status)
    ana = school.enter(browser)
    assert read() == f"stopped: answered {status}"
    kept = Roster.objects.get()
    assert str(status) in kept.error
    assert "words" not in kept.error
    assert kept.synced_at is None
    assert set(active(ana)) == {"6"}
    assert school.server.count("/members") == (2 if status == 401 else 1)


@pytest.mark.parametrize("path", ["/token", "/members"])
@pytest.mark.parametrize(("header", "wait"), [("120", timedelta(minutes=2)), ("", None), ("999999", timedelta(days=1))])
def test_16_a_platform_that_is_busy_is_asked_later(
    school: Platform, browser: Client, path: str, header: str, wait: timedelta | None
) -> None:
    school.server.answers[path] = Answer("its own words", status=503, headers={"Retry-After": header})
    ana = school.enter(browser)
    with pytest.raises(RetryLater) as later:
        read()
    assert later.value.after == wait
    assert "503" in Roster.objects.get().error
    assert set(active(ana)) == {"6"}


@pytest.mark.parametrize(
    "answer",
    [Answer(b"<html>"), Answer([]), Answer({"members": {}}), Answer({"members": None}), Answer(b"[" * 50_000)],
    ids="html list dict none deep".split(),
)
def test_a_roster_that_is_none_empties_no_course(school: Platform, browser: Client, answer: Answer) -> None:
    school.server.answers["/members"] = answer
    ana = school.enter(browser)
    with pytest.raises(RetryLater):
        read()
    assert set(active(ana)) == {"6"}
    assert browser.get(page_of(ana)).status_code == 200


@pytest.mark.parametrize("body", [{}, [], {"access_token": 7}, {"access_token": ""}, "token"])
def test_a_token_service_that_gives_no_token(school: Platform, browser: Client, body: object) -> None:
    school.server.answers["/token"] = Answer(body)
    school.enter(browser)
    with pytest.raises(RetryLater, match="no access token"):
        read()
    assert school.server.count("/members") == 0


# -- who is listed -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fate", [[], [ANA_LISTED | {"status": "Inactive"}], [ANA_LISTED | {"status": "Deleted"}]])
def test_who_has_left_loses_the_session_and_may_come_again(
    school: Platform, browser: Client, fate: list[object]
) -> None:
    ana = school.enter(browser)
    bens = new_browser()
    ben = school.enter(bens, BEN)
    school.server.answers["/members"] = members(BEN_LISTED, ANA_LISTED)
    assert read() == "2 active, 0 left"
    school.server.answers["/members"] = members(BEN_LISTED, *fate)
    assert read() == "1 active, 1 left"
    assert set(active(ben)) == {"3"}
    assert browser.get(page_of(ana)).status_code == 401
    assert bens.get(page_of(ben)).status_code == 200
    again = school.enter(browser)
    assert set(active(again)) == {"3", "6"}
    assert browser.get(page_of(again)).status_code == 200


def test_somebody_whom_no_roster_ever_listed_stays_while_launched(school: Platform, browser: Client) -> None:
    """A Moodle site administrator is not enrolled, but is launched."""
    ana = school.enter(browser)
    school.server.answers["/members"] = members(BEN_LISTED)
    assert read() == "1 active, 0 left"
    assert browser.get(page_of(ana)).status_code == 200


def test_a_launch_knows_a_role_better_than_a_roster(school: Platform, browser: Client) -> None:
    """Moodle's roster calls a non-editing teacher a learner; the launch says Instructor."""
    ben = school.enter(browser, BEN)
    school.server.answers["/members"] = members(BEN_LISTED | {"roles": ["Learner"]})
    read()
    assert active(ben) == {"3": "instructor"}


def test_lines_that_name_nobody_are_passed_over(school: Platform, browser: Client) -> None:
    strange = [None, 7, {}, {"user_id": ""}, {"user_id": True}, {"user_id": "x" * 256}, {"user_id": "\x00"}]
    odd = {"user_id": "8", "roles": [None, {}], "name": ["x"], "email": 7, "given_name": 7}
    school.server.answers["/members"] = members(ANA_LISTED, *strange, {"user_id": "\ud800"}, odd, ANA_LISTED)
    ana = school.enter(browser)
    assert read() == "2 active, 0 left"
    assert active(ana) == {"6": "learner", "8": "learner"}


def test_a_roster_that_is_gone_is_no_error(db: None) -> None:
    assert roster.read_roster.func(4_711) == "gone"


# -- each night ----------------------------------------------------------------------------------------------


def reads() -> int:
    return DBTaskResult.objects.filter(task_path__endswith="read_roster").count()


def test_a_roster_is_read_each_night(school: Platform, browser: Client) -> None:
    school.enter(browser)
    DBTaskResult.objects.all().delete()
    with time_machine.travel(clock.now() + timedelta(days=1)):
        roster.read_nightly()
        roster.read_nightly()
    assert reads() == 1


def test_a_course_that_is_over_is_read_no_longer(school: Platform, browser: Client) -> None:
    school.enter(browser)
    DBTaskResult.objects.all().delete()
    with time_machine.travel(clock.now() + timedelta(days=91)):
        roster.read_nightly()
    assert reads() == 0


def test_a_platform_that_was_shut_out_is_not_asked(school: Platform, browser: Client) -> None:
    school.enter(browser)
    DBTaskResult.objects.all().delete()
    school.row.is_active = False
    school.row.save()
    with time_machine.travel(clock.now() + timedelta(days=1)):
        roster.read_nightly()
    assert reads() == 0


def test_where_rosters_are_off_the_night_is_quiet(school: Platform, browser: Client, settings: Any) -> None:
    school.enter(browser)
    DBTaskResult.objects.all().delete()
    settings.COMPANION_LTI_ROSTER_HOURS = 0
    with time_machine.travel(clock.now() + timedelta(days=1)):
        roster.read_nightly()
    assert reads() == 0


def test_so_many_members_a_page_are_asked_for(school: Platform, browser: Client) -> None:
    school.enter(browser)
    read()
    assert school.server.asked_for("/members").query["limit"] == ["500"]
