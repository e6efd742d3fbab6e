"""The content security policy (everything from here, frames and form posts to the tools) and the language."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar

from django.http import HttpRequest, HttpResponseBase

from examples.demo_lms.models import Tool

LANGUAGE: ContextVar[str] = ContextVar("language", default="en")
"""The language of the browser that is asking."""

HEADER = "Content-Security-Policy"


def policy(*more: str) -> str:
    """What a page may load: frames and form posts may lead to the active tools, frames also to `more` origins."""
    active = set().union(*(tool.origins for tool in Tool.objects.filter(is_active=True)))
    return "; ".join(
        [
            "default-src 'self'",
            " ".join(["frame-src 'self'", *sorted(active | set(more))]),
            " ".join(["form-action 'self'", *sorted(active)]),
            "frame-ancestors 'self'",
            "base-uri 'none'",
            "object-src 'none'",
        ]
    )


def content_security_policy(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """A view that frames something else has set the header itself."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        if HEADER not in response.headers:
            response[HEADER] = policy()
        return response

    return middleware


def browser_language(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """The LMS itself speaks English, but its launches pass the browser's language on, as a person's profile would."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        first = request.headers.get("Accept-Language", "").split(",")[0].split(";")[0].strip()
        token = LANGUAGE.set(first or "en")
        try:
            return get_response(request)
        finally:
            LANGUAGE.reset(token)

    return middleware
