"""Who looks at a block, and from where: the platform's services read once a page, and told in our words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from django.db import transaction
from django.utils.html import format_html
from django.utils.translation import gettext as _

from companion.openedx import compat
from companion.openedx.mount import permalink_in, settings_note
from companion.openedx.people import LmsUser, space_of, viewer_of
from companion.viewer import Mount, Viewer
from companion.web.mounting import path_for

WORKBENCH_COURSE: Final = "course-v1:Workbench+Demo+1"
_ATTRIBUTE = "edx-platform.{}".format


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """What is shown instead of the UI to somebody who may not come in."""

    title: str
    text: str

    def html(self) -> str:
        return format_html(
            '<div id="main" class="message" role="note"><p><strong>{}</strong></p><p>{}</p></div>',
            self.title,
            self.text,
        )


def closed_door(title: str, text: str) -> Door:
    return Door(title=title, text=text)


class Host:
    """One block's way to the platform."""

    def __init__(self, block: Any) -> None:
        self.block = block

    @property
    def course_id(self) -> str:
        """The course run that the block stands in; the workbench has one course and plain ids."""
        context = getattr(self.block.scope_ids.usage_id, "context_key", None)
        return str(context) if context is not None else WORKBENCH_COURSE

    @property
    def is_in_course(self) -> bool:
        """Whether it stands in a course run; in a library there are no members and nothing to discuss."""
        return bool(getattr(getattr(self.block.scope_ids.usage_id, "context_key", None), "is_course", True))

    def door(self) -> Viewer | Door:
        """The viewer, or why there is none. Asked once a page: the blocks of a page share their runtime."""
        if not self.is_in_course:
            return closed_door(_("Not in a course"), _("This opens when the block stands in a course."))
        user = self._user()
        if user is None:
            return closed_door(_("This is for members of the course"), _("Sign in and enrol to read and to take part."))
        real = compat.real_user()
        if real is not None and getattr(real, "pk", None) not in (None, user.id):
            text = _("You are looking at the course as somebody else. What they read and write here is theirs.")
            return closed_door(_("Not shown"), text)
        known: dict[Any, Viewer | None] = self.block.runtime.__dict__.setdefault("_companion_viewers", {})
        key = (user, self.course_id)
        if key not in known:
            with transaction.atomic():
                known[key] = viewer_of(user, self.course_id)
        viewer = known[key]
        if viewer is None:
            return closed_door(_("This is for members of the course"), _("Enrol to read and to take part."))
        return viewer

    def space_id(self) -> int | None:
        """The space of the course where somebody has opened the Companion in it."""
        space = space_of(self.course_id) if self.is_in_course else None
        return space.pk if space else None

    def mount(
        self,
        *,
        fields: Mapping[str, str] = MappingProxyType({}),
        report_credit: Callable[[Any, Any], None] | None = None,
    ) -> Mount:
        """The block's handler as a mount. `fields` are hidden in every form."""

        def url_for(name: str, *args: object) -> str:
            return str(self.block.runtime.handler_url(self.block, "ui", suffix=path_for(name, *args)))

        return Mount(
            name="xblock",
            url_for=url_for,
            fields=fields,
            headers=MappingProxyType({"X-CSRFToken": token} if (token := fields.get("csrfmiddlewaretoken")) else {}),
            settings_note=settings_note(),
            report_credit=report_credit,
            permalink=permalink_in(self.course_id),
            tells_completion=compat.tells_completion(),
        )

    def _user(self) -> LmsUser | None:
        """Who the platform says is looking; None for a visitor who is not signed in."""
        service = self.block.runtime.service(self.block, "user")
        if service is None:
            return None
        user = service.get_current_user()
        facts = user.opt_attrs
        user_id = facts.get(_ATTRIBUTE("user_id"))
        if user_id in (None, "") or facts.get(_ATTRIBUTE("is_authenticated")) is False:
            return None
        is_staff = bool(facts.get(_ATTRIBUTE("user_is_staff")))
        real = compat.real_user()
        return LmsUser(
            id=user_id,
            username=facts.get(_ATTRIBUTE("username")) or "",
            full_name=user.full_name or "",
            email=next(iter(user.emails or ()), "") or "",
            is_staff=is_staff,
            is_global_staff=is_staff and bool(getattr(real, "is_staff", False)),
        )
