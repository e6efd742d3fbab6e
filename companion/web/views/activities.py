"""The space's front page, and an activity's settings."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from companion import clock
from companion.errors import InvalidInput, NotAllowed
from companion.moderation import api as moderation
from companion.questions import api as questions
from companion.spaces.api import Activity, configure_activity, get_activity, list_activities, must_configure
from companion.threads import api as threads
from companion.web.forms.activities import form_of
from companion.web.fragments import draw_rows
from companion.web.links import Pattern
from companion.web.mounting import CompanionRequest
from companion.web.page import redirect, render
from companion.web.views.journal import waiting_for


def _upcoming(items: list[tuple[Activity, str]]) -> list[tuple[datetime, Activity, str, bool]]:
    """The next dates as (moment, activity, URL, whether it opens then)."""
    now = clock.now()
    dates = [(activity.opens_at, activity, url, True) for activity, url in items]
    dates += [(activity.closes_at, activity, url, False) for activity, url in items]
    coming = [(moment, activity, url, opens) for moment, activity, url, opens in dates if moment and moment > now]
    return sorted(coming, key=lambda date: (date[0], date[1].pk))[:8]


@require_safe
def space_home(request: CompanionRequest) -> HttpResponse:
    """What is new, what nobody has answered, what comes next, and every discussion of the course."""
    activities = list_activities(viewer=request.viewer)
    items = [(activity, request.mount.url_for("thread-list", activity.uid)) for activity in activities]
    links = Pattern(request.mount, "thread-detail")
    context = {
        "items": items,
        "news": draw_rows(request.mount, threads.list_recent(viewer=request.viewer)),
        "unanswered": draw_rows(request.mount, threads.list_recent(viewer=request.viewer, unanswered=True)),
        "announced": [(row, links.of(row.id)) for row in threads.list_announcements(viewer=request.viewer)],
        "upcoming": _upcoming(items),
        "waiting": moderation.count_open(viewer=request.viewer),
        "waiting_for_me": questions.count_mine(viewer=request.viewer),
        "asked": waiting_for(request),
        "corrected": [(title, links.of(pk)) for pk, title in questions.list_corrections(viewer=request.viewer)],
    }
    return render(request, "companion/space_home.html", context)


def activity_settings(request: CompanionRequest, uid: UUID) -> HttpResponse:
    activity = get_activity(viewer=request.viewer, uid=uid)
    must_configure(viewer=request.viewer)
    if request.mount.settings_note:
        raise NotAllowed(request.mount.settings_note)
    form = form_of(request.mount, activity.kind).for_activity(
        activity, request.POST if request.method == "POST" else None
    )
    if request.method == "POST" and form.is_valid():
        try:
            configure_activity(viewer=request.viewer, uid=uid, **form.activity())
        except InvalidInput as error:
            form.refuse(error)
        else:
            return redirect(request.mount.url_for("series-detail" if activity.asks_back else "thread-list", uid))
    context = {"activity": activity, "form": form, "prefix": "settings-"}
    return render(request, "companion/activity_settings.html", context, status=422 if form.errors else 200)
