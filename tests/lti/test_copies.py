"""Ben's course runs again: whatever his platform tells of where a link came from, its settings come along and its
posts do not; a link that he duplicates within the course is a discussion of its own.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote
from uuid import UUID

import pytest
from companion_lti import notices, registry
from companion_lti.models import ContextCopy, Deployment, LtiSession, ResourceLink
from companion_lti.mount import viewer_of
from django.core.cache import cache
from django.http import HttpResponse
from django.test import Client
from django_tasks_db.models import DBTaskResult

from companion.spaces import api as spaces
from companion.spaces.api import Activity
from companion.threads import api as threads
from tests.lti import platform as lms
from tests.lti.conftest import new_browser
from tests.lti.far_end import Answer
from tests.lti.platform import ANA, LTI, Platform, sign
from tests.lti.test_deep_linking import FILLED, answer_in, send

pytestmark = pytest.mark.every_database

CUSTOM = LTI + "custom"
PNS = LTI + "platformnotificationservice"
OFF = {"anonymity": "off", "prompt": "What surprised you?"}


def link(link_id: str, context: str = "2", title: str = "Week 1", **custom: str) -> dict[str, Any]:
    """A launch of this link in this course."""
    return {
        LTI + "resource_link": {"id": link_id, "title": title},
        LTI + "context": {"id": context, "title": f"Course {context}"},
        CUSTOM: custom,
    }


def enter(platform: Platform, launch: dict[str, Any]) -> Activity:
    """Where Ana gets to."""
    response = platform.launch(new_browser(), ANA, launch)
    assert response.status_code == 303, response.content
    uid = UUID(response["Location"].split("/activities/")[1].split("/")[0])
    return spaces.get_activity(viewer=viewer_of(lms.session_of(response)), uid=uid)


def set_up(platform: Platform, launch: dict[str, Any], **settings: Any) -> Activity:
    """The activity of a link after Ben has set it up and somebody has written in it."""
    activity = enter(platform, launch)
    ben = viewer_of(platform.enter(new_browser(), lms.BEN, launch))
    spaces.configure_activity(
        viewer=ben, uid=activity.uid, title=activity.title, settings=activity.settings | OFF | settings
    )
    threads.start_thread(viewer=ben, activity_uid=activity.uid, title="Hello", body="Who is here?")
    return Activity.objects.get(pk=activity.pk)


def place(platform: Platform, browser: Client) -> tuple[dict[str, str], LtiSession]:
    """What Ben's platform keeps of a placement that he has just made."""
    session = platform.enter(browser, lms.BEN_PLACES)
    [item] = answer_in(browser, send(browser, session, **FILLED))[lms.DL + "content_items"]
    return item["custom"], session


def assert_settings_only(copy: Activity, original: Activity) -> None:
    assert copy.pk != original.pk
    assert copy.space_id != original.space_id
    assert copy.settings == original.settings
    assert "surprised" in copy.prompt_html
    assert copy.threads.count() == 0


# -- by the placement's own parameters -----------------------------------------------------------------------


def test_it_works(platform: Platform, browser: Client) -> None:
    custom, _session = place(platform, browser)
    original = set_up(platform, link("1", **custom))
    assert str(original.uid) == custom["companion_activity"]
    assert_settings_only(enter(platform, link("9", "3", **custom)), original)


def test_a_duplicate_within_the_course_is_a_discussion_of_its_own(platform: Platform, browser: Client) -> None:
    custom, _session = place(platform, browser)
    original = set_up(platform, link("1", **custom))
    twin = enter(platform, link("2", **custom))
    assert twin.pk != original.pk
    assert twin.space_id == original.space_id
    assert twin.settings == original.settings
    assert twin.threads.count() == 0
    assert enter(platform, link("1", **custom)).pk == original.pk
    assert enter(platform, link("2", **custom)).pk == twin.pk


def test_a_second_spot_that_the_author_chose_opens_the_same(platform: Platform, browser: Client) -> None:
    custom, session = place(platform, browser)
    original = set_up(platform, link("1", **custom))
    again = platform.enter(browser, lms.BEN_PLACES)
    [item] = answer_in(browser, send(browser, again, activity=str(original.uid)))[lms.DL + "content_items"]
    assert enter(platform, link("2", **item["custom"])).pk == original.pk


def test_19_a_copy_of_a_copy_has_what_the_copy_had(platform: Platform, browser: Client) -> None:
    custom, _session = place(platform, browser)
    set_up(platform, link("1", **custom))
    copy = set_up(platform, link("9", "3", **custom), prompt="What surprised you this time?")
    again = enter(platform, link("11", "4", **custom, context_id_history="3,2"))
    assert_settings_only(again, copy)
    assert "this time" in again.prompt_html


