"""The state of a login: what binds a launch to the browser, the registration and the moment it was asked for.

It is signed, not stored: a flood of logins leaves nothing behind. What is stored is that a login was *used*, by one
atomic insert, and only after the token's signature was found good; rows older than a state can be are pruned.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import Final

from django.core import signing
from django.db import IntegrityError, transaction
from django.utils.crypto import constant_time_compare, salted_hmac

from companion import clock
from companion_lti.errors import Refused
from companion_lti.models import UsedLogin

LIFETIME: Final = timedelta(minutes=5)
_SALT: Final = "companion_lti.state"


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginState:
    """A login that we sent to a platform. `storage_frame` is where the browser may hold our secret besides a cookie
    (LTI platform storage), or "".
    """

    login_id: str
    registration_id: int
    browser_hash: str
    storage_frame: str = ""

    @property
    def nonce(self) -> str:
        return salted_hmac("companion_lti.nonce", self.login_id, algorithm="sha256").hexdigest()

    @property
    def cookie_name(self) -> str:
        """A cookie of its own for each login, so that frames that open at once do not disturb each other."""
        return f"companion_login_{self.login_id[:12]}"

    def is_from(self, browser_secret: str) -> bool:
        return bool(browser_secret) and constant_time_compare(_hash(browser_secret), self.browser_hash)


def start(*, registration_id: int, storage_frame: str = "") -> tuple[LoginState, str]:
    """A new login and the secret that its browser must bring back."""
    secret = secrets.token_urlsafe(24)
    state = LoginState(
        login_id=secrets.token_hex(16),
        registration_id=registration_id,
        browser_hash=_hash(secret),
        storage_frame=storage_frame[:100],
    )
    return state, secret


def dump(state: LoginState) -> str:
    """The `state` parameter of an authentication request."""
    return signing.dumps([state.login_id, state.registration_id, state.browser_hash, state.storage_frame], salt=_SALT)


def load(text: str) -> LoginState:
    """The login that a state parameter stands for. Raises Refused where it is not ours or older than five minutes."""
    try:
        login_id, registration_id, browser_hash, frame = signing.loads(text, salt=_SALT, max_age=LIFETIME)
    except signing.SignatureExpired as error:
        raise Refused("state expired", advice="late") from error
    except (signing.BadSignature, ValueError) as error:
        raise Refused("state not ours") from error
    return LoginState(
        login_id=login_id, registration_id=registration_id, browser_hash=browser_hash, storage_frame=frame
    )


def use(state: LoginState) -> None:
    """Let this login lead to a launch, once. Raises Refused for every time but the first."""
    try:
        with transaction.atomic():
            UsedLogin.objects.create(login_id=state.login_id)
    except IntegrityError as error:
        raise Refused("login used before") from error


def was_used(state: LoginState) -> bool:
    return UsedLogin.objects.filter(login_id=state.login_id).exists()


def prune() -> None:
    """Forget used logins whose states have expired."""
    UsedLogin.objects.filter(used_at__lt=clock.now() - LIFETIME * 2).delete()


def _hash(secret: str) -> str:
    return sha256(secret.encode()).hexdigest()
