"""What the platform's own plugin machinery makes of us: settings, addresses, signals, a tab."""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from django.test.utils import override_settings
from django.urls import resolve, reverse
from django.utils.module_loading import import_string
from edx_django_utils.plugins import add_plugins, constants, get_plugin_apps, get_plugin_url_patterns, registry
from opaque_keys.edx.keys import CourseKey
from openedx_filters.learning.filters import VerticalBlockRenderCompleted

from companion import conf
from companion.openedx import apps, filters
from companion.openedx.settings import common
from tests.openedx.conftest import COURSE, OTHER_COURSE

ROOT = Path(__file__).resolve().parents[2]
LMS, STUDIO = "lms.djangoapp", "cms.djangoapp"


@pytest.fixture(autouse=True)
def _found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Our entry point is the only one."""
    monkeypatch.setattr(registry, "get_plugin_app_configs", lambda _project_type: [apps.OpenedxConfig])


@pytest.fixture
def platform_settings(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """A settings module of the platform's, as far as it matters."""
    module = ModuleType("made_up_settings")
    module.INSTALLED_APPS = ["django.contrib.auth", "lms.djangoapps.courseware"]  # type: ignore[attr-defined]
    module.ENV_TOKENS = {}  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "made_up_settings", module)
    return module


def add(project: str, kind: str = "common") -> None:
    add_plugins("made_up_settings", project, kind)


def told(settings: ModuleType) -> dict[str, Any]:
    return {name: value for name, value in vars(settings).items() if name.isupper()}


# -- entry points ------------------------------------------------------------------------------------------------


def test_every_entry_point_leads_to_something():
    points = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["entry-points"]
    assert {LMS, STUDIO, "openedx.course_tab", "xblock.v1", "xblock_asides.v1"} <= set(points)
    for group in points.values():
        for path in group.values():
            module, name = path.split(":")
            assert isinstance(getattr(import_module(module), name), type), path


@pytest.mark.parametrize("project", [LMS, STUDIO])
def test_the_platform_installs_the_plugin_as_an_app(project):
    assert get_plugin_apps(project) == ["companion.openedx.apps.OpenedxConfig"]


def test_every_key_is_one_that_the_platform_reads():
    """A key that is misspelt is not read, and nobody says so."""

    def words(of: type) -> set[str]:
        return {value for name, value in vars(of).items() if not name.startswith("_")}

    kinds = (constants.PluginURLs, constants.PluginSettings, constants.PluginSignals)
    by_section = {kind.CONFIG: words(kind) for kind in kinds}
    assert set(apps.OpenedxConfig.plugin_app) == set(by_section)
    for section, projects in apps.OpenedxConfig.plugin_app.items():
        assert set(projects) <= {LMS, STUDIO}
        for config in projects.values():
            entries = list(config.values()) if section == constants.PluginSettings.CONFIG else [config]
            entries += config.get("receivers", [])
            for entry in entries:
                assert set(entry) <= by_section[section], entry
    assert set(apps.OpenedxConfig.plugin_app["settings_config"][LMS]) <= {"common", "production", "devstack", "test"}


# -- settings ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("project", [LMS, STUDIO])
def test_it_works(platform_settings, project):
    add(project)
    assert ["django.contrib.auth", "lms.djangoapps.courseware", *common.APPS] == platform_settings.INSTALLED_APPS
    assert platform_settings.TASKS["default"]["BACKEND"] == "django_tasks_db.DatabaseBackend"
    assert platform_settings.OPEN_EDX_FILTERS_CONFIG == {
        common.UNIT_FILTER: {"fail_silently": True, "pipeline": [common.UNIT_STEP]}
    }


def test_all_that_it_adds_is_there_to_be_installed(platform_settings):
    for app in common.APPS:
        assert import_module(app)
    with override_settings(OPEN_EDX_FILTERS_CONFIG={common.UNIT_FILTER: common.UNIT_STEP}):
        pipeline = VerticalBlockRenderCompleted.get_pipeline_configuration()[0]
    assert VerticalBlockRenderCompleted.filter_type == common.UNIT_FILTER
    assert VerticalBlockRenderCompleted.get_steps_for_pipeline(pipeline, fail_silently=False) == [
        filters.UnitDiscussion
    ]


