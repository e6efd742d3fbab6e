"""Roles as platforms send them, mapped to ours: the least privilege for whatever is not clearly more.

Sources: LTI 1.3 core, A.2 (role vocabularies); lti-field-notes on Moodle's bare words and Canvas's test user.
PyLTI1p3's own reading is not used: it takes `membership/Learner#Instructor` for a teacher.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from companion.viewer import Role

_CONTEXT: Final = "http://purl.imsglobal.org/vocab/lis/v2/membership"
_TEST_USER: Final = "http://purl.imsglobal.org/vocab/lti/system/person#TestUser"

_PRINCIPAL: Final = {
    "Administrator": Role.ADMINISTRATOR,
    "Instructor": Role.INSTRUCTOR,
    "ContentDeveloper": Role.INSTRUCTOR,
}
# Sub-roles of Instructor that only help. What is not listed in either is taken for a helper too.
_TEACHING: Final = {
    "ExternalInstructor",
    "GuestInstructor",
    "Lecturer",
    "PrimaryInstructor",
    "SecondaryInstructor",
}
_RANK: Final = list(Role)


def read_role(roles: Iterable[str]) -> Role:
    """The highest role that these give in the course.

    Only context roles count: somebody who administers the institution is a learner where the course does not say
    more. Canvas's student view is a learner whatever else it carries.
    """
    roles = list(roles)
    if _TEST_USER in roles:
        return Role.LEARNER
    return max((_read_one(role) for role in roles), key=_RANK.index, default=Role.LEARNER)


def _read_one(role: str) -> Role:
    if not role.startswith("http"):
        role = f"{_CONTEXT}#{role}"
    if not role.startswith(_CONTEXT):
        return Role.LEARNER
    principal, _hash, name = role.removeprefix(_CONTEXT).partition("#")
    if principal == "":
        return _PRINCIPAL.get(name, Role.LEARNER)
    if principal == "/Instructor":
        return Role.INSTRUCTOR if name in _TEACHING else Role.ASSISTANT
    if principal == "/Administrator":
        return Role.ADMINISTRATOR if name == "Administrator" else Role.ASSISTANT
    return Role.LEARNER
