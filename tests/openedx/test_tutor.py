"""The Tutor plugin, with the real Tutor: what it renders, and what its tasks would run. Docker is stood in for."""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
import yaml
from django.apps import apps
from django.db.migrations.loader import MigrationLoader

from companion import conf
from companion.openedx.settings.common import APPS

ROOT = Path(__file__).resolve().parents[2]
PLUGIN = ROOT / "examples" / "tutor-contrib-companion"
SETTINGS = ("COMPANION_ORGANIZATION", "COMPANION_NAMES", "COMPANION_RETIRED_POSTS")
SWITCHES = {
    "COMPANION_COURSE_TAB": "companion.course_tab",
    "COMPANION_UNIT_DISCUSSION": "companion.unit_discussion",
    "COMPANION_ASK_ASIDE": "companion.ask_aside",
}

# `docker compose ... run --rm lms-job sh -e -c <script>` runs the script where there is a manage.py that takes notes.
# Whatever else Tutor asks ("ls": what is running?) has no answer.
DOCKER = """#!/bin/sh
case " $* " in *" lms-job "*) ;; *) echo "[]"; exit 0 ;; esac
while [ "$1" != lms-job ]; do shift; done
shift
cd "$(dirname "$0")"
exec "$@"
"""
MANAGE = f"""#!{sys.executable}
import json, sys
with open("calls.jsonl", "a") as notes:
    print(json.dumps(sys.argv[1:]), file=notes)
"""
PIP = f"""#!{sys.executable}
import json, pathlib, sys
if sys.argv[1] == "list":
    print("Django==5.2.12")
else:
    constraint = pathlib.Path(sys.argv[sys.argv.index("--constraint") + 1]).read_text()
    print(json.dumps({{"asked": sys.argv[1:], "constraint": constraint}}))
"""


class Tutor:
    """A Tutor of its own, with the plugin installed from its entry point and enabled."""

    def __init__(self, folder: Path, site: Path, config: dict[str, Any]) -> None:
        self.root = folder / "root"
        self.docker = folder / "docker"
        self.root.mkdir()
        self.docker.mkdir()
        script(self.docker / "docker", DOCKER)
        script(self.docker / "manage.py", MANAGE)
        (self.root / "config.yml").write_text(yaml.safe_dump({"PLUGINS": ["companion"], **config}))
        self.environ = {
            "HOME": str(folder),
            "PATH": f"{self.docker}:{os.environ['PATH']}",
            "PYTHONPATH": str(site),
            "TUTOR_ROOT": str(self.root),
            "TUTOR_PLUGINS_ROOT": str(folder / "plugins"),
        }
        self.run("config", "save")

    def run(self, *arguments: str) -> str:
        command = Path(sys.executable).with_name("tutor")
        done = subprocess.run([command, *arguments], capture_output=True, text=True, env=self.environ)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def rendered(self, path: str) -> str:
        return (self.root / "env" / path).read_text()

    def stage(self, name: str) -> str:
        """A stage of the Open edX image's Dockerfile."""
        return self.rendered("build/openedx/Dockerfile").split(f" AS {name}\n")[1].split("\nFROM ")[0]

    def init(self) -> list[list[str]]:
        """What `tutor local do init` calls manage.py with, for this plugin."""
        notes = self.docker / "calls.jsonl"
        notes.unlink(missing_ok=True)
        self.run("local", "do", "init", "--limit=companion")
        return [json.loads(line) for line in notes.read_text().splitlines()]


def script(path: Path, text: str) -> None:
    path.write_text(text)
    path.chmod(0o755)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The plugin, installed. From a copy, because setuptools leaves a build folder behind."""
    folder = tmp_path_factory.mktemp("plugin")
    source = shutil.copytree(PLUGIN, folder / "source", ignore=shutil.ignore_patterns("build", "*.egg-info"))
    install = [sys.executable, "-m", "pip", "install", "-q", "--disable-pip-version-check", "--no-index", "--no-deps"]
    target = folder / "site"
    subprocess.run([*install, "--no-build-isolation", "--target", target, source], check=True, capture_output=True)
    return target


@pytest.fixture(scope="module")
def plain(site: Path, tmp_path_factory: pytest.TempPathFactory) -> Tutor:
    """With nothing configured; nobody changes it."""
    return Tutor(tmp_path_factory.mktemp("plain"), site, {})


@pytest.fixture
def tutor(site: Path, tmp_path: Path) -> Callable[..., Tutor]:
    return lambda **config: Tutor(tmp_path, site, config)


def assigned(source: str) -> dict[str, Any]:
    """The Companion's settings in a settings module, which must be Python."""
    assignments = [node for node in ast.parse(source).body if isinstance(node, ast.Assign)]
    named = {node.targets[0].id: node.value for node in assignments if isinstance(node.targets[0], ast.Name)}
    return {name: ast.literal_eval(value) for name, value in named.items() if name.startswith("COMPANION_")}


