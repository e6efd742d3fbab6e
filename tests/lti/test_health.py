"""How an administrator sees that a platform is well, what was wrong last, and tests it; and lets new ones in."""

from __future__ import annotations

import re
from html import unescape
from typing import Any
from urllib.parse import urlsplit

import pytest
from companion_lti import health, roster
from companion_lti.models import Deployment, GradeColumn, Invite, Probe, Registration, Roster, Score
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse
from django_tasks_db.models import DBTaskResult

from companion import clock
from companion.spaces import api as spaces
from tests.lti.conftest import new_browser
from tests.lti.far_end import Answer
from tests.lti.platform import ANA, LTI, Platform, page_of


@pytest.fixture
def desk(db: None) -> Client:
    """An administrator's browser."""
    client = Client(SERVER_NAME="localhost")
    client.force_login(get_user_model().objects.create_superuser("root"))
    return client


@pytest.fixture(autouse=True)
def _fresh() -> None:
    health._noted.clear()


def page(desk: Client, platform: Platform) -> str:
    answer = desk.get(reverse("admin:companion_lti_registration_health", args=[platform.row.pk]))
    assert answer.status_code == 200
    return re.sub(r"\s+", " ", answer.content.decode())


def test_it_works(platform: Platform, desk: Client, browser: Client) -> None:
    assert "never" in page(desk, platform)
    platform.enter(browser)
    assert Registration.objects.get().launched_at is not None
    listed = desk.get(reverse("admin:companion_lti_registration_change", args=[platform.row.pk])).content.decode()
    assert reverse("admin:companion_lti_registration_health", args=[platform.row.pk]) in listed


def test_a_flood_of_launches_writes_little(platform: Platform, browser: Client, monkeypatch: Any) -> None:
    platform.enter(browser)
    Registration.objects.update(launched_at=None)
    platform.enter(browser)
    assert Registration.objects.get().launched_at is None


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"exp": 1}, "compare the clocks"),
        ({"aud": "another"}, "another client id"),
        ({LTI + "deployment_id": "9"}, "waits for you to approve it"),
        ({LTI + "roles": None}, "not what LTI 1.3 says. (roles)"),
        ({"sub": None}, "did not say who the person is"),
    ],
)
def test_the_last_refusal_in_words(platform: Platform, desk: Client, changes: dict[str, Any], said: str) -> None:
    assert platform.launch(new_browser(), ANA, changes).status_code in (400, 403)
    assert said in unescape(page(desk, platform))


def test_a_foreign_signature_in_words(platform: Platform, desk: Client, browser: Client) -> None:
    assert platform.launch(browser, ANA, key="second").status_code == 403
    assert "not signed with a key of this platform" in page(desk, platform)


def test_rosters_and_grades(platform: Platform, desk: Client, browser: Client) -> None:
    session = platform.enter(browser)
    Roster.objects.update(error="The platform's roster service answered 503.")
    column = GradeColumn.objects.get()
    GradeColumn.objects.update(error="The platform does not allow us to grade this.", sent_at=clock.now())
    Score.objects.create(column=column, person_id=session.person_id, state="stopped", reason="Not enrolled.")
    text = page(desk, platform)
    assert "roster service answered 503" in text
    assert "does not allow us to grade this" in text
    assert "Not enrolled." in text


# -- tests ---------------------------------------------------------------------------------------------------


def run(desk: Client, platform: Platform, kind: str) -> Probe:
    path = reverse("admin:companion_lti_registration_health", args=[platform.row.pk])
    assert desk.post(path, {"test": kind}).status_code == 302
    probe = Probe.objects.get(kind=kind)
    assert probe.done_at is None
    assert DBTaskResult.objects.filter(task_path__endswith="run_probe").count() >= 1
    health.run_probe.func(probe.pk)
    return Probe.objects.get(kind=kind)


@pytest.fixture
def well(platform: Platform, browser: Client) -> Platform:
    platform.server.answers["/token"] = Answer({"access_token": "t", "expires_in": 3600})
    platform.server.answers["/members"] = Answer({"members": [{"user_id": "1"}, {"user_id": "2"}]})
    platform.enter(browser)
    return platform


@pytest.mark.parametrize(
    ("kind", "path", "said"),
    [
        ("keys", "/jwks", "It has 1 key."),
        ("token", "/token", "It gives us tokens for rosters and for grades."),
        ("roster", "/members", "Its first page names 2 members."),
    ],
)
def test_each_test(well: Platform, desk: Client, kind: str, path: str, said: str) -> None:
    probe = run(desk, well, kind)
    assert (probe.worked, probe.said) == (True, said)
    assert said in page(desk, well)
    for wrong in (Answer({}, status=503), Answer(b"<html>its own words</html>"), Answer([])):
        well.server.answers[path] = wrong
        probe = run(desk, well, kind)
        assert not probe.worked
        assert "its own words" not in probe.said
    assert Probe.objects.count() == 1


