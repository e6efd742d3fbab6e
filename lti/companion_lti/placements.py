"""What a link opens: the activity that it opened before, the one that it was placed for, a copy of that of the link
which it was copied from, or a new one.

Three things tell what a link was copied from. Its placement's custom parameters, which every platform keeps; the
histories of link and course, where the platform substitutes them; a notice of the copied course. Settings come along,
posts do not, and the nearest ancestor that we know counts: a course copied from a copy has what the copy had.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from typing import Final
from uuid import UUID

from django.db import IntegrityError, transaction

from companion.spaces import api as spaces
from companion.spaces.api import Activity, Space
from companion.spaces.keys import external_key
from companion.spaces.kinds import Kind
from companion.threads.api import Post
from companion_lti import platforms
from companion_lti.claims import LaunchClaims
from companion_lti.models import ContextCopy, Deployment, ResourceLink

# The custom parameters by which a deep-linked placement names its activity and itself.
ACTIVITY_PARAMETER: Final = "companion_activity"
PLACEMENT_PARAMETER: Final = "companion_placement"
KIND_PARAMETER: Final = "companion_kind"
_MOST_ANCESTORS: Final = 100


def parameters(activity: Activity) -> dict[str, str]:
    """The custom parameters of a new placement of an activity."""
    return {ACTIVITY_PARAMETER: str(activity.uid), PLACEMENT_PARAMETER: secrets.token_hex(8)}


def open_link(deployment: Deployment, space: Space, claims: LaunchClaims, post: Post | None) -> ResourceLink | None:
    """The link of a launch with its activity; None for a launch that places nothing: Canvas opens a permalink's
    `post` under the course's own id.
    """
    link = _known(deployment, space, claims)
    if link is not None:
        _follow(link, deployment, claims)
        return link
    named = _named(deployment, claims)
    if named is None and post is not None:
        return None
    facts = {
        "deployment": deployment,
        "space": space,
        "link_id": claims.link_id,
        "key": external_key(claims.link_id),
        "title": claims.link_title[:255],
        "course_url": _course_url(deployment, claims) or None,
        "named_uid": named.uid if named else None,
    }
    if named is not None and named.space_id == space.pk:
        placement = claims.custom.get(PLACEMENT_PARAMETER, "") or f"activity {named.uid}"
        try:
            with transaction.atomic():
                return ResourceLink.objects.create(**facts, activity=named, placement=placement[:64])
        except IntegrityError:
            # Another link has this placement: this one is its duplicate. Or a launch of this very link was quicker.
            link = _known(deployment, space, claims)
            if link is not None:
                return link
    activity = spaces.ensure_activity(
        space_id=space.pk,
        external_id=f"link {claims.link_id}",
        title=claims.link_title,
        like=_origin(deployment, space, claims, named),
        kind=_kind(claims),
    )
    return ResourceLink.objects.get_or_create(
        deployment=deployment, space=space, key=facts["key"], defaults={**facts, "activity": activity}
    )[0]


def _kind(claims: LaunchClaims) -> Kind:
    """What a link that was made by hand is to open: as its custom parameter says, else a discussion."""
    wanted = claims.custom.get(KIND_PARAMETER, "")
    return Kind(wanted) if wanted in Kind.values else Kind.DISCUSSION


def _known(deployment: Deployment, space: Space, claims: LaunchClaims) -> ResourceLink | None:
    links = ResourceLink.objects.filter(deployment=deployment, space=space, key=external_key(claims.link_id))
    return links.select_related("activity").first()


def _follow(link: ResourceLink, deployment: Deployment, claims: LaunchClaims) -> None:
    """Keep what the platform says of a link up to date."""
    course_url = _course_url(deployment, claims) or link.course_url
    title = claims.link_title[:255] or link.title
    if (course_url, title) != (link.course_url, link.title):
        ResourceLink.objects.filter(pk=link.pk).update(course_url=course_url, title=title)


def _course_url(deployment: Deployment, claims: LaunchClaims) -> str:
    return platforms.course_url_of(deployment.registration, family=claims.family, return_url=claims.return_url)


def _named(deployment: Deployment, claims: LaunchClaims) -> Activity | None:
    try:
        uid = UUID(claims.custom.get(ACTIVITY_PARAMETER, ""))
    except ValueError:
        return None
    named = spaces.find_activity(organization_id=deployment.registration.organization_id, uid=uid)
    if named is not None and platforms.is_shared(deployment.registration.issuer):
        # One registration for many institutions: they have nothing in common but the tool.
        return named if named.space.issuer == deployment.identity else None
    return named


def _origin(deployment: Deployment, space: Space, claims: LaunchClaims, named: Activity | None) -> Activity | None:
    """The activity whose settings a link that is new to us brings along."""
    link = _by_link_history(deployment, space, claims)
    if link is None:
        for ancestor in _ancestors(deployment, claims):
            link = _by_placement(ancestor, named) if named else _by_title(ancestor, claims.link_title)
            if link is not None:
                break
    return link.activity if link else named


def _by_link_history(deployment: Deployment, space: Space, claims: LaunchClaims) -> ResourceLink | None:
    """The nearest link that this one descends from. Open edX keeps a link's id in each run of a course, so a link of
    this id in another course is one, too.
    """
    keys = [external_key(link_id) for link_id in (*claims.link_history, claims.link_id)]
    links = ResourceLink.objects.filter(deployment=deployment, key__in=keys).select_related("activity")
    elsewhere = [link for link in links.order_by("-pk") if link.key != keys[-1] or link.space_id != space.pk]
    return min(elsewhere, key=lambda link: keys.index(link.key), default=None)


def _ancestors(deployment: Deployment, claims: LaunchClaims) -> Iterator[Space]:
    """The courses that this one was copied from as far as we know them, the nearest first."""
    waiting, seen = [*_origins(deployment, claims.context_id), *claims.context_history], {claims.context_id}
    while waiting and len(seen) < _MOST_ANCESTORS:
        context_id = waiting.pop(0)
        if context_id in seen:
            continue
        seen.add(context_id)
        space = spaces.find_space(
            organization_id=deployment.registration.organization_id,
            issuer=deployment.identity,
            external_id=context_id,
        )
        if space is not None:
            yield space
        waiting.extend(_origins(deployment, context_id))


def _origins(deployment: Deployment, context_id: str) -> list[str]:
    copy = ContextCopy.objects.filter(deployment=deployment, key=external_key(context_id)).first()
    return list(copy.origins) if copy else []


def _by_placement(space: Space, named: Activity) -> ResourceLink | None:
    """What the same placement opens in another course."""
    links = ResourceLink.objects.filter(space=space, named_uid=named.uid).select_related("activity")
    return links.order_by("pk").first()


def _by_title(space: Space, title: str) -> ResourceLink | None:
    """A link that was made by hand has nothing but its title; where two have the same one, neither is meant."""
    if not title:
        return None
    links = list(ResourceLink.objects.filter(space=space, title=title[:255]).select_related("activity")[:2])
    return links[0] if len(links) == 1 and links[0].title == title[:255] else None
