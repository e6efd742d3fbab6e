"""What we ask of the platform: by its right names, and never a yes where it cannot be asked."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import crum
import pytest
from django.contrib.auth import get_user_model
from django.test.utils import override_settings

from companion.openedx import compat
from tests.openedx.conftest import COURSE, OTHER_COURSE

ROOT = Path(__file__).resolve().parents[2]
SOURCES = [path for folder in ("companion", "lti", "xblocks") for path in sorted((ROOT / folder).rglob("*.py"))]
COMPAT = ROOT / "companion" / "openedx" / "compat.py"
PLATFORM = {"common", "lms", "cms", "openedx", "xmodule", "edx_when", "completion"}


# -- without a platform ------------------------------------------------------------------------------------------

NOBODYS_SETTINGS = {"COMPANION_WORKBENCH_ROLES": {}, "COMPANION_WORKBENCH_OUTSIDERS": ()}


@override_settings(**NOBODYS_SETTINGS)
def test_in_the_workbench_everybody_is_a_learner_and_nothing_is_on():
    assert not compat.is_here()
    assert (compat.issuer(), compat.organization_name(COURSE)) == ("openedx", "Open edX")
    assert (compat.course_exists(COURSE), compat.course_title(COURSE)) == (True, "")
    assert (compat.is_enrolled("ana", COURSE), compat.course_roles("ana", COURSE)) == (True, frozenset())
    assert (compat.cohort_name("ana", COURSE), compat.is_switched_on("course_tab", COURSE)) == ("", False)
    assert (compat.user_id("ana"), compat.enrolled_tab()) == ("ana", object)
    assert compat.due_dates("ana", COURSE) == {}


@override_settings(
    COMPANION_WORKBENCH_ROLES={"ben": ["instructor"]},
    COMPANION_WORKBENCH_OUTSIDERS=["dee"],
    COMPANION_WORKBENCH_COURSE="Your first incident",
    COMPANION_WORKBENCH_SWITCHES=["course_tab"],
    COMPANION_ORGANIZATION="Northwind",
)
def test_settings_say_what_the_workbench_has_instead():
    assert compat.course_roles("ben", COURSE) == {"instructor"}
    assert compat.course_roles("ana", COURSE) == frozenset()
    assert (compat.is_enrolled("ana", COURSE), compat.is_enrolled("dee", COURSE)) == (True, False)
    assert compat.course_title(COURSE) == "Your first incident"
    assert (compat.is_switched_on("course_tab", COURSE), compat.is_switched_on("ask_aside", COURSE)) == (True, False)
    assert compat.organization_name(COURSE) == "Northwind"


def test_a_package_that_is_called_like_the_platform_is_not_it(monkeypatch):
    """Libraries of Open edX's may share its first name."""
    package = SimpleNamespace(__spec__=SimpleNamespace(), __path__=[])
    monkeypatch.setitem(sys.modules, "openedx", package)
    assert not compat.is_here()


# -- with one ----------------------------------------------------------------------------------------------------


def test_an_enrolment_counts_where_it_is_active_and_in_this_course(lms, db):
    ana, chen, dee = (lms.account(name) for name in ("ana", "chen", "dee"))
    lms.enrol(ana)
    lms.enrol(chen, active=False)
    lms.enrol(dee, OTHER_COURSE)
    assert [compat.is_enrolled(user.pk, COURSE) for user in (ana, chen, dee)] == [True, False, False]


def test_roles_are_those_of_the_course_of_its_organization_and_of_its_forum(lms, db):
    ben = lms.account("ben")
    lms.grant(ben, "instructor")
    lms.grant(ben, "beta_testers", OTHER_COURSE)
    lms.name_in_forum(ben, "Moderator")
    lms.name_in_forum(ben, "Administrator", OTHER_COURSE)
    assert compat.course_roles(ben.pk, COURSE) == {"instructor", "forum Moderator"}
    lms.grant(ben, "staff", "Northwind")
    lms.grant(ben, "limited_staff", "Elsewhere")
    assert compat.course_roles(ben.pk, COURSE) == {"instructor", "staff", "forum Moderator"}
    assert compat.course_roles(lms.account("ana").pk, COURSE) == frozenset()


