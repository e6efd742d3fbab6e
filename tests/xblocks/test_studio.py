"""The form of a block's settings in Studio: it takes every field, and says what is wrong beside it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from xblock.core import XBlock
from xblock.fields import Scope

from tests.xblocks.blocks import BLOCKS, DISCUSSION, QUESTIONS, TITLE, each_block, submit, text_of

# As the browser sends it: boxes that are not ticked are not there, and each set of boxes is a list.
FORM: dict[str, Any] = {
    "title": "Set in Studio",
    "prompt": "Why?",
    "topic": "Incidents",
    "anonymity": "default",
    "starters": "staff",
    "groups": "visible",
    "post_first": "on",
    "edit_minutes": "30",
    "video": "https://www.youtube.com/watch?v=aqz-KE-bpKQ",
    "before_days": "3",
    "before_prompt": "Before",
    "after_prompt": "After",
    "event_at": "2026-01-05T08:00",
    "event_ends_at": "2026-01-05T09:00",
    "credit_threads": "1",
    "credit_replies": "2",
    "credit_words": "40",
    "graded_credit": "on",
    "weight": "5",
    "opens_at": "2026-01-01T08:00",
    "closes_at": "",
}
LADDER: dict[str, Any] = {
    "peer_hours": "4",
    "expert_hours": "0",
    "author_hours": "12",
    "working_days": ["1", "3", "6"],
    "day_begins": "7",
    "day_ends": "20",
    "time_zone": "Europe/Berlin",
    "is_shared": "on",
    "gather_days": "14",
}
FORMS = {DISCUSSION: FORM, QUESTIONS: FORM | LADDER}
HELD: dict[str, Any] = {
    **{name: FORM[name] for name in ("prompt", "topic", "anonymity", "starters", "groups", "video")},
    **{"display_name": "Set in Studio", "post_first": True, "edit_minutes": 30, "before_days": 3},
    **{"before_prompt": "Before", "after_prompt": "After", "graded_credit": True, "weight": 5.0},
    **{"credit_threads": 1, "credit_replies": 2, "credit_words": 40},
    "opens_at": datetime(2026, 1, 1, 8, tzinfo=UTC),
    "closes_at": None,
    "event_at": datetime(2026, 1, 5, 8, tzinfo=UTC),
    "event_ends_at": datetime(2026, 1, 5, 9, tzinfo=UTC),
}
HELD_LADDER: dict[str, Any] = {
    **{"peer_hours": 4, "expert_hours": 0, "author_hours": 12, "working_days": "136"},
    **{"day_begins": 7, "day_ends": 20, "time_zone": "Europe/Berlin"},
    **{"allows_private": False, "is_shared": True, "gather_days": 14},
}
HELDS = {DISCUSSION: HELD, QUESTIONS: HELD | HELD_LADDER}


@each_block
def test_an_author_sets_everything_in_studio(place, seen_by, tag):
    usage_id = place()
    page = text_of(seen_by("ben", usage_id), "studio_view")
    assert [name for name in FORMS[tag] if f'name="{name}"' not in page] == []
    block = seen_by("ben", usage_id)
    assert submit(block, FORMS[tag]) == {"result": "success"}
    block.save()
    again = seen_by("ben", usage_id)
    assert {name: getattr(again, name) for name in HELDS[tag]} == HELDS[tag]
    # Every field that an author has is in the form.
    own = {name: field for name, field in again.fields.items() if name not in XBlock.fields}
    assert {name for name, field in own.items() if field.scope in (Scope.content, Scope.settings)} == set(HELDS[tag])
    assert 'value="Set in Studio"' in text_of(again, "studio_view")


def ticked(page: str) -> list[str]:
    """The days whose boxes are ticked."""
    boxes = [part.split(">")[0] for part in page.split("<input") if 'name="working_days"' in part]
    return [box.split('value="')[1][0] for box in boxes if " checked" in box]


@pytest.mark.parametrize("tag", [QUESTIONS])
def test_working_days_are_boxes_in_the_form_and_a_text_in_the_field(place, seen_by):
    block = seen_by("ben", place())
    assert (block.working_days, ticked(text_of(block, "studio_view"))) == ("12345", list("12345"))
    for sent, held in ((["7"], "7"), ("2", "2"), (["1", "5"], "15")):
        assert submit(block, {**FORM, **LADDER, "working_days": sent}) == {"result": "success"}
        assert (block.working_days, ticked(text_of(block, "studio_view"))) == (held, list(held))


@pytest.mark.parametrize("tag", [QUESTIONS])
def test_a_number_left_empty_stays_as_it_was(place, seen_by):
    block = seen_by("ben", place(peer_hours=3, day_ends=12, gather_days=21))
    left = {"peer_hours": "", "day_begins": "9", "day_ends": "", "gather_days": ""}
    assert submit(block, {**FORM, **LADDER, **left}) == {"result": "success"}
    assert (block.peer_hours, block.day_begins, block.day_ends, block.gather_days) == (3, 9, 12, 21)
    # What stays is held against what is new.
    answer = submit(block, {**FORM, **LADDER, **left, "day_begins": "13"})
    assert list(answer["errors"]) == ["day_ends"]
    assert block.day_begins == 9


@pytest.mark.parametrize(("tag", "field"), [(QUESTIONS, "peer_hours"), (DISCUSSION, "before_days")])
def test_to_save_the_form_is_to_mend_what_could_not_be_read(place, seen_by, tag, field):
    block = seen_by("ben", place())
    block._field_data.set(block, field, "some")
    assert submit(block, {**FORMS[tag], field: ""}) == {"result": "success"}
    assert getattr(block, field) == block.fields[field].default


SHARED_REFUSALS = [
    ({"title": " "}, "title"),
    ({"anonymity": "maybe"}, "anonymity"),
    ({"credit_replies": "many"}, "credit_replies"),
    ({"credit_replies": "-1"}, "credit_replies"),
    ({"credit_words": "5000"}, "credit_words"),
    ({"credit_threads": "0", "credit_replies": ""}, "graded_credit"),
    ({"weight": "-2"}, "weight"),
    ({"closes_at": "2025-01-01T08:00"}, "closes_at"),
    ({"opens_at": "soon"}, "opens_at"),
    ({"opens_at": 5}, "opens_at"),
]
LADDER_REFUSALS = [
    ({"peer_hours": "a day"}, "peer_hours"),
    ({"expert_hours": "337"}, "expert_hours"),
    ({"author_hours": "-1"}, "author_hours"),
    ({"working_days": []}, "working_days"),
    ({"working_days": ["1", "9"]}, "working_days"),
    ({"working_days": "12345"}, "working_days"),
    ({"day_begins": "20"}, "day_ends"),
    ({"day_ends": "25"}, "day_ends"),
    ({"time_zone": "Europe/Atlantis"}, "time_zone"),
    ({"gather_days": "61"}, "gather_days"),
]


@pytest.mark.parametrize(
    ("tag", "changes", "field"),
    [
        *((tag, changes, field) for tag in BLOCKS for changes, field in SHARED_REFUSALS),
        *((QUESTIONS, changes, field) for changes, field in LADDER_REFUSALS),
    ],
)
def test_what_studio_refuses_is_said_beside_its_field_and_changes_nothing(place, seen_by, tag, changes, field):
    block = seen_by("ben", place())
    answer = submit(block, {**FORMS[tag], **changes})
    assert list(answer["errors"]) == [field]
    assert (block.display_name, block.topic) == (TITLE[tag], "")


@pytest.mark.parametrize("tag", [QUESTIONS])
def test_no_day_at_all_is_no_choice(place, seen_by):
    """A browser sends nothing for a set of boxes of which none is ticked."""
    sent = {name: value for name, value in {**FORM, **LADDER}.items() if name != "working_days"}
    assert submit(seen_by("ben", place()), sent) == {"errors": {"working_days": "Choose at least one day."}}


@pytest.mark.parametrize("data", [[1], "a", None, 5])
def test_other_nonsense_from_studio_is_refused_too(place, seen_by, data):
    answer = submit(seen_by("ben", place()), data)
    assert "not readable" in answer["errors"]["__all__"]


@each_block
@pytest.mark.parametrize("value", [None, [], {}, [[]], {"a": 1}, True, 7])
def test_a_field_may_be_sent_as_anything(place, seen_by, tag, value):
    answer = submit(seen_by("ben", place()), dict.fromkeys(FORMS[tag], value))
    assert answer["errors"]
