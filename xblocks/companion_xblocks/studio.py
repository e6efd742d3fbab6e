"""The form of a block's settings in Studio."""

from __future__ import annotations

from typing import Any

from django.template.loader import render_to_string
from django.templatetags.static import static
from django.utils import timezone
from django.utils.translation import gettext as _
from web_fragments.fragment import Fragment

from companion.errors import InvalidInput
from companion.spaces import api as spaces
from companion.web.embedding import embed, script_url
from companion.web.forms.activities import CreditForm
from companion_xblocks.forms import BlockForm


def view(block: Any) -> Fragment:
    html = render_to_string("companion_xblocks/studio.html", {"form": BlockForm.for_block(block), "prefix": "studio-"})
    fragment = Fragment(embed(html, has_links=False))
    fragment.add_javascript_url(script_url())
    fragment.add_javascript_url(static("companion_xblocks/studio.js"))
    fragment.initialize_js("CompanionStudio", {"url": block.runtime.handler_url(block, "studio_submit")})
    return fragment


def submit(block: Any, data: Any) -> dict[str, Any]:
    """Take {field: value} into the block's fields, all or none; errors are sentences by field."""
    if not isinstance(data, dict):
        return {"errors": {"__all__": _("The settings are not readable.")}}
    form = BlockForm(data)
    if form.is_valid():
        wanted = form.activity()
        try:
            spaces.preview_activity(space_id=None, external_id="", **wanted, kind=block.kind)
        except InvalidInput as error:
            form.refuse(error)
    if form.errors:
        return {"errors": {field: " ".join(map(str, errors)) for field, errors in form.errors.items()}}
    _take(block, form, wanted)
    return {"result": "success"}


def _take(block: Any, form: CreditForm, wanted: dict[str, Any]) -> None:
    numbers = {"credit_threads", "credit_replies", "credit_words"}
    for name, value in wanted["settings"].items():
        setattr(block, name, int(value or 0) if name in numbers else value)
    block.display_name = wanted["title"]
    for name in ("opens_at", "closes_at"):
        moment = wanted[name]
        setattr(block, name, moment.astimezone(timezone.get_default_timezone()) if moment else None)
    block.graded_credit = form.cleaned_data["graded_credit"]
    block.weight = form.cleaned_data["weight"]