def test_keys_that_cannot_be_used_fail(well: Platform, desk: Client) -> None:
    well.server.answers["/jwks"] = Answer({"keys": [{"kty": "EC", "kid": "1"}]})
    assert not run(desk, well, "keys").worked


def test_a_platform_without_grades(well: Platform, desk: Client) -> None:
    def picky(asked: Any) -> Answer:
        return Answer({"access_token": "t"}, status=400 if "score" in asked.form["scope"] else 200)

    well.server.answers["/token"] = picky
    assert run(desk, well, "token").said == "It gives us tokens for rosters, but none for grades."


def test_without_a_roster_it_says_so(platform: Platform, desk: Client) -> None:
    assert "open an activity in a course first" in run(desk, platform, "roster").said


def test_a_page_that_waits_says_so(well: Platform, desk: Client) -> None:
    health.ask(well.row, "keys")
    assert "data-look-again" in page(desk, well)


def test_a_test_that_there_is_not(platform: Platform, desk: Client) -> None:
    path = reverse("admin:companion_lti_registration_health", args=[platform.row.pk])
    assert desk.post(path, {"test": "everything"}).status_code == 400
    assert desk.get(path.replace(str(platform.row.pk), "999")).status_code == 404
    assert health.run_probe.func(999) == "gone"


def test_not_for_everybody(platform: Platform, browser: Client, db: None) -> None:
    path = reverse("admin:companion_lti_registration_health", args=[platform.row.pk])
    assert browser.get(path).status_code == 302
    browser.force_login(get_user_model().objects.create_user("clerk", is_staff=True))
    assert browser.get(path).status_code == 403


def test_the_page_takes_as_many_queries_for_many(
    well: Platform, desk: Client, django_assert_max_num_queries: Any
) -> None:
    with django_assert_max_num_queries(14):
        page(desk, well)


# -- letting platforms in ------------------------------------------------------------------------------------


def test_a_link_is_made_and_shown_once(desk: Client) -> None:
    owner = spaces.ensure_organization(name="Northwind")
    form = {"organization": owner.pk, "name": "Moodle"}
    answer = desk.post(reverse("admin:companion_lti_invite_add"), form, follow=True)
    found = re.search(r"http://localhost:8601/lti/register/[\w-]+", answer.content.decode())
    assert found
    assert new_browser().get(urlsplit(found[0]).path).status_code == 200
    assert Invite.objects.count() == 1
    listed = desk.get(reverse("admin:companion_lti_invite_changelist")).content.decode()
    assert "Moodle" in listed
    assert "/lti/register/" not in listed


def test_approving_a_registration_lets_it_in(platform: Platform, desk: Client, browser: Client) -> None:
    Registration.objects.update(is_approved=False)
    platform.row.refresh_from_db()
    assert platform.ask_login(browser).status_code == 403
    chosen = {"action": "approve", "_selected_action": str(platform.row.pk)}
    assert desk.post(reverse("admin:companion_lti_registration_changelist"), chosen).status_code == 302
    assert platform.launch(browser).status_code == 303
    assert Deployment.objects.count() == 1


@pytest.mark.parametrize("model", ["registration", "deployment"])
def test_who_may_only_look_approves_nothing(platform: Platform, browser: Client, model: str) -> None:
    clerk = get_user_model().objects.create_user("clerk", is_staff=True)
    clerk.user_permissions.add(Permission.objects.get(codename=f"view_{model}"))
    browser.force_login(clerk)
    Registration.objects.update(is_approved=False)
    Deployment.objects.update(is_approved=False)
    row = platform.row if model == "registration" else platform.deployment
    chosen = {"action": "approve", "_selected_action": str(row.pk)}
    browser.post(reverse(f"admin:companion_lti_{model}_changelist"), chosen)
    assert not Registration.objects.get().is_approved
    assert not Deployment.objects.get().is_approved


@pytest.mark.parametrize("what", ["registration", "deployment"])
def test_shutting_a_platform_out_ends_its_visits(platform: Platform, browser: Client, what: str) -> None:
    session = platform.enter(browser)
    assert browser.get(page_of(session)).status_code == 200
    if what == "registration":
        platform.row.is_active = False
        platform.row.save()
    else:
        platform.deployment.is_approved = False
        platform.deployment.save()
    assert browser.get(page_of(session)).status_code == 401


def test_a_platform_that_was_shut_out_is_called_no_more(platform: Platform, browser: Client) -> None:
    platform.enter(browser)
    platform.row.is_active = False
    platform.row.save()
    assert roster.read_roster.func(Roster.objects.get().pk).startswith("stopped")
    assert platform.server.asked == [asked for asked in platform.server.asked if asked.path == "/jwks"]
