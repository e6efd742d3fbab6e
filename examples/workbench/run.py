"""`make workbench`: the workbench on one port, until Ctrl-C."""

from __future__ import annotations

import argparse
import os


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m examples.workbench.run")
    parser.add_argument("--port", type=int, default=8620)
    port = parser.parse_args().port
    os.environ["DJANGO_SETTINGS_MODULE"] = "examples.workbench.settings"
    prepare()
    from django.core.management import call_command

    print(f"\n  Open http://127.0.0.1:{port} and choose a unit. Ctrl-C stops it.\n", flush=True)
    call_command("runserver", f"127.0.0.1:{port}", use_reloader=False, verbosity=0)


def prepare() -> None:
    """The tables: migrations where an app has some, the models as they are where it has none (the workbench); and the
    people.
    """
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", run_syncdb=True, verbosity=0)
    from examples.workbench.people import enrol_everybody

    enrol_everybody()


if __name__ == "__main__":
    main()
