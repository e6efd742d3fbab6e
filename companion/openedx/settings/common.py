"""Settings that the plugin adds to the platform's. The platform may call this twice."""

from __future__ import annotations

from typing import Any, Final

APPS: Final = ("companion", "companion.web", "companion_xblocks", "django_htmx", "django_tasks", "django_tasks_db")
UNIT_FILTER: Final = "org.openedx.learning.vertical_block.render.completed.v1"
UNIT_STEP: Final = "companion.openedx.filters.UnitDiscussion"


def plugin_settings(settings: Any) -> None:
    for app in APPS:
        if app not in settings.INSTALLED_APPS:
            settings.INSTALLED_APPS.append(app)
    if not hasattr(settings, "TASKS"):
        settings.TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}
    filters = getattr(settings, "OPEN_EDX_FILTERS_CONFIG", None) or {}
    steps = filters.setdefault(UNIT_FILTER, {"fail_silently": True, "pipeline": []})
    if UNIT_STEP not in steps["pipeline"]:
        # A list of its own: the platform's may be shared between settings modules.
        steps["pipeline"] = [*steps["pipeline"], UNIT_STEP]
    settings.OPEN_EDX_FILTERS_CONFIG = filters
