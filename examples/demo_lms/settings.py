"""Django settings of the demo LMS. What may differ is in the environment: see config.py."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from examples.demo_lms.config import CONFIG
from examples.demo_lms.keys import secret_key

BASE_DIR = Path(__file__).resolve().parent

DEBUG = False
SECRET_KEY = secret_key()
ALLOWED_HOSTS = [urlsplit(CONFIG.url).hostname or "127.0.0.1", "127.0.0.1", "localhost"]
CSRF_TRUSTED_ORIGINS = [CONFIG.url]

ROOT_URLCONF = "examples.demo_lms.urls"
WSGI_APPLICATION = "examples.demo_lms.wsgi.application"
APPEND_SLASH = False

INSTALLED_APPS = ["django.contrib.staticfiles", "examples.demo_lms.apps.DemoLmsConfig"]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "examples.demo_lms.middleware.content_security_policy",
    "examples.demo_lms.middleware.browser_language",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "examples.demo_lms.people.demo_bar",
            ],
        },
    }
]

DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": CONFIG.directory / "demo_lms.sqlite3",
        "OPTIONS": {
            "timeout": 20,
            "transaction_mode": "IMMEDIATE",
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
        },
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.AutoField"

# A name of its own: cookies ignore ports, and the tool may well run on the same host.
SESSION_COOKIE_NAME = "demo_lms_session"
CSRF_COOKIE_NAME = "demo_lms_csrf"
SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = CONFIG.url.startswith("https://")

# Login, relay and deep-linking pages live in a frame of the unit page.
X_FRAME_OPTIONS = "SAMEORIGIN"

STATIC_URL = "static/"
WHITENOISE_USE_FINDERS = True
WHITENOISE_MAX_AGE = 0

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = False

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
    # A refused page is no news here: tests and curious people ask for many.
    "loggers": {"django.request": {"level": "ERROR"}},
}
