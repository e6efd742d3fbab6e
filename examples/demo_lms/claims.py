"""What a launch says about the person, the course and the link. Modelled on Moodle 4.5."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from examples.demo_lms.access import role_in
from examples.demo_lms.config import CONFIG
from examples.demo_lms.course import Person
from examples.demo_lms.middleware import LANGUAGE
from examples.demo_lms.models import Course, LaunchMessage, Link
from examples.demo_lms.variables import substituted

LTI = "https://purl.imsglobal.org/spec/lti/claim"
DEEP_LINKING = "https://purl.imsglobal.org/spec/lti-dl/claim"
AGS_SCOPE = "https://purl.imsglobal.org/spec/lti-ags/scope"
AGS_CLAIM = "https://purl.imsglobal.org/spec/lti-ags/claim/endpoint"
NRPS_SCOPE = "https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly"
NRPS_CLAIM = "https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice"
ROLES = "http://purl.imsglobal.org/vocab/lis/v2"

TOOL_CUSTOM = {
    "context_id_history": "$Context.id.history",
    "resource_link_id_history": "$ResourceLink.id.history",
    "resource_link_title": "$ResourceLink.title",
    "user_image": "$User.image",
    "context_memberships_url": "$ToolProxyBinding.memberships.url",
}
"""Custom parameters of the tool as a whole: every launch carries them, link or not."""


def launch_claims(message: LaunchMessage, person: Person) -> dict[str, Any]:
    """All claims of one launch except those of the message itself (iss, aud, nonce, times)."""
    claims = {
        **person_claims(person),
        f"{LTI}/roles": roles(message.course, person),
        f"{LTI}/context": context_claim(message.course),
        f"{LTI}/launch_presentation": presentation_claim(message),
        f"{LTI}/tool_platform": PLATFORM_CLAIM,
        f"{LTI}/custom": custom_claim(message, person),
        AGS_CLAIM: ags_claim(message.course, message.link),
        NRPS_CLAIM: {
            "context_memberships_url": CONFIG.memberships_url(message.course.context_id),
            "service_versions": ["1.0", "2.0"],
        },
    }
    if message.link:
        claims[f"{LTI}/resource_link"] = resource_link_claim(message.link)
    return claims


PLATFORM_CLAIM = {
    "product_family_code": "demo-lms",
    "version": "1.0",
    "guid": "demo-lms-" + CONFIG.client_id,
    "name": "Demo LMS",
    "description": "Demo LMS for Course Companion",
}


def person_claims(person: Person) -> dict[str, Any]:
    if not person.shares_name:
        return {"sub": person.sub}
    return {
        "sub": person.sub,
        "given_name": person.given_name,
        "family_name": person.family_name,
        "name": person.name,
        "email": person.email,
    }


def roles(course: Course, person: Person) -> list[str]:
    """A site admin who is not enrolled still arrives as Instructor: so does Moodle's."""
    role = role_in(course, person)
    if role == "admin":
        return [
            f"{ROLES}/institution/person#Administrator",
            f"{ROLES}/membership#Instructor",
            f"{ROLES}/system/person#Administrator",
        ]
    return [f"{ROLES}/membership#{'Instructor' if role == 'instructor' else 'Learner'}"]


def context_claim(course: Course) -> dict[str, Any]:
    return {
        "id": course.context_id,
        "label": course.label,
        "title": course.title,
        "type": ["CourseSection"],
    }


def resource_link_claim(link: Link) -> dict[str, str]:
    claim = {"id": str(link.pk), "title": link.title}
    if link.text:
        claim["description"] = link.text
    return claim


def presentation_claim(message: LaunchMessage) -> dict[str, str]:
    if message.link is None:
        return {"locale": LANGUAGE.get()}
    return {
        "locale": LANGUAGE.get(),
        "document_target": message.document_target,
        "return_url": CONFIG.url + reverse("tool-return", args=[message.link.pk]),
    }


def custom_claim(message: LaunchMessage, person: Person) -> dict[str, str | None]:
    values = TOOL_CUSTOM | (message.link.custom if message.link else {})
    return {
        name: substituted(value, person=person, course=message.course, link=message.link)
        for name, value in values.items()
    }


def ags_claim(course: Course, link: Link | None) -> dict[str, Any]:
    """`lineitem` only where the link has exactly one column, as the specification has it."""
    claim: dict[str, Any] = {
        "scope": [
            f"{AGS_SCOPE}/lineitem",
            f"{AGS_SCOPE}/lineitem.readonly",
            f"{AGS_SCOPE}/result.readonly",
            f"{AGS_SCOPE}/score",
        ],
        "lineitems": CONFIG.lineitems_url(course.context_id),
    }
    line_items = list(link.line_items.all()[:2]) if link else []
    if len(line_items) == 1:
        claim["lineitem"] = CONFIG.lineitem_url(course.context_id, line_items[0].pk)
    return claim


def deep_linking_claim(message: LaunchMessage) -> dict[str, Any]:
    return {
        "accept_types": ["ltiResourceLink"],
        "accept_presentation_document_targets": ["frame", "iframe", "window"],
        "accept_copy_advice": False,
        "accept_multiple": True,
        "accept_unsigned": False,
        "auto_create": False,
        "can_confirm": False,
        "deep_link_return_url": f"{CONFIG.deep_link_return_url}?course={message.course.pk}&id=1",
        "title": "Course Companion",
        "text": "",
        "data": message.data,
    }
