"""The standalone settings, made fast and quiet for tests. DATABASE_URL says where (tests/everywhere.py)."""

import os
import tempfile

from celery import Celery

os.environ.setdefault("SECRET_KEY", "only for tests")
os.environ.setdefault("COMPANION_DATA_DIR", tempfile.gettempdir())
os.environ.setdefault("COMPANION_URL", "http://localhost:8601")
os.environ.setdefault("LOG_LEVEL", "ERROR")

from companion.standalone.settings import *  # noqa: F403
from companion.standalone.settings import DATABASES, INSTALLED_APPS, STORAGES, TEMPLATES
from examples.workbench import SAMPLES

# Beside the standalone service, what an LMS and the workbench have: the page suite runs under every mount.
INSTALLED_APPS += ["companion.openedx", "companion_xblocks", "djpyfs", "workbench"]
ROOT_URLCONF = "tests.urls"
TEMPLATES[0]["DIRS"] = [SAMPLES / "templates"]
LOGIN_URL = "/admin/login/"
DJFS = {"type": "osfs", "directory_root": tempfile.gettempdir(), "url_root": "/files"}
EXCLUDED_XBLOCKS: set[str] = set()
WORKBENCH = {"reset_state_on_restart": False, "services": {"user": "tests.workbench_people.TestUsers"}}
COMPANION_WORKBENCH_ROLES = {"ben": ["instructor"]}
COMPANION_WORKBENCH_OUTSIDERS = ["dee"]

ALLOWED_HOSTS = ["localhost", "testserver"]
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
WHITENOISE_AUTOREFRESH = True
WHITENOISE_USE_FINDERS = True
STATIC_ROOT = None
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
DATABASES["default"]["CONN_MAX_AGE"] = 0
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # A file, not memory: threads that write at once must meet the locks that they meet in the service.
    _name = f"companion-test-{os.environ.get('PYTEST_XDIST_WORKER', 'main')}-{os.getpid()}.sqlite3"
    DATABASES["default"]["TEST"] = {"NAME": os.path.join(tempfile.gettempdir(), _name)}
elif DATABASES["default"]["ENGINE"].endswith("mysql"):
    DATABASES["default"]["TEST"] = {"CHARSET": "utf8mb4", "COLLATION": "utf8mb4_general_ci"}

# Enqueued tasks ask Celery for a run, as in an LMS; here nobody answers, and no broker is looked for.
Celery("tests", broker="memory://").set_default()
# Stories write faster than people do; the limit has tests of its own.
COMPANION_MOST_POSTS = 0
MEDIA_ROOT = tempfile.mkdtemp(prefix="companion-media-")
