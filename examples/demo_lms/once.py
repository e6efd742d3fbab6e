"""Things that count once: message hints, nonces, token ids."""

from __future__ import annotations

import json
import secrets
from datetime import timedelta

from django.db import IntegrityError, transaction
from django.utils import timezone

from examples.demo_lms.course import Person
from examples.demo_lms.models import Course, LaunchMessage, LineItem, Link, Tool, UsedValue

HINT_LIFETIME = timedelta(minutes=5)
DEEP_LINK_LIFETIME = timedelta(hours=1)


def use_once(kind: str, value: str, lifetime: timedelta) -> bool:
    """Remember the value; False if it was seen before. The database decides races."""
    now = timezone.now()
    UsedValue.objects.filter(expires_at__lt=now).delete()
    try:
        with transaction.atomic():
            UsedValue.objects.create(kind=kind, value=value, expires_at=now + lifetime)
    except IntegrityError:
        return False
    return True


def remember_launch(
    person: Person,
    *,
    tool: Tool,
    course: Course,
    unit_slug: str,
    link: Link | None = None,
    document_target: str = "iframe",
    url: str = "",
    line_item: LineItem | None = None,
    for_sub: str = "",
) -> LaunchMessage:
    """A launch without a link is a deep-linking one and carries `data`, which comes back once."""
    LaunchMessage.objects.filter(created_at__lt=timezone.now() - 2 * DEEP_LINK_LIFETIME).delete()
    return LaunchMessage.objects.create(
        hint=secrets.token_urlsafe(24),
        person_key=person.key,
        tool=tool,
        course=course,
        unit_slug=unit_slug,
        link=link,
        document_target=document_target,
        url=url,
        line_item=line_item,
        for_sub=for_sub,
        data="" if link else secrets.token_urlsafe(24),
    )


def hint_text(message: LaunchMessage) -> str:
    """JSON, as Moodle's hint is: tools that do not escape it break here first."""
    return json.dumps({"launchid": message.hint}, separators=(",", ":"))


def take_launch(text: str, person: Person, tool: Tool) -> LaunchMessage | None:
    """The launch this hint stands for: once, fresh, and for that person and that tool only."""
    try:
        hint = str(json.loads(text)["launchid"])
    except (ValueError, TypeError, KeyError):
        return None
    now = timezone.now()
    waiting = LaunchMessage.objects.filter(
        hint=hint,
        tool=tool,
        person_key=person.key,
        used_at=None,
        created_at__gte=now - HINT_LIFETIME,
    )
    if not waiting.update(used_at=now):
        return None
    return LaunchMessage.objects.select_related("course", "link", "line_item", "tool").get(hint=hint)


def take_deep_link_request(data: str, person: Person, tool: Tool) -> LaunchMessage | None:
    """The deep-linking launch that this answer belongs to: once, and for that person and that tool only."""
    now = timezone.now()
    waiting = LaunchMessage.objects.filter(
        data=data,
        link=None,
        tool=tool,
        person_key=person.key,
        used_at__isnull=False,
        returned_at=None,
        created_at__gte=now - DEEP_LINK_LIFETIME,
    )
    if not data or not waiting.update(returned_at=now):
        return None
    return LaunchMessage.objects.select_related("course", "tool").get(data=data)
