"""A made-up platform: modules under the names that `compat` asks for, as strict about arguments as the real ones."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from importlib.machinery import ModuleSpec
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db.models.signals import post_save
from django.dispatch import Signal
from edx_django_utils.plugins import connect_plugin_receivers, registry
from opaque_keys.edx.keys import CourseKey, UsageKey

from companion.openedx import apps, compat, people
from companion.openedx.views import user_of
from companion.viewer import Viewer

COURSE = "course-v1:Northwind+Incidents+2026"
OTHER_COURSE = "course-v1:Northwind+Kitchen+2026"
SIGNALS = "openedx.core.djangoapps.user_api.accounts.signals"


class Rows:
    """A table of the platform, asked as Django's managers are. Who asks for a field that it has not is wrong."""

    def __init__(self, *fields: str, rows: list[dict[str, Any]] | None = None) -> None:
        self.fields, self.rows = fields, rows or []
        self.asked = 0

    def add(self, **row: Any) -> None:
        assert set(row) == set(self.fields)
        self.rows.append(row)

    def filter(self, **wanted: Any) -> Rows:
        assert set(wanted) <= set(self.fields)
        assert isinstance(wanted.get("course_id", CourseKey.from_string(COURSE)), CourseKey)
        self.asked += 1
        matching = [row for row in self.rows if all(row[name] == value for name, value in wanted.items())]
        return Rows(*self.fields, rows=matching)

    def exists(self) -> bool:
        return bool(self.rows)

    def values_list(self, *names: str, flat: bool = False) -> list[Any]:
        found = [tuple(row[name] for name in names) for row in self.rows]
        return [row[0] for row in found] if flat else found


@dataclass
class Lms:
    """What the platform knows. `titles` are those of all courses there are, `cohorts` names by (username, course)."""

    enrolments: Rows = field(default_factory=lambda: Rows("user_id", "course_id", "is_active"))
    access: Rows = field(default_factory=lambda: Rows("user_id", "org", "course_id", "role"))
    forum: Rows = field(default_factory=lambda: Rows("users__id", "course_id", "name"))
    titles: dict[str, str] = field(default_factory=lambda: {COURSE: "", OTHER_COURSE: ""})
    cohorts: dict[tuple[str, str], str] = field(default_factory=dict)
    switches: set[tuple[str, str]] = field(default_factory=set)
    of_organizations: dict[tuple[str, str], str] = field(default_factory=dict)
    retiring: Signal = field(default_factory=Signal)
    # Of everybody, and of one account alone.
    dates: dict[tuple[str, str], datetime] = field(default_factory=dict)
    extensions: dict[tuple[int, str, str], datetime] = field(default_factory=dict)

    def account(self, username: str, **facts: Any) -> Any:
        return get_user_model().objects.create_user(username, f"{username}@example.test", **facts)

    def enrol(self, user: Any, course: str = COURSE, *, active: bool = True) -> None:
        self.enrolments.add(user_id=user.pk, course_id=CourseKey.from_string(course), is_active=active)

    def unenrol(self, user: Any) -> None:
        self.enrolments.rows = [row for row in self.enrolments.rows if row["user_id"] != user.pk]

    def grant(self, user: Any, role: str, course: str = COURSE) -> None:
        """An access role in a course, or in all of an organization where `course` is no key ("Northwind")."""
        key = CourseKey.from_string(course) if ":" in course else None
        self.access.add(user_id=user.pk, org=key.org if key else course, course_id=key, role=role)

    def name_in_forum(self, user: Any, role: str, course: str = COURSE) -> None:
        self.forum.add(users__id=user.pk, course_id=CourseKey.from_string(course), name=role)

    def switch_on(self, switch: str, course: str = COURSE) -> None:
        self.switches.add((f"companion.{switch}", course))

    def get_dates_for_course(self, course_id: CourseKey, user: int | None = None, use_cached: bool = True) -> Any:
        assert use_cached is False
        mine = {(usage, name): at for (whose, usage, name), at in self.extensions.items() if whose == user}
        keys = {(UsageKey.from_string(usage), name): at for (usage, name), at in {**self.dates, **mine}.items()}
        return {(key, name): at for (key, name), at in keys.items() if key.course_key == _key(course_id)}

    def modules(self) -> dict[str, dict[str, Any]]:
        """The platform's modules, each with the names that we use of it."""
        lms = self

        class CourseWaffleFlag:
            def __init__(self, flag_name: str, module_name: str) -> None:
                assert module_name == "companion.openedx.compat"
                self.flag_name = flag_name

            def is_enabled(self, course_key: CourseKey) -> bool:
                return (self.flag_name, str(_key(course_key))) in lms.switches

        class EnrolledTab:
            def __init__(self, tab_dict: dict[str, Any]) -> None:
                self.name = tab_dict.get("name", self.title)  # type: ignore[attr-defined]

            @classmethod
            def is_enabled(cls, course: Any, user: Any = None) -> bool:
                return lms.enrolments.filter(user_id=user.pk, course_id=course.id, is_active=True).exists()

        def get_cohort(user: Any, course_key: CourseKey, assign: bool = True, use_cached: bool = False) -> Any:
            assert (assign, use_cached) == (False, True)
            name = lms.cohorts.get((user.username, str(_key(course_key))))
            return SimpleNamespace(name=name) if name else None

        def get_course_overview_or_none(course_id: CourseKey) -> Any:
            title = lms.titles.get(str(_key(course_id)))
            return SimpleNamespace(display_name_with_default=title) if title is not None else None

        def get_value_for_org(org: str, val_name: str, default: Any = None) -> Any:
            return lms.of_organizations.get((org, val_name), default)

        return {
            "common.djangoapps.student.models": {
                "CourseEnrollment": SimpleNamespace(objects=self.enrolments),
                "CourseAccessRole": SimpleNamespace(objects=self.access),
            },
            "openedx.core.djangoapps.django_comment_common.models": {"Role": SimpleNamespace(objects=self.forum)},
            "openedx.core.djangoapps.course_groups.cohorts": {"get_cohort": get_cohort},
            "openedx.core.djangoapps.content.course_overviews.api": {
                "get_course_overview_or_none": get_course_overview_or_none
            },
            "openedx.core.djangoapps.site_configuration.helpers": {"get_value_for_org": get_value_for_org},
            "openedx.core.djangoapps.waffle_utils": {"CourseWaffleFlag": CourseWaffleFlag},
            "lms.djangoapps.courseware.tabs": {"EnrolledTab": EnrolledTab},
            SIGNALS: {"USER_RETIRE_LMS_MISC": self.retiring},
            "completion.models": {"BlockCompletion": BlockCompletion},
            "edx_when.api": {"get_dates_for_course": self.get_dates_for_course},
            "edx_when.models": {"ContentDate": ContentDate, "UserDate": UserDate},
        }


