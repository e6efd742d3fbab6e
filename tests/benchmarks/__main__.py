"""`make bench`: what pages, verbs and launches cost, one JSON line a figure.

    python -m tests.benchmarks [--threads 10000 | --sizes 1000,10000,100000] [--only NAME ...] [--rounds 40]

`value` and `floor` are medians of CPU milliseconds, `ratio` is their quotient, `queries` leaves out what begins and
ends transactions and `statements` has it in. The data set has 20 posts a thread and 2,000 people; beyond 20,000
threads 3 posts a thread, because two million posts take too long to make. It is made once and kept in var/bench/.

With DATABASE_URL (an existing, empty database) it runs on that server. Then the CPU time is the application's alone,
and `elapsed` and `floor_elapsed` give the time that passed; the sizes stand side by side in one database.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "var" / "bench"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=10_000)
    parser.add_argument("--sizes", help="several numbers of threads, with commas between")
    parser.add_argument("--only", nargs="+", default=[], metavar="NAME", help="figures whose names begin so")
    parser.add_argument("--rounds", type=int, default=40)
    options = parser.parse_args()
    if options.sizes:
        return _each_size(options.sizes.split(","), options)
    _measure(options)
    return 0


def _each_size(sizes: list[str], options: argparse.Namespace) -> int:
    """A process each: the embedded database has a file for each size."""
    for size in sizes:
        command = [sys.executable, "-m", "tests.benchmarks", "--threads", size, "--rounds", str(options.rounds)]
        done = subprocess.run([*command, *(["--only", *options.only] if options.only else [])], cwd=ROOT)
        if done.returncode:
            return done.returncode
    return 0


def _measure(options: argparse.Namespace) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    os.environ.setdefault("DATABASE_URL", f"sqlite:///{_file(options.threads)}")
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection

    from tests.benchmarks.run import run

    # As in the service: a connection outlives a request.
    connection.settings_dict["CONN_MAX_AGE"] = 600
    call_command("migrate", verbosity=0)
    for figure in run(options.threads, only=options.only, rounds=options.rounds):
        print(json.dumps(figure), flush=True)


def _file(threads: int) -> Path:
    """Where the data set of this size is kept; another schema or another generator is another file."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    sources = [Path(__file__).with_name("data.py"), Path(__file__).with_name("texts.py")]
    sources += sorted((ROOT / "companion" / "migrations").glob("0*.py"))
    sources += sorted((ROOT / "lti" / "companion_lti" / "migrations").glob("0*.py"))
    digest = sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()[:8]
    kept = FOLDER / f"threads-{threads}-{digest}.sqlite3"
    for old in FOLDER.glob(f"threads-{threads}-*"):
        if not old.name.startswith(kept.name):
            old.unlink()
    return kept


if __name__ == "__main__":
    sys.exit(main())
