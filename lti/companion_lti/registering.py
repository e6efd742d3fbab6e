"""Dynamic registration (1EdTech lti-dr 1.0): the platform tells us what it is, we tell it what we are, and both write
it down. A task does it, because nobody's page waits for another server.
"""

from __future__ import annotations

import json
from typing import Any, Final

from django.db import IntegrityError, transaction
from django.utils.translation import gettext

from companion import conf
from companion.tasks import task
from companion_lti import platforms
from companion_lti.claims import (
    AGS_SCOPE,
    CONTEXT_HISTORY,
    DEEP_LINK_LAUNCH,
    LINK_HISTORY,
    RESOURCE_LAUNCH,
    REVIEW_LAUNCH,
    TIME_ZONE,
    is_storable,
)
from companion_lti.models import Deployment, Invite, Registration, origin_of
from companion_lti.notices import SCOPE as NOTICES_SCOPE
from companion_lti.openid import Configuration, WrongConfiguration, read_configuration
from companion_lti.outgoing import CallFailed, call
from companion_lti.roster import SCOPE as ROSTER_SCOPE
from companion_lti.sealing import unseal
from companion_lti.tool import address_of

TOOL: Final = "https://purl.imsglobal.org/spec/lti-tool-configuration"
LARGEST: Final = 256 * 1024
NAME: Final = "Course Companion"
SCOPES: Final = (AGS_SCOPE + "lineitem", AGS_SCOPE + "result.readonly", AGS_SCOPE + "score", ROSTER_SCOPE)
CLAIMS: Final = ("iss", "sub", "name", "given_name", "family_name", "email", "locale")
# Where a teacher places a discussion; the first is the specification's word, the others are Canvas's.
PLACEMENTS: Final = ("ContentArea", "link_selection", "assignment_selection")


class NotRegistered(Exception):
    """Why not, in words for the administrator."""


def custom_parameters() -> dict[str, str]:
    """The custom parameters that we ask every platform for."""
    return {
        CONTEXT_HISTORY: "$Context.id.history",
        LINK_HISTORY: "$ResourceLink.id.history",
        TIME_ZONE: "$Person.address.timezone",
    }


@task()
def register(invite_id: int) -> str:
    """Register with the platform that an invite was opened from. Tried once: whoever waits for it may press again."""
    invite = Invite.objects.select_related("organization").filter(pk=invite_id, state=Invite.State.ASKED).first()
    if invite is None:
        return "gone"
    token = unseal(invite.registration_token) if invite.registration_token else ""
    try:
        configuration = _ask(unseal(invite.configuration_url) or "", token or "")
        answer = _tell(configuration, token or "")
        registration = _keep(invite, configuration, answer)
    except (NotRegistered, WrongConfiguration, CallFailed) as error:
        Invite.objects.filter(pk=invite.pk, state=Invite.State.ASKED).update(
            state=Invite.State.OPEN, error=_in_words(error)[:500]
        )
        return f"not registered: {error}"
    return f"registered: {registration.pk}"


def _in_words(error: Exception) -> str:
    if isinstance(error, CallFailed):
        return f"The platform {error}."
    if isinstance(error, WrongConfiguration):
        return f"What the platform says of itself cannot be used: {error}."
    return str(error)


def _ask(url: str, token: str) -> Configuration:
    # As it came: Canvas, Brightspace and Sakai have what they need in its query.
    body, _response = call("GET", url, headers=_bearer(token), largest=LARGEST)
    return read_configuration(body, url=url)


def _tell(configuration: Configuration, token: str) -> dict[str, Any]:
    headers = {**_bearer(token), "Content-Type": "application/json", "Accept": "application/json"}
    data = json.dumps(metadata(configuration))
    try:
        answer, _response = call("POST", configuration.registration_url, headers=headers, data=data, largest=LARGEST)
    except CallFailed as error:
        if error.status in (400, 401, 403, 422):
            raise NotRegistered(
                "The platform refused the registration. Its link may have been used before, or have expired:"
                " begin again there."
            ) from error
        raise
    if not isinstance(answer, dict):
        raise NotRegistered("The platform answered with something that is no registration.")
    return answer


