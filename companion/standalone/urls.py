"""The addresses of the standalone service. The pages of learners are below /lti/s/ (companion_lti/urls.py)."""

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import include, path
from django.views.generic import RedirectView

from companion.standalone.database import waits_for_migrations


def livez(request: HttpRequest) -> HttpResponse:
    """The process answers."""
    return HttpResponse("ok\n", content_type="text/plain")


def readyz(request: HttpRequest) -> HttpResponse:
    """The database answers and has every migration: requests may come."""
    try:
        waiting = waits_for_migrations()
    except Exception:
        return HttpResponse("the database does not answer\n", status=503, content_type="text/plain")
    if waiting:
        return HttpResponse("migrations are missing\n", status=503, content_type="text/plain")
    return HttpResponse("ok\n", content_type="text/plain")


urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index")),
    path("admin/", admin.site.urls),
    path("lti/", include("companion_lti.urls")),
    path("livez", livez),
    path("readyz", readyz),
]
