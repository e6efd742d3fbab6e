"""What the Companion has mailed to whoever is signed in: in the demo no letter leaves the machine."""

from __future__ import annotations

import email
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from examples.demo_lms.config import CONFIG
from examples.demo_lms.course import Person
from examples.demo_lms.people import person_required

FOLDER: Final = CONFIG.directory / "mail"
# What Django's file backend puts behind each letter.
_END: Final = "\n" + "-" * 79 + "\n"


@require_GET
@person_required
def mailbox(request: HttpRequest, person: Person) -> HttpResponse:
    """The newest first."""
    mine = [letter for letter in _letters(FOLDER) if person.email and person.email in str(letter["To"])]
    items = [{"subject": letter["Subject"], "sent": letter["Date"], "html": _html(letter)} for letter in mine]
    return render(request, "demo_lms/mailbox.html", {"letters": items[::-1], "title": "My mail"})


def _letters(folder: Path) -> list[EmailMessage]:
    found = []
    for path in sorted(folder.glob("*.log"), key=lambda path: path.stat().st_mtime):
        for text in path.read_text(encoding="utf-8").split(_END):
            if text.strip():
                found.append(email.message_from_string(text.lstrip(), policy=default))
    return found


def _html(letter: EmailMessage) -> str:
    body = letter.get_body(("html", "plain"))
    return str(body.get_content()) if body is not None else ""
