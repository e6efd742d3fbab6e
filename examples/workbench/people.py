"""The people of the workbench, told to blocks in the words of the platform's user service.

Ana and Chen learn, Ben teaches, Dee is in another course, and 17 has no name.
"""

from __future__ import annotations

from typing import Any, Final

from companion_xblocks.host import WORKBENCH_COURSE
from xblock.reference.user_service import UserService, XBlockUser

from companion.openedx.people import LmsUser, viewer_of

NAMES: Final = {"ana": "Ana Torres", "ben": "Ben Okafor", "chen": "Chen Wei", "dee": "Dee Novak", "17": ""}
TEACHER: Final = "ben"


class WorkbenchUsers(UserService):
    """`?student=` says who is looking. Only the workbench believes it."""

    runtime: Any = None

    def get_current_user(self) -> XBlockUser:
        user_id = str(self.runtime.user_id or "")
        known = user_id in NAMES
        user = XBlockUser(is_current_user=True, full_name=NAMES.get(user_id, ""), emails=[])
        user.opt_attrs["edx-platform.user_id"] = user_id if known else None
        user.opt_attrs["edx-platform.username"] = user_id
        user.opt_attrs["edx-platform.is_authenticated"] = known
        user.opt_attrs["edx-platform.user_is_staff"] = user_id == TEACHER
        return user


def enrol_everybody() -> None:
    """Let everybody be a member of the course before they look: the workbench knows no enrolments, and whom Ben names
    as an expert must be in the course.
    """
    for user_id, name in NAMES.items():
        viewer_of(LmsUser(id=user_id, username=user_id, full_name=name, is_staff=user_id == TEACHER), WORKBENCH_COURSE)
