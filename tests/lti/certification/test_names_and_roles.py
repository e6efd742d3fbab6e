"""Ben opens his course, and the tool asks the platform who else is in it: with a token of its own, for this service
alone, page by page. The platform is strict: whoever asks otherwise gets nothing.

The cases are those of "Names and Role Provisioning Services Testing" in 1EdTech's LTI Advantage Conformance
Certification Guide 1.3, section 6.3 (https://www.imsglobal.org/spec/lti/v1p3/cert/), one test by the name of each. The
guide has no case for what a membership says and how it is paged; Names and Role Provisioning Services 2.0 has rules
for both (https://www.imsglobal.org/spec/lti-nrps/v2p0/).
"""

from __future__ import annotations

import jwt
import pytest
from companion_lti.models import Roster
from django.test import Client

from companion.viewer import Role
from tests.lti.far_end import Answer, Asked
from tests.lti.platform import BEN, LEFT_OUT, NRPS, ROLE, Platform, session_of
from tests.lti.test_roster import ANA_LISTED, BEN_LISTED, CHEN_LISTED, active, members, read

SCOPE = "https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly"
CONTAINER = "application/vnd.ims.lti-nrps.v2.membershipcontainer+json"
JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
TOKEN = "for names and roles"
SUB_ROLE = "http://purl.imsglobal.org/vocab/lis/v2/membership/"
PERSON = "http://purl.imsglobal.org/vocab/lis/v2/institution/person#"


def give_token(asked: Asked) -> Answer:
    """The token service: who proves themselves in the way of LTI, and asks for this scope, gets a token."""
    form = asked.form
    if (form["grant_type"], form["client_assertion_type"]) != ("client_credentials", JWT_BEARER):
        return Answer({"error": "invalid_request"}, status=400)
    if form["scope"] != SCOPE:
        return Answer({"error": "invalid_scope"}, status=400)
    return Answer({"access_token": TOKEN, "token_type": "bearer", "expires_in": 3_600, "scope": SCOPE})


def serve(platform: Platform, answer: Answer, path: str = "/members", *, bearer: str = TOKEN) -> None:
    """A page of the membership service, for whoever brings the token and takes its format."""

    def give(asked: Asked) -> Answer:
        if asked.headers.get("authorization") != f"Bearer {bearer}":
            return Answer(status=401)
        return answer if asked.headers.get("accept") == CONTAINER else Answer(status=406)

    platform.server.answers[path] = give


@pytest.fixture
def school(platform: Platform) -> Platform:
    platform.server.answers["/token"] = give_token
    serve(platform, members(ANA_LISTED, BEN_LISTED, CHEN_LISTED))
    return platform


def work() -> Roster:
    """The task that the launch left to the worker, and the roster that it read."""
    read()
    return Roster.objects.get()


def only(school: Platform, path: str) -> Asked:
    """The only request for a path."""
    [asked] = [asked for asked in school.server.asked if asked.path == path]
    return asked


# -- 6.3 -----------------------------------------------------------------------------------------------------


def test_valid_instructor_launch(school: Platform, browser: Client) -> None:
    """With the claim of the service his course is looked up; without it Ben gets in all the same."""
    for changes, rosters in (({NRPS: LEFT_OUT}, 0), ({}, 1)):
        launched = school.launch(browser, BEN, changes)
        assert session_of(launched).role == Role.INSTRUCTOR
        assert browser.get(launched["Location"]).status_code == 200
        assert Roster.objects.count() == rosters


def test_received_request(school: Platform, browser: Client) -> None:
    school.enter(browser, BEN)
    assert school.server.count("/members") == 0
    roster = work()
    asked = only(school, "/members")
    assert (asked.method, asked.query, asked.form) == ("GET", {"limit": ["500"]}, {})
    assert (roster.error, roster.member_count) == ("", 3)


def test_verify_json_header(school: Platform, browser: Client) -> None:
    school.enter(browser, BEN)
    work()
    assert only(school, "/members").headers["accept"] == CONTAINER


