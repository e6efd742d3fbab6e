"""What the platform tells us, as it happens. Its own event classes, sent to receivers that its own code connected."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django_tasks_db.models import DBTaskResult
from opaque_keys.edx.keys import CourseKey
from openedx_events.learning.data import (
    CertificateData,
    CohortData,
    CourseData,
    CourseEnrollmentData,
    UserData,
    UserPersonalData,
)
from openedx_events.learning.signals import (
    CERTIFICATE_CREATED,
    COHORT_MEMBERSHIP_CHANGED,
    COURSE_ENROLLMENT_CHANGED,
    COURSE_ENROLLMENT_CREATED,
    COURSE_UNENROLLMENT_COMPLETED,
)

from companion import clock
from companion.errors import InvalidInput
from companion.models import (
    Delivery,
    Group,
    GroupMembership,
    Membership,
    Milestone,
    Organization,
    Person,
    Space,
)
from companion.reflections import api as reflections
from companion.spaces import api as spaces
from companion.spaces.kinds import Kind
from companion.viewer import Viewer
from tests.openedx.conftest import COURSE, OTHER_COURSE, BlockCompletion, ContentDate, UserDate


@pytest.fixture(autouse=True)
def _connected(plugged_in: Any) -> None:
    """Every test here hears what the platform sends."""


def told_of(user: Any, name: str = "") -> UserData:
    return UserData(
        id=user.pk, is_active=True, pii=UserPersonalData(username=user.username, email=user.email, name=name)
    )


def course_data(course: str = COURSE) -> CourseData:
    return CourseData(course_key=CourseKey.from_string(course), display_name="Your first incident")


def enrolment(user: Any, course: str = COURSE, *, active: bool = True, name: str = "") -> CourseEnrollmentData:
    return CourseEnrollmentData(
        user=told_of(user, name),
        course=course_data(course),
        mode="audit",
        is_active=active,
        creation_date=datetime(2026, 1, 5, tzinfo=UTC),
    )


def send(event: Any, **data: Any) -> None:
    """As the platform sends it, but an error of a receiver is not swallowed."""
    event.send_event(send_robust=False, **data)


def members(space_id: int) -> set[str]:
    active = spaces.active_people(space_id=space_id)
    return set(Person.objects.filter(pk__in=active).values_list("name", flat=True))


# -- enrolments --------------------------------------------------------------------------------------------------


def test_it_works(ben, lms, visit):
    space_id = visit(ben).space_id
    ana = lms.account("ana")
    send(COURSE_ENROLLMENT_CREATED, enrollment=enrolment(ana))
    assert members(space_id) == {"ben", "ana"}
    person = Person.objects.get(name="ana")
    assert (person.subject, person.email) == (str(ana.pk), "ana@example.test")
    assert Membership.objects.get(person=person).role == "learner"
    send(COURSE_UNENROLLMENT_COMPLETED, enrollment=enrolment(ana, active=False))
    assert members(space_id) == {"ben"}


def test_the_same_event_again_changes_nothing(ben, lms, visit):
    space_id = visit(ben).space_id
    ana = lms.account("ana")
    for _again in range(2):
        send(COURSE_ENROLLMENT_CREATED, enrollment=enrolment(ana))
        assert members(space_id) == {"ben", "ana"}
    for _again in range(2):
        send(COURSE_UNENROLLMENT_COMPLETED, enrollment=enrolment(ana, active=False))
        assert members(space_id) == {"ben"}
    assert Person.objects.count() == 2


def test_the_person_of_an_event_is_the_one_who_visits(ben, ana, visit):
    visit(ben)
    send(COURSE_ENROLLMENT_CREATED, enrollment=enrolment(ana))
    assert visit(ana).person_id == Person.objects.get(name="ana").pk
    assert Membership.objects.get(person__name="ana").launched_at is not None


@pytest.mark.parametrize("active", [True, False])
def test_a_change_of_an_enrolment_lets_in_or_out(ben, lms, visit, active):
    space_id = visit(ben).space_id
    ana = lms.account("ana")
    send(COURSE_ENROLLMENT_CREATED, enrollment=enrolment(ana))
    if active:
        send(COURSE_UNENROLLMENT_COMPLETED, enrollment=enrolment(ana, active=False))
    send(COURSE_ENROLLMENT_CHANGED, enrollment=enrolment(ana, active=active))
    assert ("ana" in members(space_id)) is active


def test_an_enrolment_that_is_not_active_yet_makes_no_member(ben, lms, visit):
    space_id = visit(ben).space_id
    send(COURSE_ENROLLMENT_CREATED, enrollment=enrolment(lms.account("ana"), active=False))
    assert members(space_id) == {"ben"}
    assert Person.objects.count() == 1


def test_in_a_course_that_nobody_opened_nothing_is_written(lms, db):
    ana = lms.account("ana")
    send(COURSE_ENROLLMENT_CREATED, enrollment=enrolment(ana))
    send(COURSE_ENROLLMENT_CHANGED, enrollment=enrolment(ana))
    send(COHORT_MEMBERSHIP_CHANGED, cohort=CohortData(user=told_of(ana), course=course_data(), name="Night shift"))
    send(COURSE_UNENROLLMENT_COMPLETED, enrollment=enrolment(ana, active=False))
    for model in (Organization, Space, Person, Membership, Group):
        assert not model.objects.exists(), model


def test_an_event_is_of_one_course(ana, ben, lms, visit):
    space_id = visit(ben).space_id
    visit(ana)
    send(COURSE_UNENROLLMENT_COMPLETED, enrollment=enrolment(ana, OTHER_COURSE, active=False))
    send(COURSE_ENROLLMENT_CREATED, enrollment=enrolment(lms.account("chen"), OTHER_COURSE))
    assert members(space_id) == {"ana", "ben"}


def test_an_instructor_who_enrols_keeps_the_role(ben, visit):
    visit(ben)
    for event in (COURSE_ENROLLMENT_CREATED, COURSE_ENROLLMENT_CHANGED):
        send(event, enrollment=enrolment(ben))
        assert Membership.objects.get().role == "instructor"


def test_who_comes_back_is_a_learner_until_the_platform_says_more(ben, visit):
    visit(ben)
    send(COURSE_UNENROLLMENT_COMPLETED, enrollment=enrolment(ben, active=False))
    send(COURSE_ENROLLMENT_CREATED, enrollment=enrolment(ben))
    membership = Membership.objects.get()
    assert (membership.role, membership.left_at) == ("learner", None)
    visit(ben)
    assert Membership.objects.get().role == "instructor"


@pytest.mark.parametrize(("setting", "name"), [("username", "ana"), ("full_name", "Ana Torres")])
def test_people_are_called_as_the_organization_wants(ben, lms, visit, settings, setting, name):
    visit(ben)
    settings.COMPANION_NAMES = setting
    ana = lms.account("ana")
    send(COURSE_ENROLLMENT_CREATED, enrollment=enrolment(ana, name="Ana Torres"))
    assert Person.objects.get(subject=str(ana.pk)).name == name


# -- cohorts -----------------------------------------------------------------------------------------------------


def cohorts_of(viewer: Viewer) -> set[str]:
    mine = GroupMembership.objects.filter(person_id=viewer.person_id)
    return set(mine.values_list("group__external_id", flat=True))


def test_a_cohort_is_a_group_and_the_next_one_takes_its_place(ana, chen, visit):
    of_ana, of_chen = visit(ana), visit(chen)
    for name in ("Night shift", "Night shift", "Day shift"):
        send(COHORT_MEMBERSHIP_CHANGED, cohort=CohortData(user=told_of(ana), course=course_data(), name=name))
        assert cohorts_of(of_ana) == {f"cohort {name}"}
    assert cohorts_of(of_chen) == set()
    assert Group.objects.filter(space_id=of_ana.space_id).count() == 2


# -- what somebody has finished ----------------------------------------------------------------------------------

VIDEO = "block-v1:Northwind+Incidents+2026+type@video+block@1"


@pytest.fixture
def followed(ben, ana, visit) -> Any:
    """A series that waits for a video, and for the end of the course."""
    viewer = visit(ben)
    visit(ana)
    prompts = [
        {"key": "video", "title": "On the video", "anchor": "unit", "unit": VIDEO, "days": 1},
        {"key": "end", "title": "On the course", "anchor": "course", "days": 2},
    ]
    activity = spaces.create_activity(
        viewer=viewer, title="After", kind=Kind.REFLECTION, settings={"prompts": prompts}, external_id="after"
    )
    reflections.publish_series(viewer=viewer, uid=activity.uid)
    return activity


def reason(key: str) -> str:
    return Delivery.objects.get(prompt__key=key, person__name="ana").reason


def test_a_block_that_is_completed(followed, ana):
    cache.clear()
    BlockCompletion(user=ana, block=VIDEO, completion=0.5).save()
    BlockCompletion(user=ana, block=VIDEO.replace("@1", "@2")).save()
    BlockCompletion(user=ana, block=VIDEO, course=OTHER_COURSE).save()
    assert reason("video") == "not_finished"
    BlockCompletion(user=ana, block=VIDEO).save()
    assert reason("video") != "not_finished"
    assert reason("end") == "not_finished"


def test_a_certificate_is_the_end_of_the_course(followed, ana):
    certificate = CertificateData(
        user=told_of(ana),
        course=course_data(),
        mode="honor",
        grade="0.9",
        download_url="",
        name="",
        current_status="ok",
    )
    for _again in range(2):
        send(CERTIFICATE_CREATED, certificate=certificate)
    assert reason("end") != "not_finished"


def test_somebody_unknown_finishes_nothing(followed, lms):
    cache.clear()
    BlockCompletion(user=lms.account("dee"), block=VIDEO).save()
    assert not Milestone.objects.exists()


# -- by when something is due ------------------------------------------------------------------------------------

ESSAY = "block-v1:Northwind+Incidents+2026+type@sequential+block@essay"


@pytest.fixture
def before_the_essay(ben, ana, chen, visit) -> Any:
    """A series that asks three days before an essay is due."""
    viewer = visit(ben)
    visit(ana)
    visit(chen)
    prompts = [{"key": "before", "title": "How will you begin?", "anchor": "due", "unit": ESSAY, "days": -3}]
    hours = {"working_days": "1234567", "day_begins": 0, "day_ends": 24, "time_zone": "UTC"}
    activity = spaces.create_activity(
        viewer=viewer, title="Essay", kind=Kind.REFLECTION, settings={"prompts": prompts, **hours}, external_id="essay"
    )
    reflections.publish_series(viewer=viewer, uid=activity.uid)
    cache.clear()
    return activity


def due(name: str) -> datetime | None:
    return Delivery.objects.get(prompt__key="before", person__name=name).due_at


def run_waiting(activity: Any) -> None:
    """What the one task that waits does."""
    [waiting] = DBTaskResult.objects.filter(status="READY")
    assert waiting.task_path.endswith("recalculate_series")
    series = reflections.find_series(activity)
    assert series is not None
    reflections.recalculate(series)


def test_a_date_and_more_time_for_one(before_the_essay, lms, ana):
    assert Delivery.objects.filter(reason="no_due_date").count() == 2
    end = (clock.now() + timedelta(days=10)).replace(microsecond=0)
    lms.dates[ESSAY, "due"] = end
    ContentDate(ESSAY).save()
    run_waiting(before_the_essay)
    assert due("ana") == due("chen") == end - timedelta(days=3)
    lms.extensions[ana.pk, ESSAY, "due"] = end + timedelta(days=7)
    UserDate(ana, ContentDate(ESSAY)).save()
    assert (due("ana"), due("chen")) == (end + timedelta(days=4), end - timedelta(days=3))


def test_dates_that_nobody_waits_for_cost_a_look_into_the_cache(before_the_essay, lms, ana, django_assert_num_queries):
    ContentDate(VIDEO).save()
    dee = lms.account("dee")
    with django_assert_num_queries(0):
        ContentDate(VIDEO).save()
        ContentDate(ESSAY, field="start").save()
        UserDate(ana, ContentDate(VIDEO)).save()
    UserDate(dee, ContentDate(ESSAY)).save()
    assert DBTaskResult.objects.count() == 0


def test_what_nobody_tells_is_found_within_a_day(before_the_essay, lms):
    """Somebody who begins a course at their own pace anew has new dates, without an event."""
    end = (clock.now() + timedelta(days=10)).replace(microsecond=0)
    lms.dates[ESSAY, "due"] = end
    reflections.recalculate_dated()
    assert DBTaskResult.objects.count() == 0
    with clock.at(clock.now() + timedelta(hours=25)):
        reflections.recalculate_dated()
        reflections.recalculate_dated()
        run_waiting(before_the_essay)
    assert due("ana") == end - timedelta(days=3)


def test_a_due_date_needs_a_unit(ben, visit):
    prompts = [{"key": "a", "title": "A", "anchor": "due", "days": -3}]
    with pytest.raises(InvalidInput, match="which unit"):
        spaces.create_activity(
            viewer=visit(ben), title="E", kind=Kind.REFLECTION, settings={"prompts": prompts}, external_id="e"
        )
