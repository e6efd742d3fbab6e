"""From the claims of a launch to people, spaces, activities and a session: one transaction."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from django.db import transaction

from companion import clock
from companion.languages import language_of
from companion.reflections import api as reflections
from companion.spaces import api as spaces
from companion.threads.api import Post
from companion_lti import grades, notices, permalinks, placements, roster, sessions
from companion_lti.claims import TIME_ZONE, LaunchClaims
from companion_lti.models import Deployment, LtiSession, Registration
from companion_lti.mount import viewer_of

GROUPS_PARAMETER = "groups"


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    """What a launch led to. `activity` is None for deep linking; `post` is one that the launch itself names, where
    this person may see it; `reviewed` is whose work a platform's gradebook asks for.
    """

    session: LtiSession
    activity: spaces.Activity | None
    post: Post | None
    reviewed: spaces.Person | None = None


@transaction.atomic
def admit(*, deployment: Deployment, claims: LaunchClaims) -> Admission:
    """Let the person of a checked launch in.

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
    reflections.learn_time_zone(person_id=person.pk, name=claims.custom.get(TIME_ZONE, ""))
    spaces.record_membership(space_id=space.pk, person_id=person.pk, role=claims.role)
    # The newest launch says what the person may do here, in every window that is open.
    LtiSession.objects.filter(space=space, person=person).exclude(role=claims.role.value).update(role=claims.role.value)
    groups = claims.custom.get(GROUPS_PARAMETER, "")
    group_ids = (
        spaces.set_groups(space_id=space.pk, person_id=person.pk, external_ids=groups.split(",")[:200])
        if groups
        # A platform that says nothing of groups takes none away, in this visit neither.
        else spaces.groups_of(space_id=space.pk, person_id=person.pk)
    )
    _remember_family(deployment.registration, claims.family)
    deep_link = claims.deep_linking
    session = LtiSession.objects.create(
        **sessions.new_names(),
        deployment=deployment,
        organization_id=organization_id,
        space=space,
        person=person,
        role=claims.role.value,
        name=person.name,
        locale=language_of(claims.locale),
        group_ids=sorted(group_ids),
        origins=deployment.registration.origins(claims.return_url, deep_link.return_url if deep_link else ""),
        carries_grades=claims.grades is not None,
        deep_link=asdict(deep_link) if deep_link else None,
        expires_at=clock.now() + sessions.expiry(),
    )
    if claims.notices_url:
        notices.ask_for(deployment, claims.notices_url)
    if claims.roster_url:
        roster.request(space_id=space.pk, deployment=deployment, url=claims.roster_url)
    if deep_link:
        return Admission(session=session, activity=None, post=None)
    post = permalinks.carried_post(viewer_of(session), claims)
    link = placements.open_link(deployment, space, claims, post)
    if link and claims.grades:
        grades.note_column(link, claims.grades)
    activity = link.activity if link else post.thread.activity if post else None
    reviewed = (
        spaces.find_person(space_id=space.pk, issuer=issuer, subject=claims.reviewed_subject)
        if claims.reviewed_subject
        else None
    )
    return Admission(session=session, activity=activity, post=post, reviewed=reviewed)


def _remember_family(registration: Registration, family: str) -> None:
    """By an update, so that the rows that registry.py keeps stay: launches of all must not wait for one."""
    if family and registration.family != family:
        Registration.objects.filter(pk=registration.pk).update(family=family)
        registration.family = family
