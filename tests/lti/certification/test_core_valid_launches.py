"""Ben, who teaches, and Ana, who learns, come with all that a platform may say and leave out: they get in, with the
role that the course gives them and no more, and write under the name that came along.

The cases are those of "Valid Teacher Launches" and "Valid Student Launches" in 1EdTech's LTI Advantage Conformance
Certification Guide 1.3, sections 6.1.2 and 6.1.3 (https://www.imsglobal.org/spec/lti/v1p3/cert/#valid-teacher-launches),
one test by the name of each. The suite's roles are told by hypothesis/lms, tests/functional/lti_certification/v13/core;
its "Only Resource Link", newer than the guide, by atomicjolt/atomic_lti, additional_tests.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from companion_lti.models import LtiSession
from companion_lti.mount import viewer_of

from companion.viewer import Role
from tests.lti.conftest import new_browser
from tests.lti.platform import ANA, BEN, LEFT_OUT, LTI, NRPS, ROLE, Platform, page_of, recorded, session_of
from tests.lti.test_launch import opened, start_thread

BENS_NAME, BENS_EMAIL = "Tina Teacher", "teacher1@example.test"
ANAS_NAME, ANAS_EMAIL = "Ana Álvarez", "student1@example.test"

ROLES = LTI + "roles"
PERSON = "http://purl.imsglobal.org/vocab/lis/v2/institution/person#"
HELPER = "http://purl.imsglobal.org/vocab/lis/v2/unknown/unknown#Helper"
UNKNOWN = "http://purl.imsglobal.org/vocab/lis/v2/uknownrole/unknown#Unknown"

NAMELESS = dict.fromkeys(["name", "given_name", "family_name"], LEFT_OUT)
NO_EMAIL = {"email": LEFT_OUT}
NO_CONTEXT = {LTI + "context": LEFT_OUT}
REQUIRED = {"iss", "aud", "sub", "nonce", "iat", "exp"} | {
    LTI + name for name in "deployment_id target_link_uri message_type version roles resource_link".split()
}


def come(platform: Platform, message: str, changes: Mapping[str, Any], role: Role, name: str, email: str) -> LtiSession:
    """Somebody comes, reads, writes, and tries the settings: each page shows who they are."""
    browser = new_browser()
    launched = platform.launch(browser, message, changes)
    session = session_of(launched)
    page = browser.get(launched["Location"])
    assert page.status_code == 200
    assert "Bench graded discussion" in page.content.decode()
    assert (session.role, session.person.name, session.person.email) == (role, name, email)
    assert session.space.memberships.get(person=session.person).role == role

    thread = start_thread(viewer_of(session), opened(session))
    written = browser.get(page_of(session, f"threads/{thread.pk}/")).content.decode()
    assert f"<bdi>{name or f'Participant {session.person_id}'} (you)</bdi>" in written
    assert ('<span class="badge">Instructor</span>' in written) == (role == Role.INSTRUCTOR)
    assert "@example.test" not in written
    settings = browser.get(page_of(session, f"activities/{opened(session).uid}/settings/"))
    assert settings.status_code == (200 if role == Role.INSTRUCTOR else 403)
    return session


def teaches(
    platform: Platform, changes: Mapping[str, Any], *, name: str = BENS_NAME, email: str = BENS_EMAIL
) -> LtiSession:
    return come(platform, BEN, changes, Role.INSTRUCTOR, name, email)


def learns(
    platform: Platform, changes: Mapping[str, Any], *, name: str = ANAS_NAME, email: str = ANAS_EMAIL
) -> LtiSession:
    return come(platform, ANA, changes, Role.LEARNER, name, email)


# -- 6.1.2 valid teacher launches ----------------------------------------------------------------------------


def test_valid_instructor_launch(platform: Platform) -> None:
    assert teaches(platform, {}).space.title == 'Bench & Course "One"'


def test_valid_instructor_launch_with_roles(platform: Platform) -> None:
    teaches(platform, {ROLES: [ROLE + "Instructor", PERSON + "Staff", PERSON + "Other"]})


def test_valid_instructor_launch_short_role(platform: Platform) -> None:
    teaches(platform, {ROLES: ["Instructor"]})


def test_valid_instructor_launch_unknown_role(platform: Platform) -> None:
    """A role that nobody knows gives nothing, and takes nothing from one beside it."""
    come(platform, BEN, {ROLES: [HELPER]}, Role.LEARNER, BENS_NAME, BENS_EMAIL)
    teaches(platform, {ROLES: [HELPER, ROLE + "Instructor"]})


@pytest.mark.parametrize("roles", [[], [""]])
def test_valid_instructor_launch_no_role(platform: Platform, roles: list[str]) -> None:
    """Whom the course gives no role may read and write, and no more."""
    come(platform, BEN, {ROLES: roles}, Role.LEARNER, BENS_NAME, BENS_EMAIL)


def test_valid_instructor_launch_email_only(platform: Platform) -> None:
    """The address is no name: nobody in the course reads it."""
    teaches(platform, NAMELESS, name="")


@pytest.mark.parametrize("left_out", [{}, {"name": LEFT_OUT}], ids=["all", "parts"])
def test_valid_instructor_launch_names_only(platform: Platform, left_out: dict[str, Any]) -> None:
    teaches(platform, NO_EMAIL | left_out, email="")


def test_valid_instructor_no_pii(platform: Platform) -> None:
    teaches(platform, NAMELESS | NO_EMAIL, name="", email="")


def test_valid_instructor_email_without_context(platform: Platform) -> None:
    """Without a course the link stands for one: it is that of nobody else's course."""
    alone = teaches(platform, NAMELESS | NO_CONTEXT, name="")
    assert alone.space.title == ""
    assert alone.space_id != teaches(platform, {}).space_id


