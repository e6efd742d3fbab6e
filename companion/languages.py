"""A locale as a platform sends it, and the catalogue that we have for it."""

from __future__ import annotations

from django.utils.translation import get_supported_language_variant


def language_of(locale: str) -> str:
    """The catalogue for a platform's locale (`de_CH`, `pt-BR`), or "" for the browser's choice."""
    try:
        return get_supported_language_variant(locale.replace("_", "-")) if locale else ""
    except (LookupError, ValueError):
        return ""
