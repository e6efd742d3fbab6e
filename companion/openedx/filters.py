"""A discussion under every unit, without touching a course (switch `companion.unit_discussion`)."""

from __future__ import annotations

from functools import partial
from typing import Any

from openedx_filters import PipelineStep

from companion.openedx import compat, units
from companion.openedx.mount import plugin_mount
from companion.openedx.people import viewer_of
from companion.openedx.views import user_of
from companion.web.embedding import embed, first_view, script_urls
from companion.web.views.lists import show_list


class UnitDiscussion(PipelineStep):
    """A step of org.openedx.learning.vertical_block.render.completed.v1."""

    def run_filter(self, block: Any, fragment: Any, context: Any, view: str) -> dict[str, Any]:
        """Add the discussion to a learner's view of a unit that has none of its own."""
        if view == "student_view" and not _has_own(block):
            _add(block, fragment)
        return {"block": block, "fragment": fragment, "context": context, "view": view}


def _has_own(block: Any) -> bool:
    return any(str(child.block_type).startswith("companion_") for child in block.children)


def _add(block: Any, fragment: Any) -> None:
    usage_id = str(block.scope_ids.usage_id)
    course_id = str(block.scope_ids.usage_id.course_key)
    user = compat.real_user()
    if user is None or not user.is_authenticated or not compat.is_switched_on("unit_discussion", course_id):
        return
    viewer = viewer_of(user_of(user, course_id), course_id)
    if viewer is None:
        return
    activity = units.discussion_of_unit(viewer, usage_id=usage_id, title=block.display_name or "")
    html = first_view(partial(show_list, activity=activity), viewer=viewer, mount=plugin_mount(course_id))
    fragment.content += embed(html)
    for url in script_urls():
        fragment.add_javascript_url(url)
