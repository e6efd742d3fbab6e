"""/livez and /readyz: what a container's probes ask for."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from companion.standalone.database import waits_for_migrations


class Probes:
    """Middleware, the first one: a probe comes by the machine's address, which is in nobody's ALLOWED_HOSTS."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response
        self.probes = {"/livez": livez, "/readyz": readyz}

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        probe = self.probes.get(request.path_info)
        return probe() if probe else self.get_response(request)


def livez() -> HttpResponse:
    """The process answers."""
    return HttpResponse("ok\n", content_type="text/plain")


def readyz() -> HttpResponse:
    """The database answers and has every migration: requests may come."""
    try:
        waiting = waits_for_migrations()
    except Exception:
        return HttpResponse("the database does not answer\n", status=503, content_type="text/plain")
    if waiting:
        return HttpResponse("migrations are missing\n", status=503, content_type="text/plain")
    return HttpResponse("ok\n", content_type="text/plain")