def _bearer(token: str) -> dict[str, str]:
    """Brightspace and Blackboard give none; theirs is in the addresses."""
    return {"Authorization": f"Bearer {token}"} if token else {}


def metadata(configuration: Configuration) -> dict[str, Any]:
    """What we tell a platform of this tool."""
    launch = address_of("launch")
    scopes = [*SCOPES, *([NOTICES_SCOPE] if NOTICES_SCOPE in configuration.scopes else [])]
    return {
        "application_type": "web",
        "response_types": ["id_token"],
        "grant_types": ["implicit", "client_credentials"],
        "initiate_login_uri": address_of("login"),
        "redirect_uris": [launch],
        "client_name": NAME,
        "jwks_uri": address_of("jwks"),
        "token_endpoint_auth_method": "private_key_jwt",
        "scope": " ".join(scopes),
        TOOL: {
            "domain": origin_of(launch).partition("://")[2],
            "description": gettext("Discussion inside the course."),
            "target_link_uri": launch,
            "custom_parameters": {**custom_parameters(), **platforms.custom_parameters(configuration.variables)},
            "claims": list(CLAIMS),
            "messages": _messages(configuration, launch),
        },
    }


def _messages(configuration: Configuration, launch: str) -> list[dict[str, Any]]:
    """Those that the platform knows, all that are ours where it names none. Canvas refuses what it does not know."""
    known = configuration.messages
    found: list[dict[str, Any]] = []
    for kind in (RESOURCE_LAUNCH, DEEP_LINK_LAUNCH, REVIEW_LAUNCH):
        if known and kind not in known:
            continue
        if not known and kind == REVIEW_LAUNCH:
            continue
        message: dict[str, Any] = {"type": kind, "target_link_uri": launch, "label": NAME}
        if kind == DEEP_LINK_LAUNCH:
            offered = known.get(kind, ())
            placements = [name for name in PLACEMENTS if name in offered] if offered else [PLACEMENTS[0]]
            if placements:
                message["placements"] = placements
        elif kind == RESOURCE_LAUNCH and platforms.launches_need_placements(configuration.family):
            continue
        found.append(message)
    return found


def _keep(invite: Invite, configuration: Configuration, answer: dict[str, Any]) -> Registration:
    """Write the registration down. Raises NotRegistered where this issuer and client are known: nothing changes."""
    client_id = _id(answer.get("client_id"))
    if not client_id:
        raise NotRegistered("The platform answered without a client id.")
    tool = answer.get(TOOL)
    deployment_id = _id(tool.get("deployment_id") if isinstance(tool, dict) else None) or _id(
        answer.get("deployment_id")
    )
    # By the client id alone: one key signs for all, and a platform that may call itself what it likes could collect
    # what another one's services take for us. An administrator can still enter a true coincidence by hand.
    if Registration.objects.filter(client_id=client_id).exists():
        raise NotRegistered("This platform and client id are registered already; nothing was changed.")
    try:
        with transaction.atomic():
            registration = Registration.objects.create(
                organization=invite.organization,
                name=invite.name,
                issuer=configuration.issuer,
                client_id=client_id,
                auth_login_url=configuration.auth_login_url,
                auth_token_url=configuration.auth_token_url,
                auth_audience=configuration.auth_audience,
                jwks_url=configuration.jwks_url,
                family=configuration.family or None,
                is_approved=conf.get("COMPANION_LTI_APPROVE_REGISTRATIONS"),
                # Blackboard has one client id for all of its customers: whoever deploys it would be the first.
                admits_first_deployment=not deployment_id and not platforms.is_shared(configuration.issuer),
            )
            if deployment_id:
                Deployment.objects.create(registration=registration, deployment_id=deployment_id, is_approved=True)
            used = Invite.objects.filter(pk=invite.pk, state=Invite.State.ASKED).update(
                state=Invite.State.DONE,
                registration=registration,
                configuration_url="",
                registration_token="",
                error="",
            )
            if not used:
                raise NotRegistered("The link was used or taken back meanwhile.")
    except IntegrityError as error:
        raise NotRegistered("This platform and client id are registered already; nothing was changed.") from error
    return registration


def _id(value: object) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    return value if isinstance(value, str) and 0 < len(value) <= 255 and is_storable(value) else ""
