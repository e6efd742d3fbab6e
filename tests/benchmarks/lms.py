"""The demo LMS with more learners than its own, and a link that nobody has opened yet.

    python -m tests.benchmarks.lms     enrols the learners, places the link and prints its id

How many there are, LMS_LEARNERS says: to this command, to the LMS itself (lms_wsgi.py) and to whoever asks `learners`.
"""

from __future__ import annotations

import os

from examples.demo_lms import course
from examples.demo_lms.course import ON_CALL, Person

TEACHER = "ben"
VARIABLE = "LMS_LEARNERS"
# Behind those of the demo.
FIRST_SUB = 1_000


def learners(number: int) -> list[Person]:
    return [
        Person(f"learner{n}", f"Learner {n}", str(FIRST_SUB + n), "learner", f"learner{n}@demo.example")
        for n in range(number)
    ]


def add_learners() -> list[Person]:
    """Have the LMS know them, in this process: its people are values, not rows."""
    added = learners(int(os.environ[VARIABLE]))
    course.PEOPLE = (*course.PEOPLE, *added)  # type: ignore[assignment]
    return added


def main() -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "examples.demo_lms.settings"
    import django

    django.setup()
    from examples.demo_lms.models import Course, Enrolment, Link

    place = Course.objects.get(pk=int(ON_CALL.context_id))
    Enrolment.objects.bulk_create(
        [Enrolment(course=place, person_key=person.key, role="learner") for person in add_learners()]
    )
    unit = ON_CALL.units[-1]
    print(Link.objects.create(course=place, unit_slug=unit.slug, title=unit.link_title).pk)


if __name__ == "__main__":
    main()
