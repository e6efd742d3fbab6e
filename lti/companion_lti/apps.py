from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CompanionLtiConfig(AppConfig):
    name = "companion_lti"
    label = "companion_lti"
    verbose_name = _("LTI")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from companion.tasks import each_tick
        from companion_lti import sessions, state

        each_tick(state.prune)
        each_tick(sessions.prune)
