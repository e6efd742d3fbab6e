"""Settings of the workbench, with the plugin's own added as the platform would add them."""

import os
from pathlib import Path

from examples.workbench import SAMPLES

FOLDER = Path(os.environ.get("COMPANION_WORKBENCH_DIR", "var/workbench")).resolve()
FOLDER.mkdir(parents=True, exist_ok=True)

SECRET_KEY = "the workbench is for one person on one machine"
DEBUG = True
ALLOWED_HOSTS = ["127.0.0.1", "localhost", "testserver"]
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.admin",
    "django.contrib.staticfiles",
    "djpyfs",
    "workbench",
    "companion.openedx",
]
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    # As in the platform: blocks have no request, and ask who really sends it.
    "crum.CurrentRequestUserMiddleware",
]
ROOT_URLCONF = "examples.workbench.urls"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [Path(__file__).parent / "templates", SAMPLES / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": FOLDER / "workbench.sqlite3",
        "OPTIONS": {"transaction_mode": "IMMEDIATE", "timeout": 20, "init_command": "PRAGMA journal_mode=WAL;"},
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("de", "Deutsch"), ("ar", "العربية")]
STATIC_URL = "/static/"
STATICFILES_DIRS = [Path(__file__).parent / "static"]
STATIC_ROOT = FOLDER / "static"
MEDIA_ROOT = FOLDER / "media"
# What openedx-django-pyfs wants; no block of ours stores files.
DJFS = {"type": "osfs", "directory_root": str(FOLDER / "files"), "url_root": "/files"}
EXCLUDED_XBLOCKS: set[str] = set()
WORKBENCH = {
    "reset_state_on_restart": False,
    "services": {"user": "examples.workbench.people.WorkbenchUsers"},
}

# What the platform would know (companion/openedx/compat.py).
COMPANION_ORGANIZATION = "Workbench"
COMPANION_NAMES = "full_name"
COMPANION_WORKBENCH_COURSE = "On-call: your first incident"
COMPANION_WORKBENCH_ROLES = {"ben": ["instructor"]}
COMPANION_WORKBENCH_OUTSIDERS = ["dee"]

from companion.openedx.settings.common import plugin_settings  # noqa: E402
from examples.workbench import this_module  # noqa: E402

plugin_settings(this_module(__name__))