# -- 6.1.3 valid student launches ----------------------------------------------------------------------------


def test_valid_student_launch(platform: Platform) -> None:
    assert learns(platform, {}).space.title == 'Bench & Course "One"'


def test_valid_student_launch_with_roles(platform: Platform) -> None:
    learns(platform, {ROLES: [ROLE + "Learner", PERSON + "Student", PERSON + "Mentor"]})


def test_valid_student_launch_short_role(platform: Platform) -> None:
    learns(platform, {ROLES: ["Learner"]})


def test_valid_student_launch_unknown_role(platform: Platform) -> None:
    learns(platform, {ROLES: [ROLE + "Learner", UNKNOWN]})
    learns(platform, {ROLES: [UNKNOWN]})


@pytest.mark.parametrize("roles", [[], [""]])
def test_valid_student_launch_no_role(platform: Platform, roles: list[str]) -> None:
    learns(platform, {ROLES: roles})


def test_valid_student_launch_email_only(platform: Platform) -> None:
    learns(platform, NAMELESS, name="")


@pytest.mark.parametrize("left_out", [{}, {"name": LEFT_OUT}], ids=["all", "parts"])
def test_valid_student_launch_names_only(platform: Platform, left_out: dict[str, Any]) -> None:
    learns(platform, NO_EMAIL | left_out, email="")


def test_valid_student_no_pii(platform: Platform) -> None:
    learns(platform, NAMELESS | NO_EMAIL, name="", email="")


def test_valid_student_email_without_context(platform: Platform) -> None:
    """Ana and Ben meet at the link that they share, and whoever opens another one is elsewhere."""
    ana = learns(platform, NAMELESS | NO_CONTEXT, name="")
    other = {LTI + "resource_link": {"id": "77", "title": "Bench graded discussion"}}
    assert ana.space_id == teaches(platform, NAMELESS | NO_CONTEXT, name="").space_id
    assert ana.space_id != learns(platform, NAMELESS | NO_CONTEXT | other, name="").space_id


def test_valid_student_only_resource_link(platform: Platform) -> None:
    """Nothing but what LTI 1.3 requires."""
    bare = {name: LEFT_OUT for name in recorded(ANA)["claims"] if name not in REQUIRED}
    learns(platform, bare | {NRPS: LEFT_OUT}, name="", email="")
