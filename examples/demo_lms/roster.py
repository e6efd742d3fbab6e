"""Names and roles, for the tool."""

from __future__ import annotations

from typing import Any

from lti1p3platform.membership import Context
from lti1p3platform.service_connector import NamesRoleProvisioningService, TPage

from examples.demo_lms.claims import ROLES, person_claims
from examples.demo_lms.config import CONFIG
from examples.demo_lms.models import Course, Enrolment, Tool
from examples.demo_lms.scopes import NRPS_SCOPE
from examples.demo_lms.service_request import ServiceRequest
from examples.demo_lms.tools import owned_by


class Roster(NamesRoleProvisioningService):
    """Members in pages of `limit`. Roles are bare words, as Moodle's are; the filter takes both."""

    def __init__(self, request: ServiceRequest, course: Course) -> None:
        super().__init__(request, request.platform, CONFIG.memberships_url(course.context_id))
        self._course = course
        self._tool = request.tool

    @property
    def allowed_scopes(self) -> list[str]:
        return [NRPS_SCOPE]

    def get_context_by_id(self) -> Context:
        course = self._course
        return Context(id=course.context_id, label=course.label, title=course.title)

    def is_resource_link_valid(self, context_id: str, resource_link_id: str) -> bool:
        return (
            resource_link_id.isdecimal()
            and self._course.links.filter(owned_by(self._tool), pk=resource_link_id).exists()
        )

    def get_member_data_page(
        self,
        page: int = 1,
        limit: int | None = None,
        role: str | None = None,
        since: str | None = None,
        **others: Any,
    ) -> TPage:
        """Parameters that we do not know arrive in `others` and change nothing."""
        members = [_member(enrolment, self._tool) for enrolment in self._course.enrolments.all()]
        if role:
            wanted = role.removeprefix(f"{ROLES}/membership#")
            members = [member for member in members if wanted in member["roles"]]
        size = limit or len(members) or 1
        return {
            "content": members[(page - 1) * size : page * size],
            "has_next": len(members) > page * size,
        }


def _member(enrolment: Enrolment, tool: Tool) -> dict[str, Any]:
    claims = person_claims(enrolment.person, tool)
    return {
        "status": "Active",
        "user_id": claims.pop("sub"),
        "roles": ["Instructor" if enrolment.role == "instructor" else "Learner"],
        **claims,
    }
