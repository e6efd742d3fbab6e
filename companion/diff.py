"""What changed between two versions of a text, for people: lines first, then words inside a changed line.

On difflib, and not on HTML: lxml's htmldiff puts <ins> and <del> where they may not stand.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import Match, SequenceMatcher
from itertools import accumulate, groupby
from operator import itemgetter
from typing import Final, Literal, NamedTuple

# What one comparison may cost, in steps of difflib's innermost loop: some 60 ms. A paragraph of 500 words with changes
# all over takes 50,000; difflib alone takes minutes for "a b a b ..." against "b a b a ...".
MOST_STEPS: Final = 600_000

# The space before a word or sign, and the word. Chinese and Japanese have no spaces; there every character is a word.
_DENSE: Final = "\u3000-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uff00-\uffef"
_MARKS: Final = r"""!"'()*,./:;<=>?\[\]`{|}“”„‘’«»…"""
_WORD: Final = re.compile(rf"(\s*)([{_DENSE}{_MARKS}]|[^\s{_DENSE}{_MARKS}]+|$)")

Kind = Literal["same", "added", "removed"]


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a line that is in both versions ("same"), only in the new one or only in the old one."""

    kind: Kind
    text: str


Line = list[Piece]

# Stands for unchanged lines that are not shown.
CUT: Final = Piece("same", "…")


def compare(old: str, new: str, *, context: int | None = 2) -> list[Line]:
    """The lines of both versions in reading order, each as its pieces; an unchanged line is one "same" piece.

    A line is in the old version unless all its pieces are "added", and in the new one unless all are "removed". Of
    unchanged lines only `context` before and after a change are shown, with a line of CUT for the others; None shows
    all. Whatever the texts, it costs at most about MOST_STEPS: where that is not enough, lines and words are shown as
    removed and added without a closer look.
    """
    effort = _Effort(MOST_STEPS)
    old_lines, new_lines = _lines(old), _lines(new)
    shown: list[Line] = []
    for block in _blocks(old_lines, new_lines, effort):
        shown += _changed_lines(old_lines[block.removed], new_lines[block.added], effort)
        shown += [[Piece("same", line)] for line in old_lines[block.same_in_old]]
    return shown if context is None else _cut(shown, context)


def _lines(text: str) -> list[str]:
    """No line at all for no text, so that a first version only adds."""
    return text.split("\n") if text else []


def _changed_lines(old: Sequence[str], new: Sequence[str], effort: _Effort) -> Iterator[Line]:
    """The lines of a changed block: a new line beside the old one it was made from, where there is one."""
    before = [_count_words(line) for line in old]
    at = 0
    added: list[Line] = []
    for line in new:
        found = _find_alike(_count_words(line), before, at, effort)
        if found is None:
            added.append([Piece("added", line)])
            continue
        yield from ([Piece("removed", line)] for line in old[at:found])
        yield from added
        yield _changed_line(old[found], line, effort)
        at, added = found + 1, []
    yield from ([Piece("removed", line)] for line in old[at:])
    yield from added


def _count_words(line: str) -> Counter[str]:
    return Counter(word for _space, word in _WORD.findall(line) if word)


def _find_alike(words: Counter[str], lines: Sequence[Counter[str]], start: int, effort: _Effort) -> int | None:
    """The first of the lines from `start` on that shares half of its words with these."""
    for index in range(start, len(lines)):
        # Comparing two lines takes the time of some 15 of difflib's steps, and of one more for each word.
        if not effort.allows(15 + len(words)):
            return None
        shared = (words & lines[index]).total()
        if shared and 4 * shared >= words.total() + lines[index].total():
            return index
    return None


def _changed_line(old: str, new: str, effort: _Effort) -> Line:
    """Words are the same where only the space before them differs: "pump" may become the first word of a line."""
    old_words, new_words = _WORD.findall(old), _WORD.findall(new)
    parts: list[tuple[Kind, str]] = []
    for block in _blocks([word for _, word in old_words], [word for _, word in new_words], effort):
        removed = "".join(space + word for space, word in old_words[block.removed])
        added = "".join(space + word for space, word in new_words[block.added])
        same = zip(old_words[block.same_in_old], new_words[block.same_in_new], strict=True)
        for (old_space, word), (new_space, _word) in same:
            if old_space == new_space:
                parts += [("removed", removed), ("added", added), ("same", old_space)]
            else:
                parts += [("removed", removed + old_space), ("added", added + new_space)]
            parts.append(("same", word))
            removed = added = ""
        parts += [("removed", removed), ("added", added)]
    parts = [(kind, text) for kind, text in parts if text]
    return [Piece(kind, "".join(text for _, text in run)) for kind, run in groupby(parts, key=itemgetter(0))]


def _cut(lines: list[Line], context: int) -> list[Line]:
    """Without the unchanged lines that are farther than `context` from a change."""
    changed = [index for index, line in enumerate(lines) if len(line) > 1 or line[0].kind != "same"]
    near = {near for index in changed for near in range(index - context, index + context + 1)}
    shown: list[Line] = []
    for is_near, indexes in groupby(range(len(lines)), key=near.__contains__):
        run = [lines[index] for index in indexes]
        # One line says more than a sign that there is one.
        shown += run if is_near or len(run) == 1 else [[CUT]]
    return shown


class _Effort:
    """The steps that are left."""

    def __init__(self, steps: int) -> None:
        self.left = steps

    def allows(self, steps: int) -> bool:
        """Takes the steps if there are enough left; says whether there were."""
        if steps > self.left:
            return False
        self.left -= steps
        return True


class _TooMuch(Exception):
    """A comparison would take more steps than are left."""


class _Matcher(SequenceMatcher[str]):
    """difflib's matcher, which stops when its steps are used up."""

    def __init__(self, old: Sequence[str], new: Sequence[str], effort: _Effort) -> None:
        super().__init__(None, old, new, autojunk=False)
        # It looks at each pair of equal items in its range: here is their number up to each item of `old`.
        often = Counter(new)
        self._steps = list(accumulate((1 + often[item] for item in old), initial=0))
        self._effort = effort

    def find_longest_match(self, alo: int = 0, ahi: int | None = None, blo: int = 0, bhi: int | None = None) -> Match:
        steps = self._steps[-1 if ahi is None else ahi] - self._steps[alo]
        # Setting it up for a short line and what goes around its loop take the time of some 100 steps.
        if not self._effort.allows(100 + steps):
            raise _TooMuch
        return super().find_longest_match(alo, ahi, blo, bhi)


