"""Create the tables, the tool and the demo courses: `python -m examples.demo_lms.seed [--reset]`.

Runs as often as you like: a course that is there stays as people left it, one that is missing is
added. With --reset everything that people did (links, copies, grades) is thrown away first.
"""

from __future__ import annotations

import argparse
import os

import django


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reset", action="store_true", help="throw away what people did")
    reset = parser.parse_args().reset
    os.environ["DJANGO_SETTINGS_MODULE"] = "examples.demo_lms.settings"
    django.setup()

    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    if reset:
        call_command("flush", interactive=False, verbosity=0)
    seed()


def seed() -> None:
    from django.db import transaction

    from examples.demo_lms import course as catalogue
    from examples.demo_lms import models, tools

    with transaction.atomic():
        tools.ensure_built_in()
        for content in catalogue.COURSES:
            course, created = models.Course.objects.get_or_create(
                pk=int(content.context_id),
                defaults={
                    "template": content.slug,
                    "label": content.label,
                    "title": content.title,
                },
            )
            if not created:
                continue
            for person_key, role in content.members.items():
                models.Enrolment.objects.create(course=course, person_key=person_key, role=role)
            for unit in content.units:
                if unit.link_id:
                    models.Link.objects.create(
                        pk=int(unit.link_id),
                        course=course,
                        unit_slug=unit.slug,
                        title=unit.link_title,
                    )


if __name__ == "__main__":
    main()