def test_19_a_copy_of_a_copy_that_nobody_opened(platform: Platform, browser: Client) -> None:
    custom, _session = place(platform, browser)
    original = set_up(platform, link("1", **custom))
    assert_settings_only(enter(platform, link("11", "4", **custom, context_id_history="3,2")), original)


# -- by histories --------------------------------------------------------------------------------------------


def test_the_history_of_a_link_is_walked_to_its_end(platform: Platform) -> None:
    original = set_up(platform, link("1"))
    copy = enter(platform, link("11", "4", resource_link_id_history="10,1", context_id_history="3,2"))
    assert_settings_only(copy, original)


def test_the_nearest_ancestor_counts(platform: Platform) -> None:
    set_up(platform, link("1"))
    nearer = set_up(platform, link("10", "3"), prompt="What surprised you this time?")
    copy = enter(platform, link("11", "4", resource_link_id_history="10,1"))
    assert_settings_only(copy, nearer)


def test_ids_in_a_history_are_url_encoded(platform: Platform) -> None:
    odd = "a,b c/ü"
    original = set_up(platform, link(odd))
    copy = enter(platform, link("11", "4", resource_link_id_history=f"{quote('x,y', safe='')},{quote(odd, safe='')}"))
    assert_settings_only(copy, original)


def test_a_link_without_history_is_found_by_its_title_in_the_course_before(platform: Platform) -> None:
    original = set_up(platform, link("1", title="Week 1"))
    set_up(platform, link("2", title="Week 2"), prompt="Other")
    assert_settings_only(enter(platform, link("11", "4", "Week 1", context_id_history="3,2")), original)


def test_of_two_with_the_same_title_neither_is_taken(platform: Platform) -> None:
    original = set_up(platform, link("1"))
    set_up(platform, link("2"))
    copy = enter(platform, link("11", "4", context_id_history="2"))
    assert copy.settings != original.settings


def test_an_open_edx_rerun_has_the_same_link_ids(platform: Platform) -> None:
    original = set_up(platform, link("1"))
    assert_settings_only(enter(platform, link("1", "course-v1:X+Y+rerun")), original)


def test_variables_that_were_not_substituted_tell_nothing(platform: Platform) -> None:
    original = set_up(platform, link("1", title="A"))
    plain = {"resource_link_id_history": "$ResourceLink.id.history", "context_id_history": "$Context.id.history"}
    assert enter(platform, link("11", "4", **plain)).settings != original.settings


def test_another_deployments_ids_tell_nothing(platform: Platform) -> None:
    original = set_up(platform, link("1"))
    platform.deploy("2")
    elsewhere = {LTI + "deployment_id": "2"}
    copy = enter(platform, link("11", "4", resource_link_id_history="1", context_id_history="2") | elsewhere)
    assert copy.settings != original.settings


# -- by a notice ---------------------------------------------------------------------------------------------


def notice(platform: Platform, **changes: Any) -> dict[str, Any]:
    """The claims of Canvas's notice that course 4 was copied from course 2."""
    login = platform.login(new_browser())
    claims = platform.claims(ANA, login, {LTI + "notice": {"id": "n1", "type": "LtiContextCopyNotice"}})
    for name in ("sub", LTI + "resource_link", LTI + "roles"):
        claims.pop(name, None)
    return claims | {LTI + "context": {"id": "4"}, LTI + "origin_contexts": ["2"]} | changes


def tell(*notices: object) -> HttpResponse:
    body = {"notices": [{"jwt": sign(claims) if isinstance(claims, dict) else claims} for claims in notices]}
    return new_browser().post("/lti/notices", body, content_type="application/json")


def test_a_notice_of_a_copied_course_stands_in_for_a_history(platform: Platform, browser: Client) -> None:
    original = set_up(platform, link("1"))
    assert tell(notice(platform)).status_code == 204
    assert tell(notice(platform)).status_code == 204
    assert ContextCopy.objects.count() == 1
    assert_settings_only(enter(platform, link("11", "4")), original)


def test_notices_of_a_copy_of_a_copy_are_walked(platform: Platform) -> None:
    original = set_up(platform, link("1"))
    further = notice(platform, **{LTI + "context": {"id": "5"}, LTI + "origin_contexts": ["4"]})
    assert tell(notice(platform), further).status_code == 204
    assert_settings_only(enter(platform, link("11", "5")), original)


def test_notices_in_a_circle_come_to_an_end(platform: Platform) -> None:
    back = notice(platform, **{LTI + "context": {"id": "2"}, LTI + "origin_contexts": ["4"]})
    assert tell(notice(platform), back).status_code == 204
    enter(platform, link("11", "4"))


