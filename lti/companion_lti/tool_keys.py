"""Our own keys: one signs, all that somebody may still need are published, and the private halves are sealed.

A new key is published before it signs, because platforms keep our key set for a while. The one before it stays
published until nobody can hold a token that it signed.
"""

from __future__ import annotations

import logging
import secrets
from datetime import timedelta
from functools import lru_cache
from typing import Any, Final

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from django.db import transaction
from django.db.models import Q, QuerySet
from jwt.algorithms import RSAAlgorithm

from companion import clock, conf
from companion_lti.models import ToolKey
from companion_lti.sealing import seal, unseal

logger = logging.getLogger(__name__)

# How long a new key is published before it signs.
BEFORE: Final = timedelta(hours=1)
# How long the key before it stays published afterwards. Our tokens live for minutes; clocks and queues need the rest.
AFTER: Final = timedelta(days=1)
# Rows of keys that nobody is shown any more are kept this long: an administrator may ask when a key was changed.
KEPT: Final = timedelta(days=365)


@transaction.atomic
def create_tool_key(*, signs_from_now: bool = True) -> ToolKey:
    """A new RSA key pair; without `signs_from_now` it is only published for the first hour."""
    private = generate_private_key(public_exponent=65537, key_size=2048)
    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    kid = secrets.token_hex(8)
    jwk = RSAAlgorithm.to_jwk(private.public_key(), as_dict=True) | {"kid": kid, "alg": "RS256", "use": "sig"}
    jwk.pop("key_ops", None)
    now = clock.now()
    signs_from = now if signs_from_now else now + BEFORE
    return ToolKey.objects.create(kid=kid, private_pem=seal(pem), public_jwk=jwk, created_at=now, signs_from=signs_from)


@transaction.atomic
def rotate(*, leaked: bool = False) -> ToolKey:
    """Make a new key and let the earlier ones go.

    In turn: the new one signs in an hour, the earlier ones are published for a day after that. After a leak: the new
    one signs at once, and nobody is to believe the earlier ones any more.
    """
    earlier = list(_published().select_for_update().values_list("pk", flat=True))
    new = create_tool_key(signs_from_now=leaked)
    retired = new.signs_from if leaked else new.signs_from + AFTER
    soonest = Q(retired_at=None) | Q(retired_at__gt=retired)
    ToolKey.objects.filter(soonest, pk__in=earlier).update(retired_at=retired)
    return new


def rotate_when_due() -> None:
    """The schedule (COMPANION_LTI_KEY_DAYS): a new key where the newest one is older. Several workers make one."""
    days = conf.get("COMPANION_LTI_KEY_DAYS")
    if not days:
        return
    due = clock.now() - timedelta(days=days)
    newest = ToolKey.objects.order_by("-created_at", "-pk").first()
    if newest is None or newest.created_at > due:
        return
    # Whoever moves the row's date rotates: the others find it moved. Both or neither, should the worker be killed.
    with transaction.atomic():
        if not ToolKey.objects.filter(pk=newest.pk, rotated_at=None).update(rotated_at=clock.now()):
            return
        key = rotate()
        logger.info("The tool's key was rotated: %s signs from %s on", key.kid, key.signs_from)


def forget_retired() -> None:
    """Wipe the private halves of keys that are published no longer, and in a year the rows."""
    now = clock.now()
    ToolKey.objects.filter(retired_at__lte=now).exclude(private_pem="").update(private_pem="")
    ToolKey.objects.filter(retired_at__lte=now - KEPT).delete()


def signing_key() -> tuple[str, RSAPrivateKey]:
    """The kid and the parsed private key that sign now.

    Made where there is none, and where none can be read: a lost SECRET_KEY costs a new key, which platforms fetch.
    """
    for key in _published().filter(signs_from__lte=clock.now()).order_by("-signs_from", "-pk"):
        private = _parse(key)
        if private is not None:
            return key.kid, private
        logger.warning("The private key %s cannot be read with this SECRET_KEY; another one signs", key.kid)
    key = create_tool_key()
    private = _parse(key)
    assert private is not None
    return key.kid, private


def published_keys() -> dict[str, list[Any]]:
    """Our JWKS."""
    keys = list(_published().order_by("-created_at", "-pk")) or [create_tool_key()]
    return {"keys": [key.public_jwk for key in keys]}


def _published() -> QuerySet[ToolKey]:
    return ToolKey.objects.filter(Q(retired_at=None) | Q(retired_at__gt=clock.now()))


def _parse(key: ToolKey) -> RSAPrivateKey | None:
    pem = unseal(key.private_pem)
    return _parse_pem(pem) if pem else None


@lru_cache(maxsize=8)
def _parse_pem(pem: str) -> RSAPrivateKey:
    key = serialization.load_pem_private_key(pem.encode(), password=None)
    assert isinstance(key, RSAPrivateKey)
    return key
