"""Settings that the plugin adds to the platform's. The platform may call this twice."""

from __future__ import annotations

from typing import Any, Final

from companion.conf import DEFAULTS

APPS: Final = ("companion", "companion.web", "companion_xblocks", "django_htmx", "django_tasks", "django_tasks_db")
UNIT_FILTER: Final = "org.openedx.learning.vertical_block.render.completed.v1"
UNIT_STEP: Final = "companion.openedx.filters.UnitDiscussion"


def plugin_settings(settings: Any) -> None:
    for app in APPS:
        if app not in settings.INSTALLED_APPS:
            settings.INSTALLED_APPS.append(app)
    if not hasattr(settings, "TASKS"):
        settings.TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}
    if not hasattr(settings, "COMPANION_URL"):
        # The links of e-mails lead to the LMS itself.
        settings.COMPANION_URL = getattr(settings, "LMS_ROOT_URL", "") or DEFAULTS["COMPANION_URL"]
    filters = getattr(settings, "OPEN_EDX_FILTERS_CONFIG", None) or {}
    settings.OPEN_EDX_FILTERS_CONFIG = {**filters, UNIT_FILTER: _with_our_step(filters.get(UNIT_FILTER) or {})}


def _with_our_step(configured: Any) -> dict[str, Any]:
    """A filter's configuration with our step in it once. An operator may have given a step, a list, or all of it."""
    if isinstance(configured, str):
        configured = [configured]
    if not isinstance(configured, dict):
        configured = {"pipeline": configured}
    steps = [step for step in configured.get("pipeline", ()) if step != UNIT_STEP]
    return {"fail_silently": True, **configured, "pipeline": [*steps, UNIT_STEP]}
