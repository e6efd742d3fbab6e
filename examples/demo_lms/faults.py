"""Faults on request, so that tests see what a tool does about a service that fails.

The text of the file `faults` in the folder of the LMS is read anew for every request to a service (token, NRPS,
AGS, notice handlers), which answers accordingly:

    (empty, or no file)  as always
    503                  503
    429                  429 with `Retry-After: 2`
    hang                 as always, after 30 seconds, or as soon as the file says something else
    lie                  200 with a page of HTML

Pages for people, launches, the key set and registration never fail.
"""

from __future__ import annotations

import time

from django.http import HttpResponse, JsonResponse

from examples.demo_lms.config import CONFIG

HANG_SECONDS = 30
_STEP_SECONDS = 0.1


def answer() -> HttpResponse | None:
    """What a service says instead of its answer; None where it is to answer."""
    fault = _asked_for()
    if fault == "503":
        return JsonResponse({"error": "The service is down."}, status=503)
    if fault == "429":
        return JsonResponse({"error": "Too many requests."}, status=429, headers={"Retry-After": "2"})
    if fault == "lie":
        return HttpResponse("<!doctype html><title>Welcome</title><p>All is well.</p>")
    if fault == "hang":
        _hang()
    return None


def _asked_for() -> str:
    try:
        return (CONFIG.directory / "faults").read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return ""


def _hang() -> None:
    """A test that has seen enough takes the fault back, and no thread is left hanging."""
    until = time.monotonic() + HANG_SECONDS
    while time.monotonic() < until and _asked_for() == "hang":
        time.sleep(_STEP_SECONDS)
