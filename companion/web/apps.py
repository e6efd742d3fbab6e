from django.apps import AppConfig


class CompanionWebConfig(AppConfig):
    """No models: it only lets Django find the templates, static files and template tags of `companion/web`."""

    name = "companion.web"
    label = "companion_web"
