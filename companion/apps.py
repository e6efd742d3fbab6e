from django.apps import AppConfig
from django.core.checks import register
from django.utils.translation import gettext_lazy as _


class CompanionConfig(AppConfig):
    name = "companion"
    label = "companion"
    verbose_name = _("Course Companion")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from companion import conf, subscriptions

        register(conf.check)
        subscriptions.connect()
