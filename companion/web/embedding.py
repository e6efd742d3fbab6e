"""The UI inside a page of the host: an XBlock's view, a panel under a unit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from django.conf import settings
from django.http import HttpResponse
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.utils.translation import get_language, get_language_bidi

from companion import conf
from companion.viewer import Mount, Viewer
from companion.web.mounting import CompanionRequest, answer

# In this order: the last one calls what the others have brought.
SCRIPTS: Final = ("live.js", "video.js", "pictures.js", "writing.js", "companion.js")


def script_urls() -> list[str]:
    """The scripts that a page with embedded views needs, in the order in which they are loaded."""
    return [static(f"companion/{name}") for name in SCRIPTS]


def first_view(view: Callable[[CompanionRequest], HttpResponse], *, viewer: Viewer, mount: Mount) -> str:
    """What a view shows, as it goes into a page of the host that is being made: there is no request of its own."""
    request = CompanionRequest()
    request.method = "GET"
    request.META["HTTP_X_COMPANION_LAYOUT"] = "block"
    return answer(request, view, viewer=viewer, mount=mount).content.decode()


def embed(view: str, *, is_inert: bool = False, has_links: bool = True) -> str:
    """HTML for the host's page with a first view in it.

    `is_inert` is for a preview, where nothing can be pressed; without `has_links` it stays the only view.
    """
    values = {
        "view": view,
        "is_inert": is_inert,
        "has_links": has_links,
        "language": get_language(),
        "direction": "rtl" if get_language_bidi() else "ltr",
        "csrf_cookie": settings.CSRF_COOKIE_NAME,
        "live_milliseconds": int(conf.get("COMPANION_LIVE_SECONDS") * 1000),
    }
    return render_to_string("companion/embedded.html", values)
