"""Who an account of the platform is in a course, and what we keep of them."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from companion import clock
from companion.models import Group, Membership, Organization, Person, Space
from companion.openedx import people
from companion.openedx.people import LmsUser, role_of, viewer_of
from companion.spaces import api as spaces
from companion.threads import api as threads
from companion.viewer import Role
from tests.openedx.conftest import COURSE, OTHER_COURSE

WRITES = ("INSERT", "UPDATE", "DELETE")


def writes_of(call) -> list[str]:
    with CaptureQueriesContext(connection) as captured:
        call()
    return [query["sql"] for query in captured if query["sql"].startswith(WRITES)]


def groups_of(viewer) -> set[str]:
    return set(Group.objects.filter(people__pk=viewer.person_id).values_list("external_id", flat=True))


def test_it_works(lms, ana, visit):
    lms.titles[COURSE] = "Your first incident"
    lms.cohorts["ana", COURSE] = "Night shift"
    viewer = visit(ana)
    person, space = Person.objects.get(), Space.objects.get()
    assert (viewer.person_id, viewer.space_id, viewer.role, viewer.name) == (person.pk, space.pk, Role.LEARNER, "ana")
    assert (person.issuer, person.subject, person.email) == ("https://lms.example", str(ana.pk), "ana@example.test")
    assert (space.external_id, space.title) == (COURSE, "Your first incident")
    assert Organization.objects.get(pk=viewer.organization_id).name == "Northwind Academy"
    assert Membership.objects.get().role == "learner"
    assert groups_of(viewer) == {"cohort Night shift"}


# -- roles -------------------------------------------------------------------------------------------------------

STAFF, GLOBAL = {"is_staff": True}, {"is_staff": True, "is_global_staff": True}


@pytest.mark.parametrize(
    ("user", "access", "forum", "enrolled", "role"),
    [
        (GLOBAL, [], [], False, Role.ADMINISTRATOR),
        (GLOBAL, ["limited_staff"], [], False, Role.ADMINISTRATOR),
        (GLOBAL, ["instructor"], [], False, Role.INSTRUCTOR),
        (STAFF, ["instructor"], [], False, Role.INSTRUCTOR),
        (STAFF, ["staff"], [], True, Role.INSTRUCTOR),
        (STAFF, ["staff"], ["Moderator"], True, Role.INSTRUCTOR),
        (STAFF, [], [], False, Role.INSTRUCTOR),
        (STAFF, ["limited_staff"], [], False, Role.ASSISTANT),
        ({}, [], ["Administrator"], True, Role.ASSISTANT),
        ({}, [], ["Moderator"], True, Role.ASSISTANT),
        ({}, [], ["Community TA"], True, Role.ASSISTANT),
        ({}, [], ["Moderator"], False, None),
        ({}, [], ["Student"], True, Role.LEARNER),
        ({}, [], [], True, Role.LEARNER),
        ({}, [], [], False, None),
        ({}, ["beta_testers"], [], True, Role.LEARNER),
        ({}, ["beta_testers"], [], False, None),
        ({}, ["a role of next year"], ["Group Moderator"], True, Role.LEARNER),
        # Not treated as staff though they are: they look at the course as a learner does.
        ({}, ["instructor"], [], True, Role.LEARNER),
        ({}, ["staff"], ["Moderator"], True, Role.LEARNER),
        ({}, ["limited_staff"], [], True, Role.LEARNER),
        ({}, ["instructor"], [], False, None),
        ({"is_global_staff": True}, [], [], True, Role.LEARNER),
    ],
)
def test_roles(lms, db, user, access, forum, enrolled, role):
    account = lms.account("somebody")
    for name in access:
        lms.grant(account, name)
    for name in forum:
        lms.name_in_forum(account, name)
    if enrolled:
        lms.enrol(account)
    assert role_of(LmsUser(id=account.pk, **user), COURSE) is role


def test_a_role_in_one_course_is_none_in_another(lms, ben, visit):
    assert visit(ben).role is Role.INSTRUCTOR
    assert visit(ben, OTHER_COURSE) is None
    lms.enrol(ben, OTHER_COURSE)
    assert visit(ben, OTHER_COURSE).role is Role.LEARNER


def test_a_role_in_an_organization_is_one_in_all_of_its_courses(lms, db, visit):
    user = lms.account("ola")
    lms.grant(user, "staff", "Northwind")
    assert visit(user).role is Role.INSTRUCTOR
    assert visit(user, OTHER_COURSE).role is Role.INSTRUCTOR
    assert visit(user, "course-v1:Elsewhere+A+1") is None


def test_who_has_no_place_in_the_course_leaves_no_trace(dee, visit):
    assert visit(dee) is None
    assert not Person.objects.exists()
    assert not Space.objects.exists()
    assert not Organization.objects.exists()


# -- what is kept ------------------------------------------------------------------------------------------------


def test_twice_is_once_and_the_second_visit_writes_nothing(ana, visit):
    first = visit(ana)
    assert writes_of(lambda: visit(ana)) == []
    assert visit(ana) == first
    assert (Person.objects.count(), Space.objects.count(), Membership.objects.count()) == (1, 1, 1)


def test_an_hour_later_the_platform_is_asked_again(lms, ana, visit):
    """Course titles and cohorts cost a look into the platform."""
    viewer = visit(ana)
    lms.titles[COURSE], lms.cohorts["ana", COURSE] = "Renamed", "Day shift"
    visit(ana)
    assert (Space.objects.get().title, groups_of(viewer)) == ("", set())
    with clock.at(clock.now() + timedelta(hours=1, seconds=1)):
        visit(ana)
        assert (Space.objects.get().title, groups_of(viewer)) == ("Renamed", {"cohort Day shift"})
        assert writes_of(lambda: visit(ana)) == []


def test_another_role_is_noted_at_once(lms, ana, visit):
    visit(ana)
    lms.grant(ana, "staff")
    assert visit(ana).role is Role.INSTRUCTOR
    assert Membership.objects.get().role == "instructor"


def test_who_left_and_is_back_is_a_member_again_at_once(lms, ana, visit):
    viewer = visit(ana)
    Membership.objects.update(left_at=clock.now())
    visit(ana)
    assert spaces.active_people(space_id=viewer.space_id) == {viewer.person_id}


def test_a_person_is_one_in_all_courses_of_an_organization(lms, ana, visit):
    lms.enrol(ana, OTHER_COURSE)
    here, there = visit(ana), visit(ana, OTHER_COURSE)
    assert here.person_id == there.person_id
    assert here.space_id != there.space_id


def test_courses_of_two_organizations_have_nothing_in_common(lms, ana, visit):
    lms.enrol(ana, OTHER_COURSE)
    here = visit(ana)
    lms.of_organizations["Northwind", "COMPANION_ORGANIZATION"] = "Northwind Rail"
    there = visit(ana, OTHER_COURSE)
    assert here.organization_id != there.organization_id
    assert here.person_id != there.person_id


def test_an_organization_that_was_rolled_back_is_not_remembered(lms, ana, visit):
    """The platform rolls a request back as a whole: its first page may have failed after ours was drawn."""
    with transaction.atomic():
        gone = visit(ana).organization_id
        transaction.set_rollback(True)
    # The next one may even get the same id.
    spaces.ensure_organization(name="Elsewhere")
    viewer = visit(ana)
    assert Organization.objects.get(pk=viewer.organization_id).name == "Northwind Academy", gone


def test_an_organization_is_looked_up_once(lms, ana, visit, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        viewer = visit(ana)
    with CaptureQueriesContext(connection) as captured:
        assert visit(ana) == viewer
    assert not [query for query in captured if "companion_organization" in query["sql"]]


def test_the_space_of_a_course_that_nobody_opened_is_not_made(lms, ana, visit):
    assert people.space_of(COURSE) is None
    assert not Organization.objects.exists()
    viewer = visit(ana)
    assert people.space_of(COURSE).pk == viewer.space_id
    assert people.space_of(OTHER_COURSE) is None


# -- names -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("setting", "name"), [(None, "ana"), ("username", "ana"), ("full_name", "Ana Torres")])
def test_people_are_called_as_the_organization_wants(lms, ana, settings, setting, name):
    if setting:
        settings.COMPANION_NAMES = setting
    user = LmsUser(id=ana.pk, username="ana", full_name="Ana Torres")
    assert viewer_of(user, COURSE).name == name
    assert Person.objects.get().name == name


def test_a_full_name_is_the_same_on_a_page_as_in_a_block(lms, ana, visit, settings):
    """Blocks hear the profile's; an account's own fields are empty in an LMS."""
    settings.COMPANION_NAMES = "full_name"
    ana.profile = SimpleNamespace(name="Ana Torres")
    assert visit(ana).name == "Ana Torres"


def test_a_learner_without_a_name_or_an_address_takes_part(lms, ana):
    viewer = viewer_of(LmsUser(id=ana.pk), COURSE)
    assert (viewer.name, Person.objects.get().email) == ("", "")
    activity = spaces.ensure_activity(space_id=viewer.space_id, external_id="a", title="A")
    threads.start_thread(viewer=viewer, activity_uid=activity.uid, title="T", body="B")
    row = threads.list_threads(viewer=viewer, activity=activity).rows[0]
    assert row.author.name == f"Participant {viewer.person_id} (you)"


def test_a_name_that_is_no_longer_told_is_forgotten(lms, ana):
    viewer_of(LmsUser(id=ana.pk, username="ana", email="ana@example.test"), COURSE)
    assert viewer_of(LmsUser(id=ana.pk), COURSE).name == ""
    assert (Person.objects.get().name, Person.objects.get().email) == ("", "")


def test_a_block_and_a_page_mean_the_same_person(ana, visit):
    """Blocks hear of people from a service, pages from the session."""
    told = LmsUser(id=ana.pk, username="ana", full_name="Ana Torres", email="ana@example.test")
    assert viewer_of(told, COURSE) == visit(ana)
