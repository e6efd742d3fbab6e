"""Notices of a platform (Platform Notification Service 1.0): that a course was copied, before anybody comes from it.

Canvas sends them; it substitutes neither history. Claims: https://www.imsglobal.org/spec/lti-pns/v1p0 and
https://www.imsglobal.org/spec/lti-context-copy/v1p0.
"""

from __future__ import annotations

import json
from typing import Any, Final

from django.core.cache import cache
from django.db import transaction

from companion import clock
from companion.spaces.keys import external_key
from companion.tasks import RetryLater, task
from companion_lti import registry
from companion_lti.claims import COPY_NOTICE, LTI, is_storable
from companion_lti.connector import Connector, NoAccess
from companion_lti.errors import Malformed, Refused, Unknown
from companion_lti.models import ContextCopy, Deployment
from companion_lti.outgoing import CallFailed, retry_after
from companion_lti.tool import address_of, find_registration
from companion_lti.verifying import peek, read_header, verify

SCOPE: Final = "https://purl.imsglobal.org/spec/lti/scope/noticehandlers"
NOTICE: Final = LTI + "notice"
ORIGINS: Final = LTI + "origin_contexts"
MOST_NOTICES: Final = 100
# Seconds before a platform that refused is asked again.
AGAIN: Final = 86_400
_MOST_ORIGINS: Final = 20


def ask_for(deployment: Deployment, url: str) -> None:
    """Have the platform tell us of copied courses, once for each address that launches name. In the launch's
    transaction.
    """
    if deployment.notices_url == url or not cache.add(f"companion_lti.notices.{deployment.pk}", True, AGAIN):
        return
    if Deployment.objects.filter(pk=deployment.pk).exclude(notices_url=url).update(notices_url=url):
        register_handler.enqueue(deployment.pk)
    deployment.notices_url = url


@task()
def register_handler(deployment_id: int) -> str:
    """Tell the platform where we take notices of copied courses."""
    deployment = Deployment.objects.select_related("registration").filter(pk=deployment_id).first()
    if deployment is None or not deployment.notices_url:
        return "gone"
    body = json.dumps({"notice_type": COPY_NOTICE, "handler": address_of("notices")})
    try:
        Connector.for_deployment(deployment).send("PUT", [SCOPE], deployment.notices_url, data=body)
    except CallFailed as error:
        if isinstance(error, NoAccess) or (400 <= error.status < 500 and error.status != 429):
            # A launch of another day asks again.
            Deployment.objects.filter(pk=deployment_id).update(notices_url=None)
            return f"stopped: {error}"
        raise RetryLater(str(error), after=retry_after(error)) from error
    return "registered"


def take(body: bytes) -> int:
    """Take the notices of a request; gives how many. All or none: a platform sends what was refused again.

    Raises Malformed, Refused, Unknown, PlatformDown.
    """
    try:
        notices = json.loads(body).get("notices")
    except (ValueError, AttributeError, RecursionError) as error:
        raise Malformed("notices") from error
    if not isinstance(notices, list) or len(notices) > MOST_NOTICES:
        raise Malformed("notices")
    # Checked before anything is written: a key may have to be fetched, and no transaction waits for that.
    taken = [_checked(notice.get("jwt") if isinstance(notice, dict) else None) for notice in notices]
    with transaction.atomic():
        for deployment, claims in taken:
            _note_copy(deployment, claims)
    return len(taken)


def _checked(token: object) -> tuple[Deployment, dict[str, Any]]:
    if not isinstance(token, str):
        raise Malformed("notice")
    header, said = read_header(token), peek(token)
    audience = said.get("aud")
    clients = audience if isinstance(audience, list) else [audience]
    issuer, client_id = said.get("iss"), said.get("azp") or (clients[0] if clients else "")
    if not isinstance(issuer, str) or not isinstance(client_id, str):
        raise Malformed("iss, aud")
    if not is_storable(issuer + client_id):
        raise Unknown("no such registration")
    registration = find_registration(issuer, client_id)
    claims = verify(token, header, registration)
    deployment_id = claims.get(LTI + "deployment_id")
    if not isinstance(deployment_id, str) or not is_storable(deployment_id):
        raise Malformed("deployment_id")
    deployment = registry.deployment(registration, deployment_id)
    if deployment is None or not (deployment.is_approved and registration.is_approved):
        raise Refused("notice of an unknown deployment")
    return deployment, claims


def _note_copy(deployment: Deployment, claims: dict[str, Any]) -> None:
    """Write down where a course came from. Any other kind of notice is none of ours, and no fault."""
    notice, context = claims.get(NOTICE), claims.get(LTI + "context")
    if not isinstance(notice, dict) or notice.get("type") != COPY_NOTICE:
        return
    context_id = _id(context.get("id") if isinstance(context, dict) else None)
    origins = claims.get(ORIGINS)
    named = [_id(origin) for origin in origins[:_MOST_ORIGINS]] if isinstance(origins, list) else []
    if not context_id or not named or not all(named):
        raise Malformed("context copy")
    ContextCopy.objects.update_or_create(
        deployment=deployment,
        key=external_key(context_id),
        defaults={"context_id": context_id, "origins": named, "noticed_at": clock.now()},
    )


def _id(value: object) -> str:
    return value if isinstance(value, str) and 0 < len(value) <= 255 and is_storable(value) else ""
