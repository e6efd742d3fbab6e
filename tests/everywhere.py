"""`make test`: the whole suite on SQLite with the coverage gate, the stories in a browser, then what a database answers
on each one found, and what touches Open edX under its other Python.

Each of these is one process, and as many run side by side as COMPANION_TEST_PROCESSES says (2). What one prints is
shown whole when it has ended. What is missing is left out and said in one line; with COMPANION_REQUIRE_SERVICES=1 it
is a failure.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from time import monotonic

import pytest

from tests import services

PROCESSES = int(os.environ.get("COMPANION_TEST_PROCESSES", "2"))
PYTEST = (sys.executable, "-m", "pytest", "-q")
COVERAGE = ("--cov", "--cov-report", "term", "--cov-fail-under", "95")


@dataclass(frozen=True)
class Run:
    """A part of the suite: what it is called, its command, and what its environment has besides. `again` names what
    is told once more, alone, where it failed: a story in a browser that waits for a page on a busy machine.
    """

    name: str
    command: tuple[str, ...]
    environ: dict[str, str] = field(default_factory=dict)
    again: tuple[str, ...] = ()

    def do(self) -> tuple[int, str, float]:
        """Its exit status, what it printed, and how many seconds it took."""
        print(f"-- {self.name} ...\n", end="", flush=True)
        started = monotonic()
        status, said = self._run(self.command)
        if status == pytest.ExitCode.TESTS_FAILED and self.again:
            status, more = self._run(self.again)
            said += f"\n-- once more, what failed --\n{more}"
        return status, said, monotonic() - started

    def _run(self, command: tuple[str, ...]) -> tuple[int, str]:
        environ = os.environ | self.environ
        done = subprocess.run(command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        return done.returncode, done.stdout.decode(errors="replace")


def main() -> int:
    databases = {"PostgreSQL": services.postgres_url(), "MariaDB/MySQL": services.mysql_url()}
    found = databases | {"Redis": services.redis_url(), "Chromium": services.chromium_path()}
    missing = [name for name, where in found.items() if not where]
    if missing:
        print(f"Left out, because not found here: {', '.join(missing)}.", flush=True)
        if services.REQUIRED:
            print("COMPANION_REQUIRE_SERVICES=1: that is a failure.")
            return 1
    # The longest first.
    runs = [Run("SQLite", (*PYTEST, "-m", "not browser", *COVERAGE, "tests"))]
    if found["Chromium"]:
        # A cache of its own: the others write down there what failed in them.
        told = (*PYTEST, "-o", "cache_dir=.pytest_cache/browser", "-m", "browser", "tests/browser")
        runs.append(Run("Chromium", told, again=(*told, "--last-failed")))
    for name, url in databases.items():
        if url:
            wanted = "not browser and not packaging and not one_database"
            runs.append(Run(name, (*PYTEST, "-m", wanted, "tests"), {"DATABASE_URL": url}))
    return side_by_side([*runs, *other_runtime()])


def other_runtime() -> Iterator[Run]:
    """What touches Open edX under its other Python and XBlock (noxfile.py). Not a service: it may be missing."""
    version = "3.12" if sys.version_info < (3, 12) else "3.11"
    folder = services.python_folder(version)
    if folder is None:
        print(f"Left out, because not found here: Python {version}.", flush=True)
        return
    path = os.pathsep.join([os.environ["PATH"], str(folder)])
    command = (sys.executable, "-m", "nox", "-s", f"openedx-{version}")
    yield Run(f"Python {version}, the XBlock that goes with it", command, {"PATH": path})


def side_by_side(runs: list[Run]) -> int:
    """The worst exit status of them all."""
    worst = 0
    with ThreadPoolExecutor(PROCESSES) as pool:
        started = {pool.submit(run.do): run for run in runs}
        for ended in as_completed(started):
            status, said, seconds = ended.result()
            print(f"\n== {started[ended].name} ({seconds:.0f} s) ==\n{said}", flush=True)
            worst = max(worst, abs(status))
    return worst


if __name__ == "__main__":
    sys.exit(main())
