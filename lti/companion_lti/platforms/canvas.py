"""Canvas.

`/courses/<id>/external_tools/retrieve?url=` launches the tool whose address the URL has, queries aside
(app/controllers/external_tools_controller.rb; matches_url? in app/models/context_external_tool.rb), in a frame in the
course, with that URL as target_link_uri (lib/lti/messages/jwt_message.rb). The link's id is then the course's.

The course's id is in no claim but `launch_presentation.return_url`
(`https://school.instructure.com/courses/12/external_content/success/external_tool_redirect`). Its host is the one that
the browser asked for, and a Canvas of one's own believes any: only origins that the registration knows count, and for
the hosted Canvas, where every customer has a host and all have one issuer, those of Instructure.
"""

from __future__ import annotations

import re
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from companion_lti.models import Registration, ResourceLink, origin_of

FAMILY: Final = "canvas"
# https://developerdocs.instructure.com/services/canvas/external-tools/lti/file.lti_dev_key_config
_HOSTED: Final = {
    "https://canvas.instructure.com",
    "https://canvas.beta.instructure.com",
    "https://canvas.test.instructure.com",
}
# Where the hosted Canvas signs people in and gives tokens (lib/lti/oidc.rb), whatever the school's own host is.
_SIGN_ON: Final = frozenset({"sso.canvaslms.com", "sso.beta.canvaslms.com", "sso.test.canvaslms.com"})
# An id of another shard is written `7053~12`.
_COURSE: Final = re.compile(r"/courses/[0-9]+(~[0-9]+)?(?=/|$)")


def page(link: ResourceLink, launch_url: str) -> str:
    if not link.course_url:
        return ""
    return f"{link.course_url}/external_tools/retrieve?{urlencode({'url': launch_url})}"


def score_extras() -> dict[str, Any]:
    """A score is no submission, and one that a teacher gave counts more than ours
    (https://developerdocs.instructure.com/services/canvas/resources/score).
    """
    return {
        "https://canvas.instructure.com/lti/submission": {
            "new_submission": False,
            "prioritize_non_tool_grade": True,
        }
    }


def course_url(registration: Registration, return_url: str) -> str:
    """The course's address from a launch's return_url, "" where it is of no course or of an unknown origin."""
    origin = origin_of(return_url)
    found = _COURSE.match(urlsplit(return_url).path) if origin else None
    return origin + found[0] if found and _is_theirs(registration, origin) else ""


def is_at_home(issuer: str, host: str) -> bool:
    """Whether a host belongs to the hosted Canvas, and the issuer is that of the hosted Canvas."""
    return issuer in _HOSTED and (host in _SIGN_ON or bool(re.fullmatch(r"[a-z0-9.-]+\.instructure\.com", host)))


def _is_theirs(registration: Registration, origin: str) -> bool:
    if origin in registration.origins():
        return True
    return registration.issuer in _HOSTED and bool(re.fullmatch(r"https://[a-z0-9.-]+\.instructure\.com", origin))
