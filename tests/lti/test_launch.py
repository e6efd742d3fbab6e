"""Ana and Ben come from their course: who they are here, what the link opens, and who never meets whom."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import pytest
from companion_lti import sessions
from companion_lti.models import LtiSession
from companion_lti.mount import viewer_of
from django.test import Client

from companion import clock
from companion.reflections import api as reflections
from companion.spaces import api as spaces
from companion.threads import api as threads
from companion.viewer import Role, Viewer
from tests.lti import platform as lms
from tests.lti.conftest import new_browser
from tests.lti.platform import ANA, BEN, LTI, Platform, page_of, post_launch, session_of

pytestmark = pytest.mark.every_database

LINK = LTI + "resource_link"
CUSTOM = LTI + "custom"
PRESENTATION = LTI + "launch_presentation"


def start_thread(viewer: Viewer, activity: spaces.Activity, title: str = "Who declares?") -> threads.Thread:
    return threads.start_thread(viewer=viewer, activity_uid=activity.uid, title=title, body="Is it me?")


def opened(session: LtiSession) -> spaces.Activity:
    """The only activity of a session's space."""
    [activity] = spaces.list_activities(viewer=viewer_of(session))
    return activity


def test_it_works(platform: Platform, browser: Client) -> None:
    answer = platform.launch(browser)
    assert answer.status_code == 303
    page = browser.get(answer["Location"])
    assert page.status_code == 200
    assert "Bench graded discussion" in page.content.decode()
    session = session_of(answer)
    assert browser.get(page_of(session)).status_code == 200
    assert opened(session).title == "Bench graded discussion"
    assert (session.person.name, session.person.email) == ("Ana Álvarez", "student1@example.test")
    assert session.space.title == 'Bench & Course "One"'
    assert session.space.memberships.get().role == Role.LEARNER


@pytest.mark.parametrize(
    ("message", "role"),
    [
        (lms.ANA, Role.LEARNER),
        (lms.ANA_UNGRADED, Role.LEARNER),
        (lms.ANA_NAMELESS, Role.LEARNER),
        (lms.BEN, Role.INSTRUCTOR),
        (lms.ADMIN, Role.INSTRUCTOR),
        (lms.BEN_PLACES, Role.INSTRUCTOR),
    ],
)
def test_what_moodle_sends_gets_in(platform: Platform, browser: Client, message: str, role: Role) -> None:
    answer = platform.launch(browser, message)
    session = session_of(answer)
    assert session.role == session.space.memberships.get(person=session.person).role == role
    page = browser.get(answer["Location"])
    assert page.status_code == 200
    assert ("Place a discussion" in page.content.decode()) == (message == lms.BEN_PLACES)


def test_a_reload_of_the_launch_is_refused(platform: Platform, browser: Client) -> None:
    login = platform.login(browser)
    token = platform.token(login)
    assert post_launch(browser, login.state, token).status_code == 303
    again = post_launch(browser, login.state, token)
    assert again.status_code == 403
    assert "open it again" in again.content.decode()


def test_a_demonstration_that_has_moved_the_time_lets_everybody_in(
    platform: Platform, browser: Client, tmp_path: Path
) -> None:
    """Platforms and browsers go by the machine's clock: what is valid for minutes does, too."""
    (tmp_path / "clock").write_text(str(8 * 24 * 3600))
    clock.follow(tmp_path / "clock")
    try:
        answer = platform.launch(browser)
        assert answer.status_code == 303
        assert browser.get(answer["Location"]).status_code == 200
        assert browser.get(page_of(session_of(answer))).status_code == 200
        assert session_of(answer).expires_at > clock.now()
    finally:
        clock.follow("")


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_two_frames_open_at_once(platform: Platform, browser: Client, order: tuple[int, int]) -> None:
    logins = [platform.login(browser), platform.login(browser)]
    opened = [session_of(post_launch(browser, logins[which].state, platform.token(logins[which]))) for which in order]
    assert [browser.get(page_of(session)).status_code for session in opened] == [200, 200]


def test_a_link_opened_again_opens_the_same_activity(platform: Platform, browser: Client) -> None:
    first = platform.launch(browser, ANA)
    renamed = {LINK: {"id": "1", "title": "Renamed"}}
    second = platform.launch(new_browser(), BEN, renamed)
    assert first["Location"].split("?")[0].split("/")[4:] == second["Location"].split("?")[0].split("/")[4:]
    other = platform.launch(browser, lms.ANA_UNGRADED)
    assert len(spaces.list_activities(viewer=viewer_of(session_of(other)))) == 2


