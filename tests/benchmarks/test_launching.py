"""The measurements of launches run and find nothing; what they look for they would find."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from companion_lti.models import LtiSession, ResourceLink, Roster, UsedLogin
from django.test import Client

from companion.spaces.models import Membership, Person
from tests.benchmarks.doors import Answer
from tests.benchmarks.launchers import Launched, held_against_database
from tests.benchmarks.launching import grown, rows
from tests.benchmarks.messages import Sender, Visit, new_key, public_jwk
from tests.benchmarks.serving import ROOT
from tests.lti.platform import LAUNCH_URL, Platform

pytestmark = pytest.mark.django_db

TINY = ("--launches", "40", "--clients", "4", "--flood", "80", "--members", "10,500,1000,1500", "--rounds", "1")


def test_it_works():
    command = [sys.executable, "-m", "tests.benchmarks.launching", *TINY]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    figures = [json.loads(line) for line in done.stdout.splitlines()]
    crowd, flood = figures[:2]
    assert (crowd["name"], crowd["launches"], crowd["lost"], crowd["doubled"]) == ("crowd", 40, 0, 0)
    assert crowd["answers"] == {"303": 40, "403": crowd["posted_twice"]}
    assert (flood["name"], sum(flood["answers"].values()), flood["let_in"], flood["grown"]) == ("flood", 80, 0, {})
    assert [figure["members"] for figure in figures if figure["name"] == "roster_new"] == [10, 500, 1000, 1500]
    queries = {figure["name"]: figure["queries"] for figure in figures if figure.get("unit") == "us"}
    assert queries.keys() == {"launch_check", "launch_validation", "launch", "login"}
    assert queries["launch_check"] == 0
    assert queries["login"] <= 1
    assert queries["launch"] <= 12


@pytest.fixture
def launched(settings: Any) -> Iterator[list[Launched]]:
    """Ana and Chen were launched into one course."""
    settings.COMPANION_LTI_PRIVATE_HOSTS = ("127.0.0.1",)
    platform = Platform()
    sender = Sender(
        issuer=platform.row.issuer,
        client_id=platform.row.client_id,
        deployment_id=platform.deployment.deployment_id,
        target=LAUNCH_URL,
        key=new_key(),
        services=platform.server.url,
    )
    platform.publish(public_jwk(sender.key))
    people = [Visit(subject=name, name=name, context="c1", title="Course", link="l1") for name in ("ana", "chen")]
    yield [_launch(sender, visit) for visit in people]
    platform.server.close()


def _launch(sender: Sender, visit: Visit) -> Launched:
    browser = Client(SERVER_NAME="localhost")
    login = Answer(status=302, location=browser.post("/lti/login", sender.login(visit))["Location"], cookies={})
    token = sender.token(visit, login.query["nonce"])
    response = browser.post("/lti/launch", {"state": login.query["state"], "id_token": token})
    answer = Answer(status=response.status_code, location=response["Location"], cookies={})
    return Launched(visit=visit, answers=[answer])


def test_nothing_is_found_where_nothing_is_wrong(launched: list[Launched]):
    assert held_against_database(launched) == {"lost": [], "doubled": []}


@pytest.mark.parametrize(
    ("plant", "said"),
    [
        (lambda: LtiSession.objects.filter(person__subject="ana").delete(), "is of None"),
        (lambda: LtiSession.objects.update(person=Person.objects.get(subject="chen")), "is of ('chen', 'c1')"),
        (lambda: Membership.objects.filter(person__subject="ana").delete(), "membership ('c1', 'ana') is not there"),
        (lambda: ResourceLink.objects.update(link_id="l2"), "link ('c1', 'l1') is not there"),
        (lambda: Roster.objects.all().delete(), "roster c1 is not there"),
        (lambda: UsedLogin.objects.first().delete(), "1 logins are used, 2 led to a launch"),
    ],
)
def test_what_is_lost_is_found(launched: list[Launched], plant: Callable[[], object], said: str):
    plant()
    lost = held_against_database(launched)["lost"]
    assert any(said in line for line in lost), lost


def test_who_was_not_let_in_is_lost(launched: list[Launched]):
    launched.append(Launched(visit=launched[0].visit, answers=[Answer(status=403, cookies={})]))
    assert ["was not let in: [403]" in line for line in held_against_database(launched)["lost"]] == [True]


def test_a_token_that_lets_in_twice_is_doubled(launched: list[Launched]):
    launched[0].answers += launched.pop().answers
    assert any("was let in twice" in line for line in held_against_database(launched)["doubled"])


def test_a_row_that_nobody_asked_for_is_doubled(launched: list[Launched]):
    ana = Person.objects.get(subject="ana")
    Person.objects.create(organization_id=ana.organization_id, issuer="other", subject="ana", key="other")
    assert held_against_database(launched)["doubled"] == ["person ana is there 2 times"]
    doubled = held_against_database(launched[:1])["doubled"]
    assert any("nobody was told of session" in line for line in doubled), doubled


def test_a_table_that_grows_is_found(launched: list[Launched]):
    before = rows()
    assert grown(before, honest=0) == {}
    UsedLogin.objects.create(login_id="forged")
    assert grown(before, honest=0) == {"companion_lti_usedlogin": 1}
    assert grown(before, honest=1) == {"companion_lti_ltisession": -1}
