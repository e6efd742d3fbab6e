"""The UI below an XBlock handler: from the webob request to Django's and back."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from webob import Response

from companion.viewer import Viewer
from companion.web.mounting import serve
from companion.web.page import render_message
from companion_xblocks.host import Door


def answer_webob(block: Any, request: Any, suffix: str, door: Viewer | Door) -> Response:
    """Answer a handler's request with a page of the UI, or with why there is none."""
    inner = _django_request(request)
    if isinstance(door, Door):
        return _to_webob(render_message(inner, door.title, door.text, status=403))
    # The token of the platform's own session, so that its check on the handler lets our forms through.
    fields = MappingProxyType({"csrfmiddlewaretoken": get_token(inner)})
    mount = block.host.mount(fields=fields, report_credit=block.report_own_credit)
    return _to_webob(serve(inner, suffix.lstrip("/"), viewer=door, mount=mount))


def _django_request(request: Any) -> HttpRequest:
    """The request that the platform wrapped (xblock.django.request), so that a CSRF cookie reaches its middleware;
    else one made of the environ.
    """
    inner = getattr(request, "_request", None)
    return inner if isinstance(inner, HttpRequest) else WSGIRequest(request.environ)


def _to_webob(response: HttpResponse) -> Response:
    """Cookies are left out: of two of them only the last survives a handler, and the UI sets none."""
    headers = [(name, value) for name, value in response.items() if name.lower() != "content-length"]
    return Response(body=response.content, status=response.status_code, headerlist=headers)