def test_a_name_withheld_later_is_cleared_but_old_posts_show_it(platform: Platform, browser: Client) -> None:
    ana = platform.enter(browser)
    thread = start_thread(viewer_of(ana), opened(ana))
    later = platform.enter(browser, lms.ANA_NAMELESS)
    assert later.person_id == ana.person_id
    assert (later.person.name, later.person.email, later.name) == ("", "", "")
    new = start_thread(viewer_of(later), opened(later), "Without a name")
    bens = new_browser()
    ben = platform.enter(bens, BEN)
    assert "Ana Álvarez" in bens.get(page_of(ben, f"threads/{thread.pk}/")).content.decode()
    assert "Ana Álvarez" not in bens.get(page_of(ben, f"threads/{new.pk}/")).content.decode()


def assert_strangers(one: LtiSession, other: LtiSession, client: Client) -> None:
    """Nothing of one session's course is there in the other's."""
    assert one.person_id != other.person_id
    assert one.space_id != other.space_id
    assert opened(one).pk != opened(other).pk
    thread = start_thread(viewer_of(one), opened(one))
    client.cookies.clear()
    hidden = client.get(page_of(other, f"threads/{thread.pk}/"), headers=_token(other))
    missing = client.get(page_of(other, "threads/987654/"), headers=_token(other))
    assert hidden.status_code == missing.status_code == 404
    assert hidden.content == missing.content
    elsewhere = client.get(page_of(other, f"activities/{opened(one).uid}/"), headers=_token(other))
    assert elsewhere.status_code == 404
    assert client.get(page_of(one, f"threads/{thread.pk}/"), headers=_token(one)).status_code == 200


def _token(session: LtiSession) -> dict[str, str]:
    return {sessions.TOKEN_HEADER: sessions.page_token(session)}


@pytest.mark.parametrize(
    "second",
    [
        {"organization": "Elsewhere", "issuer": "https://other.example"},
        {"issuer": "https://other.example"},
        {"client_id": "another"},
    ],
)
def test_two_platforms_with_the_same_ids_never_meet(
    connect: Callable[..., Platform], browser: Client, second: dict[str, str]
) -> None:
    one = connect().enter(browser)
    other = connect(**second).enter(browser)
    assert_strangers(one, other, browser)
    assert (one.organization_id == other.organization_id) == ("organization" not in second)


def test_two_deployments_with_the_same_ids_never_meet(platform: Platform, browser: Client) -> None:
    platform.deploy("2")
    one = platform.enter(browser)
    other = platform.enter(browser, ANA, {LTI + "deployment_id": "2"})
    assert_strangers(one, other, browser)


def test_ids_that_differ_in_case_or_accent_are_different_people(platform: Platform, browser: Client) -> None:
    people = {platform.enter(browser, ANA, {"sub": sub}).person_id for sub in ("ana", "Ana", "aná", "ana ")}
    assert len(people) == 4


def place(session: LtiSession, title: str = "Set with care") -> spaces.Activity:
    settings = {"prompt": "What surprised you?", "anonymity": "off", "starters": "staff"}
    return spaces.create_activity(viewer=viewer_of(session), title=title, settings=settings, external_id=str(uuid4()))


def test_a_placed_link_opens_the_activity_it_was_placed_for(platform: Platform, browser: Client) -> None:
    placed = place(platform.enter(browser, lms.BEN_PLACES))
    answer = platform.launch(browser, ANA, {CUSTOM: {"companion_activity": str(placed.uid)}})
    assert str(placed.uid) in answer["Location"]


def test_a_link_copied_to_another_course_brings_its_settings_and_no_posts(platform: Platform, browser: Client) -> None:
    ben = platform.enter(browser, lms.BEN_PLACES)
    placed = place(ben)
    start_thread(viewer_of(ben), placed)
    copy = {CUSTOM: {"companion_activity": str(placed.uid)}, LTI + "context": {"id": "3", "title": "Rerun"}}
    ana = platform.enter(browser, ANA, copy)
    activity = opened(ana)
    assert activity.pk != placed.pk
    assert activity.settings == placed.settings
    assert "What surprised you?" in activity.prompt_html
    assert threads.list_threads(viewer=viewer_of(ana), activity=activity).rows == []
    assert opened(platform.enter(browser, ANA, copy)).pk == activity.pk


