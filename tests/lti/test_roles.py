"""Who somebody is in the course: the least privilege of what the platform says, at each launch (attack 20)."""

from __future__ import annotations

import pytest
from companion_lti.roles import read_role
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from companion.viewer import Role
from tests.lti.conftest import new_browser
from tests.lti.platform import ANA, BEN, LTI, ROLE, Platform

VOCABULARY = "http://purl.imsglobal.org/vocab/lis/v2/"
SUB_ROLE = VOCABULARY + "membership/"
INSTITUTION = VOCABULARY + "institution/person#"
SYSTEM = VOCABULARY + "system/person#"
TEST_USER = "http://purl.imsglobal.org/vocab/lti/system/person#TestUser"

TABLE = [
    ([], Role.LEARNER),
    ([ROLE + "Learner"], Role.LEARNER),
    ([ROLE + "Instructor"], Role.INSTRUCTOR),
    ([ROLE + "ContentDeveloper"], Role.INSTRUCTOR),
    ([ROLE + "Administrator"], Role.ADMINISTRATOR),
    ([ROLE + "Learner", ROLE + "Instructor"], Role.INSTRUCTOR),
    ([ROLE + "Mentor"], Role.LEARNER),
    ([ROLE + "Manager"], Role.LEARNER),
    ([ROLE + "Officer"], Role.LEARNER),
    ([ROLE + "instructor"], Role.LEARNER),
    ([SUB_ROLE + "Learner#Instructor"], Role.LEARNER),
    ([SUB_ROLE + "Instructor#TeachingAssistant", ROLE + "Learner"], Role.ASSISTANT),
    ([SUB_ROLE + "Instructor#TeachingAssistant"], Role.ASSISTANT),
    ([SUB_ROLE + "Instructor#Grader"], Role.ASSISTANT),
    ([SUB_ROLE + "Instructor#GuestInstructor"], Role.INSTRUCTOR),
    ([SUB_ROLE + "Instructor#PrimaryInstructor"], Role.INSTRUCTOR),
    ([SUB_ROLE + "Administrator#Administrator"], Role.ADMINISTRATOR),
    ([SUB_ROLE + "Administrator#Support"], Role.ASSISTANT),
    ([SUB_ROLE + "Mentor#Instructor"], Role.LEARNER),
    ([VOCABULARY + "membershipX#Instructor"], Role.LEARNER),
    ([INSTITUTION + "Administrator"], Role.LEARNER),
    ([SYSTEM + "Administrator"], Role.LEARNER),
    ([INSTITUTION + "Instructor"], Role.LEARNER),
    ([INSTITUTION + "Administrator", SYSTEM + "SysAdmin"], Role.LEARNER),
    ([ROLE + "Instructor", TEST_USER], Role.LEARNER),
    (["Instructor"], Role.INSTRUCTOR),
    (["Learner"], Role.LEARNER),
    (["Teacher"], Role.LEARNER),
    (["urn:lti:role:ims/lis/Instructor"], Role.LEARNER),
    (["https://evil.example/membership#Instructor"], Role.LEARNER),
]


def test_it_works(platform: Platform, browser: Client) -> None:
    assert platform.enter(browser, BEN).role == Role.INSTRUCTOR
    assert platform.enter(browser, ANA).role == Role.LEARNER


@pytest.mark.parametrize(("roles", "role"), TABLE)
def test_roles_are_read_with_the_least_privilege(roles: list[str], role: Role) -> None:
    assert read_role(roles) == role
    assert read_role([*roles, ROLE + "Learner", "", "#", "http://"]) == role


@given(st.lists(st.text() | st.text().map(ROLE.__add__) | st.text().map(SUB_ROLE.__add__)))
def test_whatever_is_not_in_the_vocabulary_is_a_learner(roles: list[str]) -> None:
    known = {"Administrator", "Instructor", "ContentDeveloper"}
    strange = [role for role in roles if not known & {role, role.removeprefix(ROLE)}]
    strange = [role for role in strange if not role.startswith((SUB_ROLE + "Instructor#", SUB_ROLE + "Admin"))]
    assert read_role(strange) == Role.LEARNER


def test_a_role_lost_between_launches_is_lost_at_the_next_one(platform: Platform, browser: Client) -> None:
    """Attack 20. Moodle sends a teacher who switches roles with the same `sub` as a learner."""
    taught = platform.enter(browser, BEN)
    switched = platform.enter(new_browser(), BEN, {LTI + "roles": [ROLE + "Learner"]})
    assert switched.person_id == taught.person_id
    assert switched.role == Role.LEARNER
    assert switched.space.memberships.get(person=switched.person).role == Role.LEARNER


def test_roles_of_one_course_are_none_in_another(platform: Platform, browser: Client) -> None:
    platform.enter(browser, BEN)
    elsewhere = {LTI + "context": {"id": "77"}, LTI + "roles": [INSTITUTION + "Instructor"]}
    assert platform.enter(browser, BEN, elsewhere).role == Role.LEARNER


def test_a_learner_gets_no_settings_and_a_teacher_does(platform: Platform, browser: Client) -> None:
    for message, status in ((ANA, 403), (BEN, 200)):
        answer = platform.launch(browser, message)
        settings = answer["Location"].split("?")[0] + "settings/"
        assert browser.get(settings).status_code == status


@pytest.mark.parametrize("roles", [None, "Instructor", {}, 7])
def test_roles_that_are_no_list_are_refused(platform: Platform, browser: Client, roles: object) -> None:
    assert platform.launch(browser, BEN, {LTI + "roles": roles}).status_code == 400


def test_what_is_no_text_among_the_roles_is_passed_over(platform: Platform, browser: Client) -> None:
    assert platform.enter(browser, BEN, {LTI + "roles": [None, 1, [], ROLE + "Instructor"]}).role == "instructor"
