"""Questions to experts in a block: the whole of it through its handler, and what follows from its own fields."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest

from companion import clock
from companion.questions import api as questions
from companion.spaces.models import Activity
from companion.threads.models import Thread
from examples.workbench.people import enrol_everybody
from tests.companion.search.stories import in_an_index
from tests.xblocks.blocks import QUESTIONS, call, text_of, write

# For experts at once, at any time of any day.
AT_ONCE = {"peer_hours": 0, "working_days": "1234567", "day_begins": 0, "day_ends": 24}
ASKED = "Who declares an incident at night?"

pytestmark = pytest.mark.parametrize("tag", [QUESTIONS])


@pytest.fixture(autouse=True)
def _people(db: None, settings: Any) -> None:
    """Those of the workbench, by their names."""
    settings.COMPANION_NAMES = "full_name"
    enrol_everybody()


@pytest.fixture
def go(seen_by):
    """`go("ana", usage_id, path)`: a page of the block as words; with fields it is a form that was sent, and must be
    taken.
    """

    def visit(person: str, usage_id: str, path: str = "", /, **fields: str) -> str:
        block = seen_by(person, usage_id)
        answer = call(block, path, method="POST" if fields else "GET", **fields)
        block.save()
        assert answer.status_code == (303 if fields else 200), words(answer.text)
        return words(answer.text)

    return visit


def words(html: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


@in_an_index
def test_it_works(place, seen_by, go, published):
    unit = place(display_name="Ask about incidents", topic="Incident command", credit_threads=1, **AT_ONCE)
    assert "Experts" in words(text_of(seen_by("ben", unit)))
    uid = Activity.objects.get().uid
    go("ben", unit, f"activities/{uid}/experts/", topic="Incident command", person="Chen Wei")
    assert "Chen Wei" in go("ben", unit, f"activities/{uid}/experts/")

    assert "Ask a question" in words(text_of(seen_by("ana", unit)))
    assert "Who answers here: Chen Wei" in go("ana", unit, f"activities/{uid}/ask/")
    go("ana", unit, f"activities/{uid}/ask/", title=ASKED, body="It is two, and I am alone.", submission="one")
    assert published == [("completion", {"completion": 1.0})]
    thread = f"threads/{Thread.objects.get().pk}/"
    assert "Chen Wei has it" in go("ana", unit, thread)

    assert "1 question for you" in words(text_of(seen_by("chen", unit)))
    assert ASKED in go("chen", unit, "queue/")
    assert "You have this question" in go("chen", unit, thread)
    go("chen", unit, f"{thread}posts/1/reply/", body="Whoever sees it first.", submission="two")

    assert "Accept as the answer" in go("ana", unit, thread)
    go("ana", unit, f"{thread}posts/2/accept/", accepted="1")
    assert "This is the answer" in go("ben", unit, thread)
    assert "Solved" in words(text_of(seen_by("17", unit)))
    assert "Nothing waits for you here." in go("chen", unit, "queue/")
    found = call(seen_by("17", unit), f"activities/{uid}/similar/", title="who declares incidents")
    assert "Whoever sees it first." in found.text


def test_a_learner_names_no_expert(place, seen_by):
    unit = place(topic="Incident command")
    text_of(seen_by("ana", unit))
    answer = call(
        seen_by("ana", unit), f"activities/{Activity.objects.get().uid}/experts/", method="POST", person="Ana"
    )
    assert answer.status_code == 403


def test_nobody_is_known_to_have_placed_a_block_and_that_step_is_passed(place, seen_by):
    unit = place(expert_hours=1, author_hours=100, **AT_ONCE)
    write("ana", unit, title=ASKED)
    assert Activity.objects.get().author_id is None
    # Without an expert it is the instructor's at once.
    assert "1 question for you" in words(text_of(seen_by("ben", unit)))


def test_another_ladder_holds_for_what_waits(place, seen_by):
    """The author changes the fields in Studio; the next look at the block brings the activity in line."""
    unit = place(**{**AT_ONCE, "peer_hours": 100})
    write("ana", unit, title=ASKED)
    questions.route_due()
    assert "for you" not in words(text_of(seen_by("ben", unit)))
    block = seen_by("ben", unit)
    block.peer_hours = 0
    block.save()
    text_of(seen_by("ana", unit))
    questions.route_due()
    assert "1 question for you" in words(text_of(seen_by("ben", unit)))


def test_an_event_gathers_questions_and_hands_them_out_when_it_begins(place, seen_by):
    event = clock.now() + timedelta(days=30)
    unit = place(event_at=event.isoformat(), gather_days=7, **AT_ONCE)
    assert "Ask a question" in words(text_of(seen_by("ben", unit)))
    asking = f"activities/{Activity.objects.get().uid}/ask/"
    early = call(seen_by("ana", unit), asking)
    assert (early.status_code, "are gathered from" in early.text) == (403, True)
    with clock.at(event - timedelta(days=2)):
        write("ana", unit, title=ASKED)
        questions.route_due()
        assert "for you" not in words(text_of(seen_by("ben", unit)))
        assert ASKED in call(seen_by("ben", unit), asking.replace("ask", "agenda")).text
    with clock.at(event + timedelta(minutes=1)):
        questions.route_due()
        assert "1 question for you" in words(text_of(seen_by("ben", unit)))


def test_only_where_the_author_allows_it_can_one_ask_the_experts_alone(place, seen_by, go):
    for allowed in ("true", "false"):
        unit = place(display_name=allowed, allows_private=allowed)
        text_of(seen_by("ana", unit))
        form = go("ana", unit, f"activities/{Activity.objects.get(title=allowed).uid}/ask/")
        assert ("Ask the experts alone" in form) == (allowed == "true")
