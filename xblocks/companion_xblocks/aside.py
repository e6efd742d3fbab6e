"""A button "Ask about this" beside each video and problem, where the switch `companion.ask_aside` is on."""

from __future__ import annotations

from typing import Any

from django.template.loader import render_to_string
from django.urls import NoReverseMatch, reverse
from web_fragments.fragment import Fragment
from xblock.core import XBlockAside

from companion.openedx import compat, units
from companion.web.embedding import embed, script_urls


class AskAside(XBlockAside):
    """`companion_aside`. It asks the database nothing: the discussion is made when somebody presses the button.

    The platform shows asides only with an enabled row of XBlockAsidesConfig.
    """

    @XBlockAside.aside_for("student_view")
    def student_view_aside(self, block: Any, _context: Any = None) -> Fragment:
        usage = block.scope_ids.usage_id
        course_id = str(getattr(usage, "context_key", ""))
        if block.scope_ids.block_type not in units.ASKABLE or not compat.is_switched_on("ask_aside", course_id):
            return Fragment()
        try:
            url = reverse("companion_openedx:about", args=[course_id, str(usage)])
        except NoReverseMatch:
            return Fragment()
        fragment = Fragment(embed(render_to_string("companion_xblocks/ask.html", {"url": url})))
        for url in script_urls():
            fragment.add_javascript_url(url)
        fragment.initialize_js("CompanionBlock")
        return fragment
