from django.apps import AppConfig
from django.conf import settings
from django.core.checks import register
from django.utils.translation import gettext_lazy as _


class CompanionConfig(AppConfig):
    name = "companion"
    label = "companion"
    verbose_name = _("Course Companion")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from companion import clock, conf, subscriptions
        from companion.reflections.api import deliver_due, recalculate_dated
        from companion.search.api import learn
        from companion.tasks import each_tick
        from companion.threads.api import prune_pictures

        register(conf.check)
        clock.follow(getattr(settings, "COMPANION_CLOCK_FILE", ""))
        subscriptions.connect()
        each_tick(prune_pictures)
        each_tick(learn)
        each_tick(recalculate_dated)
        each_tick(deliver_due)
