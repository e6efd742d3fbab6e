from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CompanionLtiConfig(AppConfig):
    name = "companion_lti"
    label = "companion_lti"
    verbose_name = _("LTI")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from companion.reflections.api import tell_address
        from companion.tasks import each_tick
        from companion_lti import (
            grades,
            invites,
            permalinks,
            results,
            roster,
            sessions,
            state,
            subscriptions,
            tool_keys,
        )

        each_tick(state.prune)
        each_tick(sessions.prune)
        each_tick(roster.read_nightly)
        each_tick(invites.prune)
        each_tick(tool_keys.rotate_when_due)
        each_tick(tool_keys.forget_retired)
        each_tick(grades.settle_nightly)
        each_tick(grades.wake_stalled)
        each_tick(results.read_hourly)
        subscriptions.connect()
        tell_address(permalinks.course_of)