def test_a_course_is_called_as_learners_call_it(lms):
    lms.titles[COURSE] = "Your first incident"
    assert compat.course_title(COURSE) == "Your first incident"
    assert compat.course_title("course-v1:No+Such+Course") == ""


def test_a_key_can_be_well_formed_and_mean_nothing(lms):
    assert (compat.course_exists(COURSE), compat.course_exists("course-v1:No+Such+Course")) == (True, False)


def test_a_cohort_is_read_and_nobody_is_put_into_one(lms, ana, chen):
    """The made-up platform refuses `assign=True`."""
    lms.cohorts["ana", COURSE] = "Night shift"
    assert (compat.cohort_name(ana.pk, COURSE), compat.cohort_name(chen.pk, COURSE)) == ("Night shift", "")


def test_a_switch_is_of_one_course(lms):
    lms.switch_on("course_tab")
    assert compat.is_switched_on("course_tab", COURSE)
    assert not compat.is_switched_on("course_tab", OTHER_COURSE)
    assert not compat.is_switched_on("unit_discussion", COURSE)


def test_an_organization_is_the_sites_or_that_of_the_course(lms, settings):
    assert (compat.issuer(), compat.organization_name(COURSE)) == ("https://lms.example", "Northwind Academy")
    settings.COMPANION_ORGANIZATION = "Northwind"
    assert compat.organization_name(COURSE) == "Northwind"
    lms.of_organizations["Northwind", "COMPANION_ORGANIZATION"] = "Northwind Rail"
    assert compat.organization_name(COURSE) == "Northwind Rail"
    assert compat.organization_name("course-v1:Elsewhere+A+1") == "Northwind"


def test_accounts_are_found_by_name(lms, ana):
    assert (compat.user_id("ana"), compat.user_id("nobody")) == (ana.pk, None)


def test_a_full_name_stands_in_the_platforms_profile():
    user = get_user_model()(username="ana", first_name="A.", last_name="T.")
    assert compat.full_name(user) == "A. T."
    user.profile = SimpleNamespace(name="Ana Torres")
    assert compat.full_name(user) == "Ana Torres"
    user.profile = SimpleNamespace(name=None)
    assert compat.full_name(user) == "A. T."


def test_who_sends_the_request_is_asked_of_crum(monkeypatch):
    ben = SimpleNamespace(username="ben")
    with crum.impersonate(ben):
        assert compat.real_user() is ben
    assert compat.real_user() is None
    monkeypatch.setitem(sys.modules, "crum", None)
    assert compat.real_user() is None


def test_due_dates_are_those_of_one_account_with_its_extensions(lms, ana, chen):
    essay = "block-v1:Northwind+Incidents+2026+type@sequential+block@essay"
    course = "block-v1:Northwind+Incidents+2026+type@course+block@course"
    first, later, end = (datetime(2026, 5, day, tzinfo=UTC) for day in (1, 8, 30))
    lms.dates |= {(essay, "due"): first, (essay, "start"): end, (course, "end"): end, (course, "due"): None}
    lms.extensions[ana.pk, essay, "due"] = later
    assert compat.due_dates(str(ana.pk), COURSE) == {essay: later, course: end}
    assert compat.due_dates(chen.pk, COURSE) == {essay: first, course: end}
    assert compat.due_dates(chen.pk, OTHER_COURSE) == {}


# -- names that have moved ---------------------------------------------------------------------------------------

QUESTIONS = {
    "CourseEnrollment": lambda user: compat.is_enrolled(user.pk, COURSE),
    "CourseAccessRole": lambda user: compat.course_roles(user.pk, COURSE),
    "Role": lambda user: compat.course_roles(user.pk, COURSE),
    "get_cohort": lambda user: compat.cohort_name(user.pk, COURSE),
    "get_course_overview_or_none": lambda _user: compat.course_title(COURSE),
    "get_value_for_org": lambda _user: compat.organization_name(COURSE),
    "CourseWaffleFlag": lambda _user: compat.is_switched_on("course_tab", COURSE),
    "EnrolledTab": lambda _user: compat.enrolled_tab(),
    "get_dates_for_course": lambda user: compat.due_dates(user.pk, COURSE),
}


