"""Addresses in e-mails: signed links that need no session, under every host (companion.reflections.links)."""

from django.urls import path

from companion.web.views import letters

app_name = "companion_mail"
urlpatterns = [
    path("answer/<str:token>/", letters.answer, name="answer"),
    path("stop/<str:token>/", letters.stop, name="stop"),
]
