"""The time of the demo: moved by a button in the header, followed by whoever reads the file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import requests

from tests.demo_lms.conftest import Lms

A_MOMENT = timedelta(minutes=2)


@pytest.fixture(autouse=True)
def _now_in_the_end(lms: Lms) -> Iterator[None]:
    yield
    (lms.folder / "clock").unlink(missing_ok=True)


def ahead(lms: Lms, browser: requests.Session) -> timedelta:
    found = re.search(r'Demo time <time datetime="([^"]+)"', lms.get(browser, "").text)
    assert found
    return datetime.fromisoformat(found[1]) - datetime.now(UTC)


def test_it_works(lms: Lms) -> None:
    ana = lms.browser("ana")
    assert abs(ahead(lms, ana)) < A_MOMENT
    assert "Back to now" not in lms.get(ana, "").text
    for step in ("+4 hours", "+1 day", "+1 week"):
        assert lms.submit(ana, "travel", step=step, next="/courses/2/").url == f"{lms.url}/courses/2/"
    assert abs(ahead(lms, ana) - timedelta(days=8, hours=4)) < A_MOMENT
    assert int((lms.folder / "clock").read_text()) == timedelta(days=8, hours=4).total_seconds()
    assert "Back to now" in lms.get(ana, "").text
    lms.submit(ana, "travel", step="now")
    assert abs(ahead(lms, ana)) < A_MOMENT


def test_a_launch_is_signed_by_the_machines_clock(lms: Lms) -> None:
    ana = lms.browser("ana")
    lms.submit(ana, "travel", step="+1 week")
    issued = datetime.fromtimestamp(lms.launch(ana, "launch/2/")["iat"], UTC)
    assert abs(issued - datetime.now(UTC)) < A_MOMENT


def test_only_who_is_signed_in_moves_it_and_only_by_a_button(lms: Lms) -> None:
    stranger = requests.Session()
    assert "Who would you like to be?" in lms.submit(stranger, "travel", step="+1 week").text
    assert lms.get(lms.browser("ana"), "travel").status_code == 405
    assert lms.submit(lms.browser("ana"), "travel", step="+1 week", next="https://example.com/").url == f"{lms.url}/"
    assert abs(ahead(lms, lms.browser("ana")) - timedelta(weeks=1)) < A_MOMENT
