"""What a launch says about the person, the course and the link. Modelled on Moodle 4.5."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from examples.demo_lms.access import role_in
from examples.demo_lms.config import CONFIG
from examples.demo_lms.course import Person, find_person_by_sub
from examples.demo_lms.middleware import LANGUAGE
from examples.demo_lms.models import Course, LaunchMessage, Link, Tool
from examples.demo_lms.scopes import AGS_SCOPES, NOTICE_SCOPE, NOTICE_TYPES, NRPS_SCOPE
from examples.demo_lms.variables import substituted

LTI = "https://purl.imsglobal.org/spec/lti/claim"
DEEP_LINKING = "https://purl.imsglobal.org/spec/lti-dl/claim"
AGS_CLAIM = "https://purl.imsglobal.org/spec/lti-ags/claim/endpoint"
NRPS_CLAIM = "https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice"
ROLES = "http://purl.imsglobal.org/vocab/lis/v2"


def launch_claims(message: LaunchMessage, person: Person) -> dict[str, Any]:
    """All claims of one launch except those of the message itself (iss, aud, nonce, times)."""
    tool = message.owner
    claims = {
        **person_claims(person, tool),
        f"{LTI}/message_type": message.message_type,
        f"{LTI}/roles": roles(message.course, person),
        f"{LTI}/context": context_claim(message.course),
        f"{LTI}/launch_presentation": presentation_claim(message),
        f"{LTI}/tool_platform": PLATFORM_CLAIM,
        f"{LTI}/custom": custom_claim(message, person),
        **service_claims(message, tool),
    }
    if message.link:
        claims[f"{LTI}/resource_link"] = resource_link_claim(message.link)
    if message.line_item_id:
        claims[f"{LTI}/for_user"] = for_user_claim(message)
    return claims


PLATFORM_CLAIM = {
    "product_family_code": "demo-lms",
    "version": "1.0",
    "guid": "demo-lms-" + CONFIG.client_id,
    "name": "Demo LMS",
    "description": "Demo LMS for Course Companion",
}


def person_claims(person: Person, tool: Tool) -> dict[str, Any]:
    """Of what a person shares, what the tool asked for when it was registered: so does Moodle."""
    if not person.shares_name:
        return {"sub": person.sub}
    shared = {
        "given_name": person.given_name,
        "family_name": person.family_name,
        "name": person.name,
        "email": person.email,
    }
    return {"sub": person.sub, **{name: value for name, value in shared.items() if name in tool.claims}}


def for_user_claim(message: LaunchMessage) -> dict[str, Any]:
    """Whose work a review looks at: https://www.imsglobal.org/spec/lti-sr/v1p0."""
    learner = find_person_by_sub(message.for_sub)
    assert learner is not None
    claims = person_claims(learner, message.owner)
    return {"user_id": claims.pop("sub"), "roles": roles(message.course, learner), **claims}


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
    back = "?to=gradebook" if message.line_item_id else ""
    return {
        "locale": LANGUAGE.get(),
        "document_target": message.document_target,
        "return_url": CONFIG.url + reverse("tool-return", args=[message.link.pk]) + back,
    }


def custom_claim(message: LaunchMessage, person: Person) -> dict[str, str | None]:
    values = message.owner.custom | (message.link.custom if message.link else {})
    return {
        name: substituted(value, person=person, course=message.course, link=message.link)
        for name, value in values.items()
    }


def service_claims(message: LaunchMessage, tool: Tool) -> dict[str, Any]:
    """A claim for each service that the tool was granted."""
    claims: dict[str, Any] = {}
    if granted := [scope for scope in AGS_SCOPES if scope in tool.scopes]:
        claims[AGS_CLAIM] = ags_claim(message, granted)
    if NRPS_SCOPE in tool.scopes:
        claims[NRPS_CLAIM] = {
            "context_memberships_url": CONFIG.memberships_url(message.course.context_id),
            "service_versions": ["1.0", "2.0"],
        }
    if NOTICE_SCOPE in tool.scopes:
        claims[f"{LTI}/platformnotificationservice"] = {
            "service_versions": ["1.0"],
            "platform_notification_service_url": CONFIG.notices_url(tool.deployment_id),
            "scope": [NOTICE_SCOPE],
            "notice_types_supported": NOTICE_TYPES,
        }
    return claims


def ags_claim(message: LaunchMessage, scopes: list[str]) -> dict[str, Any]:
    """`lineitem` is a review's column, else only where the link has exactly one, as the specification has it."""
    context_id = message.course.context_id
    claim: dict[str, Any] = {"scope": scopes, "lineitems": CONFIG.lineitems_url(context_id)}
    columns = list(message.link.line_items.all()[:2]) if message.link else []
    if message.line_item:
        columns = [message.line_item]
    if len(columns) == 1:
        claim["lineitem"] = CONFIG.lineitem_url(context_id, columns[0].pk)
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
        "title": message.owner.name,
        "text": "",
        "data": message.data,
    }
