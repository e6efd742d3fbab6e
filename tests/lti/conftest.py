from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client

from tests.lti.platform import Platform


@pytest.fixture
def connect(db: None, settings: Any) -> Iterator[Callable[..., Platform]]:
    """`connect(issuer=...)` registers a platform and starts its server."""
    settings.COMPANION_LTI_PRIVATE_HOSTS = ("127.0.0.1",)
    platforms: list[Platform] = []

    def register(**facts: str) -> Platform:
        platforms.append(Platform(**facts))
        return platforms[-1]

    yield register
    for platform in platforms:
        platform.server.close()


@pytest.fixture
def platform(connect: Callable[..., Platform]) -> Platform:
    return connect()


@pytest.fixture
def browser() -> Client:
    return new_browser()


def new_browser() -> Client:
    return Client(SERVER_NAME="localhost", enforce_csrf_checks=True)
