"""From the claims of a launch to people, spaces, activities and a session: one transaction."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction
from django.utils.translation import get_supported_language_variant

from companion import clock
from companion.spaces import api as spaces
from companion.spaces.keys import external_key
from companion_lti import roster, sessions
from companion_lti.claims import LaunchClaims
from companion_lti.models import Deployment, LtiSession, ResourceLink

# The custom parameter by which a deep-linked placement names its activity.
ACTIVITY_PARAMETER = "companion_activity"
GROUPS_PARAMETER = "groups"


@transaction.atomic
def admit(*, deployment: Deployment, claims: LaunchClaims) -> tuple[LtiSession, spaces.Activity | None]:
    """Let the person of a checked launch in. The activity is None for a deep-linking launch.

    Two first launches at once make one row of each kind: all are found or made under unique constraints.
    """
    organization_id = deployment.registration.organization_id
    issuer = deployment.identity
    person = spaces.admit_person(
        organization_id=organization_id,
        issuer=issuer,
        subject=claims.subject,
        name=claims.name,
        email=claims.email,
        picture_url=claims.picture_url,
        locale=claims.locale,
    )
    space = spaces.ensure_space(
        organization_id=organization_id,
        issuer=issuer,
        # A launch without a context (allowed by LTI 1.3) is a course of its own.
        external_id=claims.context_id or f"link {claims.link_id}",
        title=claims.context_title,
        label=claims.context_label,
    )
    spaces.record_membership(space_id=space.pk, person_id=person.pk, role=claims.role)
    # The newest launch says what the person may do here, in every window that is open.
    LtiSession.objects.filter(space=space, person=person).exclude(role=claims.role.value).update(role=claims.role.value)
    groups = claims.custom.get(GROUPS_PARAMETER, "")
    group_ids = (
        spaces.set_groups(space_id=space.pk, person_id=person.pk, external_ids=groups.split(",")[:200])
        if groups
        else frozenset()
    )
    activity = None if claims.deep_linking else _activity(deployment, space, claims)
    deep_link = claims.deep_linking
    session = LtiSession.objects.create(
        **sessions.new_names(),
        deployment=deployment,
        organization_id=organization_id,
        space=space,
        person=person,
        role=claims.role.value,
        name=person.name,
        locale=_language(claims.locale),
        group_ids=sorted(group_ids),
        origins=deployment.registration.origins(claims.return_url, deep_link.return_url if deep_link else ""),
        deep_link={"return_url": deep_link.return_url, "data": deep_link.data} if deep_link else None,
        expires_at=clock.now() + sessions.expiry(),
    )
    if claims.roster_url:
        roster.request(space_id=space.pk, deployment=deployment, url=claims.roster_url)
    return session, activity


def _activity(deployment: Deployment, space: spaces.Space, claims: LaunchClaims) -> spaces.Activity:
    """What the link opens: what it opened before; the activity it was placed for; else a new one."""
    key = external_key(claims.link_id)
    link = ResourceLink.objects.filter(deployment=deployment, space=space, key=key).select_related("activity").first()
    if link is not None:
        return link.activity
    placed = _placed(deployment, claims)
    if placed is not None and placed.space_id == space.pk:
        activity = placed
    else:
        # A placement that came along with a copied course: its settings do too, its posts do not.
        activity = spaces.ensure_activity(
            space_id=space.pk, external_id=f"link {claims.link_id}", title=claims.link_title, like=placed
        )
    link, _new = ResourceLink.objects.get_or_create(
        deployment=deployment,
        space=space,
        key=key,
        defaults={"link_id": claims.link_id, "activity": activity},
    )
    return link.activity


def _placed(deployment: Deployment, claims: LaunchClaims) -> spaces.Activity | None:
    try:
        uid = UUID(claims.custom.get(ACTIVITY_PARAMETER, ""))
    except ValueError:
        return None
    return spaces.find_activity(organization_id=deployment.registration.organization_id, uid=uid)


def _language(locale: str) -> str:
    """The catalogue for a platform's locale (`de_CH`, `pt-BR`), or "" for the browser's choice."""
    try:
        return get_supported_language_variant(locale.replace("_", "-")) if locale else ""
    except (LookupError, ValueError):
        return ""
