"""A post's place in the tree as text: sorting by it is reading the tree from top to bottom.

Each level adds four base-36 digits of the post's number to its parent's path, so a child sorts right after its
parent and before its parent's next sibling, in every collation (digits before letters, equal lengths a level).
"""

from typing import Final

from companion.threads.models import PATH_DIGITS, PATH_LEVELS

_DIGITS: Final = "0123456789abcdefghijklmnopqrstuvwxyz"
MOST_POSTS: Final = 36**PATH_DIGITS - 1


def child_path(parent: str, number: int) -> str:
    """The path of post `number` as a reply to the post at `parent` ("" for the opening post).

    Below the deepest level a reply hangs beside the post it answers. Raises ValueError for a number out of range.
    """
    return parent[: PATH_DIGITS * (PATH_LEVELS - 1)] + _segment(number)


def branch_of(path: str) -> str:
    """The path of the first-level reply that a post belongs to (or of the opening post)."""
    return path[: PATH_DIGITS * 2]


def ancestors_of(path: str) -> list[str]:
    """The paths above a post, from the opening post down."""
    return [path[:end] for end in range(PATH_DIGITS, len(path), PATH_DIGITS)]


def is_path(text: str) -> bool:
    return 0 < len(text) <= PATH_DIGITS * PATH_LEVELS and not len(text) % PATH_DIGITS and set(text) <= set(_DIGITS)


def _segment(number: int) -> str:
    if not 0 < number <= MOST_POSTS:
        raise ValueError(f"A thread holds posts 1 to {MOST_POSTS}, not {number}")
    digits = ""
    for _level in range(PATH_DIGITS):
        number, digit = divmod(number, 36)
        digits = _DIGITS[digit] + digits
    return digits
