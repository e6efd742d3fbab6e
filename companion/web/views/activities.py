"""The space's front page, and an activity's settings."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from companion.errors import InvalidInput
from companion.spaces.api import configure_activity, get_activity, list_activities, must_configure
from companion.web.forms.activities import ActivityForm
from companion.web.mounting import CompanionRequest
from companion.web.page import redirect, render


@require_safe
def space_home(request: CompanionRequest) -> HttpResponse:
    activities = list_activities(viewer=request.viewer)
    items = [(activity, request.mount.url_for("thread-list", activity.uid)) for activity in activities]
    return render(request, "companion/space_home.html", {"items": items})


def activity_settings(request: CompanionRequest, uid: UUID) -> HttpResponse:
    activity = get_activity(viewer=request.viewer, uid=uid)
    must_configure(viewer=request.viewer)
    form = ActivityForm.for_activity(activity, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            configure_activity(viewer=request.viewer, uid=uid, **form.activity())
        except InvalidInput as error:
            form.refuse(error)
        else:
            return redirect(request.mount.url_for("thread-list", uid))
    context = {"activity": activity, "form": form, "prefix": "settings-"}
    return render(request, "companion/activity_settings.html", context, status=422 if form.errors else 200)
