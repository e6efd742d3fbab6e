"""`make test`: the whole suite on SQLite with the coverage gate, then the same tests on each database found.

What is missing is left out and said in one line; with COMPANION_REQUIRE_SERVICES=1 it is a failure.
"""

from __future__ import annotations

import os
import subprocess
import sys

from tests import services

# Two processes on two cores. Browser tests share one demo, so they stay in one process.
PARALLEL = ["-n", os.environ.get("PYTEST_WORKERS", "2"), "--dist", "loadgroup"]
COVERAGE = ["--cov", "--cov-report", "term", "--cov-fail-under", "95"]


def main() -> int:
    runs = [("SQLite", None, [*PARALLEL, *COVERAGE])]
    missing = []
    databases = {"PostgreSQL": services.postgres_url(), "MariaDB/MySQL": services.mysql_url()}
    for name, url in databases.items():
        if url:
            runs.append((name, url, [*PARALLEL, "-m", "not browser and not packaging and not one_database"]))
        else:
            missing.append(name)
    missing += [
        name for name, found in (("Redis", services.redis_url()), ("Chromium", services.chromium_path())) if not found
    ]
    if missing:
        print(f"Left out, because not found here: {', '.join(missing)}.", flush=True)
        if services.REQUIRED:
            print("COMPANION_REQUIRE_SERVICES=1: that is a failure.")
            return 1
    for name, url, arguments in runs:
        print(f"\n== {name} ==", flush=True)
        environ = os.environ | ({"DATABASE_URL": url} if url else {})
        done = subprocess.run([sys.executable, "-m", "pytest", "-q", *arguments, "tests"], env=environ)
        if done.returncode:
            return done.returncode
    return other_runtime()


def other_runtime() -> int:
    """What touches Open edX again under its other Python and XBlock (noxfile.py). Not a service: it may be missing."""
    version = "3.12" if sys.version_info < (3, 12) else "3.11"
    folder = services.python_folder(version)
    if folder is None:
        print(f"\nLeft out, because not found here: Python {version}.", flush=True)
        return 0
    print(f"\n== Python {version}, the XBlock that goes with it ==", flush=True)
    path = os.pathsep.join([os.environ["PATH"], str(folder)])
    command = [sys.executable, "-m", "nox", "-s", f"openedx-{version}"]
    return subprocess.run(command, env=os.environ | {"PATH": path}).returncode


if __name__ == "__main__":
    sys.exit(main())
