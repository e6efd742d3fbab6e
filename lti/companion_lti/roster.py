"""The roster of a space (Names and Role Provisioning Services 2.0), read by a durable task when a launch finds it
stale.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any, Final

from django.db import transaction
from django.db.models import Q

from companion import clock, conf
from companion.spaces.api import RosterMember, active_people, sync_roster
from companion.tasks import RetryLater, task
from companion_lti import sessions
from companion_lti.claims import is_storable
from companion_lti.connector import Connector, NoAccess
from companion_lti.line_items import with_path
from companion_lti.models import Deployment, Roster
from companion_lti.nights import last_night
from companion_lti.outgoing import CallFailed, retry_after
from companion_lti.roles import read_role

SCOPE: Final = "https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly"
ACCEPT: Final = "application/vnd.ims.lti-nrps.v2.membershipcontainer+json"
MOST_PAGES: Final = 1_000
MOST_MEMBERS: Final = 100_000
# So many members a page are asked for; platforms that page take it as a wish (NRPS 2.0, 2.4.1).
A_PAGE: Final = 500
# A course that nobody opened for so long is over.
ASLEEP: Final = timedelta(days=90)
# A roster takes so long at most: the worker has other tasks, and takes one back that runs for longer.
LONGEST: Final = 300.0
# So many rosters are begun in a minute of the night.
MOST_A_TICK: Final = 100


def request(*, space_id: int, deployment: Deployment, url: str) -> None:
    """Have the roster read, unless that was asked for lately. In the launch's transaction: both happen or neither."""
    hours = conf.get("COMPANION_LTI_ROSTER_HOURS")
    if not hours:
        return
    now = clock.now()
    facts = {"deployment": deployment, "url": url, "requested_at": now, "launched_at": now}
    roster, is_new = Roster.objects.get_or_create(space_id=space_id, defaults=facts)
    stale = Q(requested_at=None) | Q(requested_at__lt=now - timedelta(hours=hours))
    if is_new or Roster.objects.filter(stale, pk=roster.pk).update(**facts):
        read_roster.enqueue(roster.pk)
    elif roster.launched_at is None or roster.launched_at < now - timedelta(days=1):
        Roster.objects.filter(pk=roster.pk).update(launched_at=now)


def read_nightly() -> None:
    """Each night the rosters of courses that somebody still opens: who has left loses access without a launch."""
    if not conf.get("COMPANION_LTI_ROSTER_HOURS"):
        return
    now, night = clock.now(), last_night()
    due = Roster.objects.filter(
        Q(requested_at=None) | Q(requested_at__lt=night),
        launched_at__gt=now - ASLEEP,
        deployment__is_approved=True,
        deployment__registration__is_active=True,
    )
    for pk in due.order_by("requested_at", "pk").values_list("pk", flat=True)[:MOST_A_TICK]:
        # Whoever moves the date enqueues: the other workers find it moved.
        if Roster.objects.filter(Q(requested_at=None) | Q(requested_at__lt=night), pk=pk).update(requested_at=now):
            read_roster.enqueue(pk)


@task()
def read_roster(roster_id: int) -> str:
    """Read a roster, page by page, and take it as a whole: half a roster would make half the course leave."""
    roster = Roster.objects.select_related("deployment__registration__organization").filter(pk=roster_id).first()
    if roster is None:
        return "gone"
    try:
        members = {member.subject: member for member in _members(roster)}
    except CallFailed as error:
        Roster.objects.filter(pk=roster_id).update(error=f"The platform's roster service {error}."[:500])
        if isinstance(error, NoAccess) or error.status in (401, 403, 404):
            return f"stopped: {error}"
        raise RetryLater(str(error), after=retry_after(error)) from error
    with transaction.atomic():
        active, left = sync_roster(
            space_id=roster.space_id, issuer=roster.deployment.identity, members=members.values()
        )
        sessions.end_sessions_of_departed(roster.space_id, active_people(space_id=roster.space_id))
        Roster.objects.filter(pk=roster_id).update(synced_at=clock.now(), member_count=active, error="")
    return f"{active} active, {left} left"


def _members(roster: Roster) -> Iterator[RosterMember]:
    connector = Connector.for_deployment(roster.deployment)
    began = time.monotonic()
    url, seen, count = with_path(roster.url, "", limit=str(A_PAGE)), set[str](), 0
    for _page in range(MOST_PAGES):
        answer = connector.make_service_request([SCOPE], url, accept=ACCEPT)
        body = answer["body"]
        members = body.get("members") if isinstance(body, dict) else None
        if not isinstance(members, list):
            raise CallFailed("did not answer with members")
        for member in members:
            if isinstance(member, dict) and (read := _read_member(member)) is not None:
                yield read
                count += 1
        seen.add(url)
        url = answer["next_page_url"]
        if not url:
            return
        if url in seen or count > MOST_MEMBERS or time.monotonic() - began > LONGEST:
            break
    raise CallFailed("never came to an end")


def _read_member(member: dict[str, Any]) -> RosterMember | None:
    subject = member.get("user_id")
    if isinstance(subject, int) and not isinstance(subject, bool):
        subject = str(subject)
    if not isinstance(subject, str) or not 0 < len(subject) <= 255 or not is_storable(subject):
        return None
    roles = member.get("roles")
    name = member.get("name") or " ".join(
        part for part in (member.get("given_name"), member.get("family_name")) if isinstance(part, str)
    )
    email = member.get("email")
    return RosterMember(
        subject=subject,
        role=read_role(role for role in roles if isinstance(role, str)) if isinstance(roles, list) else read_role([]),
        # Cut here: a page of 5 MB may be one name, and they are held until all pages are read.
        name=name[:255] if isinstance(name, str) else "",
        email=email[:320] if isinstance(email, str) else "",
        active=member.get("status", "Active") == "Active",
    )
