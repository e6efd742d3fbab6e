"""A learner's own journal over all courses, and how they are reminded."""

from __future__ import annotations

import json
from urllib.parse import parse_qsl

from django.db import transaction
from django.http import HttpResponse
from django.views.decorators.http import require_POST, require_safe

from companion.reflections import api as reflections
from companion.reflections.journal import as_markdown, as_values
from companion.text import clean_line
from companion.web.forms.reflections import RemindersForm
from companion.web.mounting import CompanionRequest
from companion.web.page import redirect, render, with_query
from companion.web.views.posts import REFUSALS, refuse


@require_safe
def journal(request: CompanionRequest) -> HttpResponse:
    """One's own entries over all courses: read by nobody else."""
    words = clean_line(request.GET.get("q", ""))[:200]
    entries, following = reflections.list_journal(
        viewer=request.viewer, words=words, cursor=request.GET.get("after", "")
    )
    url = request.mount.url_for("journal")
    # Browsers drop the query of a form's address: the mount's becomes hidden fields.
    action, _mark, query = url.partition("?")
    context = {
        "search_action": action,
        "search_fields": parse_qsl(query),
        "entries": [(entry, request.mount.url_for("prompt-share", entry.delivery_id)) for entry in entries],
        "privacies": reflections.Privacy.choices,
        "asked": words,
        "next_url": with_query(url, {"after": following}) if following else "",
        "asked_now": waiting_for(request),
    }
    return render(request, "companion/journal.html", context)


def waiting_for(request: CompanionRequest) -> list[tuple[str, str, str]]:
    """(title, where, address) of what waits for an answer in this course."""
    found = reflections.list_waiting(viewer=request.viewer)
    return [(title, place, request.mount.url_for("thread-list", activity.uid)) for title, place, activity in found]


@require_safe
def journal_print(request: CompanionRequest) -> HttpResponse:
    """All of it on one page, for paper or a PDF."""
    return render(request, "companion/journal_print.html", {"entries": reflections.list_all(viewer=request.viewer)})


@require_POST
def journal_export(request: CompanionRequest) -> HttpResponse:
    """The journal as a file. A form and not a link: a browser that keeps no cookie sends the token only with a form."""
    entries = reflections.list_all(viewer=request.viewer)
    if request.POST.get("format") == "json":
        text, kind, ending = json.dumps(as_values(entries), ensure_ascii=False, indent=2), "application/json", "json"
    else:
        text, kind, ending = as_markdown(entries), "text/markdown; charset=utf-8", "md"
    response = HttpResponse(text, content_type=kind)
    response.headers["Content-Disposition"] = f'attachment; filename="journal.{ending}"'
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def reminders(request: CompanionRequest) -> HttpResponse:
    """How somebody is reminded, over all courses."""
    contact = reflections.get_contact(viewer=request.viewer)
    initial = {"wants_mail": contact.wants_mail, "time_zone": contact.time_zone}
    form = RemindersForm(request.POST if request.method == "POST" else None, initial=initial, auto_id="reminders-%s")
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            with transaction.atomic():
                reflections.set_time_zone(viewer=request.viewer, name=form.cleaned_data["time_zone"].strip())
                reflections.stop_reminders(
                    person_id=request.viewer.person_id, stopped=not form.cleaned_data["wants_mail"]
                )
        except REFUSALS as error:
            status = refuse(form, error)
        else:
            return redirect(request.mount.url_for("journal"))
    status = 422 if form.errors and status == 200 else status
    return render(request, "companion/reminders.html", {"form": form, "contact": contact}, status=status)
