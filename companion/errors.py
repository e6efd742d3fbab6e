"""The ways a gate or a verb says no. Each host turns them into its own answer; the words are for people."""

from collections.abc import Mapping


class CompanionError(Exception):
    """Something the Companion refuses, with a sentence that a person can read."""


class NotFound(CompanionError):
    """There is no such thing, or this viewer may not know of it: the two look the same."""


class NotAllowed(CompanionError):
    """The viewer may see the thing but not do this with it; says why."""


class Conflict(CompanionError):
    """Somebody else changed the thing in between; nothing was overwritten."""


class TooMany(CompanionError):
    """Too often in a short time; says when it is possible again."""


class InvalidInput(CompanionError):
    """What was typed cannot be used. `errors` maps field names to sentences."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        super().__init__("; ".join(str(message) for message in errors.values()))
        self.errors = dict(errors)
