"""An LMS from before there were several tools goes on where it was."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

from tests.demo_lms.conftest import CLIENT_ID, ROOT


def run(folder: Path, *command: str) -> None:
    environ = os.environ | {"DEMO_LMS_DIR": str(folder), "DJANGO_SETTINGS_MODULE": "examples.demo_lms.settings"}
    subprocess.run([sys.executable, "-m", *command], cwd=ROOT, env=environ, check=True, capture_output=True)


def test_links_and_grades_stay_and_the_way_back_is_open(tmp_path: Path) -> None:
    run(tmp_path, "django", "migrate", "demo_lms", "0002")
    with sqlite3.connect(tmp_path / "demo_lms.sqlite3") as database:
        database.executescript("""
            INSERT INTO demo_lms_course VALUES (2, 'on-call', 'ONCALL1', 'Renamed', '');
            INSERT INTO demo_lms_link VALUES (9, 'the-review', 'Placed', '', '', '{}', '', 2);
            INSERT INTO demo_lms_lineitem VALUES (1, 'Column', 10.0, '', '', 2, 9);
            INSERT INTO demo_lms_result VALUES (1, '3', 8.0, 10.0, '', 'Completed', 'FullyGraded', '2026-01-01', 1);
        """)

    run(tmp_path, "examples.demo_lms.seed")
    run(tmp_path, "examples.demo_lms.seed")

    with sqlite3.connect(tmp_path / "demo_lms.sqlite3") as database:
        assert database.execute("SELECT client_id, is_active FROM demo_lms_tool").fetchall() == [(CLIENT_ID, 1)]
        assert database.execute("SELECT title FROM demo_lms_course WHERE id = 2").fetchone() == ("Renamed",)
        assert database.execute("SELECT title, tool_id FROM demo_lms_link WHERE id = 9").fetchone() == ("Placed", None)
        assert database.execute("SELECT score_given FROM demo_lms_result").fetchone() == (8.0,)

    run(tmp_path, "django", "migrate", "demo_lms", "0002")
    with sqlite3.connect(tmp_path / "demo_lms.sqlite3") as database:
        assert database.execute("SELECT title FROM demo_lms_link WHERE id = 9").fetchone() == ("Placed",)