def test_applied_twice_they_are_the_same(platform_settings):
    add(LMS)
    once = {name: str(value) for name, value in told(platform_settings).items()}
    add(LMS)
    assert {name: str(value) for name, value in told(platform_settings).items()} == once


@pytest.mark.parametrize(
    ("configured", "pipeline", "silently"),
    [
        ({"fail_silently": False, "pipeline": ["other.Step"]}, ["other.Step", common.UNIT_STEP], False),
        ({"pipeline": ["other.Step", common.UNIT_STEP]}, ["other.Step", common.UNIT_STEP], True),
        ({"log_level": "debug"}, [common.UNIT_STEP], True),
        (["other.Step"], ["other.Step", common.UNIT_STEP], True),
        ("other.Step", ["other.Step", common.UNIT_STEP], True),
        ("", [common.UNIT_STEP], True),
        (None, [common.UNIT_STEP], True),
    ],
)
def test_the_steps_of_others_stay_however_they_were_configured(platform_settings, configured, pipeline, silently):
    """openedx_filters takes one step, a list of them, or all of it."""
    before = {common.UNIT_FILTER: configured, "another.filter": {"pipeline": ["another.Step"]}}
    kept = str(before)
    platform_settings.OPEN_EDX_FILTERS_CONFIG = before
    for _again in range(2):
        add(LMS)
        with override_settings(OPEN_EDX_FILTERS_CONFIG=platform_settings.OPEN_EDX_FILTERS_CONFIG):
            found = VerticalBlockRenderCompleted.get_pipeline_configuration()
        assert found[:2] == (pipeline, silently)
        assert platform_settings.OPEN_EDX_FILTERS_CONFIG["another.filter"] == {"pipeline": ["another.Step"]}
    # The platform's own may be shared between settings modules.
    assert str(before) == kept


def test_extra_configuration_of_a_filter_stays(platform_settings):
    platform_settings.OPEN_EDX_FILTERS_CONFIG = {common.UNIT_FILTER: {"log_level": "debug"}}
    add(LMS)
    assert platform_settings.OPEN_EDX_FILTERS_CONFIG[common.UNIT_FILTER]["log_level"] == "debug"


def test_an_operators_own_tasks_stay(platform_settings):
    platform_settings.TASKS = {"default": {"BACKEND": "their.Backend"}}
    add(LMS)
    assert platform_settings.TASKS == {"default": {"BACKEND": "their.Backend"}}


def test_in_production_an_operator_sets_ours_in_the_platforms_yaml(platform_settings):
    platform_settings.ENV_TOKENS = {
        "COMPANION_ORGANIZATION": "Northwind",
        "COMPANION_RETIRED_POSTS": "delete",
        "COMPANION_LIVE_SECONDS": 0,
        "COMPANION_UNKNOWN": 1,
        "SECRET_KEY": "no business of ours",
    }
    add(LMS, "production")
    given = {name: value for name, value in told(platform_settings).items() if name != "ENV_TOKENS"}
    assert given == {
        "INSTALLED_APPS": ["django.contrib.auth", "lms.djangoapps.courseware"],
        "COMPANION_ORGANIZATION": "Northwind",
        "COMPANION_RETIRED_POSTS": "delete",
        "COMPANION_LIVE_SECONDS": 0,
    }


@pytest.mark.parametrize("name", sorted(conf.DEFAULTS))
def test_every_setting_can_be_given_there(platform_settings, name):
    platform_settings.ENV_TOKENS = {name: "given"}
    add(LMS, "production")
    assert getattr(platform_settings, name) == "given"


def test_without_a_yaml_the_defaults_stand(platform_settings):
    del platform_settings.ENV_TOKENS
    add(LMS, "production")
    assert not [name for name in told(platform_settings) if name.startswith("COMPANION_")]


