"""A follow-up series in a block: its prompts from a field, answers through its handler, credit to the platform."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest

from companion import clock
from companion.reflections import api as reflections
from companion.reflections.models import Delivery, Entry
from companion.spaces.models import Activity
from companion.spaces.prompts import option_tag
from examples.workbench.people import enrol_everybody
from tests.companion.reflections.stories import ALWAYS, DAY
from tests.xblocks.blocks import REFLECTION, call, submit, text_of

PROMPTS = """
## What will you do? {#plan}
commitment, after unit
- write down who leads

## How did it go? {#how}
follow_up, 21 days after unit
"""

pytestmark = pytest.mark.parametrize("tag", [REFLECTION])


@pytest.fixture(autouse=True)
def _people(db: None, settings: Any) -> None:
    settings.COMPANION_NAMES = "full_name"
    enrol_everybody()


def words(html: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


def delivery(key: str) -> Delivery:
    return Delivery.objects.get(prompt__key=key, person__name="Ana Torres")


def test_it_works(place, seen_by, published):
    unit = place(display_name="Afterwards", prompts=PROMPTS, credit_replies=1, **ALWAYS)
    assert "Learners are asked here" in words(text_of(seen_by("ben", unit)))
    page = words(text_of(seen_by("ana", unit)))
    assert "For you today What will you do?" in page
    block = seen_by("ana", unit)
    path = f"prompts/{delivery('plan').pk}/"
    assert "write down who leads" in call(block, path).text
    answer = call(
        block, path, method="POST", offered=option_tag("write down who leads"), cue="the next alert", number="8"
    )
    block.save()
    assert answer.status_code == 303
    assert published == [("completion", {"completion": 1.0})]
    assert "write down who leads" in words(text_of(seen_by("ana", unit)))
    assert "write down who leads" not in words(text_of(seen_by("ben", unit)))
    assert delivery("how").due_at is not None
    with clock.at(clock.now() + 21 * DAY):
        reflections.deliver_due()
        assert "How did it go?" in words(text_of(seen_by("ana", unit)))


def test_a_field_that_is_changed_holds_at_the_next_look(place, seen_by):
    unit = place(prompts=PROMPTS, **ALWAYS)
    text_of(seen_by("ana", unit))
    block = seen_by("ben", unit)
    block.prompts = PROMPTS.replace("What will you do?", "What now?")
    text_of(block)
    assert "What now?" in words(text_of(block)) or Delivery.objects.count() == 6
    assert Activity.objects.get().reflection.prompts[0].title == "What now?"
    assert delivery("plan").prompt.settings["title"] == "What now?"


def test_prompts_that_cannot_be_read_are_said_to_the_staff(place, seen_by):
    unit = place(prompts="## A title\nwhenever")
    assert "this cannot be read: whenever" in words(text_of(seen_by("ben", unit)))
    learner = words(text_of(seen_by("ana", unit)))
    assert "whenever" not in learner
    assert "Please tell the people who run this course" in learner


def test_studio_keeps_the_keys(place, seen_by):
    unit = place(prompts=PROMPTS)
    block = seen_by("ben", unit)
    form = {
        "title": "Afterwards",
        "working_days": ["1", "2"],
        "prompts": "## A new one\ntext, after unit",
        "weight": "1",
    }
    assert submit(block, form) == {"result": "success"}
    assert block.prompts == "## A new one {#a-new-one}\ntext, after unit"
    assert "errors" in submit(block, {**form, "prompts": "## A new one\nnonsense"})
    assert block.prompts.startswith("## A new one {#a-new-one}")


def test_a_learner_without_a_name(place, seen_by):
    unit = place(prompts=PROMPTS, **ALWAYS)
    assert "What will you do?" in words(text_of(seen_by("17", unit)))
    assert not Entry.objects.exists()
