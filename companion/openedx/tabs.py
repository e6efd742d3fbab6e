"""The tab "Companion" of a course: its front page, with what is new."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_noop

from companion.openedx import compat


class CompanionTab(compat.enrolled_tab()):  # type: ignore[misc]
    """Dynamic: every course has it, without a change to the course, where the switch `companion.course_tab` is on."""

    type = "companion"
    title = gettext_noop("Companion")
    priority = 55
    view_name = "companion_openedx:home"
    is_dynamic = True
    is_default = True

    def __init__(self, tab_dict: dict[str, Any]) -> None:
        super().__init__(tab_dict)
        self.link_func = lambda course, _reverse: reverse(self.view_name, args=[str(course.id)])

    @classmethod
    def is_enabled(cls, course: Any, user: Any = None) -> bool:
        return compat.is_switched_on("course_tab", str(course.id)) and bool(super().is_enabled(course, user))
