"""What changed between two versions of a text, for people."""

from __future__ import annotations

import random
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from companion.diff import CUT, Line, compare

pytestmark = pytest.mark.one_database

LONG = 20_000


def marked(lines: list[Line]) -> list[str]:
    """Each line as people see it: {what came} and [what went]."""
    signs = {"same": "%s", "added": "{%s}", "removed": "[%s]"}
    return ["".join(signs[piece.kind] % piece.text for piece in line) for line in lines]


def version(lines: list[Line], other: str) -> str:
    """The old version without what was "added", or the new one without what was "removed"."""
    return "\n".join(
        "".join(piece.text for piece in line if piece.kind != other)
        for line in lines
        if any(piece.kind != other for piece in line)
    )


def test_it_works():
    old = "Open the valve, then start the pump.\n\nWait for ten minutes.\n\nCall Chen."
    new = "Open the red valve and then start the pump!\n\nWait for ten minutes.\n\nWrite it down.\n\nCall Chen."
    assert marked(compare(old, new)) == [
        "Open the{ red} valve[,]{ and} then start the pump[.]{!}",
        "",
        "Wait for ten minutes.",
        "{}",
        "{Write it down.}",
        "",
        "Call Chen.",
    ]


@pytest.mark.parametrize(
    ("old", "new", "lines"),
    [
        ("", "", []),
        ("same", "same", ["same"]),
        ("", "first\nversion", ["{first}", "{version}"]),
        ("all\ngone", "", ["[all]", "[gone]"]),
        ("a line", "a line\n", ["a line", "{}"]),
        ("one two", "new one two", ["{new }one two"]),
        ("one two", "one  two", ["one[ ]{  }two"]),
        ("  - one\ttwo ", "- one two", ["[  ]- one[\t]{ }two[ ]"]),
        ("cut", "paste", ["[cut]", "{paste}"]),
        ("word", "**word**", ["[word]", "{**word**}"]),
        ("手順一：電源を切る。", "手順二：電源を入れる。", ["手順[一]{二}：電源を[切]{入れ}る。"]),
        ("सेवा बंद है", "सेवा चालू है", ["सेवा[ बंद]{ चालू} है"]),
        ("aan <b> 👩\u200d🔧 uit", "aan <b> 👩\u200d🏭 uit", ["aan <b>[ 👩\u200d🔧]{ 👩\u200d🏭} uit"]),
    ],
)
def test_what_people_see(old, new, lines):
    assert marked(compare(old, new)) == lines


def test_a_changed_line_stands_beside_what_it_was_whatever_came_before_it():
    old = "- Check the oil level\n- Close the lid"
    new = "- Put gloves on\n- Check the oil level twice\n- Close the lid"
    assert marked(compare(old, new)) == ["{- Put gloves on}", "- Check the oil level{ twice}", "- Close the lid"]
    assert marked(compare(new, old)) == ["[- Put gloves on]", "- Check the oil level[ twice]", "- Close the lid"]


def test_what_went_comes_before_what_came():
    assert marked(compare("apples\npears", "nuts\nfigs")) == ["[apples]", "[pears]", "{nuts}", "{figs}"]


def test_lines_far_from_a_change_are_cut():
    old = "\n".join("abcdefghijklmnop")
    new = old.replace("d", "D").replace("m\n", "")
    lines = compare(old, new)
    assert marked(lines) == [*"abc", "[d]", "{D}", "e", "f", "…", "k", "l", "[m]", "n", "o", "p"]
    assert lines[7] == [CUT]
    assert marked(compare(old, new, context=0)) == ["…", "[d]", "{D}", "…", "[m]", "…"]
    assert len(compare(old, new, context=None)) == 17


def test_a_line_that_looks_like_a_cut_is_one_of_the_text():
    assert marked(compare("…\n…\n…\n…\nold", "…\n…\n…\n…\nnew", context=1)) == ["…", "…", "[old]", "{new}"]


def test_without_a_change_nothing_is_near_one():
    assert compare("a\nb\nc", "a\nb\nc") == [[CUT]]


texts = st.text(alphabet="ab .,\n\u0301漢…é", max_size=60) | st.text(max_size=40)


