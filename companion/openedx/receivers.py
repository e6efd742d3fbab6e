"""What the platform tells us, as it happens: enrolments, cohorts, retirement.

A course that nobody has opened the Companion in has no space, and its events change nothing: the first visit asks.
"""

from __future__ import annotations

import logging
from typing import Any

from django.db import transaction

from companion import conf
from companion.openedx import compat, people
from companion.questions import api as questions
from companion.reflections import api as reflections
from companion.spaces import api as spaces
from companion.threads import api as threads
from companion.viewer import Role

logger = logging.getLogger(__name__)


def enrolled(enrollment: Any, **_kwargs: Any) -> None:
    """COURSE_ENROLLMENT_CREATED (openedx_events, CourseEnrollmentData)."""
    course_id = str(enrollment.course.course_key)
    space = people.space_of(course_id)
    if space is None or not enrollment.is_active:
        return
    person = _person(space, enrollment.user)
    # The platform's word at the next visit says more than "learner"; somebody who has a role keeps it until then.
    spaces.enrol(space_id=space.pk, person_id=person.pk, role=Role.LEARNER)


def enrolment_changed(enrollment: Any, **kwargs: Any) -> None:
    """COURSE_ENROLLMENT_CHANGED: the mode, or whether it is active."""
    (enrolled if enrollment.is_active else unenrolled)(enrollment, **kwargs)


def unenrolled(enrollment: Any, **_kwargs: Any) -> None:
    """COURSE_UNENROLLMENT_COMPLETED."""
    course_id = str(enrollment.course.course_key)
    space = people.space_of(course_id)
    if space is not None:
        spaces.leave_space(
            organization_id=space.organization_id,
            issuer=compat.issuer(),
            external_id=course_id,
            subject=str(enrollment.user.id),
        )


def cohort_changed(cohort: Any, **_kwargs: Any) -> None:
    """COHORT_MEMBERSHIP_CHANGED (openedx_events, CohortData)."""
    space = people.space_of(str(cohort.course.course_key))
    if space is not None:
        person = _person(space, cohort.user)
        people.set_cohorts(space_id=space.pk, person_id=person.pk, names=[cohort.name])


def block_completed(instance: Any, **_kwargs: Any) -> None:
    """post_save of completion.models.BlockCompletion: of every block of every course, so most of them end at the cache.

    The platform keeps it for what a learner does something in; a unit or a section has none of its own.
    """
    if instance.completion < 1:
        return
    course_id, unit = str(instance.context_key), str(instance.block_key)
    if unit in people.waited_for(course_id):
        _finished(course_id, str(instance.user_id), unit)


def certified(certificate: Any, **_kwargs: Any) -> None:
    """CERTIFICATE_CREATED (openedx_events, CertificateData): the course is finished."""
    _finished(str(certificate.course.course_key), str(certificate.user.id), reflections.COURSE)


def date_moved(instance: Any, **_kwargs: Any) -> None:
    """post_save of edx_when.models.ContentDate: the course's team has moved a date."""
    _date_moved(instance, subject=None)


def extended(instance: Any, **_kwargs: Any) -> None:
    """post_save of edx_when.models.UserDate: somebody was given more time."""
    _date_moved(instance.content_date, subject=str(instance.user_id))


def _date_moved(content_date: Any, *, subject: str | None) -> None:
    # Of every date of every course that is published: most of them end at the cache.
    if content_date.field not in ("due", "end") or content_date.location is None:
        return
    course_id, unit = str(content_date.course_id), str(content_date.location.map_into_course(content_date.course_id))
    if unit not in people.waited_for(course_id):
        return
    space = people.space_of(course_id)
    person = (
        spaces.find_person(space_id=space.pk, issuer=compat.issuer(), subject=subject) if space and subject else None
    )
    if space is None or (subject and person is None):
        return
    reflections.note_due_date(space_id=space.pk, unit=unit, person_id=person.pk if person else None)


def _finished(course_id: str, subject: str, unit: str) -> None:
    space = people.space_of(course_id)
    person = spaces.find_person(space_id=space.pk, issuer=compat.issuer(), subject=subject) if space else None
    if space is not None and person is not None:
        reflections.note_completion(space_id=space.pk, person_id=person.pk, unit=unit)


@transaction.atomic
def retire(user: Any, **_kwargs: Any) -> None:
    """USER_RETIRE_LMS_MISC: the account is being erased by the platform's retirement pipeline.

    All or nothing: the pipeline tries again after an error, and must find what is left to do.
    """
    ids = spaces.forget_person(issuer=compat.issuer(), subject=str(user.pk))
    touched = threads.retire_authors(person_ids=ids, delete_posts=conf.get("COMPANION_RETIRED_POSTS") == "delete")
    questions.forget_people(person_ids=ids)
    reflections.forget_people(person_ids=ids)
    logger.info("Retired %d people, %d posts", len(ids), touched)


def _person(space: spaces.Space, user: Any) -> spaces.Person:
    known = people.LmsUser(
        id=user.id, username=user.pii.username, full_name=user.pii.name or "", email=user.pii.email or ""
    )
    return spaces.admit_person(
        organization_id=space.organization_id,
        issuer=compat.issuer(),
        subject=str(known.id),
        name=known.shown_name,
        email=known.email,
    )
