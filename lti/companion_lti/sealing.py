"""Secrets at rest: what a copy of the database must not give away, sealed with a key made of SECRET_KEY."""

from __future__ import annotations

import base64
from functools import lru_cache
from typing import Final

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

_PURPOSE: Final = b"companion_lti.sealing"


def seal(text: str) -> str:
    """The text as only this installation can read it."""
    return _box(_secrets()).encrypt(text.encode()).decode()


def unseal(sealed: str) -> str | None:
    """What was sealed, also under a key that SECRET_KEY_FALLBACKS names; None where no key of ours fits."""
    try:
        return _box(_secrets()).decrypt(sealed.encode()).decode()
    except (InvalidToken, ValueError):
        return None


def _secrets() -> tuple[str, ...]:
    return (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)


@lru_cache(maxsize=8)
def _box(secrets: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(base64.urlsafe_b64encode(_derive(secret))) for secret in secrets])


def _derive(secret: str) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=_PURPOSE).derive(secret.encode())
