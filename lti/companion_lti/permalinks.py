"""Links to a post that may be carried anywhere: into chats, mails, pages of the course.

`/lti/go/<activity>/<thread>/<number>/` needs no session and tells nothing. It sends people to where their platform
shows the activity; the launch that follows says who they are, and only then is the post looked for, through its gate.
Which post it is travels in that launch where the platform takes it along (platforms/), else in a cookie.
"""

from __future__ import annotations

import re
from collections.abc import Container
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from companion import conf
from companion.errors import NotFound
from companion.spaces.api import Activity
from companion.threads import api as threads
from companion.viewer import Viewer
from companion.web.page import with_query
from companion_lti import cookies, platforms
from companion_lti.claims import LaunchClaims
from companion_lti.models import ResourceLink
from companion_lti.tool import address_of

COOKIE: Final = "companion_goto"
LIFETIME: Final = timedelta(minutes=15)
# In the query of a target_link_uri, and the custom parameter by which an author's placement names a post.
QUERY_PARAMETER: Final = "goto"
CUSTOM_PARAMETER: Final = "companion_goto"

# Numbers that every database can be asked for.
_TARGET: Final = re.compile(r"([1-9][0-9]{0,17})-([1-9][0-9]{0,8})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A post as a launch names it: `12-3` is number 3 of thread 12."""

    thread_id: int
    number: int

    def __str__(self) -> str:
        return f"{self.thread_id}-{self.number}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Permalink:
    """A post as its address names it, with the activity that must be launched to get there."""

    activity: UUID
    target: Target


def permalink(activity: UUID, thread_id: int, number: int) -> str:
    """The address of a post that may be carried anywhere (Mount.permalink)."""
    return str(conf.get("COMPANION_URL")) + reverse("companion_lti:go", args=[f"{activity}/{thread_id}/{number}/"])


def read_path(path: str) -> Permalink | None:
    """What `<activity>/<thread>/<number>/` names, None where that is no such path."""
    parts = path.removesuffix("/").split("/")
    return _read(parts[0], "-".join(parts[1:])) if len(parts) == 3 else None


def read_target(text: str) -> Target | None:
    """What `<thread>-<number>` names, None where that is no such text."""
    found = _TARGET.fullmatch(text)
    return Target(thread_id=int(found[1]), number=int(found[2])) if found else None


def page_in_platform(link: Permalink) -> str:
    """Where the platform shows the activity, "" where we know no page. Whether it is there at all, is not said."""
    placements = (
        ResourceLink.objects.filter(
            activity__uid=link.activity,
            deployment__is_approved=True,
            deployment__registration__is_active=True,
        )
        .select_related("deployment__registration")
        .order_by("-pk")[:10]
    )
    launch_url = with_query(address_of("launch"), {QUERY_PARAMETER: link.target})
    return next(filter(None, (platforms.page_of(placed, launch_url=launch_url) for placed in placements)), "")


def course_of(activity: Activity) -> str:
    """The course of an activity in its platform, for e-mails; "" where we know no page of it."""
    placed = ResourceLink.objects.filter(
        activity_id=activity.pk, deployment__is_approved=True, deployment__registration__is_active=True
    )
    found = placed.exclude(course_url=None).order_by("-pk").values_list("course_url", flat=True).first()
    return str(found or "")


def remember(response: HttpResponse, link: Permalink) -> None:
    """Leave the link for the launch that follows in this browser."""
    seconds = int(LIFETIME.total_seconds())
    cookies.set_shared_cookie(response, COOKIE, f"{link.activity}.{link.target}", path="/lti/", max_age=seconds)


def remembered(request: HttpRequest, *, among: Container[UUID]) -> Permalink | None:
    """The link that was followed in this browser, if it is of one of these activities."""
    activity, _dot, target = request.COOKIES.get(COOKIE, "").partition(".")
    link = _read(activity, target)
    return link if link and link.activity in among else None


def forget(response: HttpResponse) -> None:
    cookies.set_shared_cookie(response, COOKIE, "", path="/lti/", max_age=0)


def carried_post(viewer: Viewer, claims: LaunchClaims) -> threads.Post | None:
    """The post that a launch itself names, by its address or by what an author placed, if this viewer may see it."""
    query = parse_qs(urlsplit(claims.target_link_uri).query)
    for text in (*query.get(QUERY_PARAMETER, [])[:1], claims.custom.get(CUSTOM_PARAMETER, "")):
        target = read_target(text)
        post = find_post(viewer, target) if target else None
        if post is not None:
            return post
    return None


def find_post(viewer: Viewer, target: Target) -> threads.Post | None:
    """The post, wherever it is now; the opening one where this viewer sees the thread but not that post; else None."""
    try:
        moved = threads.find_moved(viewer=viewer, thread_id=target.thread_id, number=target.number)
        thread_id, number = moved or (target.thread_id, target.number)
        opening = threads.get_post(viewer=viewer, thread_id=thread_id, number=1)
    except NotFound:
        return None
    try:
        return threads.get_post(viewer=viewer, thread_id=thread_id, number=number)
    except NotFound:
        return opening


def _read(activity: str, target: str) -> Permalink | None:
    named = read_target(target)
    try:
        return Permalink(activity=UUID(activity), target=named) if named else None
    except ValueError:
        return None
