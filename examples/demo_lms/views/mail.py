"""What the Companion has mailed to whoever is signed in: in the demo no letter leaves the machine."""

from __future__ import annotations

import email
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Final

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from examples.demo_lms.config import CONFIG
from examples.demo_lms.course import Person
from examples.demo_lms.middleware import HEADER
from examples.demo_lms.people import person_required

FOLDER: Final = CONFIG.directory / "mail"
# What Django's file backend puts behind each letter.
_END: Final = b"\n" + b"-" * 79 + b"\n"
# As a mail program does: its styles, and no scripts, pictures or forms.
_POLICY: Final = (
    "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self';"
    " sandbox allow-popups allow-popups-to-escape-sandbox"
)


@require_GET
@person_required
def mailbox(request: HttpRequest, person: Person) -> HttpResponse:
    """The newest first."""
    letters = [(number, {"subject": found["Subject"]}) for number, found in enumerate(_letters_to(person))][::-1]
    return render(request, "demo_lms/mailbox.html", {"letters": letters, "title": "My mail"})


@require_GET
@person_required
def letter(request: HttpRequest, person: Person, number: int) -> HttpResponse:
    """One of them as it was sent, in a frame that may do nothing but open links."""
    letters = _letters_to(person)
    if number >= len(letters):
        raise Http404
    body = letters[number].get_body(("html", "plain"))
    html = str(body.get_content()).replace("<head>", '<head><base target="_blank">', 1) if body else ""
    return HttpResponse(html, headers={HEADER: _POLICY})


def _letters_to(person: Person) -> list[EmailMessage]:
    return [found for found in _letters(FOLDER) if person.email and person.email in str(found["To"])]


def _letters(folder: Path) -> list[EmailMessage]:
    found = []
    for path in sorted(folder.glob("*.log"), key=lambda path: path.stat().st_mtime):
        for raw in path.read_bytes().split(_END):
            if raw.strip():
                found.append(email.message_from_bytes(raw.lstrip(), policy=default))
    return found
