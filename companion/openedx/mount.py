"""The UI under a path of the LMS: what the course tab, the panel under a unit and the button beside a video open."""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest
from django.middleware.csrf import get_token
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext

from companion.openedx import compat
from companion.spaces.api import Activity
from companion.viewer import Mount
from companion.web.mounting import path_for


def plugin_mount(course_id: str, request: HttpRequest | None = None) -> Mount:
    """The mount of a course's pages; without a request for a view inside a page that the platform is rendering."""
    prefix = reverse("companion_openedx:home", args=[course_id])
    token = get_token(request) if request is not None else compat.csrf_token()

    def url_for(name: str, *args: object) -> str:
        return prefix + path_for(name, *args)

    return Mount(
        name="openedx",
        url_for=url_for,
        fields=MappingProxyType({"csrfmiddlewaretoken": token} if token else {}),
        headers=MappingProxyType({"X-CSRFToken": token} if token else {}),
        settings_note=settings_note(),
        back_url=course_home(course_id),
        back_label=gettext("Back to the course"),
        permalink=permalink_in(course_id),
        tells_completion=True,
    )


def permalink_in(course_id: str) -> Callable[[UUID, int, int], str] | None:
    """`Mount.permalink` for a course: the page of the post in the LMS, which asks people to sign in. None where the
    LMS's address is not known, or where it has no pages of ours (Studio's settings, a library).
    """
    root = getattr(settings, "LMS_ROOT_URL", "") or ""
    try:
        home = reverse("companion_openedx:home", args=[course_id])
    except NoReverseMatch:
        return None

    def permalink(_activity: UUID, thread_id: int, number: int) -> str:
        return root.rstrip("/") + home + path_for("post-detail", thread_id, number)

    return permalink if root else None


def address_of(activity: Activity) -> str:
    """Where an activity of a course is in the LMS, for e-mails; "" for one of another host."""
    space = activity.space
    root = getattr(settings, "LMS_ROOT_URL", "") or ""
    if not root or space.issuer != compat.issuer():
        return ""
    home = reverse("companion_openedx:home", args=[space.external_id])
    return root.rstrip("/") + home + path_for("thread-list", activity.uid)


def settings_note() -> str:
    return gettext("Title, prompt and rules of this discussion are set in Studio, in the unit it stands in.")


def course_home(course_id: str) -> str:
    """The course in the learning MFE, else in the LMS itself; "" where neither is known."""
    learning = getattr(settings, "LEARNING_MICROFRONTEND_URL", "")
    if learning:
        return f"{learning.rstrip('/')}/course/{course_id}/home"
    root = getattr(settings, "LMS_ROOT_URL", "")
    return f"{root}/courses/{course_id}/course/" if root else ""
