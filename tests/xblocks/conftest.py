"""Blocks in the workbench's runtime, and what they tell the platform."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from xml.sax.saxutils import quoteattr

import pytest
from workbench.runtime import WorkbenchRuntime

from companion.openedx import people
from tests.xblocks.blocks import DISCUSSION

MakeBlock = Callable[..., Any]


@pytest.fixture(autouse=True)
def _organizations_are_rolled_back() -> Iterator[None]:
    people.forget_organizations()
    yield
    people.forget_organizations()


@pytest.fixture
def tag() -> str:
    """The block that `place` puts where a test does not say."""
    return DISCUSSION


@pytest.fixture
def place(db: None, tag: str) -> Callable[..., str]:
    """`place(prompt="...")` puts a block into a unit and gives its usage id."""

    def place_block(**attributes: object) -> str:
        runtime = WorkbenchRuntime("ben")
        runtime.id_generator.set_scenario("unit")
        told = "".join(f" {name}={quoteattr(str(value))}" for name, value in attributes.items())
        return str(runtime.parse_xml_string(f"<{tag}{told}/>"))

    return place_block


@pytest.fixture
def seen_by() -> MakeBlock:
    """`seen_by("ana", usage_id)`: the block as the runtime gives it to one person, in a request of its own."""

    def get(person: str, usage_id: str) -> Any:
        return WorkbenchRuntime(person).get_block(usage_id)

    return get


@pytest.fixture
def published(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict[str, Any]]]:
    """What blocks tell the platform: (event, data)."""
    told: list[tuple[str, dict[str, Any]]] = []
    monkeypatch.setattr(WorkbenchRuntime, "publish", lambda _self, _block, event, data: told.append((event, data)))
    return told
