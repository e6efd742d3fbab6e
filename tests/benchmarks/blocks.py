"""The first paint of a block beside a plain HTML block in the same runtime, fields in memory as a platform has them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from itertools import count
from typing import Any

from companion_xblocks.host import WORKBENCH_COURSE
from django.test.utils import override_settings
from workbench.runtime import WorkbenchRuntime
from xblock.runtime import DictKeyValueStore, KvsFieldData

from companion.openedx import compat
from companion.spaces.keys import external_key
from companion.spaces.models import Activity, Membership, Person, Space
from tests.benchmarks import data
from tests.benchmarks.measure import Call, Pair

FIELDS = KvsFieldData(DictKeyValueStore())
USERS = {"services": {"user": "tests.workbench_people.TestUsers"}}


class Runtime(WorkbenchRuntime):
    """The workbench asks the database for every field of every block; no platform does."""

    def __init__(self, user_id: str) -> None:
        super().__init__(user_id)
        self._services["field-data"] = FIELDS


def block_figures(found: data.DataSet) -> Iterator[Pair]:
    runtime = Runtime("p0")
    runtime.id_generator.set_scenario("benchmark")
    ours = runtime.parse_xml_string(f'<companion_discussion display_name="{found.activity.title}"/>')
    plain = runtime.parse_xml_string("<html_demo><p>Read this first.</p></html_demo>")
    newcomers = count(1)

    def view(user: str, usage: Any) -> Call:
        return partial(Runtime(user).get_block(usage).render, "student_view", {})

    with override_settings(WORKBENCH=USERS, COMPANION_ORGANIZATION="Benchmark"), _keyed(found, ours):
        yield Pair(name="student_view", value=lambda: view("p0", ours), floor=lambda: view("p0", plain))
        yield Pair(
            name="student_view_first",
            value=lambda: view(f"p-new-{next(newcomers)}", ours),
            floor=lambda: view("p0", plain),
        )


@contextmanager
def _keyed(found: data.DataSet, usage: str) -> Iterator[None]:
    """The data set's course, activity and reader under the names that the workbench gives them."""
    issuer = compat.issuer()
    rows: list[tuple[Any, int, str]] = [
        (Space, found.activity.space_id, external_key(issuer, WORKBENCH_COURSE)),
        (Activity, found.activity.pk, external_key(str(usage))),
        (Person, found.reader.person_id, external_key(issuer, "p0")),
    ]
    before = [(model, pk, model.objects.get(pk=pk).key) for model, pk, _key in rows]
    try:
        for model, pk, key in rows:
            model.objects.filter(pk=pk).update(key=key)
        yield
    finally:
        newcomers = Person.objects.filter(subject__startswith="p-new-")
        Membership.objects.filter(person__in=newcomers).delete()
        newcomers.delete()
        for model, pk, key in before:
            model.objects.filter(pk=pk).update(key=key)