class _Block(NamedTuple):
    """What was removed, what was added in its place, and what follows and is the same."""

    removed: slice
    added: slice
    same_in_old: slice
    same_in_new: slice


def _blocks(old: Sequence[str], new: Sequence[str], effort: _Effort) -> Iterator[_Block]:
    """Both sequences in order, from the first item to the last."""
    at_old = at_new = 0
    for match in _matches(old, new, effort):
        end_old, end_new = match.a + match.size, match.b + match.size
        yield _Block(slice(at_old, match.a), slice(at_new, match.b), slice(match.a, end_old), slice(match.b, end_new))
        at_old, at_new = end_old, end_new


def _matches(old: Sequence[str], new: Sequence[str], effort: _Effort) -> list[Match]:
    """Where they are the same. Between start and end, which are mostly all, difflib looks as long as it may."""
    start = _same_start(old, new)
    end = _same_start(old[start:][::-1], new[start:][::-1])
    last = Match(len(old) - end, len(new) - end, end)
    try:
        inner = _Matcher(old[start : last.a], new[start : last.b], effort).get_matching_blocks()
    except _TooMuch:
        inner = []
    return [Match(0, 0, start), *(Match(start + match.a, start + match.b, match.size) for match in inner), last]


def _same_start(old: Sequence[str], new: Sequence[str]) -> int:
    """How many items at the start are the same."""
    pairs = enumerate(zip(old, new, strict=False))
    return next((index for index, (left, right) in pairs if left != right), min(len(old), len(new)))