def test_another_kind_of_notice_is_no_fault(platform: Platform) -> None:
    assert tell(notice(platform, **{LTI + "notice": {"id": "n", "type": "LtiHelloWorldNotice"}})).status_code == 204
    assert not ContextCopy.objects.exists()


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"iss": "https://nobody.example"}, 404),
        ({"aud": "another"}, 404),
        ({"exp": 1}, 403),
        ({"iat": 1}, 403),
        ({"azp": 3}, 400),
        ({LTI + "deployment_id": "7"}, 403),
        ({LTI + "deployment_id": 7}, 400),
        ({LTI + "context": {}}, 400),
        ({LTI + "context": []}, 400),
        ({LTI + "origin_contexts": [2]}, 400),
        ({LTI + "origin_contexts": "2"}, 400),
    ],
)
def test_a_wrong_notice_is_refused(platform: Platform, changes: dict[str, Any], status: int) -> None:
    assert tell(notice(platform), notice(platform, **changes)).status_code == status
    assert not ContextCopy.objects.exists()


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b'{"notices": 3}', b'{"notices": [3]}', b'{"notices": [{"jwt": 1}]}']
)
def test_what_is_no_notice_is_refused(platform: Platform, body: bytes) -> None:
    assert new_browser().post("/lti/notices", body, content_type="application/json").status_code == 400


def test_a_notice_signed_by_somebody_else_is_refused(platform: Platform) -> None:
    forged = sign(notice(platform), key="second")
    assert tell(forged).status_code == 403
    assert tell("a.b.c").status_code == 400
    assert not ContextCopy.objects.exists()


def offer(platform: Platform) -> dict[str, Any]:
    url = f"{platform.server.url}/notice-handlers/1"
    kinds = ["LtiHelloWorldNotice", "LtiContextCopyNotice"]
    return {
        PNS: {"platform_notification_service_url": url, "notice_types_supported": kinds, "service_versions": ["1.0"]}
    }


def test_a_launch_that_offers_notices_has_us_registered_once(platform: Platform) -> None:
    platform.server.answers["/token"] = Answer({"access_token": "t", "expires_in": 3600})
    platform.server.answers["/notice-handlers/1"] = Answer({})
    cache.clear()
    for _launch in range(2):
        platform.enter(new_browser(), ANA, offer(platform))
    assert DBTaskResult.objects.filter(task_path__endswith="register_handler").count() == 1
    assert notices.register_handler.call(Deployment.objects.get().pk) == "registered"
    [asked] = [asked for asked in platform.server.asked if asked.path == "/notice-handlers/1"]
    assert asked.method == "PUT"
    assert asked.headers["authorization"] == "Bearer t"
    assert asked.json == {"notice_type": "LtiContextCopyNotice", "handler": "http://localhost:8601/lti/notices"}
    assert platform.server.asked_for("/token").form["scope"] == notices.SCOPE


def test_a_platform_that_refuses_is_not_asked_again(platform: Platform) -> None:
    platform.server.answers["/token"] = Answer({"access_token": "t", "expires_in": 3600})
    platform.server.answers["/notice-handlers/1"] = Answer({}, status=403)
    platform.enter(new_browser(), ANA, offer(platform))
    assert notices.register_handler.call(Deployment.objects.get().pk).startswith("stopped")


def test_two_launches_of_one_placement_make_one_link(platform: Platform, browser: Client) -> None:
    custom, _session = place(platform, browser)
    for _launch in range(2):
        enter(platform, link("1", **custom))
    assert ResourceLink.objects.count() == 1


def test_a_platform_that_refused_is_asked_another_day(platform: Platform) -> None:
    cache.clear()
    platform.server.answers["/token"] = Answer({"access_token": "t", "expires_in": 3600})
    platform.server.answers["/notice-handlers/1"] = Answer({}, status=403)
    for launches in (1, 2):
        platform.enter(new_browser(), ANA, offer(platform))
        registry.forget()
        notices.register_handler.func(Deployment.objects.get().pk)
        assert DBTaskResult.objects.filter(task_path__endswith="register_handler").count() == 1, launches
    cache.clear()
    platform.enter(new_browser(), ANA, offer(platform))
    assert DBTaskResult.objects.filter(task_path__endswith="register_handler").count() == 2


def test_a_notice_of_a_platform_that_waits_for_approval_is_refused(platform: Platform) -> None:
    told = notice(platform)
    platform.row.is_approved = False
    platform.row.save()
    assert tell(told).status_code == 403


def test_institutions_that_share_a_registration_share_nothing_else(connect: Any, browser: Client) -> None:
    """Blackboard: one client id for everybody, and the id of an activity stands in every permalink."""
    shared = connect(issuer="https://blackboard.com")
    session = shared.enter(browser, lms.BEN_PLACES)
    send(browser, session, **FILLED)
    [placed] = Activity.objects.filter(title=FILLED["title"])
    custom = {"companion_activity": str(placed.uid)}
    original = set_up(shared, link("1", **custom))
    shared.deploy("2")
    elsewhere = enter(shared, link("9", "3", **custom) | {LTI + "deployment_id": "2"})
    assert elsewhere.settings != original.settings
    assert_settings_only(enter(shared, link("9", "3", **custom)), original)
