"""What searching and suggesting cost while somebody types, beside the bare question to the index.

    python -m tests.benchmarks.searching [--documents 100000] [--texts 60]

Server milliseconds (time that passed, the database's included) at some keys of made-up questions, from the third letter
on; `cpu` is this process's part, which a busy machine does not change, and with SQLite is all. `floor` asks the index
the same without rules, gate and texts, in turns with the others; `ratio` is the quotient of the medians. `search_page`
is the whole request as htmx sends it, `common` looks for words that a tenth of all posts have; `reply` is a whole reply
beside the part of it that is the index's. The words follow Zipf's law, as people's do. The data is made once and kept
in var/bench/; with DATABASE_URL, in that (empty) database.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate
from pathlib import Path
from random import Random
from statistics import median, quantiles
from time import perf_counter, process_time
from typing import Any

FOLDER = Path(__file__).parents[2] / "var" / "bench"
VOCABULARY = 60_000
SPACES = 10
POSTS_A_THREAD = 4
SYLLABLES = "ba be bi bo bu da de di do fa fe ga ge go ka ke ki ko la le li lo ma me mi mo na ne ni no pa pe pi".split()
SYLLABLES += "po ra re ri ro sa se si so ta te ti to va ve vi vo wa we".split()


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.searching", description=__doc__.splitlines()[0])
    parser.add_argument("--documents", type=int, default=100_000)
    parser.add_argument("--texts", type=int, default=60, help="how many questions are typed")
    options = parser.parse_args()
    FOLDER.mkdir(parents=True, exist_ok=True)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    os.environ.setdefault("DATABASE_URL", f"sqlite:///{FOLDER / f'searching-{options.documents}.sqlite3'}")
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection

    connection.settings_dict["CONN_MAX_AGE"] = 600
    call_command("migrate", verbosity=0)
    for figure in run(options.documents, options.texts):
        print(json.dumps(figure | {"documents": options.documents, "database": connection.vendor}), flush=True)
    return 0


def run(documents: int, texts: int) -> Iterator[dict[str, Any]]:
    from companion.search import api as search
    from companion.search.engines import Wanted, find
    from companion.search.models import SearchDocument
    from companion.search.searching import MOST_RANKED, asked_words, rarest, readable
    from companion.search.vocabulary import look_up
    from companion.threads import api as threads
    from tests.benchmarks.figures import Reader
    from tests.benchmarks.measure import Web

    words, weights = _vocabulary()
    reader, thread_id, seconds = _data(documents, words, weights)
    if seconds:
        yield {"name": "rebuild", "value": round(documents / seconds), "unit": "posts/s"}
    rng = Random(7)
    typed = list(_typed(rng, words, weights, texts))
    person = Reader(Web(), reader)

    def floor(text: str) -> Callable[[], object]:
        known = look_up(organization_id=reader.organization_id, words=asked_words(text, most=40))
        some = rarest(known, most=MOST_RANKED)
        scopes = readable(reader)[1]
        wanted = Wanted(scopes=scopes, words=tuple(word.terms for word in some), is_any=True)
        return lambda: find(SearchDocument.objects.all(), wanted)

    def bare(text: str) -> Callable[[], object]:
        found = tuple(word.terms for word in asked_words(text, most=12))
        wanted = Wanted(scopes=readable(reader)[1], words=found)
        return lambda: find(SearchDocument.objects.all(), wanted)

    def page(text: str) -> Callable[[], object]:
        from urllib.parse import quote

        headers = person.cookie | {"HX-Request": "true"}
        return person.web.get(f"{person.prefix}search/?q={quote(text)}", headers)

    yield _figure("suggest", typed, lambda text: lambda: search.suggest_answers(viewer=reader, text=text), floor)
    yield _figure("search", typed, lambda text: lambda: search.search(viewer=reader, text=text), bare)
    yield _figure("search_page", typed, page, bare)
    common = [f"{words[rng.randrange(12)]} {words[rng.randrange(12)]}" for _pair in range(texts)]
    yield _figure("common", common, lambda text: lambda: search.search(viewer=reader, text=text), bare)
    yield _figure(
        "common_suggest", common, lambda text: lambda: search.suggest_answers(viewer=reader, text=text), floor
    )
    bodies = [_text(rng, words, weights, 60) for _reply in range(texts)]

    def reply(body: str) -> Callable[[], object]:
        return lambda: threads.add_reply(viewer=reader, thread_id=thread_id, body=body)

    def index(body: str) -> Callable[[], object]:
        ids = threads.list_post_ids(thread_id=thread_id, limit=1)
        return lambda: search.index_posts(post_ids=ids)

    yield _figure("reply", bodies, reply, index)


def _figure(
    name: str,
    texts: Sequence[str],
    value: Callable[[str], Callable[[], object]],
    floor: Callable[[str], Callable[[], object]],
) -> dict[str, Any]:
    times: list[float] = []
    floors: list[float] = []
    cpu: list[float] = []
    for text in texts[:5]:
        value(text)(), floor(text)()
    for text in texts:
        for call, timed in ((value(text), times), (floor(text), floors)):
            started, busy = perf_counter(), process_time()
            call()
            timed.append((perf_counter() - started) * 1_000)
            if timed is times:
                cpu.append((process_time() - busy) * 1_000)
    middle, lowest = median(times), median(floors)
    return {
        "name": name,
        "value": round(middle, 2),
        "p95": round(quantiles(times, n=20)[-1], 2),
        "most": round(max(times), 2),
        "cpu": round(median(cpu), 2),
        "cpu_p95": round(quantiles(cpu, n=20)[-1], 2),
        "unit": "ms",
        "floor": round(lowest, 2),
        "floor_p95": round(quantiles(floors, n=20)[-1], 2),
        "ratio": round(middle / lowest, 2),
        "calls": len(times),
    }


def _vocabulary() -> tuple[list[str], list[float]]:
    """Made-up words, the commonest first, and the running sum of how often each is used."""
    rng = Random(1)
    words: dict[str, None] = {}
    while len(words) < VOCABULARY:
        words["".join(rng.choices(SYLLABLES, k=rng.choice((2, 3, 3, 4))))] = None
    return list(words), list(accumulate(1 / (rank + 3) for rank in range(VOCABULARY)))


def _text(rng: Random, words: Sequence[str], weights: Sequence[float], count: int) -> str:
    return " ".join(rng.choices(words, cum_weights=weights, k=count))


def _typed(rng: Random, words: Sequence[str], weights: Sequence[float], count: int) -> Iterator[str]:
    """Questions of 4 to 10 words as they stand in the field at some of their keys."""
    for _question in range(count):
        text = _text(rng, words, weights, rng.randint(4, 10))
        for end in sorted(rng.sample(range(3, len(text) + 1), k=8)):
            yield text[:end]


def _data(documents: int, words: Sequence[str], weights: Sequence[float]) -> tuple[Any, int, float]:
    """Somebody in three of the spaces, a thread of theirs, and how long the index took if it was made now."""
    from companion.search import api as search
    from companion.search.models import SearchDocument
    from companion.threads.models import Post, Thread
    from companion.threads.paths import child_path
    from tests.people import course, join

    courses = [course(organization="Benchmark", context=f"s{number}") for number in range(SPACES)]
    reader = join(courses[0].space, "reader", "Rea Der")
    for other in courses[1:3]:
        join(other.space, "reader", "Rea Der")
    rng = Random(2)
    if not Thread.objects.exists():
        for _start in range(0, documents // POSTS_A_THREAD, 1_000):
            threads = [_thread(rng, courses, words, weights) for _thread_of in range(1_000)]
            Thread.objects.bulk_create(threads)
            made = list(Thread.objects.order_by("-pk")[:1_000])
            openings = [_post(rng, thread, 1, child_path("", 1), words, weights) for thread in made]
            Post.objects.bulk_create(openings)
            firsts = list(Post.objects.filter(number=1).order_by("-pk")[:1_000])
            replies = [
                _post(rng, post.thread, number, child_path(post.path, number), words, weights, parent=post)
                for post in firsts
                for number in range(2, POSTS_A_THREAD + 1)
            ]
            Post.objects.bulk_create(replies)
    seconds = 0.0
    if SearchDocument.objects.count() < documents * 0.9:
        started = perf_counter()
        for _progress in search.rebuild():
            pass
        seconds = perf_counter() - started
    if search.learn(most_seconds=3_600) or seconds:
        _analyze()
    own = Thread.objects.filter(space_id=reader.space_id).order_by("pk").values_list("pk", flat=True)
    return reader, own[0], seconds


def _analyze() -> None:
    """What databases do by themselves in the night."""
    from django.db import connection

    statement = {"mysql": "ANALYZE TABLE companion_searchdocument, companion_searchword"}.get(
        connection.vendor, "ANALYZE"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement)


def _thread(rng: Random, courses: Sequence[Any], words: Sequence[str], weights: Sequence[float]) -> Any:
    from companion.threads.models import Thread

    # Half of it in one course.
    place = courses[0 if rng.random() < 0.5 else rng.randrange(1, SPACES)]
    return Thread(
        activity=place.activity,
        space_id=place.space.pk,
        title=_text(rng, words, weights, rng.randint(4, 9)).capitalize()[:200],
        author_name="Ben",
        last_number=POSTS_A_THREAD,
        reply_count=POSTS_A_THREAD - 1,
    )


def _post(
    rng: Random,
    thread: Any,
    number: int,
    path: str,
    words: Sequence[str],
    weights: Sequence[float],
    *,
    parent: Any = None,
) -> Any:
    from companion.threads.models import Post

    body = _text(rng, words, weights, rng.choice((8, 20, 40, 60, 120)))
    return Post(
        thread=thread,
        number=number,
        parent=parent,
        path=path,
        author_name="Ben",
        body=body,
        html=f"<p>{body}</p>",
        helpful_count=int(rng.random() < 0.1),
    )


if __name__ == "__main__":
    sys.exit(main())
