"""Pages of an activity's threads and of one thread."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpResponse, HttpResponseNotModified
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from companion.errors import InvalidInput
from companion.spaces.api import Activity, get_activity
from companion.spaces.permissions import can_read_activity
from companion.threads import api as threads
from companion.threads import permissions
from companion.viewer import Mount
from companion.web.forms.posts import PostForm, ThreadForm
from companion.web.links import Pattern, PostLinks
from companion.web.mounting import CompanionRequest
from companion.web.page import redirect, render, with_query
from companion.web.views.posts import asked_preview

SORTS = {
    threads.Sort.ACTIVE: gettext_lazy("Active"),
    threads.Sort.NEWEST: gettext_lazy("Newest"),
    threads.Sort.UNANSWERED: gettext_lazy("Unanswered"),
}
ONLY = {
    threads.Only.ALL: gettext_lazy("All"),
    threads.Only.UNREAD: gettext_lazy("Unread"),
    threads.Only.MINE: gettext_lazy("Mine"),
}


@require_safe
def thread_list(request: CompanionRequest, uid: UUID) -> HttpResponse:
    return show_list(request, get_activity(viewer=request.viewer, uid=uid))


def show_list(request: CompanionRequest, activity: Activity) -> HttpResponse:
    """The list of an activity that has been through its gate."""
    if not can_read_activity(request.viewer, activity):
        return render(request, "companion/activity_not_open.html", {"activity": activity})
    sort = _choice(threads.Sort, request.GET.get("sort"))
    only = _choice(threads.Only, request.GET.get("only"))
    page = threads.list_threads(
        viewer=request.viewer, activity=activity, sort=sort, only=only, cursor=request.GET.get("after", "")
    )
    links = Pattern(request.mount, "thread-detail")
    context = {
        "activity": activity,
        "credit_rule": threads.credit_rule(activity) if request.mount.report_credit else "",
        "credit": _credit(request, activity),
        "can_start": permissions.can_start_thread(request.viewer, activity),
        "is_closed": activity.has_closed(),
        "page": page,
        "has_unread": any(row.unread > 0 for row in page.pinned + page.rows),
        "is_first_page": "after" not in request.GET,
        "is_filtered": only is not threads.Only.ALL or sort is threads.Sort.UNANSWERED,
        "items": [(row, links.of(row.id)) for row in page.pinned + page.rows],
        **_tabs(request.mount, activity, sort, only, page.next),
        "live_url": with_query(request.mount.url_for("list-news", activity.uid), {"since": page.latest}),
    }
    return render(request, "companion/thread_list.html", context)


@require_POST
def list_seen(request: CompanionRequest, uid: UUID) -> HttpResponse:
    activity = get_activity(viewer=request.viewer, uid=uid)
    threads.mark_all_seen(viewer=request.viewer, activity=activity)
    return redirect(request.mount.url_for("thread-list", uid))


@require_safe
def list_news(request: CompanionRequest, uid: UUID) -> HttpResponse:
    """What an open list asks every few seconds: 304 while nothing is newer than it shows."""
    activity = get_activity(viewer=request.viewer, uid=uid)
    latest = threads.latest_change(viewer=request.viewer, activity=activity)
    if latest == request.GET.get("since", ""):
        return HttpResponseNotModified()
    return render(request, "companion/partials/list_news.html", {"activity": activity, "is_partial": True})


def thread_new(request: CompanionRequest, uid: UUID) -> HttpResponse:
    activity = get_activity(viewer=request.viewer, uid=uid)
    form = ThreadForm(request.POST or None, anonymity=activity.discussion.anonymity, auto_id="thread-%s")
    if request.method == "POST" and "preview" not in request.POST and form.is_valid():
        try:
            thread = threads.start_thread(
                viewer=request.viewer, activity_uid=uid, title=form.cleaned_data["title"], **form.post()
            )
        except InvalidInput as error:
            form.refuse(error)
        else:
            return redirect(request.mount.url_for("thread-detail", thread.pk))
    threads.must_be_able_to_start(viewer=request.viewer, activity=activity)
    context = {"activity": activity, "form": form, "prefix": "thread-", **asked_preview(request)}
    return render(request, "companion/thread_new.html", context, status=422 if form.errors else 200)


@require_safe
def thread_detail(request: CompanionRequest, thread_id: int) -> HttpResponse:
    thread = threads.get_thread(viewer=request.viewer, thread_id=thread_id)
    page = threads.read_thread(
        viewer=request.viewer,
        thread=thread,
        after=request.GET.get("after", ""),
        before=request.GET.get("before", ""),
        around=_number(request.GET.get("post")),
        last="last" in request.GET,
        since=_number(request.GET.get("since"), default=None),
    )
    threads.mark_seen(viewer=request.viewer, thread=thread)
    return render(request, "companion/thread_detail.html", thread_context(request, thread, page))


@require_safe
def thread_news(request: CompanionRequest, thread_id: int) -> HttpResponse:
    """The posts after number `after`, for a page that is open: 304 while there are none."""
    thread = threads.get_thread(viewer=request.viewer, thread_id=thread_id)
    after = _number(request.GET.get("after"))
    etag = f'W/"{thread.pk}.{thread.last_number}.{after}"'
    if thread.last_number <= after or request.headers.get("If-None-Match") == etag:
        return HttpResponseNotModified(headers={"ETag": etag})
    posts = threads.read_news(viewer=request.viewer, thread=thread, after=after)
    threads.mark_seen(viewer=request.viewer, thread=thread)
    links = PostLinks(request.mount, thread.pk)
    context = {"thread": thread, "items": [(post, links.of(post)) for post in posts]}
    response = render(request, "companion/partials/posts.html", context)
    response.headers["ETag"] = etag
    response.headers["X-Companion-Last"] = str(max((post.number for post in posts), default=after))
    return response


@require_POST
def thread_pin(request: CompanionRequest, thread_id: int) -> HttpResponse:
    threads.pin_thread(viewer=request.viewer, thread_id=thread_id, pinned=request.POST.get("pinned") == "1")
    return redirect(request.mount.url_for("thread-detail", thread_id))


@require_POST
def thread_lock(request: CompanionRequest, thread_id: int) -> HttpResponse:
    threads.lock_thread(viewer=request.viewer, thread_id=thread_id, locked=request.POST.get("locked") == "1")
    return redirect(request.mount.url_for("thread-detail", thread_id))


def thread_context(request: CompanionRequest, thread: threads.Thread, page: threads.PostPage) -> dict[str, Any]:
    """What the page of a thread is drawn from."""
    links = PostLinks(request.mount, thread.pk)
    url = request.mount.url_for("thread-detail", thread.pk)
    since = page.since
    return {
        "activity": thread.activity,
        "thread": thread,
        "title": threads.shown_title(thread),
        "page": page,
        "goto": _number(request.GET.get("post")),
        "items": [(post, links.of(post)) for post in page.posts],
        "can_reply": permissions.can_reply(request.viewer, thread),
        "is_closed": thread.activity.has_closed(),
        "earlier_url": with_query(url, {"before": page.before, "since": since}) if page.before else "",
        "later_url": with_query(url, {"after": page.after, "since": since}) if page.after else "",
        "last_url": with_query(url, {"last": 1, "since": since}),
        "form": PostForm(anonymity=thread.activity.discussion.anonymity, auto_id="reply-%s"),
        "reply_url": request.mount.url_for("post-reply", thread.pk, 1),
        "live_url": with_query(request.mount.url_for("thread-news", thread.pk), {"after": thread.last_number}),
    }


def _credit(request: CompanionRequest, activity: Activity) -> threads.Credit | None:
    """How far the reader is, where the host passes it on; the staff get no credit."""
    report = request.mount.report_credit
    if report is None or request.viewer.is_staff:
        return None
    credit = threads.get_credit(activity=activity, person_id=request.viewer.person_id)
    if credit is not None:
        report(credit)
    return credit


def _tabs(mount: Mount, activity: Activity, sort: threads.Sort, only: threads.Only, cursor: str) -> dict[str, Any]:
    """Links of the list's tabs as (name, URL, is current), and of its next page."""
    url = mount.url_for("thread-list", activity.uid)
    return {
        "sorts": [(str(SORTS[to]), with_query(url, {"sort": to, "only": only}), to is sort) for to in SORTS],
        "onlys": [(str(ONLY[to]), with_query(url, {"sort": sort, "only": to}), to is only) for to in ONLY],
        "next_url": with_query(url, {"sort": sort, "only": only, "after": cursor}) if cursor else "",
    }


def _choice(choices: Any, value: str | None) -> Any:
    """A known value of an enumeration, else its first one."""
    return choices(value) if value in list(choices) else next(iter(choices))


def _number(value: str | None, default: int | None = 0) -> Any:
    return int(value) if value and value.isascii() and value.isdigit() and len(value) < 10 else default
