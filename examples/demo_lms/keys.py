"""The two secrets of the LMS, made on first use and kept in its folder."""

from __future__ import annotations

import os
import secrets
import tempfile
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from examples.demo_lms.config import CONFIG


def read_or_create(path: Path, make: Callable[[], bytes]) -> bytes:
    """Two processes may start at once: whoever links first wins, and both read the same file."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent)
        with os.fdopen(handle, "wb") as file:
            file.write(make())
        try:
            os.link(temporary, path)
        except FileExistsError:
            pass
        finally:
            os.unlink(temporary)
    return path.read_bytes()


def _new_rsa_key() -> bytes:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def secret_key() -> str:
    """Signs sessions and CSRF tokens."""
    return read_or_create(CONFIG.directory / "demo_lms_secret", lambda: secrets.token_hex(32).encode()).decode()


@lru_cache(maxsize=1)
def private_key_pem() -> str:
    return read_or_create(CONFIG.directory / "demo_lms_key.pem", _new_rsa_key).decode()


@lru_cache(maxsize=1)
def private_key() -> rsa.RSAPrivateKey:
    """Parsed once: parsing costs 30 ms, ten times the rest of a launch."""
    key = serialization.load_pem_private_key(private_key_pem().encode(), password=None)
    assert isinstance(key, rsa.RSAPrivateKey)
    return key


@lru_cache(maxsize=1)
def public_key_pem() -> str:
    return (
        private_key()
        .public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode()
    )
