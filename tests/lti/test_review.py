"""Ben opens Ana's work from the gradebook of his platform: what she wrote under her name, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest
from companion_lti.models import LtiSession
from companion_lti.mount import viewer_of
from django.core.cache import cache
from django.http import HttpResponse
from django.test import Client

from companion.spaces.api import Activity
from companion.threads import api as threads
from tests.lti.conftest import new_browser
from tests.lti.platform import ANA, ANA_NAMELESS, BEN, LTI, Platform, page_of, post_launch, row_counts, session_of

ANAS = "6"
FOR_USER = LTI + "for_user"


def review(subject: Any = ANAS, **changes: Any) -> dict[str, Any]:
    return {LTI + "message_type": "LtiSubmissionReviewRequest", FOR_USER: {"user_id": subject}, **changes}


@pytest.fixture
def ana(platform: Platform) -> LtiSession:
    cache.clear()
    session = platform.enter(new_browser(), ANA)
    viewer, uid = viewer_of(session), Activity.objects.get().uid
    thread = threads.start_thread(viewer=viewer, activity_uid=uid, title="Signed", body="My own words")
    threads.add_reply(viewer=viewer, thread_id=thread.pk, body="One more")
    threads.add_reply(viewer=viewer, thread_id=thread.pk, body="Nobody knows", anonymous=True)
    return session


def opened(platform: Platform, message: str, changes: dict[str, Any]) -> HttpResponse:
    browser = new_browser()
    launched = platform.launch(browser, message, changes)
    assert launched.status_code == 303, launched.content
    return browser.get(launched["Location"])


def test_it_works(platform: Platform, ana: LtiSession) -> None:
    page = opened(platform, BEN, review())
    text = page.content.decode()
    assert page.status_code == 200
    assert f"What {ana.person.name} wrote here" in text.replace("&#x27;", "'")
    assert "My own words" in text
    assert "One more" in text
    assert "Nobody knows" not in text
    assert "1 thread" in text
    assert "1 reply" in text


def test_she_may_look_at_her_own(platform: Platform, ana: LtiSession) -> None:
    text = opened(platform, ANA, review()).content.decode()
    assert "What you wrote here under your name" in text
    assert "My own words" in text
    assert "Nobody knows" not in text


def test_another_learner_may_not(platform: Platform, ana: LtiSession) -> None:
    page = opened(platform, ANA_NAMELESS, review(sub="77"))
    assert page.status_code == 404
    assert "My own words" not in page.content.decode()


def test_somebody_of_another_course_is_nobody(platform: Platform, ana: LtiSession) -> None:
    elsewhere = review(**{LTI + "context": {"id": "9"}, LTI + "resource_link": {"id": "90"}})
    assert opened(platform, BEN, elsewhere).status_code == 404


def test_who_never_came_has_written_nothing(platform: Platform, ana: LtiSession) -> None:
    page = opened(platform, BEN, review("1234"))
    assert page.status_code == 200
    assert 'id="threads"' in page.content.decode()


def test_who_has_left_can_still_be_looked_at(platform: Platform, ana: LtiSession) -> None:
    ana.space.memberships.filter(person=ana.person_id).update(left_at=ana.expires_at)
    assert "My own words" in opened(platform, BEN, review()).content.decode()


@pytest.mark.parametrize("for_user", [{}, None, [], {"user_id": ""}, {"user_id": []}, {"user_id": "a" * 300}])
def test_without_somebody_to_look_at_it_is_refused(platform: Platform, browser: Client, for_user: Any) -> None:
    before = row_counts()
    login = platform.login(browser)
    changes = review(**{FOR_USER: for_user})
    assert post_launch(browser, login.state, platform.token(login, BEN, changes)).status_code == 400
    assert row_counts() == before


def test_twenty_a_page(platform: Platform, ana: LtiSession) -> None:
    uid = Activity.objects.get().uid
    for number in range(25):
        threads.start_thread(viewer=viewer_of(ana), activity_uid=uid, title=f"T{number}", body="x")
    browser = new_browser()
    session = session_of(platform.launch(browser, BEN))
    path = page_of(session, f"activities/{uid}/by/{ana.person_id}/")
    page = browser.get(path).content.decode()
    assert page.count("<article") == 20
    cursor = page.split("?after=")[1].split('"')[0]
    assert browser.get(f"{path}?after={cursor}").content.decode().count("<article") == 7
    assert browser.get(f"{path}?after=nonsense").status_code == 400


def test_the_page_takes_as_many_queries_for_many(
    platform: Platform, ana: LtiSession, django_assert_max_num_queries: Any
) -> None:
    uid = Activity.objects.get().uid
    for number in range(25):
        threads.start_thread(viewer=viewer_of(ana), activity_uid=uid, title=f"T{number}", body="x")
    browser = new_browser()
    session = session_of(platform.launch(browser, BEN))
    with django_assert_max_num_queries(5):
        assert browser.get(page_of(session, f"activities/{uid}/by/{ana.person_id}/")).status_code == 200