# -- addresses ---------------------------------------------------------------------------------------------------


def test_the_lms_has_our_addresses_and_studio_has_none(monkeypatch):
    urls = ModuleType("made_up_urls")
    urls.urlpatterns = get_plugin_url_patterns(LMS)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "made_up_urls", urls)
    home = reverse("companion_openedx:home", urlconf="made_up_urls", args=[COURSE])
    assert home == f"/companion/courses/{COURSE}/"
    assert resolve(home, "made_up_urls").view_name == "companion_openedx:home"
    assert get_plugin_url_patterns(STUDIO) == []


@pytest.mark.parametrize(
    ("path", "view", "arguments"),
    [
        (f"{COURSE}/", "home", {"course_id": COURSE}),
        ("Org/Course/Run/", "home", {"course_id": "Org/Course/Run"}),
        ("ccx-v1:O+C+R+ccx@7/", "home", {"course_id": "ccx-v1:O+C+R+ccx@7"}),
        (f"{COURSE}/threads/7/", "page", {"course_id": COURSE, "path": "threads/7/"}),
        ("Org/Course/Run/threads/7/", "page", {"course_id": "Org/Course/Run", "path": "threads/7/"}),
        (
            f"{COURSE}/about/block-v1:O+C+R+type@video+block@x",
            "about",
            {"course_id": COURSE, "usage_id": "block-v1:O+C+R+type@video+block@x"},
        ),
    ],
)
def test_an_address_is_read_as_it_was_meant(path, view, arguments):
    found = resolve(f"/companion/courses/{path}")
    assert found.view_name == f"companion_openedx:{view}"
    assert {name: value for name, value in found.kwargs.items() if value} == arguments


# -- signals -----------------------------------------------------------------------------------------------------


def test_every_receiver_hears_its_signal_once(plugged_in):
    """`plugged_in` has connected them; that each does its work is told in test_receivers.py and test_retirement.py."""
    configured = apps.OpenedxConfig.plugin_app["signals_config"]
    assert set(configured) == {LMS}
    module = import_module("companion.openedx.receivers")
    heard: dict[str, int] = {}
    for receiver in configured[LMS]["receivers"]:
        function = getattr(module, receiver["receiver_func_name"])
        path, name = receiver["signal_path"].rsplit(".", 1)
        sender = import_string(receiver["sender_path"]) if "sender_path" in receiver else None
        live = getattr(sys.modules[path], name)._live_receivers(sender)[0]
        heard[receiver["receiver_func_name"]] = live.count(function)
    assert heard == dict.fromkeys(
        (
            *("retire", "enrolled", "enrolment_changed", "unenrolled", "cohort_changed"),
            *("certified", "block_completed", "date_moved", "extended"),
        ),
        1,
    )


# -- the course tab ----------------------------------------------------------------------------------------------


@pytest.fixture
def tab(lms: Any) -> Iterator[type]:
    """The tab as an LMS imports it: its base class is the platform's."""
    name = "companion.openedx.tabs"
    before = sys.modules.pop(name, None)
    yield import_module(name).CompanionTab
    del sys.modules[name]
    if before is not None:
        sys.modules[name] = before


def test_the_tab_is_for_members_where_the_switch_is_on(lms, tab, ana, dee):
    here, there = (SimpleNamespace(id=CourseKey.from_string(course)) for course in (COURSE, OTHER_COURSE))
    assert not tab.is_enabled(here, ana)
    lms.switch_on("course_tab")
    assert tab.is_enabled(here, ana)
    assert not tab.is_enabled(here, dee)
    assert not tab.is_enabled(there, dee)


def test_the_tab_leads_to_the_front_page_of_its_course(lms, tab):
    made = tab({})
    assert (made.type, made.title, made.is_dynamic) == ("companion", "Companion", True)
    course = SimpleNamespace(id=CourseKey.from_string(COURSE))
    assert made.link_func(course, None) == f"/companion/courses/{COURSE}/"
