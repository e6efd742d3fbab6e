"""The content security policy (everything from here, frames and form posts to the one tool) and the language."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar

from django.http import HttpRequest, HttpResponseBase

from examples.demo_lms.config import CONFIG

LANGUAGE: ContextVar[str] = ContextVar("language", default="en")
"""The language of the browser that is asking."""

POLICY = "; ".join(
    [
        "default-src 'self'",
        f"frame-src 'self' {CONFIG.tool_url}",
        f"form-action 'self' {CONFIG.tool_url}",
        "frame-ancestors 'self'",
        "base-uri 'none'",
        "object-src 'none'",
    ]
)


def content_security_policy(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        response["Content-Security-Policy"] = POLICY
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
