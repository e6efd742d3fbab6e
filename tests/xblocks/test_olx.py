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
from xblock.core import XBlock

from companion.spaces.kinds import SETTINGS, Anonymity, Groups, Kind, Starters, write_settings
from tests.xblocks.blocks import ALL, DISCUSSION, QUESTIONS, REFLECTION

# What can stand in a course's XML: everything but what no XML may hold.
TEXT = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], include_characters="\n\t", exclude_characters="\ufffe\uffff")
)
DATE = st.none() | st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
SHARED = {
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
    "opens_at": DATE,
    "event_at": DATE,
    "groups": st.sampled_from(Groups.values),
    "post_first": st.booleans(),
    "edit_minutes": st.integers(0, 500_000),
    "video": TEXT,
    "before_days": st.integers(0, 90),
    "before_prompt": TEXT,
    "after_prompt": TEXT,
    "closes_at": DATE,
    "event_ends_at": DATE,
}
LADDER = {
    "peer_hours": st.integers(0, 336),
    "expert_hours": st.integers(0, 336),
    "author_hours": st.integers(0, 336),
    # What looks like a number is to come back as the text that it was.
    "working_days": st.sets(st.sampled_from("1234567")).map("".join) | TEXT,
    "day_begins": st.integers(0, 23),
    "day_ends": st.integers(0, 24),
    "time_zone": st.sampled_from(["", "UTC", "Europe/Berlin"]) | TEXT,
    "allows_private": st.booleans(),
    "is_shared": st.booleans(),
    "gather_days": st.integers(0, 60),
}
SERIES = {name: LADDER[name] for name in ("working_days", "day_begins", "day_ends", "time_zone")} | {
    "prompts": TEXT,
    "holdout_percent": st.integers(0, 50),
    "recaps": st.booleans(),
}
VALUES = {DISCUSSION: SHARED, QUESTIONS: SHARED | LADDER, REFLECTION: SHARED | SERIES}
each_block = pytest.mark.parametrize("tag", ALL)


def new_block(runtime: WorkbenchRuntime, tag: str) -> Any:
    return runtime.get_block(runtime.parse_xml_string(f"<{tag}/>"))


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
@given(data=st.data())
@each_block
def test_a_round_trip_loses_nothing(runtime, tag, data):
    values = data.draw(st.fixed_dictionaries(VALUES[tag]))
    block = new_block(runtime, tag)
    for name, value in values.items():
        setattr(block, name, value)
    block.save()
    again = runtime.get_block(runtime.parse_xml_file(BytesIO(exported(block))))
    found = {name: getattr(again, name) for name in values}
    # The platform writes dates to the microsecond; equal they must be.
    assert found == {**values, **{name: getattr(block, name) for name in ("display_name", "prompt", "topic")}}
    assert (found["prompt"], found["topic"]) == (values["prompt"], values["topic"])


@each_block
def test_an_export_holds_settings_and_no_post(runtime, tag):
    block = new_block(runtime, tag)
    block.prompt, block.reported_share = "Line one\n\nLine *two*", 1.0
    block.save()
    node = etree.fromstring(exported(block))
    assert node.get("prompt") == "Line one\n\nLine *two*"
    assert not {"reported_share"} & set(node.keys())


def test_every_setting_goes_through_the_round_trip():
    for tag in ALL:
        fields = XBlock.load_class(tag).fields
        own = {name for name in fields if name not in XBlock.fields} - {"reported_share"}
        assert own == set(VALUES[tag])


@pytest.mark.parametrize(("tag", "kind"), list(zip(ALL, Kind, strict=True)))
def test_a_kinds_settings_are_fields_with_its_defaults(tag, kind):
    """But for the points over LTI: here a block has a weight in the gradebook."""
    block = XBlock.load_class(tag)
    assert block.kind == kind
    usual = write_settings(SETTINGS[kind]())
    del usual["credit_points"], usual["credit_whole"]
    if tag == REFLECTION:
        # Its prompts are a text here, and what is published in Studio holds at once.
        assert not usual.pop("publishes")
        assert usual.pop("prompts") == []
    assert {name: block.fields[name].default for name in usual} == usual
