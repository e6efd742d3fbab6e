"""The standalone service, the plugin as an LMS has it, and the workbench's handlers: every mount at once."""

from django.urls import include, path

urlpatterns = [
    path("companion/", include("companion.openedx.urls")),
    path("", include("companion.standalone.urls")),
    path("workbench/", include("workbench.urls")),
]
