"""The routes that platforms know, and below `/lti/s/<handle>/` the pages of a launch."""

from django.urls import path

from companion_lti import placing_views, registration_views, views

app_name = "companion_lti"

urlpatterns = [
    path("login", views.login, name="login"),
    path("launch", views.launch, name="launch"),
    path("notices", views.notices_view, name="notices"),
    path("jwks", views.jwks, name="jwks"),
    path("config.json", views.config, name="config"),
    path("setup", registration_views.setup, name="setup"),
    path("register/<str:token>", registration_views.register, name="register"),
    path("register/<str:token>/state", registration_views.register_state, name="register-state"),
    # `<activity>/<thread>/<number>/`; a path, so that whatever became of a link on its way is answered in words.
    path("go/<path:post>", views.go, name="go"),
    path("s/<slug:handle>/window", views.open_window, name="window"),
    path("s/<slug:handle>/place/", placing_views.place, name="place"),
    path("s/<slug:handle>/place/cancel", placing_views.place_cancel, name="place-cancel"),
    path("s/<slug:handle>/<path:path>", views.session_page, name="session"),
    path("s/<slug:handle>/", views.session_page, {"path": ""}, name="session-home"),
]
