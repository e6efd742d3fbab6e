"""The addresses of the standalone service: learners' pages are below /lti/s/ (companion_lti/urls.py)."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index")),
    path("admin/", admin.site.urls),
    path("lti/", include("companion_lti.urls")),
    path("mail/", include("companion.web.mail_urls")),
]
