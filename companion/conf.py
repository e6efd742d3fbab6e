"""The settings of the Companion: few, safe by default, each with an entry in docs/references/settings.md.

Set them in Django's settings. The standalone service fills them from the environment.
"""

from typing import Any, Final

import snowballstemmer
from django.conf import settings
from django.core.checks import Error
from django.core.exceptions import ImproperlyConfigured

DEFAULTS: Final[dict[str, Any]] = {
    # The address under which browsers and platforms reach the service, without a slash at the end.
    "COMPANION_URL": "http://localhost:8601",
    # How long an opened activity stays usable without being opened again from the course.
    "COMPANION_SESSION_HOURS": 12,
    # How often an open page asks for news; 0 turns live updates off.
    "COMPANION_LIVE_SECONDS": 2.5,
    # How many posts somebody may write in ten minutes (the staff five times as many); 0 is as many as they like.
    "COMPANION_MOST_POSTS": 30,
    # False keeps a platform that registered itself by a link of an administrator's waiting for an approval.
    "COMPANION_LTI_APPROVE_REGISTRATIONS": True,
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
    # The language whose word endings searches see through: a name of a Snowball stemmer, or "" for none.
    "COMPANION_SEARCH_LANGUAGE": "english",
    # How old the tool's key may become before the worker makes another one; 0 leaves that to the command.
    "COMPANION_LTI_KEY_DAYS": 90,
    # How long a roster is fresh: a launch after that enqueues a new read of it. 0 turns roster reading off.
    "COMPANION_LTI_ROSTER_HOURS": 12,
}


# Settings that take one of a few words.
CHOICES: Final[dict[str, tuple[str, ...]]] = {
    "COMPANION_NAMES": ("username", "full_name"),
    "COMPANION_RETIRED_POSTS": ("keep", "delete"),
    "COMPANION_SEARCH_LANGUAGE": ("", *snowballstemmer.algorithms()),
}


def get(name: str) -> Any:
    """The value of a setting, or its default.

    Raises KeyError for a name that is not a setting of the Companion, ImproperlyConfigured for a word that it does not
    take: posts that somebody wanted deleted must not stay because of a misspelling.
    """
    value = getattr(settings, name, DEFAULTS[name])
    if name in CHOICES and value not in CHOICES[name]:
        raise ImproperlyConfigured(f"{name} is {value!r}; it takes {' or '.join(map(repr, CHOICES[name]))}.")
    return value


def check(**_kwargs: Any) -> list[Error]:
    """Django's system check of the settings above."""
    found = []
    for name in CHOICES:
        try:
            get(name)
        except ImproperlyConfigured as error:
            found.append(Error(str(error), id="companion.E001"))
    return found
