"""The wheel: three top-level names, everything inside that a page needs, and it works in a new environment."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from configparser import ConfigParser
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
pytestmark = [pytest.mark.packaging, pytest.mark.one_database]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    # A copy, because setuptools leaves build folders behind that would hide a missing file the next time.
    source = folder / "source"
    files = subprocess.run(
        ["git", "-C", str(ROOT), "ls-files", "--cached", "--others", "--exclude-standard"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split("\n")
    for name in filter(None, files):
        if name.startswith(("companion/", "lti/", "xblocks/")) or "/" not in name:
            target = source / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes((ROOT / name).read_bytes())
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(source)],
        check=True,
        capture_output=True,
    )
    return next(folder.glob("*.whl"))


def test_it_holds_three_packages_with_their_templates_and_static_files(wheel: Path):
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.split("/")[0] for name in names if not name.split("/")[0].endswith(".dist-info")}
    assert tops == {"companion", "companion_lti", "companion_xblocks"}
    packed = set(names)
    for source, prefix in (("companion", ""), ("lti/companion_lti", "lti/"), ("xblocks/companion_xblocks", "xblocks/")):
        for path in (ROOT / source).rglob("*"):
            wanted = path.suffix in {".py", ".html", ".css", ".js", ".svg", ".mo", ".typed"} or path.name == "py.typed"
            if path.is_file() and wanted and "__pycache__" not in path.parts:
                assert str(path.relative_to(ROOT)).removeprefix(prefix) in packed


def test_it_offers_its_blocks_to_the_platform(wheel: Path):
    archive = zipfile.ZipFile(wheel)
    [listed] = [name for name in archive.namelist() if name.endswith(".dist-info/entry_points.txt")]
    points = ConfigParser(delimiters=("=",))
    points.read_string(archive.read(listed).decode())
    blocks = dict(points["xblock.v1"])
    assert set(blocks) == {"companion_discussion", "companion_questions", "companion_reflection"}
    for path in blocks.values():
        module, name = path.split(":")
        assert f"class {name}(" in archive.read(f"{module.replace('.', '/')}.py").decode()


def test_it_runs_in_a_new_environment(wheel: Path, tmp_path: Path):
    environ = {
        name: value
        for name, value in os.environ.items()
        if name not in ("PYTHONPATH", "DATABASE_URL", "DJANGO_SETTINGS_MODULE")
    }
    environ["COMPANION_DATA_DIR"] = str(tmp_path / "data")
    # The dependencies are those of this environment: what is tested is our own wheel, not the registry.
    subprocess.run([sys.executable, "-m", "venv", str(tmp_path / "venv")], check=True)
    python = tmp_path / "venv" / "bin" / "python"
    # With our own PYTHONPATH pip would find the checkout and hold the wheel for installed.
    subprocess.run([str(python), "-m", "pip", "install", "-q", "--no-deps", str(wheel)], check=True, env=environ)
    site = next((tmp_path / "venv").glob("lib/python*/site-packages"))
    borrowed = [path for path in sys.path if path.endswith("site-packages")]
    (site / "borrowed.pth").write_text("\n".join(borrowed))
    code = "import companion, companion_lti; print(companion.__file__); print(companion_lti.__file__)"
    found = subprocess.run(
        [str(python), "-c", code], check=True, capture_output=True, text=True, env=environ, cwd=tmp_path
    )
    assert all(line.startswith(str(site)) for line in found.stdout.split())
    command = str(tmp_path / "venv" / "bin" / "companion")
    for arguments in (
        ["manage", "migrate", "-v", "0"],
        ["manage", "check"],
        ["manage", "collectstatic", "--noinput", "-v", "0"],
    ):
        done = subprocess.run([command, *arguments], capture_output=True, text=True, env=environ, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
    assert list((tmp_path / "data" / "static" / "companion").glob("companion.*.css"))