@given(texts, texts)
@example("a b\nb a", "b a\na b")
@example("\n", "")
@example("a\n\n", "\n")
def test_both_versions_can_be_read_from_it(old, new):
    lines = compare(old, new, context=None)
    assert version(lines, "added") == old
    assert version(lines, "removed") == new
    assert all(lines)


@given(texts, texts, st.integers(0, 3))
def test_a_cut_hides_only_what_is_the_same(old, new, context):
    whole = compare(old, new, context=None)
    shown = compare(old, new, context=context)
    assert len(shown) <= len(whole)
    changed = [line for line in whole if any(piece.kind != "same" for piece in line)]
    assert [line for line in shown if any(piece.kind != "same" for piece in line)] == changed


@given(texts)
def test_a_text_is_the_same_as_itself(text):
    assert version(compare(text, text, context=None), "added") == text
    assert all(line[0].kind == "same" for line in compare(text, text))


# The next are what hostile people may write. What it costs is counted in lines of Python that run, not in time.


def mixed(alphabet: str, between: str, seed: int) -> str:
    """The same every time: the test must not depend on luck."""
    return between.join(random.Random(seed).choices(alphabet, k=LONG))[:LONG]


def numbered(word: str, between: str) -> str:
    return between.join(f"{word}{number}" for number in range(LONG))[:LONG]


HOSTILE = {
    "two words in turn": ("a b " * 5000, "b a " * 5000),
    "two lines in turn": ("a\nb\n" * 5000, "b\na\n" * 5000),
    "single characters": ("a" * LONG, "b" * LONG),
    "one Chinese character": ("漢" * LONG, "字" + "漢" * LONG + "字"),
    "mixed words": (mixed("abcde", " ", 1), mixed("abcde", " ", 2)),
    "mixed lines": (mixed("abcde", "\n", 1), mixed("abcde", "\n", 2)),
    "mixed Chinese": (mixed("漢字火", "", 1), mixed("漢字火", "", 2)),
    "mixed signs": (mixed(".,;", "", 1), mixed(".,;", "", 2)),
    "all lines alike but some": ("x\n" + "a\n" * 5000 + "y\n" + "a\n" * 4900, "z\n" + "a\n" * 9900 + "z"),
    "lines that are not alike": (numbered("a", "\n"), numbered("b", "\n")),
    "lines that are half alike": (numbered("a b c ", "\n"), numbered("d e c ", "\n")),
    "words that never come twice": (numbered("", " "), " ".join(reversed(numbered("", " ").split()))),
    "every second word": (numbered("a ", " "), numbered("b ", " ")),
    "spaces": (" " * LONG, "\t" * LONG),
    "empty lines": ("\n" * LONG, "x" + "\n" * LONG + "y"),
}


def run_counting(function: Callable[[], Any], *, most: int) -> None:
    """Fails after `most` lines of Python, which are as many on every machine."""
    count = 0

    def trace(_frame: FrameType, event: str, _argument: Any) -> Any:
        nonlocal count
        count += event == "line"
        if count > most:
            raise AssertionError(f"more than {most} lines")
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        function()
    finally:
        sys.settrace(before)


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_texts_cost_little(name):
    old, new = HOSTILE[name]
    # difflib alone runs hundreds of millions.
    run_counting(lambda: compare(old, new), most=5_000_000)


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_texts_are_shown_whole_all_the_same(name):
    old, new = HOSTILE[name]
    lines = compare(old, new, context=None)
    assert version(lines, "added") == old
    assert version(lines, "removed") == new


def test_a_line_that_costs_too_much_is_shown_as_it_was_and_as_it_is():
    old, new = HOSTILE["two words in turn"]
    (line,) = compare(old, new)
    assert [(piece.kind, len(piece.text)) for piece in line] == [("removed", 19_999), ("added", 19_999), ("same", 1)]


def test_a_long_paragraph_is_compared_by_words():
    words = random.Random(1).choices([f"word{number}" for number in range(20)], k=400)
    new_at = range(20, 400, 60)
    changed = [f"new{number}" if number in new_at else word for number, word in enumerate(words)]
    (line,) = compare(" ".join(words), " ".join(changed))
    assert [piece.text.strip() for piece in line if piece.kind == "added"] == [f"new{number}" for number in new_at]
