"""Who is looking, and how the page is hosted: the two values that every view gets, and all it knows of the host."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any
from uuid import UUID


class Role(StrEnum):
    """A person's role in one space. A host maps whatever it does not know to the first one."""

    LEARNER = "learner"
    ASSISTANT = "assistant"
    INSTRUCTOR = "instructor"
    ADMINISTRATOR = "administrator"


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewer:
    """A person in a space, with the role the platform gave at this launch.

    Every gate and verb gets one. It holds ids, never rows, so that it is built from a session in one query.
    """

    organization_id: int
    space_id: int
    person_id: int
    role: Role = Role.LEARNER
    name: str = ""
    group_ids: frozenset[int] = frozenset()
    # Threads that a gate has opened to them besides: an expert's questions, in this space or (then as a learner and
    # with this space's id) in another one.
    opened_to: frozenset[int] = frozenset()
    # In this space for the sake of those threads alone: nothing else of it is theirs to see.
    is_guest: bool = False

    @property
    def is_staff(self) -> bool:
        """May moderate: pin, lock, hide, restore, and read what is hidden."""
        return self.role is not Role.LEARNER

    @property
    def can_configure(self) -> bool:
        """May place activities and change their settings: a teaching assistant may not."""
        return self.role in (Role.INSTRUCTOR, Role.ADMINISTRATOR)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mount:
    """One way of hosting the UI.

    `url_for` is a callable, not a prefix: an XBlock's `handler_url` may append a query after the suffix.
    """

    name: str
    url_for: Callable[..., str]
    # Hidden fields of every form that writes, and headers of every htmx request.
    fields: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    headers: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    # Tells one visit from another in the browser's own storage; identifies nobody.
    key: str = ""
    # False where the browser keeps no cookie for us: then links must carry the headers too.
    has_cookies: bool = True
    # The subject of the resize message the host listens to ("lti.frameResize"), or "".
    resize: str = ""
    # Where an activity's settings are changed, in words, if that is not here.
    settings_note: str = ""
    # Takes a learner's credit (companion.threads.api.Credit) to the platform; without it pages speak of none.
    # It gets the activity as well: a block is told of its own credit alone, though all lists can be opened in it.
    report_credit: Callable[[Any, Any], None] | None = None
    # Whether the host tells when somebody has finished a unit or the course.
    tells_completion: bool = False
    # The way back to the host's course and what it is called, where the host's own page has none.
    back_url: str = ""
    back_label: str = ""
    # The form target that opens this page outside the frame, where the host offers one.
    new_window_url: str = ""
    # The full address of a post (its activity, its thread, its number) that may be carried anywhere: whoever follows
    # it comes in through the host. None where the host has no such address.
    permalink: Callable[[UUID, int, int], str] | None = None
