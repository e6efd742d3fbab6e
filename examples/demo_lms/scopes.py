"""The services, messages and notices that a tool may have, by the names of the specifications."""

from __future__ import annotations

AGS_SCOPE = "https://purl.imsglobal.org/spec/lti-ags/scope"
AGS_SCOPES = [
    f"{AGS_SCOPE}/lineitem",
    f"{AGS_SCOPE}/lineitem.readonly",
    f"{AGS_SCOPE}/result.readonly",
    f"{AGS_SCOPE}/score",
]
NRPS_SCOPE = "https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly"
NOTICE_SCOPE = "https://purl.imsglobal.org/spec/lti/scope/noticehandlers"
SCOPES = [*AGS_SCOPES, NRPS_SCOPE, NOTICE_SCOPE]

LAUNCH = "LtiResourceLinkRequest"
DEEP_LINK = "LtiDeepLinkingRequest"
REVIEW = "LtiSubmissionReviewRequest"
MESSAGES = [LAUNCH, DEEP_LINK, REVIEW]

HELLO_NOTICE = "LtiHelloWorldNotice"
COPY_NOTICE = "LtiContextCopyNotice"
NOTICE_TYPES = [HELLO_NOTICE, COPY_NOTICE]

PERSON_CLAIMS = ["name", "given_name", "family_name", "email"]
"""What may be said about people besides `sub`."""

IN_WORDS = {
    f"{AGS_SCOPE}/lineitem": "keep columns in the gradebook",
    f"{AGS_SCOPE}/lineitem.readonly": "read the columns of the gradebook",
    f"{AGS_SCOPE}/result.readonly": "read results",
    f"{AGS_SCOPE}/score": "send scores",
    NRPS_SCOPE: "read who is in a course",
    NOTICE_SCOPE: "be told of copied courses",
    DEEP_LINK: "be asked what to place in a unit",
    REVIEW: "show a learner's work from the gradebook",
}
"""For the page on which an administrator decides."""
