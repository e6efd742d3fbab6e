"""A series as a text: read, written, and read again."""

from __future__ import annotations

import unicodedata
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.reflections.api import TEMPLATES, from_template
from companion.spaces.notation import read_notation, write_notation
from companion.spaces.prompts import Anchor, Format, PromptSettings, Scaffold
from companion.text import is_blank

TEXT = """
## What will you do differently? {#plan}
commitment, 2 days after course
One **small** thing.

Tied to a moment.
- write down who leads
- call out the time

## Who leads?
retrieval, after unit block-v1:N+I+2026+type@video+block@1, 2 minutes
- The eldest
- [x] Whoever declared
> Until somebody else says
> *I lead now*.

## What happened?
text what, 3 days before event_start, beside plan
"""


def test_it_works() -> None:
    plan, who, what = read_notation(TEXT)
    assert (plan.key, plan.format, plan.days, plan.anchor) == ("plan", Format.COMMITMENT, 2, Anchor.COURSE)
    assert plan.text == "One **small** thing.\n\nTied to a moment."
    assert plan.options == ("write down who leads", "call out the time")
    assert (who.key, who.right, who.minutes) == ("who-leads", 1, 2)
    assert who.unit == "block-v1:N+I+2026+type@video+block@1"
    assert who.feedback == "Until somebody else says\n*I lead now*."
    assert (what.scaffold, what.days, what.pairs_with) == (Scaffold.WHAT, -3, "plan")


def test_what_was_written_is_read_again() -> None:
    prompts = read_notation(TEXT)
    assert read_notation(write_notation(prompts)) == prompts


@pytest.mark.parametrize("name", list(TEMPLATES))
def test_every_template_is_a_text(name: str) -> None:
    prompts = from_template(name)
    assert read_notation(write_notation(prompts)) == prompts


@pytest.mark.parametrize(
    "text",
    [
        "no heading",
        "## A title\nnonsense",
        "## A title\ntext, in a while",
        "## A title\ntext, 2 days after lunch",
        "## A title\ntext, 2 days before course",
        "## A title\ntext gibberish",
        "## A title\nchoice, after course\n- one",
        "## One {#a}\ntext\n\n## Two {#a}\ntext",
        "## How? {#how}\nfollow_up, after course",
        "##  \ntext",
        "\n\n".join(f"## Prompt {number}\ntext" for number in range(21)),
    ],
)
def test_what_cannot_be_read_is_said(text: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        read_notation(text)


def test_nothing_is_nothing() -> None:
    assert read_notation(" \n\n") == ()


def test_two_of_one_title_have_two_keys() -> None:
    assert [prompt.key for prompt in read_notation("## Well?\ntext\n\n## Well?\ntext")] == ["well", "well-2"]


LINES = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=20).map(
    lambda text: unicodedata.normalize("NFC", text)
)


@given(
    st.lists(
        st.builds(
            PromptSettings,
            key=st.text("abc-_1", min_size=1, max_size=8),
            title=LINES.filter(lambda text: "{" not in text and not is_blank(text)),
            format=st.sampled_from([Format.TEXT, Format.RATING, Format.COMMITMENT]),
            anchor=st.sampled_from(list(Anchor)[:3]),
            days=st.integers(0, 400),
            minutes=st.integers(0, 5),
            options=st.lists(LINES.map(lambda text: "o" + text), max_size=3).map(tuple),
        ),
        max_size=4,
        unique_by=lambda prompt: prompt.key,
    )
)
def test_any_series_comes_through(prompts: list[PromptSettings]) -> None:
    assert read_notation(write_notation(prompts)) == tuple(prompts)


@given(st.text(max_size=200) | st.text("#- \n{}>[x]a,1", max_size=80))
def test_any_text_is_read_or_refused(text: str) -> None:
    with suppress(ValueError):
        assert write_notation(read_notation(text)) is not None