def test_verify_bearer_token(school: Platform, browser: Client) -> None:
    """The token is the one that this tool, proven by its published key, was given."""
    school.enter(browser, BEN)
    work()
    assert only(school, "/members").headers["authorization"] == f"Bearer {TOKEN}"
    assertion = only(school, "/token").form["client_assertion"]
    header = jwt.get_unverified_header(assertion)
    keys = {key["kid"]: jwt.PyJWK(key) for key in browser.get("/lti/jwks").json()["keys"]}
    claims = jwt.decode(assertion, keys[header["kid"]], algorithms=["RS256"], audience=school.row.auth_token_url)
    assert claims["iss"] == claims["sub"] == school.row.client_id
    assert claims["jti"]


def test_a_bearer_token_that_the_service_refuses(school: Platform, browser: Client) -> None:
    """Nobody is listed, nobody is lost, and the administrator reads why."""
    serve(school, members(ANA_LISTED, BEN_LISTED, CHEN_LISTED), bearer="another")
    ben = school.enter(browser, BEN)
    roster = work()
    assert "401" in roster.error
    assert roster.synced_at is None
    assert active(ben) == {"3": "instructor"}


def test_verify_bearer_scope(school: Platform, browser: Client) -> None:
    """For reading who is in the course, and for nothing else."""
    school.enter(browser, BEN)
    work()
    assert only(school, "/token").form["scope"] == SCOPE


# -- Names and Role Provisioning Services 2.0 ------------------------------------------------------------------


def test_membership_is_read(school: Platform, browser: Client) -> None:
    ben = school.enter(browser, BEN)
    assert active(ben) == {"3": "instructor"}
    work()
    assert active(ben) == {"3": "instructor", "6": "learner", "9": "learner"}
    people = ben.space.memberships.values_list("person__subject", "person__name", "person__email")
    assert sorted(people) == [
        ("3", "Tina Teacher", "teacher1@example.test"),
        ("6", "Ana Álvarez", "ana@example.test"),
        ("9", "Chen Wei", ""),
    ]


def test_membership_is_read_with_paging(school: Platform, browser: Client) -> None:
    """To the last page: whoever stands on none of them is not in the course."""
    url = f"{school.server.url}/members"
    serve(school, members(BEN_LISTED, Link=f'<{url}/2>; rel="next"'))
    serve(school, members(ANA_LISTED, Link=f'<{url}/3>; rel="next", <{url}>; rel="first"'), "/members/2")
    serve(school, members(CHEN_LISTED, Link=f'<{url}>; rel="first"'), "/members/3")
    ben = school.enter(browser, BEN)
    assert work().member_count == 3
    assert active(ben) == {"3": "instructor", "6": "learner", "9": "learner"}
    assert [asked.path for asked in school.server.asked if asked.path.startswith("/members")] == [
        "/members",
        "/members/2",
        "/members/3",
    ]


@pytest.mark.parametrize(
    ("roles", "role"),
    [
        ([ROLE + "Instructor"], Role.INSTRUCTOR),
        (["Instructor"], Role.INSTRUCTOR),
        ([ROLE + "Learner"], Role.LEARNER),
        (["Learner"], Role.LEARNER),
        ([ROLE + "Instructor", SUB_ROLE + "Instructor#TeachingAssistant"], Role.INSTRUCTOR),
        ([SUB_ROLE + "Instructor#TeachingAssistant"], Role.ASSISTANT),
        ([ROLE + "Administrator"], Role.ADMINISTRATOR),
        ([ROLE + "Learner", PERSON + "Instructor"], Role.LEARNER),
        ([ROLE + "Mentor"], Role.LEARNER),
        ([""], Role.LEARNER),
        ([], Role.LEARNER),
    ],
)
def test_membership_roles(school: Platform, browser: Client, roles: list[str], role: Role) -> None:
    """A member who has not come yet stands in the course with the role that the same words give at a launch."""
    serve(school, members(BEN_LISTED, CHEN_LISTED | {"roles": roles}))
    ben = school.enter(browser, BEN)
    work()
    assert active(ben) == {"3": "instructor", "9": role}


@pytest.mark.parametrize(("status", "there"), [("Active", True), ("Inactive", False), ("Deleted", False)])
def test_membership_status(school: Platform, browser: Client, status: str, there: bool) -> None:
    serve(school, members(BEN_LISTED, ANA_LISTED | {"status": status}))
    ben = school.enter(browser, BEN)
    work()
    assert ("6" in active(ben)) == there
