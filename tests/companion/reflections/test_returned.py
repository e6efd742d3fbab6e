"""A letter comes back, as a mail server reports it (RFC 3464; the shape is Postfix's)."""

from __future__ import annotations

import io
import sys
from types import SimpleNamespace
from typing import Any

import pytest
from django.core import mail
from django.core.management import call_command

from companion import clock
from companion.reflections import api as reflections
from tests.companion.reflections import stories
from tests.companion.reflections.stories import MONDAY, after, finish, said

REPORT = """\
From: MAILER-DAEMON@mx.example.org (Mail Delivery System)
To: companion@example.org
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="B"

--B
Content-Type: text/plain; charset=us-ascii

<{address}>: host mx.example.org said: 550 5.1.1 User unknown

--B
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.org
Arrival-Date: Mon,  2 Mar 2026 09:00:00 +0000 (UTC)

Final-Recipient: rfc822; {address}
Original-Recipient: rfc822;{address}
Action: {action}
Status: {status}
Diagnostic-Code: smtp; 550 5.1.1 User unknown

--B
Content-Type: {kind}

{headers}
--B--
"""


@pytest.fixture
def followed(db: None) -> stories.Followed:
    with clock.at(MONDAY):
        followed = stories.course()
        finish(followed)
    with after(2):
        assert len(mail.outbox) == 1
    return followed


def report(**changes: str) -> bytes:
    whole = mail.outbox[-1].message().as_string()
    facts = {
        "address": "ana@example.org",
        "action": "failed",
        "status": "5.1.1",
        "kind": "message/rfc822",
        "headers": whole,
    }
    if changes.get("kind") == "text/rfc822-headers":
        facts["headers"] = whole.partition("\n\n")[0] + "\n"
    return REPORT.format(**facts | changes).encode()


def has_bounced(followed: stories.Followed) -> bool:
    return reflections.get_contact(viewer=followed.ana).has_bounced


@pytest.mark.parametrize("kind", ["message/rfc822", "text/rfc822-headers"])
def test_it_works(followed: stories.Followed, kind: str) -> None:
    assert reflections.note_returned(report(kind=kind)) == "noted"
    assert has_bounced(followed)
    with after(7):
        assert said(followed.ana, "sure") == ("sent", "bounced")


@pytest.mark.parametrize(
    ("changes", "outcome"),
    [
        ({"action": "delayed", "status": "4.4.1"}, "no address failed for good"),
        ({"action": "delivered", "status": "2.0.0"}, "no address failed for good"),
        ({"status": "4.2.2"}, "no address failed for good"),
        ({"headers": "Subject: Hello\n\nYou"}, "not a letter of ours"),
        ({"headers": "List-Unsubscribe: <http://localhost:8601/mail/stop/forged/>\n\nYou"}, "not a letter of ours"),
        ({"address": "chen@example.org"}, "not the address of whom it was sent to"),
    ],
)
def test_what_is_not_believed(followed: stories.Followed, changes: dict[str, str], outcome: str) -> None:
    assert reflections.note_returned(report(**changes)) == outcome
    assert not has_bounced(followed)


@pytest.mark.parametrize(
    "message", [b"", b"\xff\xfe\x00", b"Content-Type: message/delivery-status\n\nAction", b"a: b\n" * 9999]
)
def test_what_is_no_report(db: None, message: bytes) -> None:
    assert reflections.note_returned(message) == "no address failed for good"


def test_from_the_mail_server_by_a_pipe(
    followed: stories.Followed, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(report())))
    call_command("note_bounce")
    assert capsys.readouterr().out == "noted\n"
    assert has_bounced(followed)
