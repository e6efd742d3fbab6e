"""Links to many rows, resolved once a page: the mount is asked for one of each kind, the ids are put in after."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from companion.viewer import Mount

# Stands for an id while a link's pattern is resolved; no path of ours contains it otherwise.
_SLOT: Final = 987654321
_TOKEN_SLOT: Final = "0123456789abcdef" * 2


class Pattern:
    """One link with a number left open."""

    def __init__(self, mount: Mount, name: str, *args: object) -> None:
        self._head, self._tail = mount.url_for(name, *args, _SLOT).split(str(_SLOT), 1)

    def of(self, number: int) -> str:
        return f"{self._head}{number}{self._tail}"


def picture_address(mount: Mount) -> Callable[[str], str]:
    """Gives the address of a picture by its token; the mount is asked once, at the first picture."""
    known: list[str] = []

    def address(token: str) -> str:
        if not known:
            known.extend(mount.url_for("picture", _TOKEN_SLOT).split(_TOKEN_SLOT, 1))
        return f"{known[0]}{token}{known[1]}"

    return address
