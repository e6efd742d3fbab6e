"""All that the Companion needs of the Open edX platform: nothing else imports it.

In the XBlock SDK's workbench, where there is no platform, a stand-in answers. Everywhere else a name that has moved
raises ImportError or AttributeError: a gate that cannot ask must not open.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Final

from django.conf import settings
from django.middleware.csrf import get_token

# The platform's names, each with the module that has it: docs/references/openedx.md, and a test, list the same.
NAMES: Final = {
    "CourseEnrollment": "common.djangoapps.student.models",
    "CourseAccessRole": "common.djangoapps.student.models",
    "Role": "openedx.core.djangoapps.django_comment_common.models",
    "get_cohort": "openedx.core.djangoapps.course_groups.cohorts",
    "get_course_overview_or_none": "openedx.core.djangoapps.content.course_overviews.api",
    "get_value_for_org": "openedx.core.djangoapps.site_configuration.helpers",
    "CourseWaffleFlag": "openedx.core.djangoapps.waffle_utils",
    "EnrolledTab": "lms.djangoapps.courseware.tabs",
    "get_dates_for_course": "edx_when.api",
}


@cache
def is_here() -> bool:
    """Whether this process is an LMS or a Studio: all but the workbench is, also where the platform has moved."""
    if "workbench" not in settings.INSTALLED_APPS:
        return True
    return find_spec("openedx") is not None and find_spec("openedx.core") is not None


def tells_completion() -> bool:
    """Whether the platform tells when somebody has finished something: the workbench knows nothing of the kind."""
    return is_here()


def issuer() -> str:
    """Who vouches for a user id: the LMS, also for its Studio."""
    return str(getattr(settings, "LMS_ROOT_URL", "") or "openedx")


def organization_name(course_id: str) -> str:
    """The company or school that a course's people and knowledge belong to: that of its site, else the platform's."""
    name = getattr(settings, "COMPANION_ORGANIZATION", "") or getattr(settings, "PLATFORM_NAME", "") or "Open edX"
    if is_here():
        name = _platform("get_value_for_org")(_course_key(course_id).org, "COMPANION_ORGANIZATION", name)
    return str(name)


def is_enrolled(user_id: int | str, course_id: str) -> bool:
    """Whether somebody has an active enrolment."""
    if not is_here():
        return str(user_id) not in getattr(settings, "COMPANION_WORKBENCH_OUTSIDERS", ())
    rows = _platform("CourseEnrollment").objects
    return bool(rows.filter(user_id=user_id, course_id=_course_key(course_id), is_active=True).exists())


def course_roles(user_id: int | str, course_id: str) -> frozenset[str]:
    """The platform's words for what somebody is in a course: access roles ("instructor", "staff", "limited_staff")
    and forum roles with "forum " in front ("forum Moderator").
    """
    if not is_here():
        return frozenset(getattr(settings, "COMPANION_WORKBENCH_ROLES", {}).get(str(user_id), ()))
    key = _course_key(course_id)
    # A role in all courses of an organization is a row without a course.
    access = _platform("CourseAccessRole").objects.filter(user_id=user_id, org=key.org).values_list("role", "course_id")
    forum = _platform("Role").objects.filter(users__id=user_id, course_id=key)
    names = [f"forum {name}" for name in forum.values_list("name", flat=True)]
    return frozenset([*(role for role, course in access if course in (None, key)), *names])


def course_title(course_id: str) -> str:
    """What learners call the course; "" where it is not known."""
    if not is_here():
        return str(getattr(settings, "COMPANION_WORKBENCH_COURSE", ""))
    overview = _platform("get_course_overview_or_none")(_course_key(course_id))
    return str(overview.display_name_with_default) if overview else ""


def course_exists(course_id: str) -> bool:
    """Whether there is such a course run: a key can be well formed and mean nothing."""
    return not is_here() or _platform("get_course_overview_or_none")(_course_key(course_id)) is not None


def cohort_name(user_id: int | str, course_id: str) -> str:
    """The cohort that somebody is in, or ""; nobody is put into one by our asking."""
    if not is_here():
        return ""
    from django.contrib.auth import get_user_model

    cohort = _platform("get_cohort")(
        get_user_model().objects.get(pk=user_id), _course_key(course_id), assign=False, use_cached=True
    )
    return str(cohort.name) if cohort else ""


def due_dates(user_id: int | str, course_id: str) -> dict[str, datetime]:
    """By when somebody is to have done what, by usage key, their own extensions included; of the course itself, when it
    ends.
    """
    if not is_here():
        return {}
    # What is in its cache may be from before an extension.
    dates = _platform("get_dates_for_course")(_course_key(course_id), user=int(user_id), use_cached=False)
    named = {"course": "end"}
    return {str(key): at for (key, name), at in dates.items() if at and name == named.get(key.block_type, "due")}


def is_switched_on(switch: str, course_id: str) -> bool:
    """A waffle flag `companion.<switch>`, for all courses or for one (the LMS's admin site)."""
    if not is_here():
        return switch in getattr(settings, "COMPANION_WORKBENCH_SWITCHES", ())
    flag = _platform("CourseWaffleFlag")(f"companion.{switch}", __name__)
    return bool(flag.is_enabled(_course_key(course_id)))


def user_id(username: str) -> int | str | None:
    """The id of an account, or None where there is none of this name."""
    if not is_here():
        return username
    from django.contrib.auth import get_user_model

    found = get_user_model().objects.filter(username=username).values_list("pk", flat=True).first()
    return int(found) if found is not None else None


def full_name(user: Any) -> str:
    """What somebody calls themselves: the platform keeps it in a profile and leaves Django's own fields empty."""
    profile = getattr(user, "profile", None)
    return str(getattr(profile, "name", "") or user.get_full_name())


def real_user() -> Any:
    """Who sends the request, also while they look as somebody else; None outside a request."""
    try:
        from crum import get_current_user
    except ImportError:
        return None
    return get_current_user()


def csrf_token() -> str:
    """The token for forms in a view that the platform is rendering now; "" outside a request."""
    try:
        from crum import get_current_request
    except ImportError:
        return ""
    request = get_current_request()
    return get_token(request) if request is not None else ""


def is_course_key(text: str) -> bool:
    from opaque_keys import InvalidKeyError

    try:
        _course_key(text)
    except InvalidKeyError:
        return False
    return True


@dataclass(frozen=True, slots=True)
class Placement:
    """Which course a block stands in, and of what type it is."""

    course_id: str
    block_type: str


def placement_of(usage_id: str) -> Placement | None:
    """Where a usage key points, or None for a text that is none."""
    from opaque_keys import InvalidKeyError
    from opaque_keys.edx.keys import UsageKey

    try:
        key = UsageKey.from_string(usage_id)
    except InvalidKeyError:
        return None
    return Placement(str(key.context_key), str(key.block_type))


def _course_key(course_id: str) -> Any:
    from opaque_keys.edx.keys import CourseKey

    return CourseKey.from_string(course_id)


def _platform(name: str) -> Any:
    return getattr(import_module(NAMES[name]), name)


def enrolled_tab() -> Any:
    """The class of course tabs that only members see."""
    return _platform("EnrolledTab") if is_here() else object
