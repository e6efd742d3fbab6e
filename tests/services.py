"""The services that tests can use: found by the usual environment variables, else at their default ports."""

from __future__ import annotations

import importlib.util
import os
import shutil
import socket
import subprocess
from pathlib import Path
from urllib.parse import quote

REQUIRED = os.environ.get("COMPANION_REQUIRE_SERVICES") == "1"


def postgres_url() -> str | None:
    """From PGHOST, PGPORT, PGUSER, PGPASSWORD, as psql reads them."""
    host, port = os.environ.get("PGHOST", "127.0.0.1"), int(os.environ.get("PGPORT", "5432"))
    user, password = os.environ.get("PGUSER", "postgres"), os.environ.get("PGPASSWORD", "")
    if not _answers(host, port):
        return None
    return f"postgres://{quote(user)}:{quote(password)}@{host}:{port}/postgres"


def mysql_url() -> str | None:
    """From MYSQL_HOST, MYSQL_TCP_PORT, MYSQL_USER, MYSQL_PWD, as the client reads them; None without its driver."""
    host, port = os.environ.get("MYSQL_HOST", "127.0.0.1"), int(os.environ.get("MYSQL_TCP_PORT", "3306"))
    user, password = os.environ.get("MYSQL_USER", "root"), os.environ.get("MYSQL_PWD", "")
    if importlib.util.find_spec("MySQLdb") is None or not _answers(host, port):
        return None
    return f"mysql://{quote(user)}:{quote(password)}@{host}:{port}/companion"


def redis_url() -> str | None:
    url = os.environ.get("REDIS_URL", "")
    return url or ("redis://127.0.0.1:6379/0" if _answers("127.0.0.1", 6379) else None)


def chromium_path() -> str | None:
    return os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")


def python_folder(version: str) -> Path | None:
    """The folder of a Python ("3.12") that can be started: on the PATH, or kept by pyenv and not switched on."""
    kept = Path(os.environ.get("PYENV_ROOT", "~/.pyenv")).expanduser() / "versions"
    for found in (shutil.which(f"python{version}"), *sorted(kept.glob(f"{version}.*/bin/python{version}"))):
        if found is not None and subprocess.run([found, "-c", "pass"], capture_output=True).returncode == 0:
            return Path(found).parent
    return None


def _answers(host: str, port: int) -> bool:
    if host.startswith("/"):
        return os.path.exists(f"{host}/.s.PGSQL.{port}")
    try:
        with socket.create_connection((host, port), timeout=1):
            return True
    except OSError:
        return False
