"""What is worked out now and then and kept in the cache between: a cache that fails costs time, never an answer."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TypeVar

from django.core.cache import cache

logger = logging.getLogger(__name__)
T = TypeVar("T")


def kept(key: str, make: Callable[[], T], *, seconds: int) -> T:
    """What `make` gave within the last `seconds`, or gives now."""
    try:
        known = cache.get(key)
    except Exception:
        logger.error("The cache does not answer; doing without")
        return make()
    if known is not None:
        return known  # type: ignore[no-any-return]
    made = make()
    try:
        cache.set(key, made, seconds)
    except Exception:
        logger.error("The cache does not take anything; doing without")
    return made


def forget(key: str) -> None:
    """Have it worked out anew."""
    try:
        cache.delete(key)
    except Exception:
        logger.error("The cache does not forget anything; it does so by itself in a while")
