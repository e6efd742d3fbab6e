"""The form of a block's settings in Studio."""

from __future__ import annotations

from typing import Any

from django.template.loader import render_to_string
from django.templatetags.static import static
from django.utils import timezone
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext as _
from web_fragments.fragment import Fragment
from xblock.fields import Integer

from companion.errors import InvalidInput
from companion.spaces import api as spaces
from companion.spaces.notation import write_notation
from companion.web.embedding import embed
from companion.web.forms.activities import DATES
from companion_xblocks.forms import BlockForm


def view(block: Any) -> Fragment:
    form = block.settings_form.for_block(block)
    html = render_to_string("companion_xblocks/studio.html", {"form": form, "prefix": "studio-"})
    fragment = Fragment(embed(html, has_links=False))
    # Of our own scripts the one that builds the shadow root: there are no posts here, and nothing to write in Markdown.
    for name in ("companion/companion.js", "companion_xblocks/studio.js"):
        fragment.add_javascript_url(static(name))
    fragment.initialize_js("CompanionStudio", {"url": block.runtime.handler_url(block, "studio_submit")})
    return fragment


def submit(block: Any, data: Any) -> dict[str, Any]:
    """Take {field: value, or a list of those that were ticked} into the block's fields, all or none; errors are
    sentences by field.
    """
    if not isinstance(data, dict):
        return {"errors": {"__all__": _("The settings are not readable.")}}
    form = block.settings_form.for_block(block, _as_sent(data))
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


def _as_sent(data: dict[str, Any]) -> MultiValueDict[str, str]:
    """As a browser would send a form, whatever JSON it was."""
    lists = {name: value if isinstance(value, list) else [value] for name, value in data.items()}
    return MultiValueDict(
        {name: ["" if value is None else str(value) for value in values] for name, values in lists.items()}
    )


def _take(block: Any, form: BlockForm, wanted: dict[str, Any]) -> None:
    for name, value in wanted["settings"].items():
        if name == "prompts":
            # As a text with the keys in it: a title that is changed later keeps its answers.
            value = write_notation(value)
        setattr(block, name, int(value or 0) if isinstance(block.fields[name], Integer) else value)
    block.display_name = wanted["title"]
    for name in DATES:
        moment = wanted[name]
        setattr(block, name, moment.astimezone(timezone.get_default_timezone()) if moment else None)
    block.graded_credit = form.cleaned_data["graded_credit"]
    block.weight = form.cleaned_data["weight"]
