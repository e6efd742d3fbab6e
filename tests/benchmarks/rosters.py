"""A roster, page by page from a server on this machine, as the task reads it."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Sequence
from itertools import pairwise
from time import perf_counter, thread_time
from typing import Any

from companion_lti import roster
from companion_lti.connector import Connector
from companion_lti.models import Deployment, Roster
from django.db import connection
from django.test.utils import CaptureQueriesContext, override_settings

from companion.spaces import api as spaces
from companion.spaces.models import Space
from tests import http
from tests.benchmarks.measure import TRANSACTION
from tests.benchmarks.messages import LEARNER
from tests.lti.far_end import Answer, Asked, FarEnd

A_PAGE = 500


def roster_figures(sizes: Sequence[int]) -> Iterator[dict[str, Any]]:
    """For each number of members: read for the first time, and again when all are known.

    `queries_a_batch` is how many more it took than the size before, for each page that it has more; the first size
    has none. CPU is the reader's alone: the far end is a thread of this process.
    """
    far_end = FarEnd()
    far_end.answers["/token"] = Answer({"access_token": "t", "token_type": "bearer", "expires_in": 3_600})
    try:
        with override_settings(COMPANION_LTI_PRIVATE_HOSTS=("127.0.0.1",)):
            deployment = http.deployment(spaces.ensure_organization(name="Rosters").pk, far_end.url)
            # Makes our key, which is made once.
            Connector(deployment.registration).try_token([roster.SCOPE])
            found = [figure for size in sizes for figure in _read_twice(far_end, deployment, size)]
    finally:
        far_end.close()
    yield from _with_steps(found)


def _read_twice(far_end: FarEnd, deployment: Deployment, size: int) -> Iterator[dict[str, Any]]:
    name = f"/members/{size}"
    far_end.answers[name] = _paged(f"{far_end.url}{name}", size)
    space = spaces.ensure_space(
        organization_id=deployment.registration.organization_id, issuer=deployment.identity, external_id=name
    )
    row = Roster.objects.create(space_id=space.pk, deployment=deployment, url=f"{far_end.url}{name}")
    for how in ("roster_new", "roster_known"):
        yield {"name": how, "members": size} | _measured(row, space, size)


def _measured(row: Roster, space: Space, size: int) -> dict[str, Any]:
    gc.collect()
    wall, cpu = perf_counter(), thread_time()
    with CaptureQueriesContext(connection) as captured:
        said = roster.read_roster.func(row.pk)
    cpu, wall = thread_time() - cpu, perf_counter() - wall
    assert said == f"{size} active, 0 left", said
    assert space.memberships.filter(left_at=None).count() == size
    return {
        "pages": -(-size // A_PAGE),
        "wall_ms": round(wall * 1_000, 1),
        "cpu_ms": round(cpu * 1_000, 1),
        "queries": sum(not query["sql"].startswith(TRANSACTION) for query in captured),
        "database": connection.vendor,
    }


def _with_steps(found: Sequence[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for how in ("roster_new", "roster_known"):
        figures = [figure for figure in found if figure["name"] == how]
        yield figures[0] | {"queries_a_batch": None}
        for before, figure in pairwise(figures):
            pages = figure["pages"] - before["pages"]
            yield figure | {"queries_a_batch": (figure["queries"] - before["queries"]) / pages if pages else None}


def _paged(url: str, size: int) -> Any:
    """The members in pages, each of which names the next one."""

    def answer(asked: Asked) -> Answer:
        page, limit = int(asked.query.get("page", ["0"])[0]), int(asked.query["limit"][0])
        numbers = range(page * limit, min((page + 1) * limit, size))
        is_last = numbers.stop >= size
        link = {} if is_last else {"Link": f'<{url}?limit={limit}&page={page + 1}>; rel="next"'}
        return Answer(
            {"id": url, "context": {"id": url}, "members": [_member(size, number) for number in numbers]}, headers=link
        )

    return answer


def _member(size: int, number: int) -> dict[str, Any]:
    """Nobody is in two rosters: who is known already costs less."""
    return {
        "user_id": f"member {number} of {size}",
        "roles": [LEARNER],
        "status": "Active",
        "name": f"Member {number}",
        "email": f"member{number}@lms.example",
    }