def test_every_name_is_asked_for_by_something():
    assert set(QUESTIONS) == set(compat.NAMES)


@pytest.mark.parametrize("name", sorted(compat.NAMES))
def test_a_name_that_has_moved_is_an_error_and_never_a_yes(lms, ana, monkeypatch, name):
    QUESTIONS[name](ana)
    monkeypatch.delattr(sys.modules[compat.NAMES[name]], name)
    with pytest.raises(AttributeError):
        QUESTIONS[name](ana)
    monkeypatch.delitem(sys.modules, compat.NAMES[name])
    with pytest.raises(ImportError):
        QUESTIONS[name](ana)


@pytest.mark.parametrize("name", sorted(compat.NAMES))
def test_a_platform_that_has_moved_as_a_whole_is_not_taken_for_the_workbench(settings, db, name):
    """Only the workbench has stand-ins: elsewhere they would let everybody in."""
    user = get_user_model().objects.create_user("dee")
    settings.INSTALLED_APPS = [app for app in settings.INSTALLED_APPS if app != "workbench"]
    with pytest.raises(ImportError):
        QUESTIONS[name](user)


# -- keys --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "is_key"),
    [
        (COURSE, True),
        ("Org/Course/Run", True),
        ("ccx-v1:Org+Course+Run+ccx@7", True),
        ("course-v1:Org+Course", False),
        ("a+b+c", False),
        ("", False),
    ],
)
def test_a_course_key_is_what_the_platform_calls_one(text, is_key):
    assert compat.is_course_key(text) is is_key


@pytest.mark.parametrize(
    ("text", "placement"),
    [
        ("block-v1:Northwind+Incidents+2026+type@video+block@intro", (COURSE, "video")),
        ("ccx-block-v1:O+C+R+ccx@7+type@problem+block@one", ("ccx-v1:O+C+R+ccx@7", "problem")),
        ("lb:Northwind:shared:html:welcome", ("lib:Northwind:shared", "html")),
        ("block-v1:Northwind", None),
        (COURSE, None),
        ("", None),
    ],
)
def test_a_usage_key_says_where_a_block_stands(text, placement):
    found = compat.placement_of(text)
    assert found == (compat.Placement(*placement) if placement else None)


# -- the contract ------------------------------------------------------------------------------------------------


def calls(tree: ast.AST, *names: str) -> Iterator[str]:
    """The texts that these functions are called with."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not node.args:
            continue
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        first = node.args[0]
        if called in names and isinstance(first, ast.Constant) and isinstance(first.value, str):
            yield first.value


def imports(source: str) -> set[str]:
    """The packages that a module names in an import, or asks for by name."""
    tree = ast.parse(source)
    found = set(calls(tree, "import_module", "import_string", "find_spec", "__import__"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            found.add(node.module or "")
    return {name.split(".")[0] for name in found}


def test_compat_asks_for_the_names_that_it_lists_and_for_no_others():
    tree = ast.parse(COMPAT.read_text())
    assert set(calls(tree, "_platform")) == set(compat.NAMES)
    others = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and getattr(node.func, "id", "") == "_platform"
        and not isinstance(node.args[0], ast.Constant)
    ]
    assert others == []


@pytest.mark.parametrize(
    "line",
    [
        "import lms.djangoapps.courseware",
        "from common.djangoapps.student import models",
        "def f():\n    from openedx.core import lib",
        "importlib.import_module('cms.envs')",
    ],
)
def test_an_import_of_the_platform_is_found(line):
    assert imports(line) & PLATFORM


def test_nothing_else_imports_the_platform():
    assert len(SOURCES) > 60
    found = {str(path.relative_to(ROOT)): imports(path.read_text()) & PLATFORM for path in SOURCES}
    assert {name: packages for name, packages in found.items() if packages} == {
        "companion/openedx/compat.py": {"openedx"}
    }


def test_the_reference_page_lists_the_names_and_where_they_are():
    page = (ROOT / "docs" / "references" / "openedx.md").read_text()
    listed = dict(re.findall(r"^\| `(\w+)` \| `((?:common|lms|cms|openedx|edx_when)\.[\w.]+)` \|", page, re.MULTILINE))
    assert listed == dict(compat.NAMES)
