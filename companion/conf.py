"""The settings of the Companion: few, safe by default, each with an entry in docs/references/settings.md.

Set them in Django's settings. The standalone service fills them from the environment.
"""

from typing import Any, Final

from django.conf import settings

DEFAULTS: Final[dict[str, Any]] = {
    # The address under which browsers and platforms reach the service, without a slash at the end.
    "COMPANION_URL": "http://localhost:8601",
    # How long an opened activity stays usable without being opened again from the course.
    "COMPANION_SESSION_HOURS": 12,
    # How often an open page asks for news; 0 turns live updates off.
    "COMPANION_LIVE_SECONDS": 2.5,
    # True lets a deployment that the registration did not name in at once; False keeps it waiting for an admin.
    "COMPANION_LTI_APPROVE_DEPLOYMENTS": False,
    # Host names that platforms may have on private addresses (intranet LMS); others are refused on connect.
    "COMPANION_LTI_PRIVATE_HOSTS": (),
    # Inside Open edX: the organization of every course; "" takes the platform's name.
    "COMPANION_ORGANIZATION": "",
    # Inside Open edX: what people are called, "username" (as in its own forum) or "full_name".
    "COMPANION_NAMES": "username",
    # What becomes of a retired person's posts: "keep" (their text stays, their name goes) or "delete".
    "COMPANION_RETIRED_POSTS": "keep",
    # How long a roster is fresh: a launch after that enqueues a new read of it. 0 turns roster reading off.
    "COMPANION_LTI_ROSTER_HOURS": 12,
}


def get(name: str) -> Any:
    """The value of a setting, or its default.

    Raises KeyError for a name that is not a setting of the Companion.
    """
    return getattr(settings, name, DEFAULTS[name])