class BlockCompletion:
    """A row of the completion app, as far as its receivers read it."""

    def __init__(self, *, user: Any, block: str, completion: float = 1.0, course: str = COURSE) -> None:
        self.user_id, self.completion = user.pk, completion
        self.context_key, self.block_key = CourseKey.from_string(course), block

    def save(self) -> None:
        post_save.send(sender=BlockCompletion, instance=self, created=True)


class ContentDate:
    """A row of edx-when, as far as its receivers read it."""

    def __init__(self, usage: str, field: str = "due") -> None:
        self.location, self.field = UsageKey.from_string(usage), field
        self.course_id = self.location.course_key

    def save(self) -> None:
        post_save.send(sender=ContentDate, instance=self, created=True)


class UserDate:
    """More time for one account."""

    def __init__(self, user: Any, content_date: ContentDate) -> None:
        self.user_id, self.content_date = user.pk, content_date

    def save(self) -> None:
        post_save.send(sender=UserDate, instance=self, created=True)


def _key(key: Any) -> CourseKey:
    assert isinstance(key, CourseKey)
    return key


def _package(name: str) -> ModuleType:
    module = ModuleType(name)
    module.__spec__ = ModuleSpec(name, None, is_package=True)
    module.__path__ = []
    return module


def _forget() -> None:
    compat.is_here.cache_clear()
    people.forget_organizations()


@pytest.fixture(autouse=True)
def _nothing_is_remembered() -> Iterator[None]:
    _forget()
    yield
    _forget()


@pytest.fixture
def lms(_nothing_is_remembered: None, monkeypatch: pytest.MonkeyPatch, settings: Any) -> Lms:
    """This process is an LMS for the time of the test."""
    settings.LMS_ROOT_URL = "https://lms.example"
    settings.PLATFORM_NAME = "Northwind Academy"
    platform = Lms()
    for name, names in platform.modules().items():
        parts = name.split(".")
        for end in range(1, len(parts) + 1):
            package = ".".join(parts[:end])
            if package not in sys.modules:
                monkeypatch.setitem(sys.modules, package, _package(package))
        for attribute, value in names.items():
            monkeypatch.setattr(sys.modules[name], attribute, value, raising=False)
    return platform


@pytest.fixture
def ana(lms: Lms, db: None) -> Any:
    """Ana learns: she is enrolled."""
    user = lms.account("ana", password="a")
    lms.enrol(user)
    return user


@pytest.fixture
def ben(lms: Lms, db: None) -> Any:
    """Ben teaches: he has a role, and no enrolment."""
    user = lms.account("ben")
    lms.grant(user, "instructor")
    return user


@pytest.fixture
def chen(lms: Lms, db: None) -> Any:
    """Chen is enrolled too."""
    user = lms.account("chen")
    lms.enrol(user)
    return user


@pytest.fixture
def dee(lms: Lms, db: None) -> Any:
    """Dee has an account, and another course."""
    user = lms.account("dee")
    lms.enrol(user, OTHER_COURSE)
    return user


@pytest.fixture
def visit(lms: Lms) -> Callable[..., Viewer | None]:
    """`visit(ana)`: the viewer that a signed-in account is in a course."""

    def get(user: Any, course: str = COURSE) -> Viewer | None:
        return people.viewer_of(user_of(user, course), course)

    return get


@pytest.fixture
def plugged_in(lms: Lms, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lms]:
    """The platform has taken the plugin in: its receivers are connected as the platform connects them."""
    monkeypatch.setattr(registry, "get_plugin_app_configs", lambda _project_type: [apps.OpenedxConfig])
    connect_plugin_receivers("lms.djangoapp")
    yield lms
    config = apps.OpenedxConfig.plugin_app["signals_config"]["lms.djangoapp"]
    for receiver in config["receivers"]:
        module, name = receiver["signal_path"].rsplit(".", 1)
        signal = getattr(sys.modules[module], name)
        path = receiver.get("sender_path", "")
        sender = lms.modules()[path.rpartition(".")[0]][path.rpartition(".")[2]] if path else None
        assert signal.disconnect(
            sender=sender, dispatch_uid=f"companion.openedx.receivers.{receiver['receiver_func_name']}"
        )
