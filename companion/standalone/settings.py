"""Django's settings of the standalone service, filled from the environment (docs/references/settings.md)."""

from pathlib import Path
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured
from django.core.management.utils import get_random_secret_key

env = environ.Env()

# Where the embedded database, the secret key and the collected static files live.
DATA_DIR = Path(env.str("COMPANION_DATA_DIR", default="var")).resolve()
DATA_DIR.mkdir(parents=True, exist_ok=True)
COMPANION_URL = env.str("COMPANION_URL", default="http://localhost:8601").rstrip("/")

DEBUG = env.bool("DEBUG", default=False)


def _secret_key() -> str:
    """The key from the environment, else one made at the first start and kept in the data folder."""
    given = env.str("SECRET_KEY", default="")
    if given:
        return str(given)
    path = DATA_DIR / "secret_key"
    if not path.exists():
        temporary = path.with_suffix(".new")
        temporary.touch(mode=0o600)
        temporary.write_text(get_random_secret_key())
        temporary.rename(path)
    return path.read_text()


SECRET_KEY = _secret_key()
# Keys that SECRET_KEY had before: what was signed or sealed with them stays readable.
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=[urlsplit(COMPANION_URL).hostname or "localhost"])

INSTALLED_APPS = [
    # Ours first: the earlier catalogue wins where two translate the same word ("Save").
    "companion",
    "companion.web",
    "companion_lti",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_htmx",
    "django_tasks",
    "django_tasks_db",
]

MIDDLEWARE = [
    "companion.standalone.health.Probes",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "companion.web.middleware.ContentSecurityPolicy",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    # For the admin site; the learners' pages use none of these (companion_lti/mount.py).
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]

ROOT_URLCONF = "companion.standalone.urls"
WSGI_APPLICATION = "companion.standalone.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
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

DATABASES = {"default": env.db_url("DATABASE_URL", default=f"sqlite:///{DATA_DIR / 'companion.sqlite3'}")}
_database = DATABASES["default"]
if _database["ENGINE"].endswith("sqlite3"):
    _database["OPTIONS"] = {
        # IMMEDIATE: a transaction that will write waits its turn at the start instead of failing in the middle.
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        # WAL: readers do not wait for the writer. NORMAL: safe with WAL; a power cut loses no committed page order.
        "init_command": (
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-20000;"
            " PRAGMA mmap_size=134217728; PRAGMA temp_store=MEMORY;"
        ),
    }
elif _database["ENGINE"].endswith("mysql"):
    _database.setdefault("OPTIONS", {}).setdefault("charset", "utf8mb4")
_database["CONN_MAX_AGE"] = env.int("CONN_MAX_AGE", default=60)
_database["CONN_HEALTH_CHECKS"] = True

_redis = env.str("REDIS_URL", default="")
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": _redis}
    if _redis
    else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
}

TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
TIME_ZONE = env.str("TIME_ZONE", default="UTC")
LANGUAGE_CODE = env.str("LANGUAGE_CODE", default="en")
LANGUAGES = [("en", "English"), ("de", "Deutsch"), ("ar", "العربية")]
USE_I18N = True

# Pictures in posts. They are read through the gates, never by an address below the web server's folder.
MEDIA_ROOT = DATA_DIR / "media"
STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

# Behind a proxy that ends TLS: the usual header, trusted only where COMPANION_URL says that TLS is in use.
if COMPANION_URL.startswith("https://"):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
    SECURE_HSTS_SECONDS = env.int("SECURE_HSTS_SECONDS", default=0)
SECURE_REFERRER_POLICY = "same-origin"
CSRF_TRUSTED_ORIGINS = [COMPANION_URL]
# A long text in three-byte characters is larger than Django's default of 2.5 MB only when somebody attacks.
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024

EMAIL_CONFIG = env.email_url("EMAIL_URL", default="consolemail://")
vars().update(EMAIL_CONFIG)
DEFAULT_FROM_EMAIL = env.str(
    "DEFAULT_FROM_EMAIL", default=f"companion@{urlsplit(COMPANION_URL).hostname or 'localhost'}"
)

COMPANION_SESSION_HOURS = env.int("COMPANION_SESSION_HOURS", default=12)
COMPANION_LIVE_SECONDS = env.float("COMPANION_LIVE_SECONDS", default=2.5)
COMPANION_MOST_POSTS = env.int("COMPANION_MOST_POSTS", default=30)
COMPANION_LTI_APPROVE_REGISTRATIONS = env.bool("COMPANION_LTI_APPROVE_REGISTRATIONS", default=True)
COMPANION_LTI_APPROVE_DEPLOYMENTS = env.bool("COMPANION_LTI_APPROVE_DEPLOYMENTS", default=False)
COMPANION_LTI_PRIVATE_HOSTS = env.tuple("COMPANION_LTI_PRIVATE_HOSTS", default=())
COMPANION_ORGANIZATION = env.str("COMPANION_ORGANIZATION", default="")
COMPANION_NAMES = env.str("COMPANION_NAMES", default="username")
COMPANION_RETIRED_POSTS = env.str("COMPANION_RETIRED_POSTS", default="keep")
COMPANION_SEARCH_LANGUAGE = env.str("COMPANION_SEARCH_LANGUAGE", default="english")
COMPANION_LTI_KEY_DAYS = env.int("COMPANION_LTI_KEY_DAYS", default=90)
COMPANION_LTI_ROSTER_HOURS = env.int("COMPANION_LTI_ROSTER_HOURS", default=12)

# A file by which a demonstration moves the time. Whoever writes it could open what is closed, and end every session.
COMPANION_CLOCK_FILE = env.str("COMPANION_CLOCK_FILE", default="")
if COMPANION_CLOCK_FILE and COMPANION_URL.startswith("https://"):
    raise ImproperlyConfigured("COMPANION_CLOCK_FILE is for demonstrations on one machine, not for a service in use.")

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", default="INFO")},
}
