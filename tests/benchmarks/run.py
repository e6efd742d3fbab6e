"""One run: the data set, then each figure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from django.db import connection
from django.test.utils import override_settings

from tests.benchmarks import data, figures
from tests.benchmarks.measure import Pair, Web, measure

# The service's own middleware settings, where tests.settings has handier ones: a look into the file system at each
# request would be part of page and floor alike and flatter the ratio.
SETTINGS = {
    "ROOT_URLCONF": "tests.benchmarks.floors",
    "WHITENOISE_AUTOREFRESH": False,
    "WHITENOISE_USE_FINDERS": False,
}


def run(threads: int, *, only: Sequence[str] = (), rounds: int = 40) -> Iterator[dict[str, Any]]:
    """The figures on a data set of this many threads; `only` names those that are wanted, or how their names begin."""
    found = data.data_set(threads)
    facts = {"threads": found.threads, "posts": found.posts, "database": connection.vendor}
    with override_settings(**SETTINGS), figures.left_as_it_was(found):
        for pair in figures.all_figures(found):
            if not only or pair.name.startswith(tuple(only)):
                yield measure(pair, rounds) | facts


def launch_costs(threads: int, *, rounds: int = 200) -> Iterator[dict[str, Any]]:
    """What launches and logins cost in CPU microseconds, each beside the floor of the first of them."""
    found = data.data_set(threads)
    with override_settings(**SETTINGS), figures.left_as_it_was(found):
        check, *others = figures.launches(found, Web())
        for pair in (check, *(replace(other, floor=check.floor) for other in others)):
            yield _in_microseconds(pair, rounds) | {"database": connection.vendor}


def _in_microseconds(pair: Pair, rounds: int) -> dict[str, Any]:
    figure = measure(pair, rounds)
    times = {name: round(figure[name] * 1_000) for name in ("value", "floor")}
    return figure | times | {"unit": "us"}
