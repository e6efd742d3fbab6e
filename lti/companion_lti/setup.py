"""What an administrator of a platform pastes there: every address of the tool with its name."""

from __future__ import annotations

from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext, gettext_lazy

from companion_lti.claims import DEEP_LINK_LAUNCH
from companion_lti.notices import SCOPE as NOTICES_SCOPE
from companion_lti.registering import NAME, SCOPES, custom_parameters
from companion_lti.tool import address_of

ADDRESSES: tuple[tuple[str | Promise, str], ...] = (
    (gettext_lazy("Login (initiate login) URL"), "login"),
    (gettext_lazy("Launch, redirect and deep linking URL"), "launch"),
    (gettext_lazy("Public keyset (JWKS) URL"), "jwks"),
    (gettext_lazy("Configuration (JSON) URL"), "config"),
)


def addresses() -> list[tuple[str, str]]:
    """(name, address), in the order in which platforms ask for them."""
    return [(str(name), address_of(route)) for name, route in ADDRESSES]


def canvas_configuration() -> dict[str, Any]:
    """The configuration that Canvas reads by "Enter URL"
    (https://developerdocs.instructure.com/services/canvas/external-tools/lti/file.lti_dev_key_config).
    """
    launch = address_of("launch")
    placements = [
        {
            "placement": placement,
            "message_type": DEEP_LINK_LAUNCH,
            "target_link_uri": launch,
            "text": NAME,
            "enabled": True,
        }
        for placement in ("assignment_selection", "link_selection")
    ]
    return {
        "title": NAME,
        "description": gettext("Discussion inside the course."),
        "oidc_initiation_url": address_of("login"),
        "target_link_uri": launch,
        "redirect_uris": [launch],
        "public_jwk_url": address_of("jwks"),
        "scopes": [*SCOPES, NOTICES_SCOPE],
        "custom_fields": custom_parameters(),
        "extensions": [
            {
                "platform": "canvas.instructure.com",
                "domain": launch.partition("://")[2].partition("/")[0],
                "tool_id": "course-companion",
                "privacy_level": "public",
                "settings": {"text": NAME, "placements": placements},
            }
        ],
    }
