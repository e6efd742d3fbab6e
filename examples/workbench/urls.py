"""The workbench's own addresses, with an index of our blocks and a page that says who is looking."""

from django.urls import include, path

from examples.workbench import views

urlpatterns = [
    path("", views.index, name="index"),
    path("as/<str:person>/<str:scenario>/<str:view>/", views.scenario, name="companion_scenario"),
    path("companion/", include("companion.openedx.urls")),
    path("", include("workbench.urls")),
]
