"""Links by which a platform registers itself: made by an administrator, for one organization, good for one use."""

from __future__ import annotations

import secrets
from datetime import timedelta
from hashlib import sha256
from typing import Final

from django.db.models import Q

from companion import clock
from companion_lti.models import Invite
from companion_lti.sealing import seal, unseal
from companion_lti.tool import address_of

LIFETIME: Final = timedelta(days=7)
# A worker that has not come to it by then was killed, or there is none; the person may try again.
PATIENCE: Final = timedelta(minutes=2)
# For how long the page that it led to tells what came of it.
TELLS: Final = timedelta(hours=1)


def make(*, organization_id: int, name: str = "") -> tuple[Invite, str]:
    """A new link and its address, which is shown this once: the database holds a digest of it."""
    token = secrets.token_urlsafe(24)
    invite = Invite.objects.create(
        organization_id=organization_id,
        name=name.strip()[:200],
        token_hash=_hash(token),
        expires_at=clock.now() + LIFETIME,
    )
    return invite, address_of("register", token)


def find(token: str) -> Invite | None:
    """The invite of a link that may be used, or that was used a moment ago and tells what came of it."""
    invite = Invite.objects.select_related("organization", "registration").filter(token_hash=_hash(token)).first()
    if invite is None:
        return None
    now = clock.now()
    if invite.state == Invite.State.DONE:
        return invite if invite.asked_at and invite.asked_at > now - TELLS else None
    return invite if invite.expires_at > now else None


def ask(invite: Invite, *, configuration_url: str, registration_token: str) -> bool:
    """Let the platform behind this configuration be asked. Without a token, the one that it gave before is used again.

    False where somebody was quicker, or it is done."""
    now = clock.now()
    token = {"registration_token": seal(registration_token)} if registration_token else {}
    if configuration_url != configuration_of(invite):
        token.setdefault("registration_token", "")
    free = Q(state=Invite.State.OPEN) | Q(state=Invite.State.ASKED, asked_at__lt=now - PATIENCE)
    return bool(
        Invite.objects.filter(free, pk=invite.pk, expires_at__gt=now).update(
            state=Invite.State.ASKED,
            asked_at=now,
            configuration_url=seal(configuration_url),
            error="",
            **token,
        )
    )


def configuration_of(invite: Invite) -> str:
    """Where the platform that an invite was opened from describes itself, "" where nobody opened it or it was used."""
    return unseal(invite.configuration_url) or "" if invite.configuration_url else ""


def prune() -> None:
    """Forget links that nobody used, a month after they ended."""
    Invite.objects.filter(registration=None, expires_at__lt=clock.now() - timedelta(days=30)).delete()


def _hash(token: str) -> str:
    return sha256(token.encode()).hexdigest()
