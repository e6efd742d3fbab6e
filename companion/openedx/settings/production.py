"""What an operator may set in the LMS's YAML (LMS_CFG), by the names of docs/references/settings.md."""

from __future__ import annotations

from typing import Any

from companion.conf import DEFAULTS


def plugin_settings(settings: Any) -> None:
    given = getattr(settings, "ENV_TOKENS", {})
    for name in DEFAULTS:
        if name in given:
            setattr(settings, name, given[name])
