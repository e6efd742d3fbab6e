"""The demo LMS fails on request, and only its services do."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest
import requests

from tests.demo_lms.conftest import COLUMNS, NOTICES, ROSTER, Lms

Ask = Callable[[], requests.Response]


@pytest.fixture
def services(lms: Lms) -> Iterator[list[Ask]]:
    """One request to each service, with a token from before anything failed."""
    headers = lms.bearer(f"{ROSTER} {COLUMNS} {NOTICES}")
    paths = ["nrps/2/memberships", "ags/2/lineitems", "notice-handlers/1"]
    yield [
        lambda: lms.token(ROSTER),
        *(lambda path=path: requests.get(f"{lms.url}/{path}", headers=headers, timeout=2) for path in paths),
    ]
    (lms.folder / "faults").unlink(missing_ok=True)


@pytest.mark.parametrize(("fault", "status", "waits"), [("503", 503, None), ("429", 429, "2")])
def test_it_works(lms: Lms, services: list[Ask], fault: str, status: int, waits: str | None) -> None:
    (lms.folder / "faults").write_text(f"{fault}\n")
    for ask in services:
        answer = ask()
        assert (answer.status_code, answer.headers.get("Retry-After")) == (status, waits)


def test_a_lie_is_a_page(lms: Lms, services: list[Ask]) -> None:
    (lms.folder / "faults").write_text("lie")
    for ask in services:
        answer = ask()
        assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/html; charset=utf-8")


def test_who_hangs_answers_when_the_fault_is_taken_back(lms: Lms, services: list[Ask]) -> None:
    (lms.folder / "faults").write_text("hang")
    with pytest.raises(requests.ReadTimeout):
        services[1]()
    (lms.folder / "faults").write_text("")
    asked_at = time.monotonic()
    assert [ask().status_code for ask in services] == [200, 200, 200, 200]
    assert time.monotonic() - asked_at < 20


def test_people_notice_nothing(lms: Lms, services: list[Ask]) -> None:
    (lms.folder / "faults").write_text("503")
    ana = lms.browser("ana")
    for path in ("", "courses/2/", "launch/2/", "jwks", ".well-known/openid-configuration"):
        assert lms.get(ana, path).status_code == 200
