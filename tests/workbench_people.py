"""The workbench's people, and an account `p17` for each viewer that the page suite makes."""

from __future__ import annotations

from xblock.reference.user_service import XBlockUser

from examples.workbench.people import WorkbenchUsers


class TestUsers(WorkbenchUsers):
    __test__ = False

    def get_current_user(self) -> XBlockUser:
        user = super().get_current_user()
        user_id = str(self.runtime.user_id or "")
        if user_id.startswith("p"):
            user.opt_attrs["edx-platform.user_id"] = user_id
            user.opt_attrs["edx-platform.is_authenticated"] = True
        return user
