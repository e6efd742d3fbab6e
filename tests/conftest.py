from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from companion_lti import registry
from django.conf import settings as django_settings
from django.core.cache import cache
from django.utils import translation

from companion import events
from companion.viewer import Viewer
from tests import people, services
from tests.http import LtiReader, Reader, plugin_reader, xblock_reader

TESTS = Path(__file__).parent
# What a database answers matters to the core. These have what they keep from it, and are run once, but for those tests
# that lock, race, write much or ask much (`every_database`).
AROUND_THE_CORE = {"benchmarks", "browser", "demo_lms", "lti", "openedx", "standalone", "web", "xblocks"}
# What is run in processes of its own, or again and again in other words: it finds errors, and covers nothing new.
NOTHING_NEW = {
    "benchmarks",
    "browser",
    "demo_lms",
    "test_any_request.py",
    "test_bad_input.py",
    "test_every_page_has_its_gate.py",
    "test_floods.py",
    "test_fuzz.py",
    "test_query_counts.py",
}


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave out what needs something that is not here, and say what is run once and what is measured."""
    has_browser, has_redis = services.chromium_path(), services.redis_url()
    for item in items:
        places = set(item.path.relative_to(TESTS).parts)
        if item.get_closest_marker("browser"):
            item.add_marker(pytest.mark.skipif(not has_browser, reason="no Chromium found"))
        if item.get_closest_marker("redis"):
            item.add_marker(pytest.mark.skipif(not has_redis, reason="no Redis found"))
        if places & AROUND_THE_CORE and not item.get_closest_marker("every_database"):
            item.add_marker(pytest.mark.one_database)
        if places & NOTHING_NEW or _mount(item) not in (None, MOUNTS[0]):
            item.add_marker(pytest.mark.no_cover)


def _mount(item: pytest.Item) -> str | None:
    """The mount under which this is the same test once more."""
    call = getattr(item, "callspec", None)
    return call.params.get("reader") if call else None


@pytest.fixture(autouse=True)
def _clean_cache() -> None:
    cache.clear()
    registry.forget()


@pytest.fixture(autouse=True)
def _own_language() -> Iterator[None]:
    """A request leaves its language with the thread (LocaleMiddleware), and the next test would read it."""
    with translation.override(django_settings.LANGUAGE_CODE):
        yield


@pytest.fixture
def course(db: None) -> people.Course:
    return people.course()


def _lti_reader(mount: str) -> Callable[[Viewer], Reader]:
    return lambda viewer: LtiReader(viewer, cookies=mount == "lti")


# What a database answers does not depend on how a page is hosted: the other engines see each page once.
ELSEWHERE = not os.environ.get("DATABASE_URL", "sqlite").startswith("sqlite")
LTI_MOUNTS = ["lti"] if ELSEWHERE else ["lti", "lti without cookies"]
MOUNTS = LTI_MOUNTS if ELSEWHERE else [*LTI_MOUNTS, "xblock", "plugin"]


@pytest.fixture(params=LTI_MOUNTS)
def lti_reader(request: pytest.FixtureRequest, db: None) -> Callable[[Viewer], Reader]:
    """The same for what only an LTI session has."""
    return _lti_reader(request.param)


@pytest.fixture(params=["xblock", "plugin"])
def openedx_reader(
    request: pytest.FixtureRequest, db: None, monkeypatch: pytest.MonkeyPatch
) -> Callable[[Viewer], Reader]:
    """The same for what only the mounts inside Open edX have."""
    return _openedx_reader(request.param, monkeypatch)


@pytest.fixture(params=MOUNTS)
def reader(request: pytest.FixtureRequest, db: None, monkeypatch: pytest.MonkeyPatch) -> Callable[[Viewer], Reader]:
    """A person in front of the pages: every test that asks for this runs once under each mount."""
    if request.param.startswith("lti"):
        return _lti_reader(request.param)
    return _openedx_reader(request.param, monkeypatch)


def _openedx_reader(mount: str, monkeypatch: pytest.MonkeyPatch) -> Callable[[Viewer], Reader]:
    known: dict[str, Viewer] = {}
    # Who an account is in a course has tests of its own (tests/openedx, tests/xblocks); here it is whom we say.
    for module in ("companion.openedx.views", "companion_xblocks.host"):
        monkeypatch.setattr(f"{module}.viewer_of", lambda user, _course_id: known[user.username])
    make = xblock_reader if mount == "xblock" else plugin_reader

    def make_known(viewer: Viewer) -> Reader:
        known[f"p{viewer.person_id}"] = viewer
        return make(viewer)

    return make_known


@pytest.fixture
def heard(django_capture_on_commit_callbacks: Any) -> Callable[[], Any]:
    """`with heard() as facts: ...` gathers the events that handlers get after commit."""

    @contextmanager
    def listen() -> Iterator[list[events.Fact]]:
        facts: list[events.Fact] = []
        kinds = [
            kind for kind in vars(events).values() if isinstance(kind, type) and kind.__module__ == "companion.events"
        ]
        for kind in kinds:
            events.subscribe(kind, facts.append)
        try:
            with django_capture_on_commit_callbacks(execute=True):
                yield facts
        finally:
            for kind in kinds:
                events.unsubscribe(kind, facts.append)

    return listen
