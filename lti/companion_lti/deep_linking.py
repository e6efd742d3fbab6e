"""The answer to a deep-linking launch: a signed message that hands the platform what was chosen."""

from __future__ import annotations

from typing import Any, Final

import jwt
from pylti1p3.deep_link import DeepLink
from pylti1p3.deep_link_resource import DeepLinkResource

from companion.spaces.api import Activity
from companion_lti import line_items, placements, tool_keys
from companion_lti.models import LtiSession
from companion_lti.tool import adapt, address_of

DATA_CLAIM = "https://purl.imsglobal.org/spec/lti-dl/claim/data"


# The platform may open somebody's work from the gradebook, at the link's own address (LTI submission review 1.0).
REVIEW: Final = {"submissionReview": {"reviewableStatus": ["InProgress", "Submitted", "Completed"]}}


class ActivityResource(DeepLinkResource):
    """A placement of an activity. Its id goes along as a custom parameter, which platforms keep when a course is
    copied; the address has no query, because Moodle redirects only to addresses that it knows.
    """

    def __init__(self, activity: Activity, *, with_column: bool) -> None:
        self.set_title(activity.title).set_url(address_of("launch"))
        self.set_custom_params(placements.parameters(activity))
        # A column of the gradebook from the start, where the credit is worth points.
        self.column = line_items.describe(activity) | REVIEW if with_column and activity.discussion.is_graded else None

    def to_dict(self) -> dict[str, object]:
        column = {"lineItem": self.column} if self.column else {}
        return {**super().to_dict(), "iframe": {"width": 900, "height": 600}, **column}


class Answer(DeepLink):
    """PyLTI1p3's response, signed with a key that is parsed once."""

    def encode_jwt(self, message: dict[str, Any]) -> str:
        kid, private_key = tool_keys.signing_key()
        if message.get(DATA_CLAIM) is None:
            # Moodle sends no data; a null where a text is expected is more than "nothing".
            message.pop(DATA_CLAIM, None)
        return jwt.encode(message, private_key, algorithm="RS256", headers={"kid": kid})


def answer(session: LtiSession, activities: list[Activity]) -> str:
    """The response token for a session that was launched by deep linking. No activities is "cancelled"."""
    assert session.deep_link is not None
    registration = adapt(session.deployment.registration)
    message = Answer(registration, session.deployment.deployment_id, session.deep_link)
    with_column = session.deep_link.get("accepts_line_item", True)
    return message.get_response_jwt([ActivityResource(activity, with_column=with_column) for activity in activities])