def test_a_link_that_names_another_organizations_activity_gets_a_new_one(
    connect: Callable[..., Platform], browser: Client
) -> None:
    placed = place(connect(organization="Elsewhere", issuer="https://x.example").enter(browser, lms.BEN))
    ana = connect().enter(browser, ANA, {CUSTOM: {"companion_activity": str(placed.uid)}})
    assert opened(ana).settings != placed.settings
    assert "surprised" not in opened(ana).prompt_html


@pytest.mark.parametrize(
    "custom", [None, {"companion_activity": None}, {"companion_activity": "$ResourceLink.id", "groups": "$X"}]
)
def test_custom_values_that_say_nothing_are_nothing(platform: Platform, browser: Client, custom: object) -> None:
    session = platform.enter(browser, ANA, {CUSTOM: custom})
    assert session.group_ids == []
    assert opened(session).title == "Bench graded discussion"


def test_groups_come_along(platform: Platform, browser: Client) -> None:
    ana = platform.enter(browser, ANA)
    assert sorted(ana.space.groups.values_list("external_id", flat=True)) == ["1", "2"]
    assert set(ana.group_ids) == set(ana.space.groups.values_list("pk", flat=True))
    ben = platform.enter(browser, BEN)
    assert ben.group_ids == [ana.space.groups.get(external_id="1").pk]


@pytest.mark.parametrize(
    ("told", "kind"),
    [("questions", "questions"), ("reflection", "reflection"), ("", "discussion"), ("wiki", "discussion")],
)
def test_a_link_made_by_hand_says_what_it_opens(platform: Platform, browser: Client, told: str, kind: str) -> None:
    ben = viewer_of(platform.enter(browser, BEN, {CUSTOM: {"companion_kind": told}}))
    [activity] = spaces.list_activities(viewer=ben)
    assert activity.kind == kind
    # Said once, at its first launch: a link does not change under its posts.
    platform.enter(browser, BEN, {CUSTOM: {"companion_kind": "questions"}})
    assert [one.kind for one in spaces.list_activities(viewer=ben)] == [kind]


@pytest.mark.parametrize(
    ("told", "known"), [("Asia/Tokyo", "Asia/Tokyo"), ("$Person.address.timezone", ""), ("Mars/Base", ""), ("", "")]
)
def test_a_time_zone_comes_along(platform: Platform, browser: Client, told: str, known: str) -> None:
    platform.launch(browser, ANA, {CUSTOM: {"companion_time_zone": told}})
    ana = viewer_of(platform.enter(browser, ANA))
    assert reflections.get_contact(viewer=ana).time_zone == known
    reflections.set_time_zone(viewer=ana, name="Europe/Berlin")
    platform.launch(browser, ANA, {CUSTOM: {"companion_time_zone": "Asia/Tokyo"}})
    assert reflections.get_contact(viewer=ana).time_zone == "Europe/Berlin"


@pytest.mark.parametrize(("locale", "language"), [("de_CH", "de"), ("ar", "ar"), ("xx", "en"), ("x" * 900, "en")])
def test_the_page_speaks_the_platforms_language(
    platform: Platform, browser: Client, locale: str, language: str
) -> None:
    answer = platform.launch(browser, ANA, {PRESENTATION: {"locale": locale}})
    assert f'<html lang="{language}"' in browser.get(answer["Location"]).content.decode()


def test_a_launch_with_nothing_but_a_sub_gets_in(platform: Platform, browser: Client) -> None:
    kept = {"iss", "aud", "sub", "nonce", "iat", "exp"} | {
        LTI + name for name in ("deployment_id", "target_link_uri", "message_type", "version", "roles")
    }
    bare = {name: lms.LEFT_OUT for name in lms.recorded(ANA)["claims"] if name not in kept}
    session = platform.enter(browser, ANA, bare | {lms.NRPS: lms.LEFT_OUT, LINK: {"id": "7"}, LTI + "roles": []})
    assert (session.role, session.name, opened(session).title) == (Role.LEARNER, "", "Discussion")
    other = platform.enter(browser, ANA, bare | {lms.NRPS: lms.LEFT_OUT, LINK: {"id": "8"}})
    assert other.space_id != session.space_id
