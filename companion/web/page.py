"""Rendering of pages: the values that every template gets, and nothing of the host but its mount."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.html import format_html
from django.utils.translation import get_language, get_language_bidi

from companion import conf

LAYOUT_HEADER: Final = "X-Companion-Layout"


def render(
    request: HttpRequest, template: str, context: Mapping[str, Any] | None = None, *, status: int = 200
) -> HttpResponse:
    """A page or partial, with the values that all of them need. No context processors: a page gets what is named.

    `template` is a full template name ("companion/thread_list.html").
    """
    values = {
        "viewer": getattr(request, "viewer", None),
        "mount": getattr(request, "mount", None),
        "is_partial": is_partial(request),
        "layout": f"companion/layouts/{'block' if is_block(request) else 'page'}.html",
        "language": get_language(),
        "direction": "rtl" if get_language_bidi() else "ltr",
        "live_milliseconds": int(conf.get("COMPANION_LIVE_SECONDS") * 1000),
        **(context or {}),
    }
    html = render_to_string(template, values)
    return HttpResponse(_deepen(html) if is_block(request) else html, status=status)


def render_message(request: HttpRequest, title: str, text: str, *, status: int) -> HttpResponse:
    """A page that says one thing in plain words: what happened and what to do.

    To htmx, which would put the page in the place of a post, it is a sentence above the page.
    """
    if is_partial(request):
        sentence = format_html("<p><strong>{}</strong> {}</p>", title, text)
        headers = {"HX-Retarget": "#alerts", "HX-Reswap": "innerHTML"}
        return HttpResponse(sentence, status=status, headers=headers)
    return render(request, "companion/message.html", {"title": title, "text": text, "is_partial": False}, status=status)


def is_partial(request: HttpRequest) -> bool:
    """Whether htmx asks for a piece of a page. A boosted link asks for the whole page."""
    return request.headers.get("HX-Request") == "true" and request.headers.get("HX-Boosted") != "true"


def is_block(request: HttpRequest) -> bool:
    """Whether the answer goes into a page of the host: the views there send this header (embedded.html)."""
    return request.headers.get(LAYOUT_HEADER) == "block"


def _deepen(html: str) -> str:
    """The same with headings two levels down, below those of the host's page. People's own begin at level 3."""
    for level, deeper in ((3, 5), (2, 4), (1, 3)):
        html = html.replace(f"<h{level}>", f'<h{level} aria-level="{deeper}">')
        html = html.replace(f"<h{level} id", f'<h{level} aria-level="{deeper}" id')
    return html


def redirect(url: str, query: Mapping[str, object] | None = None, *, fragment: str = "") -> HttpResponse:
    """303: the answer to a form is a page of its own, so that a reload does not send the form again."""
    return HttpResponse(status=303, headers={"Location": with_query(url, query or {}, fragment=fragment)})


def with_query(url: str, query: Mapping[str, object], *, fragment: str = "") -> str:
    """A URL of a mount with parameters, also where the mount put a query of its own at the end."""
    used = {name: value for name, value in query.items() if value not in (None, "")}
    if used:
        url += ("&" if "?" in url else "?") + urlencode(used)
    return f"{url}#{fragment}" if fragment else url


def number_of(value: str | None, default: int | None = 0) -> Any:
    """A number from a query, or the default for anything else."""
    return int(value) if value and value.isascii() and value.isdigit() and len(value) < 10 else default
