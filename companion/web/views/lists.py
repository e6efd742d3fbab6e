"""The threads of an activity: the list, what is new in it, following, and whom one may name."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any
from uuid import UUID

from django.http import HttpResponse, HttpResponseNotModified, JsonResponse
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from companion import credit as credits
from companion.moderation import api as moderation
from companion.questions import api as questions
from companion.reflections import api as reflections
from companion.spaces.api import Activity, get_activity
from companion.spaces.permissions import can_read_activity
from companion.text import clean
from companion.threads import api as threads
from companion.threads import permissions
from companion.viewer import Mount
from companion.web.fragments import draw_rows
from companion.web.links import Pattern
from companion.web.middleware import allow_media
from companion.web.mounting import CompanionRequest
from companion.web.page import is_block, number_of, redirect, render, with_query
from companion.web.video import strip_of, video_of
from companion.web.views.asking import list_helpers
from companion.web.views.reflections import credit_of, show_series

SORTS = {
    threads.Sort.ACTIVE: gettext_lazy("Active"),
    threads.Sort.NEWEST: gettext_lazy("Newest"),
    threads.Sort.UNANSWERED: gettext_lazy("Unanswered"),
    threads.Sort.HELPFUL: gettext_lazy("Most helpful"),
    threads.Sort.VIDEO: gettext_lazy("Along the video"),
}
ONLY = {
    threads.Only.ALL: gettext_lazy("All"),
    threads.Only.UNREAD: gettext_lazy("Unread"),
    threads.Only.MINE: gettext_lazy("Mine"),
    threads.Only.FOLLOWING: gettext_lazy("Following"),
    threads.Only.ENDORSED: gettext_lazy("Endorsed"),
}


@require_safe
def thread_list(request: CompanionRequest, uid: UUID) -> HttpResponse:
    return show_list(request, get_activity(viewer=request.viewer, uid=uid))


def show_list(request: CompanionRequest, activity: Activity) -> HttpResponse:
    """The list of an activity that has been through its gate."""
    if not can_read_activity(request.viewer, activity):
        return render(request, "companion/activity_not_open.html", {"activity": activity})
    if activity.pk is not None:
        reflections.note_seen(
            viewer=request.viewer,
            activity=activity,
            ends_course=not request.mount.tells_completion,
            is_complete=partial(_is_complete, request, activity),
        )
    if activity.asks_back:
        return show_series(request, activity)
    sort = _choice(threads.Sort, request.GET.get("sort")) or threads.Sort.ACTIVE
    only = _choice(threads.Only, request.GET.get("only")) or threads.Only.ALL
    kind = _choice(threads.Kind, request.GET.get("kind"))
    if activity.pk is not None:
        threads.keep_stages(viewer=request.viewer, activity=activity)
    page = threads.list_threads(
        viewer=request.viewer, activity=activity, sort=sort, only=only, kind=kind, cursor=request.GET.get("after", "")
    )
    rows = page.pinned + page.rows
    is_first_page = "after" not in request.GET
    links = Pattern(request.mount, "thread-detail")
    # Not in a unit of the host's, where ten discussions would say it ten times.
    announces = is_first_page and not is_block(request)
    video = video_of(activity)
    announced = threads.list_announcements(viewer=request.viewer, besides=activity) if announces else []
    since = threads.seal_latest(viewer=request.viewer, activity=activity, latest=page.latest)
    context = {
        "activity": activity,
        "event": threads.view_event(activity),
        **credit_of(request, activity),
        "helpers": list_helpers(request, activity) if activity.takes_questions else [],
        "waiting_for_me": questions.count_mine(viewer=request.viewer) if activity.takes_questions else 0,
        "can_start": permissions.can_start_thread(request.viewer, activity),
        "is_closed": activity.has_closed(),
        "page": page,
        "has_unread": any(row.unread > 0 for row in rows),
        "is_first_page": is_first_page,
        "is_filtered": only is not threads.Only.ALL or sort in _PARTIAL or kind is not None,
        "follows": only is threads.Only.FOLLOWING and _follows(request, activity),
        "is_following_list": only is threads.Only.FOLLOWING,
        "items": draw_rows(request.mount, rows, _standings(request, activity, rows)),
        "announced": [(row, links.of(row.id)) for row in announced],
        "waiting": moderation.count_open(viewer=request.viewer) if is_first_page else 0,
        **_tabs(request.mount, activity, sort, only, kind, page.next),
        "live_url": with_query(request.mount.url_for("list-news", activity.uid), {"since": since}),
        "video": video,
        "strip": strip_of(threads.list_seconds(viewer=request.viewer, activity=activity))
        if sort is threads.Sort.VIDEO and is_first_page
        else None,
    }
    response = render(request, "companion/thread_list.html", context)
    allow_media(response, video)
    return response


@require_POST
def list_seen(request: CompanionRequest, uid: UUID) -> HttpResponse:
    activity = get_activity(viewer=request.viewer, uid=uid)
    threads.mark_all_seen(viewer=request.viewer, activity=activity)
    return redirect(request.mount.url_for("thread-list", uid))


@require_POST
def list_follow(request: CompanionRequest, uid: UUID) -> HttpResponse:
    following = request.POST.get("following") == "1"
    threads.follow_activity(viewer=request.viewer, uid=uid, following=following)
    return redirect(request.mount.url_for("thread-list", uid), {"only": threads.Only.FOLLOWING})


@require_safe
def list_news(request: CompanionRequest, uid: UUID) -> HttpResponse:
    """What an open list asks every few seconds: 304 while nothing is newer than it shows."""
    if threads.is_latest(viewer=request.viewer, sealed=request.GET.get("since", "")):
        return HttpResponseNotModified()
    activity = get_activity(viewer=request.viewer, uid=uid)
    return render(request, "companion/partials/list_news.html", {"activity": activity, "is_partial": True})


@require_safe
def people(request: CompanionRequest, uid: UUID) -> HttpResponse:
    """Whom one may mean who has typed @ and some letters: `{"people": [{"insert", "name"}]}`."""
    activity = get_activity(viewer=request.viewer, uid=uid)
    thread = None
    if request.GET.get("thread"):
        thread = threads.get_thread(viewer=request.viewer, thread_id=number_of(request.GET["thread"]))
    found = (
        threads.suggest_people(viewer=request.viewer, start=clean(request.GET.get("q", "")), thread=thread)
        if can_read_activity(request.viewer, activity)
        else []
    )
    return JsonResponse({"people": [{"insert": insert, "name": name} for insert, name in found]})


# What these show is not all there is.
_PARTIAL = (threads.Sort.UNANSWERED, threads.Sort.VIDEO)


def _is_complete(request: CompanionRequest, activity: Activity) -> bool:
    """Whether the reader has finished an activity: by its rule for credit, without one by looking at it."""
    credit = credits.get_credit(activity=activity, person_id=request.viewer.person_id)
    return credit is None or credit.is_complete


def _standings(
    request: CompanionRequest, activity: Activity, rows: list[threads.ThreadRow]
) -> Mapping[int, questions.Standing]:
    if not activity.takes_questions:
        return {}
    return questions.list_standings(viewer=request.viewer, thread_ids=[row.id for row in rows])


def _follows(request: CompanionRequest, activity: Activity) -> bool:
    return threads.follows_activity(viewer=request.viewer, activity_id=activity.pk)


def _tabs(
    mount: Mount,
    activity: Activity,
    sort: threads.Sort,
    only: threads.Only,
    kind: threads.Kind | None,
    cursor: str,
) -> dict[str, Any]:
    """Links of the list's tabs as (name, URL, is current), and of its next page."""
    url = mount.url_for("thread-list", activity.uid)
    sorts = [to for to in SORTS if to is not threads.Sort.VIDEO or activity.discussion.video]
    kinds = [(gettext_lazy("Any kind"), None), *((to.label, to) for to in threads.Kind)]
    return {
        "sorts": [
            (str(SORTS[to]), with_query(url, {"sort": to, "only": only, "kind": kind}), to is sort) for to in sorts
        ],
        "onlys": [
            (str(ONLY[to]), with_query(url, {"sort": sort, "only": to, "kind": kind}), to is only) for to in ONLY
        ],
        "kinds": [
            (str(name), with_query(url, {"sort": sort, "only": only, "kind": to}), to is kind) for name, to in kinds
        ],
        "next_url": with_query(url, {"sort": sort, "only": only, "kind": kind, "after": cursor}) if cursor else "",
    }


def _choice(choices: Any, value: str | None) -> Any:
    """A known value of an enumeration, or None."""
    return choices(value) if value in list(choices) else None