def asked_of_pip(dockerfile: str, folder: Path) -> dict[str, Any]:
    """What the build would ask pip for: our RUN, run with a pip that takes notes."""
    run = re.search(r"^RUN --mount=\S+ \\\n(.*/tmp/platform\.txt \\\n.*)$", dockerfile, re.MULTILINE)
    assert run
    script(folder / "pip", PIP)
    command = run[1].replace("/tmp/", f"{folder}/")  # noqa: S108
    done = subprocess.run(
        ["sh", "-e", "-c", command], capture_output=True, text=True, env={"PIP_COMMAND": str(folder / "pip")}
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


# -- the image -----------------------------------------------------------------------------------------------


def test_it_works(plain: Tutor, tmp_path: Path):
    pip = asked_of_pip(plain.stage("python-requirements"), tmp_path)
    assert pip["asked"][0] == "install"
    assert pip["asked"][-1] == "course-companion[openedx]"
    for system in ("lms", "cms"):
        for kind in ("production", "development"):
            found = assigned(plain.rendered(f"apps/openedx/settings/{system}/{kind}.py"))
            assert found == {name: conf.DEFAULTS[name] for name in SETTINGS}
    assert plain.init() == [["lms", "migrate", "companion"], ["lms", "migrate", "django_tasks_database"]]


def test_the_platforms_packages_stay_as_they_are(plain: Tutor, tmp_path: Path):
    assert asked_of_pip(plain.stage("python-requirements"), tmp_path)["constraint"] == "Django==5.2.12\n"


@pytest.mark.parametrize(
    "requirement",
    ["course-companion[openedx]==0.1.0", "course-companion[openedx] @ git+https://git.example.com/c.git@main#egg=c&d"],
)
def test_a_version_or_a_branch_can_be_given(tutor: Callable[..., Tutor], tmp_path: Path, requirement: str):
    it = tutor(COMPANION_PIP_REQUIREMENT=requirement)
    assert asked_of_pip(it.stage("python-requirements"), tmp_path)["asked"][-1] == requirement


def test_a_mounted_checkout_is_installed_in_its_place(tutor: Callable[..., Tutor], tmp_path: Path):
    checkout = tmp_path / "course-companion"
    checkout.mkdir()
    # What `tutor config save --set COMPANION_PIP_REQUIREMENT=""` writes.
    it = tutor(COMPANION_PIP_REQUIREMENT=None, MOUNTS=[str(checkout)])
    assert "platform.txt" not in it.rendered("build/openedx/Dockerfile")
    for stage in ("production", "development"):
        assert 'RUN $PIP_COMMAND install -e "/mnt/course-companion"' in it.stage(stage)
    compose = yaml.safe_load(it.rendered("local/docker-compose.yml"))
    for service in ("lms", "cms"):
        assert f"{checkout}:/mnt/course-companion:z" in compose["services"][service]["volumes"]


# -- the settings --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["O'Neil's \"Süd\" \\n \N{GRINNING FACE}\nsecond line", 42])
def test_values_reach_django_as_they_were_given(tutor: Callable[..., Tutor], name: object):
    it = tutor(COMPANION_ORGANIZATION=name, COMPANION_NAMES="full_name", COMPANION_RETIRED_POSTS="delete")
    wanted = dict(zip(SETTINGS, (name, "full_name", "delete"), strict=True))
    assert assigned(it.rendered("apps/openedx/settings/lms/production.py")) == wanted
    assert assigned(it.rendered("apps/openedx/settings/cms/production.py")) == wanted


# -- the tasks -----------------------------------------------------------------------------------------------


def test_the_tables_are_those_that_the_plugin_adds_to_the_platform(plain: Tutor):
    added = {label for label in MigrationLoader(None).migrated_apps if apps.get_app_config(label).name in APPS}
    assert {call[2] for call in plain.init()} == added


def test_each_switch_that_the_code_asks_for_can_be_turned_on():
    sources = [*(ROOT / "companion" / "openedx").glob("*.py"), *(ROOT / "xblocks" / "companion_xblocks").glob("*.py")]
    asked = {name for path in sources for name in re.findall(r'is_switched_on\("(\w+)"', path.read_text())}
    assert set(SWITCHES.values()) == {f"companion.{name}" for name in asked}


@pytest.mark.parametrize("switch", SWITCHES)
def test_a_switch_turns_on_itself_alone(tutor: Callable[..., Tutor], switch: str):
    calls = tutor(**{switch: True}).init()[2:]
    assert calls[0] == ["lms", "waffle_flag", SWITCHES[switch], "--create", "--everyone"]
    assert [call[1] for call in calls[1:]] == (["shell"] if switch == "COMPANION_ASK_ASIDE" else [])


class AsidesConfig:
    """The platform's XBlockAsidesConfig as far as we use it: its newest row counts."""

    def __init__(self, *rows: SimpleNamespace) -> None:
        self.rows = list(rows)
        self.objects = SimpleNamespace(create=lambda **fields: self.rows.append(SimpleNamespace(**fields)))

    def current(self) -> SimpleNamespace:
        return self.rows[-1]


def test_asides_are_turned_on_once(tutor: Callable[..., Tutor], monkeypatch: pytest.MonkeyPatch):
    code = tutor(COMPANION_ASK_ASIDE=True).init()[-1][-1]
    config = AsidesConfig(SimpleNamespace(enabled=False, disabled_blocks="about video"))
    models = ModuleType("lms.djangoapps.lms_xblock.models")
    models.XBlockAsidesConfig = config
    for name in ("lms", "lms.djangoapps", "lms.djangoapps.lms_xblock"):
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
    monkeypatch.setitem(sys.modules, models.__name__, models)
    for _again in range(2):
        exec(code, {})  # noqa: S102
    assert config.rows[1:] == [SimpleNamespace(enabled=True, disabled_blocks="about video")]
