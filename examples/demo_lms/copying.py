"""Copying a course or one activity, as Moodle does: new ids, the same custom parameters, nobody's grades."""

from __future__ import annotations

from django.db import transaction

from examples.demo_lms.course import Person
from examples.demo_lms.models import Course, Enrolment, LineItem, Link
from examples.demo_lms.notices import announce_copy


@transaction.atomic
def copy_course(original: Course, person: Person) -> Course:
    """A new run with the person as its only member. Histories name the newest ancestor first."""
    copies = Course.objects.filter(template=original.template).count()
    copy = Course.objects.create(
        template=original.template,
        label=f"{original.content.label}-{copies + 1}",
        title=f"{original.content.title} (copy {copies})",
        history=_history(original.context_id, original.history),
    )
    if not person.is_admin:
        Enrolment.objects.create(course=copy, person_key=person.key, role="instructor")
    for link in original.links.all():
        _copy_link(link, copy)
    for line_item in original.line_items.filter(link=None):
        _copy_line_item(line_item, copy, None)
    announce_copy(copy, original)
    return copy


@transaction.atomic
def duplicate_link(original: Link) -> Link:
    """Another one in the same unit."""
    return _copy_link(original, original.course, title=f"{original.title[:248]} (copy)")


def _copy_link(original: Link, course: Course, title: str = "") -> Link:
    link = Link.objects.create(
        course=course,
        tool=original.tool,
        unit_slug=original.unit_slug,
        title=title or original.title,
        text=original.text,
        url=original.url,
        custom=original.custom,
        history=_history(str(original.pk), original.history),
    )
    for line_item in original.line_items.all():
        _copy_line_item(line_item, course, link)
    return link


def _copy_line_item(original: LineItem, course: Course, link: Link | None) -> None:
    LineItem.objects.create(
        course=course,
        tool=original.tool,
        link=link,
        label=original.label,
        score_maximum=original.score_maximum,
        resource_id=original.resource_id,
        tag=original.tag,
    )


def _history(newest: str, older: str) -> str:
    return f"{newest},{older}" if older else newest
