"""The command `companion`: serve, worker, demo, manage."""

from __future__ import annotations

import argparse
import fcntl
import os
import sys
from collections.abc import Sequence

SETTINGS = "companion.standalone.settings"


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="companion", description="Course Companion, the standalone service.")
    commands = parser.add_subparsers(dest="command", required=True)
    serve = commands.add_parser("serve", help="answer browsers and platforms")
    serve.add_argument("--host", default="127.0.0.1")
    serve.add_argument("--port", type=int, default=8601)
    serve.add_argument("--workers", type=int, default=1, help="processes; SQLite is happy with one or two")
    serve.add_argument("--threads", type=int, default=4, help="requests at a time in each process")
    worker = commands.add_parser("worker", help="run what was promised for later")
    worker.add_argument("--once", action="store_true", help="run what is ready, then stop")
    demo = commands.add_parser("demo", help="a small LMS with a course, and the Companion in it")
    demo.add_argument("--port", type=int, default=8600, help="of the LMS; the Companion gets the next one")
    commands.add_parser("manage", help="Django's management commands: companion manage migrate", add_help=False)
    options, rest = parser.parse_known_args(arguments)
    if rest and options.command != "manage":
        parser.error(f"unrecognized arguments: {' '.join(rest)}")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", SETTINGS)
    if options.command == "serve":
        _serve(options)
    elif options.command == "worker":
        _worker(options)
    elif options.command == "demo":
        _demo(options)
    else:
        _manage(rest)


def _serve(options: argparse.Namespace) -> None:
    import django

    django.setup()
    from django.conf import settings
    from django.core.management import call_command
    from granian.constants import Interfaces
    from granian.server import Server

    from companion.standalone.database import waits_for_migrations

    if waits_for_migrations():
        sys.exit("The database is not up to date. Run: companion manage migrate")
    # Two that start at once on one data folder would pull files away under each other.
    with open(settings.DATA_DIR / "collectstatic.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        call_command("collectstatic", interactive=False, verbosity=0)
    server = Server(
        "companion.standalone.wsgi:application",
        address=options.host,
        port=options.port,
        interface=Interfaces.WSGI,
        workers=options.workers,
        blocking_threads=options.threads,
    )
    server.serve()


def _worker(options: argparse.Namespace) -> None:
    import django

    django.setup()
    from companion.tasks import worker

    runner = worker()
    runner.configure_signals()
    runner.work(forever=not options.once)


def _demo(options: argparse.Namespace) -> None:
    # The examples are not installed with the package: they are in the folder where the command is given.
    sys.path.insert(0, os.getcwd())
    try:
        from examples.demo_lms import run
    except ImportError:
        sys.exit("The demo is part of the source repository: clone it and run `make demo` there.")
    run.main(port=options.port)


def _manage(arguments: Sequence[str]) -> None:
    from django.core.management import execute_from_command_line

    execute_from_command_line(["companion manage", *arguments])


if __name__ == "__main__":
    main()
