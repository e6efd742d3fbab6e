"""The platforms' public keys. Parsing a key costs more than using it, so parsed keys are kept in the process."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import timedelta
from functools import lru_cache
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from django.core.cache import cache
from django.db import transaction
from jwt import PyJWK, PyJWTError

from companion import clock
from companion.spaces.keys import external_key
from companion_lti.claims import is_storable
from companion_lti.errors import PlatformDown, Refused
from companion_lti.models import Registration
from companion_lti.outgoing import CallFailed, call

# A platform's keys are read again when they are this old, and still used up to STALE where it cannot be reached.
FRESH: Final = timedelta(hours=12)
STALE: Final = timedelta(days=3)
# A token with a kid that we have not seen makes us look again, at most this often.
COOL_DOWN: Final = timedelta(seconds=30)
LARGEST_KEYSET: Final = 256 * 1024
MOST_KEYS: Final = 50
SMALLEST_KEY: Final = 2048
_KEPT: Final = ("kid", "n", "e")


def platform_key(registration: Registration, kid: str) -> RSAPublicKey:
    """The platform's public key with this id.

    Raises Refused where there is none (after one look at its newest keys), PlatformDown where we cannot ask and hold
    nothing usable.
    """
    age = clock.now() - registration.platform_keys_at if registration.platform_keys_at else None
    held = _find(registration.platform_keys, kid) if registration.platform_keys else None
    if held is not None and age is not None and age < FRESH:
        return _parse_public(held)
    if age is None or age > COOL_DOWN:
        error = refresh(registration)
        if error is None:
            held = _find(registration.platform_keys, kid)
        elif held is None or age is None or age > STALE:
            raise PlatformDown(f"keys of registration {registration.pk}: {error}")
    if held is None:
        raise Refused("no platform key with this kid")
    return _parse_public(held)


def refresh(registration: Registration, *, at_once: bool = False) -> CallFailed | None:
    """Read the platform's keys. An error changes nothing that is held; it is returned, not raised.

    After an error we do not ask again for a moment, but `at_once`: every launch would wait for a server that is down.
    """
    failed = f"companion_lti.keys_failed.{external_key(registration.jwks_url)}"
    if not at_once and cache.get(failed):
        return CallFailed("did not answer a moment ago")
    try:
        keyset, _response = call("GET", registration.jwks_url, largest=LARGEST_KEYSET)
        keys = keyset.get("keys") if isinstance(keyset, dict) else None
        if not isinstance(keys, list) or not keys:
            raise CallFailed("sent no keys")
    except CallFailed as error:
        cache.set(failed, True, timeout=int(COOL_DOWN.total_seconds()))
        return error
    signing = [key for key in keys[:MOST_KEYS] if isinstance(key, dict) and _is_usable(key)]
    # Two keys with one id are a fault that an attacker could use: neither counts.
    often = Counter(key["kid"] for key in signing)
    usable = {
        "keys": [{name: key[name] for name in _KEPT} for key in signing if often[key["kid"]] == 1],
    }
    registration.platform_keys, registration.platform_keys_at = usable, clock.now()
    with transaction.atomic():
        Registration.objects.filter(pk=registration.pk).update(
            platform_keys=usable, platform_keys_at=registration.platform_keys_at
        )
    return None


def _is_usable(key: Mapping[str, Any]) -> bool:
    """An RSA signing key. Brightspace's keys carry no `alg`, so a missing one is RS256."""
    return (
        key.get("kty") == "RSA"
        and key.get("use", "sig") == "sig"
        and key.get("alg", "RS256") == "RS256"
        and all(isinstance(key.get(name), str) and is_storable(key[name]) for name in _KEPT)
    )


def _find(keyset: Any, kid: str) -> Mapping[str, Any] | None:
    return next((key for key in keyset["keys"] if key["kid"] == kid), None)


def _parse_public(key: Mapping[str, Any]) -> RSAPublicKey:
    return _parse_jwk(key["n"], key["e"])


@lru_cache(maxsize=256)
def _parse_jwk(modulus: str, exponent: str) -> RSAPublicKey:
    try:
        parsed = PyJWK({"kty": "RSA", "n": modulus, "e": exponent}, algorithm="RS256").key
    except (PyJWTError, ValueError, TypeError) as error:
        raise Refused("platform key unreadable") from error
    if not isinstance(parsed, RSAPublicKey) or parsed.key_size < SMALLEST_KEY:
        raise Refused("platform key too short")
    return parsed
