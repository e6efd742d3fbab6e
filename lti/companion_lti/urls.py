"""The routes that platforms know, and below `/lti/s/<handle>/` the pages of a launch."""

from django.urls import path

from companion_lti import views

app_name = "companion_lti"

urlpatterns = [
    path("login", views.login, name="login"),
    path("launch", views.launch, name="launch"),
    path("jwks", views.jwks, name="jwks"),
    path("config.json", views.config, name="config"),
    path("s/<slug:handle>/window", views.open_window, name="window"),
    path("s/<slug:handle>/place/", views.place, name="place"),
    path("s/<slug:handle>/place/cancel", views.place_cancel, name="place-cancel"),
    path("s/<slug:handle>/<path:path>", views.session_page, name="session"),
    path("s/<slug:handle>/", views.session_page, {"path": ""}, name="session-home"),
]
