"""Starting the demo: again on what is there already, and where a port is taken."""

from __future__ import annotations

import socket
import sqlite3
from pathlib import Path

import pytest

from examples.demo_lms import run


def counts(folder: Path) -> dict[str, int]:
    """How many rows each table of both services holds."""
    found = {}
    for path in folder.rglob("*.sqlite3"):
        with sqlite3.connect(path) as database:
            for (table,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
                found[f"{path.name} {table}"] = database.execute(f'SELECT count(*) FROM "{table}"').fetchone()[0]
    return found


def test_seeding_twice_adds_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    env = run.environment(8677, tmp_path)
    run.prepare(env)
    once = counts(tmp_path)
    assert once["companion.sqlite3 companion_post"] > 100
    assert once["companion.sqlite3 companion_question"] == 10
    # Nobody travels before they arrive.
    (tmp_path / "clock").write_text("3600")
    run.prepare(env)
    assert counts(tmp_path) == once
    assert not (tmp_path / "clock").exists()


def test_a_taken_port_is_said_before_anything_starts() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        with pytest.raises(SystemExit, match=f"Port {port} is taken"):
            run.main(port=port - 1)
