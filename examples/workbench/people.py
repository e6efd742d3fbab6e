"""The people of the workbench, told to blocks in the words of the platform's user service."""

from __future__ import annotations

from typing import Any, Final

from xblock.reference.user_service import UserService, XBlockUser

NAMES: Final = {"ana": "Ana Torres", "ben": "Ben Okafor", "chen": "Chen Wei", "dee": "Dee Novak", "17": ""}


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
        user.opt_attrs["edx-platform.user_is_staff"] = user_id == "ben"
        return user
