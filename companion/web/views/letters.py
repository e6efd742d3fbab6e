"""Pages behind the links of an e-mail: no login, one thing each, nothing else to read."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse


def answer(request: HttpRequest, token: str) -> HttpResponse:
    return HttpResponse(status=404)


def stop(request: HttpRequest, token: str) -> HttpResponse:
    return HttpResponse(status=404)
