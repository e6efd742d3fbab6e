"""How often somebody who types a question in their own words is shown the one that was answered already.

    python -m tests.benchmarks.relevance [--part 1] [--database URL] [--misses]

The database is fresh: a temporary SQLite file, or `companion_relevance` on the server that `--database` names
(postgres://postgres@127.0.0.1/postgres, mysql://root@127.0.0.1/companion), dropped before and after. 60 questions of
training courses with their answers stand among 217 that are like them (stock.py); each is then typed in three other
ways, with other words, only keywords or mistakes, as somebody would who does not know that it is there.

Prints one JSON line. `recall_1` and `recall_5` are the shares of what was typed for which the question is suggested
first and among the first five, `mrr` is the mean of 1/place, `paragraph` the share of those found whose right
paragraph is shown; `titles_begun` is the same for titles of which 60 % are typed. `quiet` is the share of what was
never asked for which nothing is suggested. `--misses` lists on standard error what is not as it should be: not first,
another paragraph, or something where there is nothing.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from tests.benchmarks.serving import set_up_django

DATABASE = "companion_relevance"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.relevance", description=__doc__.splitlines()[0])
    parser.add_argument("--part", type=float, default=1, help="how much of the questions, of all subjects alike")
    parser.add_argument("--database", help="a URL on the server to use; without it a temporary SQLite file")
    parser.add_argument("--misses", action="store_true", help="list what is not as it should be")
    options = parser.parse_args()
    with _fresh_database(options.database):
        from tests.benchmarks.relevance.measuring import run

        report, misses = run(options.part)
    if options.misses:
        print(*misses, sep="\n", file=sys.stderr)
    print(json.dumps(report))
    return 0


@contextmanager
def _fresh_database(url: str | None) -> Iterator[None]:
    """What Django makes for tests, which is the same call for each kind of server."""
    set_up_django({"DATABASE_URL": url or f"sqlite:///{DATABASE}.sqlite3"})
    from django.db import connection

    name = connection.settings_dict["NAME"]
    if connection.vendor != "sqlite":
        connection.settings_dict["TEST"]["NAME"] = DATABASE
    connection.creation.create_test_db(verbosity=0, autoclobber=True)
    try:
        yield
    finally:
        connection.creation.destroy_test_db(name, verbosity=0)


if __name__ == "__main__":
    sys.exit(main())
