"""Discussions that no author placed: under each unit, about each video or problem, where a switch is on."""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext

from companion.openedx import compat
from companion.spaces import api as spaces
from companion.viewer import Viewer

UNIT, ABOUT = "unit", "about"
# What a question can be about. A key is only text: whoever writes another one must not put words into a title.
ASKABLE: Final = ("video", "problem")


def discussion_of_unit(viewer: Viewer, *, usage_id: str, title: str) -> spaces.Activity:
    """The discussion under a unit, made when somebody first sees it."""
    return spaces.ensure_activity(space_id=viewer.space_id, external_id=f"{UNIT} {usage_id}", title=title)


def discussion_about(viewer: Viewer, *, course_id: str, usage_id: str, title: str = "") -> spaces.Activity | None:
    """The discussion about a block, made at the first question; None where it is of another course or kind."""
    placed = compat.placement_of(usage_id)
    if placed is None or placed.course_id != course_id or placed.block_type not in ASKABLE:
        return None
    named = title or gettext("About a %(kind)s in this course") % {"kind": placed.block_type}
    return spaces.ensure_activity(space_id=viewer.space_id, external_id=f"{ABOUT} {usage_id}", title=named)
