"""The standalone service: health, admin, headers, the command line."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from companion.models import Activity, Person
from companion.standalone import cli, database
from tests.people import course as make_course

ROOT = Path(__file__).resolve().parents[2]


def run(*arguments: str, folder: Path, **env: str) -> subprocess.CompletedProcess[str]:
    environ = {
        name: value
        for name, value in os.environ.items()
        if name not in ("DJANGO_SETTINGS_MODULE", "DATABASE_URL", "SECRET_KEY")
    }
    environ |= {"COMPANION_DATA_DIR": str(folder), "PYTHONPATH": f"{ROOT}:{ROOT / 'lti'}", **env}
    return subprocess.run(
        [sys.executable, "-m", "companion.standalone", *arguments],
        env=environ,
        cwd=folder,
        capture_output=True,
        text=True,
    )


def test_it_is_alive_and_ready(client: Client, db: None):
    assert client.get("/livez").content == b"ok\n"
    assert client.get("/readyz").content == b"ok\n"


def test_a_probe_may_come_by_the_machines_address(client: Client, db: None):
    assert client.get("/livez", headers={"host": "10.1.2.3:8601"}).status_code == 200
    assert client.get("/readyz", headers={"host": "10.1.2.3:8601"}).status_code == 200
    assert client.get("/admin/", headers={"host": "10.1.2.3:8601"}).status_code == 400


def test_it_is_not_ready_while_migrations_are_missing(client: Client, db: None, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("companion.standalone.health.waits_for_migrations", lambda: True)
    answer = client.get("/readyz")
    assert (answer.status_code, answer.content) == (503, b"migrations are missing\n")


def test_it_is_not_ready_without_its_database(client: Client, db: None, monkeypatch: pytest.MonkeyPatch):
    def fails() -> bool:
        raise OSError("no database")

    monkeypatch.setattr("companion.standalone.health.waits_for_migrations", fails)
    answer = client.get("/readyz")
    assert (answer.status_code, answer.content) == (503, b"the database does not answer\n")


def test_the_migrations_are_all_there(db: None):
    assert database.waits_for_migrations() is False


def test_the_admin_site_opens_and_knows_no_posts(db: None):
    make_course()
    get_user_model().objects.create_superuser("root", password="root")
    client = Client()
    client.login(username="root", password="root")
    index = client.get("/admin/").content.decode()
    assert "Registrations" in index
    for secret in ("Post", "Pseudonym", "Anonymous author", "Read state", "Thread"):
        assert f">{secret}s<" not in index
    for path in (
        "companion/organization/",
        "companion/person/",
        f"companion/person/{Person.objects.first().pk}/change/",
        "companion/space/",
        "companion/membership/",
        "companion/activity/",
        f"companion/activity/{Activity.objects.first().pk}/change/",
        "companion_lti/registration/add/",
        "companion_lti/deployment/",
        "companion_lti/toolkey/",
        "companion_lti/roster/",
    ):
        assert client.get(f"/admin/{path}").status_code == 200, path
    assert client.get("/admin/companion_lti/toolkey/add/").status_code == 403


def test_every_answer_says_what_a_browser_may_do(client: Client, db: None):
    answer = client.get("/lti/jwks")
    assert "frame-ancestors 'none'" in answer["Content-Security-Policy"]
    assert "script-src 'self'" in answer["Content-Security-Policy"]
    assert answer["X-Frame-Options"] == "DENY"
    assert answer["X-Content-Type-Options"] == "nosniff"


def test_the_command_line_from_an_empty_folder(tmp_path: Path):
    refused = run("serve", folder=tmp_path)
    assert refused.returncode == 1
    assert "companion manage migrate" in refused.stderr
    done = run("manage", "migrate", "--verbosity", "0", folder=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "secret_key").stat().st_mode & 0o777 == 0o600
    assert run("worker", "--once", folder=tmp_path).returncode == 0
    journal = run(
        "manage",
        "shell",
        "-c",
        "from django.db import connection as c; print(c.cursor().execute('PRAGMA journal_mode').fetchone())",
        folder=tmp_path,
    )
    assert "('wal',)" in journal.stdout


def test_the_demo_needs_the_repository(tmp_path: Path):
    refused = run("demo", folder=tmp_path, PYTHONPATH=f"{ROOT / 'lti'}")
    assert refused.returncode == 1
    assert "clone it and run `make demo`" in refused.stderr or "No module named" in refused.stderr


@pytest.mark.parametrize("arguments", [[], ["nonsense"], ["serve", "--nonsense"]])
def test_wrong_arguments_are_explained(arguments: list[str], capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as stopped:
        cli.main(arguments)
    assert stopped.value.code == 2
    assert "usage: companion" in capsys.readouterr().err


@pytest.mark.redis
def test_redis_is_the_cache_where_it_is_named(tmp_path: Path):
    from tests.services import redis_url

    url = redis_url()
    assert url
    code = (
        "from django.core.cache import cache; cache.set('test', 5, 5); print(cache._class.__name__, cache.get('test'))"
    )
    done = run("manage", "shell", "-c", code, folder=tmp_path, REDIS_URL=url)
    assert "RedisCacheClient 5" in done.stdout


def test_the_time_is_moved_in_demonstrations_only(tmp_path: Path):
    refused = run("manage", "check", folder=tmp_path, COMPANION_CLOCK_FILE="clock", COMPANION_URL="https://a.example")
    assert refused.returncode != 0
    assert "COMPANION_CLOCK_FILE is for demonstrations" in refused.stderr
    (tmp_path / "clock").write_text("3600")
    code = "from companion import clock; print(round((clock.now() - clock.now_elsewhere()).total_seconds()))"
    for file, moved in (("clock", "3600"), ("", "0")):
        done = run("manage", "shell", "--no-imports", "-c", code, folder=tmp_path, COMPANION_CLOCK_FILE=file)
        assert (done.stdout.strip(), done.stderr) == (moved, "")
