"""The UI inside a page of the host: an XBlock's view, a panel under a unit."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.utils.translation import get_language, get_language_bidi

from companion import conf
from companion.viewer import Mount, Viewer
from companion.web.mounting import serve

HEADERS = {"HTTP_HX_REQUEST": "true", "HTTP_HX_BOOSTED": "true"}


def script_url() -> str:
    """The one script that a page with embedded views needs."""
    return static("companion/companion.js")


def first_view(path: str, *, viewer: Viewer, mount: Mount) -> str:
    """A page of the UI as it goes into a page of the host, without a request of its own.

    `path` is that of `path_for`. The mount's layout must be "block".
    """
    request = HttpRequest()
    request.method = "GET"
    request.META.update(HEADERS)
    return serve(request, path, viewer=viewer, mount=mount).content.decode()


def embed(view: str, *, is_inert: bool = False) -> str:
    """HTML for the host's page with a first view in it. `is_inert` is for a preview, where nothing can be pressed."""
    values = {
        "view": view,
        "is_inert": is_inert,
        "language": get_language(),
        "direction": "rtl" if get_language_bidi() else "ltr",
        "csrf_cookie": settings.CSRF_COOKIE_NAME,
        "live_milliseconds": int(conf.get("COMPANION_LIVE_SECONDS") * 1000),
    }
    return render_to_string("companion/embedded.html", values)
