"""What the platform reads to take the plugin in: settings, addresses, signals."""

from typing import Any, ClassVar

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class OpenedxConfig(AppConfig):
    """The plugin. Its keys are those of edx_django_utils.plugins (edx-django-utils, constants.py)."""

    name = "companion.openedx"
    label = "companion_openedx"
    verbose_name = _("Course Companion in Open edX")

    plugin_app: ClassVar[dict[str, Any]] = {
        "url_config": {
            "lms.djangoapp": {
                "namespace": "companion_openedx",
                "regex": r"^companion/",
                "relative_path": "urls",
            },
        },
        "settings_config": {
            "lms.djangoapp": {
                "common": {"relative_path": "settings.common"},
                "production": {"relative_path": "settings.production"},
            },
            "cms.djangoapp": {"common": {"relative_path": "settings.common"}},
        },
        "signals_config": {
            "lms.djangoapp": {
                "relative_path": "receivers",
                "receivers": [
                    {
                        "receiver_func_name": "retire",
                        "signal_path": "openedx.core.djangoapps.user_api.accounts.signals.USER_RETIRE_LMS_MISC",
                    },
                    {
                        "receiver_func_name": "enrolled",
                        "signal_path": "openedx_events.learning.signals.COURSE_ENROLLMENT_CREATED",
                    },
                    {
                        "receiver_func_name": "enrolment_changed",
                        "signal_path": "openedx_events.learning.signals.COURSE_ENROLLMENT_CHANGED",
                    },
                    {
                        "receiver_func_name": "unenrolled",
                        "signal_path": "openedx_events.learning.signals.COURSE_UNENROLLMENT_COMPLETED",
                    },
                    {
                        "receiver_func_name": "cohort_changed",
                        "signal_path": "openedx_events.learning.signals.COHORT_MEMBERSHIP_CHANGED",
                    },
                    {
                        "receiver_func_name": "certified",
                        "signal_path": "openedx_events.learning.signals.CERTIFICATE_CREATED",
                    },
                    {
                        "receiver_func_name": "block_completed",
                        "signal_path": "django.db.models.signals.post_save",
                        "sender_path": "completion.models.BlockCompletion",
                    },
                    {
                        "receiver_func_name": "date_moved",
                        "signal_path": "django.db.models.signals.post_save",
                        "sender_path": "edx_when.models.ContentDate",
                    },
                    {
                        "receiver_func_name": "extended",
                        "signal_path": "django.db.models.signals.post_save",
                        "sender_path": "edx_when.models.UserDate",
                    },
                ],
            },
        },
    }

    def ready(self) -> None:
        from companion.openedx import mount, people, tasks
        from companion.reflections.api import tell_address, tell_due_dates

        tasks.connect()
        tell_address(mount.address_of)
        tell_due_dates(people.due_dates)
