"""Export and import: what an author set comes back as it was, and no post travels along."""

from __future__ import annotations

from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree
from workbench.runtime import WorkbenchRuntime

from companion.spaces.kinds import Anonymity, Starters

# What can stand in a course's XML: everything but what no XML may hold.
TEXT = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], include_characters="\n\t", exclude_characters="\ufffe\uffff")
)
VALUES = {
    "display_name": TEXT,
    "prompt": TEXT,
    "topic": TEXT,
    "anonymity": st.sampled_from(Anonymity.values),
    "starters": st.sampled_from(Starters.values),
    "credit_threads": st.integers(0, 20),
    "credit_replies": st.integers(0, 100),
    "credit_words": st.integers(0, 1_000),
    "graded_credit": st.booleans(),
    "weight": st.floats(0, 10_000, allow_nan=False),
    "opens_at": st.none() | st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
}


def new_block(runtime: WorkbenchRuntime) -> Any:
    return runtime.get_block(runtime.parse_xml_string("<companion_discussion/>"))


def exported(block: Any) -> bytes:
    stream = BytesIO()
    block.runtime.export_to_xml(block, stream)
    return stream.getvalue()


@pytest.fixture
def runtime(db: None) -> WorkbenchRuntime:
    runtime = WorkbenchRuntime("ben")
    runtime.id_generator.set_scenario("olx")
    return runtime


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(values=st.fixed_dictionaries(VALUES))
def test_a_round_trip_loses_nothing(runtime, values):
    block = new_block(runtime)
    for name, value in values.items():
        setattr(block, name, value)
    block.save()
    again = runtime.get_block(runtime.parse_xml_file(BytesIO(exported(block))))
    found = {name: getattr(again, name) for name in values}
    # The platform writes dates to the microsecond; equal they must be.
    assert found == {**values, **{name: getattr(block, name) for name in ("display_name", "prompt", "topic")}}
    assert (found["prompt"], found["topic"]) == (values["prompt"], values["topic"])


def test_an_export_holds_settings_and_no_post(runtime):
    block = new_block(runtime)
    block.prompt, block.reported_share = "Line one\n\nLine *two*", 1.0
    block.save()
    node = etree.fromstring(exported(block))
    assert node.get("prompt") == "Line one\n\nLine *two*"
    assert not {"reported_share"} & set(node.keys())
