"""One thread: started, read, watched, and what the staff does with it as a whole."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpResponse, HttpResponseNotModified
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from companion.questions import api as questions
from companion.spaces.api import get_activity, list_groups
from companion.spaces.kinds import Groups
from companion.threads import api as threads
from companion.threads import permissions
from companion.web.forms.posts import PostForm, ThreadForm
from companion.web.fragments import draw_posts
from companion.web.middleware import allow_media
from companion.web.mounting import CompanionRequest
from companion.web.page import number_of, redirect, render, with_query
from companion.web.video import video_of
from companion.web.views.pictures import with_picture
from companion.web.views.posts import REFUSALS, asked_preview, is_sent, refuse, to_post

VERSION_HEADER = "X-Companion-Version"
ORDERS = {
    threads.Order.OLDEST: gettext_lazy("As a conversation"),
    threads.Order.NEWEST: gettext_lazy("Newest first"),
    threads.Order.HELPFUL: gettext_lazy("Most helpful first"),
}


def thread_new(request: CompanionRequest, uid: UUID) -> HttpResponse:
    activity = get_activity(viewer=request.viewer, uid=uid)
    if activity.takes_questions and not request.viewer.is_staff:
        return redirect(request.mount.url_for("question-new", uid))
    settings = activity.discussion
    data, problem = with_picture(request, uid)
    form = ThreadForm(
        data,
        initial={"second": request.GET.get("at", ""), "kind": request.GET.get("kind", "")},
        anonymity=settings.anonymity,
        has_video=bool(settings.video),
        can_announce=request.viewer.is_staff,
        can_ask=not activity.takes_questions,
        groups=None if settings.groups is Groups.NONE else list_groups(viewer=request.viewer),
        auto_id="thread-%s",
    )
    status = refuse(form, problem) if problem else 200
    if is_sent(request) and form.is_valid():
        try:
            thread = threads.start_thread(viewer=request.viewer, activity_uid=uid, **form.thread())
        except REFUSALS as error:
            status = refuse(form, error)
        else:
            return redirect(request.mount.url_for("thread-detail", thread.pk))
    if request.method != "POST":
        threads.must_be_able_to_start(viewer=request.viewer, activity=activity)
    form.follow(settings.anonymity, has_video=bool(settings.video))
    context = {
        "activity": activity,
        "form": form,
        "prefix": "thread-",
        "draft": f"new.{uid}",
        "video": video_of(activity),
        **asked_preview(request),
    }
    status = 422 if form.errors and status == 200 else status
    response = render(request, "companion/thread_new.html", context, status=status)
    allow_media(response, context["video"])
    return response


@require_safe
def thread_detail(request: CompanionRequest, thread_id: int) -> HttpResponse:
    thread = threads.get_thread(viewer=request.viewer, thread_id=thread_id)
    if thread.moved_to_id is not None:
        return _to_moved(request, thread)
    order = request.GET.get("order", "")
    page = threads.read_thread(
        viewer=request.viewer,
        thread=thread,
        order=threads.Order(order) if order in list(threads.Order) else threads.Order.OLDEST,
        after=request.GET.get("after", ""),
        before=request.GET.get("before", ""),
        around=number_of(request.GET.get("post")),
        last="last" in request.GET,
        since=number_of(request.GET.get("since"), default=None),
    )
    threads.mark_seen(viewer=request.viewer, thread=thread)
    context = thread_context(request, thread, page)
    response = render(request, "companion/thread_detail.html", context)
    allow_media(response, context["video"])
    return response


@require_safe
def thread_news(request: CompanionRequest, thread_id: int) -> HttpResponse:
    """The posts that came or changed after a version of the thread, for a page that is open: 304 while there are none.

    A reader who shows that they were given this version before gets "nothing new" without a look through the gate;
    everything else goes through it.
    """
    sealed = request.GET.get("since", "")
    version = threads.read_version(request.viewer, thread_id, sealed)
    if version is not None and threads.is_unchanged(thread_id=thread_id, version=version):
        return HttpResponseNotModified()
    thread = threads.get_thread(viewer=request.viewer, thread_id=thread_id)
    posts, until = threads.read_news(viewer=request.viewer, thread=thread, since=version or 0)
    threads.mark_seen(viewer=request.viewer, thread=thread)
    context = {
        "activity": thread.activity,
        "thread": thread,
        "title": threads.shown_title(thread),
        "items": draw_posts(request.mount, thread.pk, posts),
    }
    response = render(request, "companion/partials/thread_news.html", context)
    response.headers[VERSION_HEADER] = threads.seal_version(request.viewer, thread, version=until)
    return response


@require_POST
def thread_pin(request: CompanionRequest, thread_id: int) -> HttpResponse:
    threads.pin_thread(viewer=request.viewer, thread_id=thread_id, pinned=request.POST.get("pinned") == "1")
    return redirect(request.mount.url_for("thread-detail", thread_id))


@require_POST
def thread_lock(request: CompanionRequest, thread_id: int) -> HttpResponse:
    threads.lock_thread(viewer=request.viewer, thread_id=thread_id, locked=request.POST.get("locked") == "1")
    return redirect(request.mount.url_for("thread-detail", thread_id))


@require_POST
def thread_follow(request: CompanionRequest, thread_id: int) -> HttpResponse:
    following = request.POST.get("following") == "1"
    threads.follow_thread(viewer=request.viewer, thread_id=thread_id, following=following)
    return redirect(request.mount.url_for("thread-detail", thread_id))


def thread_context(request: CompanionRequest, thread: threads.Thread, page: threads.PostPage) -> dict[str, Any]:
    """What the page of a thread is drawn from."""
    url = request.mount.url_for("thread-detail", thread.pk)
    settings = thread.activity.discussion
    kept = {"since": page.since, "order": "" if page.order is threads.Order.OLDEST else page.order}
    sealed = threads.seal_version(request.viewer, thread)
    permalink = request.mount.permalink
    return {
        "activity": thread.activity,
        "thread": thread,
        "title": threads.shown_title(thread),
        "page": page,
        "goto": number_of(request.GET.get("post")),
        "items": draw_posts(request.mount, thread.pk, page.posts),
        "can_reply": permissions.can_reply(request.viewer, thread),
        "is_closed": thread.activity.has_closed(),
        "is_following": threads.is_following(thread=thread),
        "question": questions.view_question(viewer=request.viewer, thread=thread),
        "is_called": thread.pk in request.viewer.opened_to,
        "earlier_url": with_query(url, {"before": page.before, **kept}) if page.before else "",
        "later_url": with_query(url, {"after": page.after, **kept}) if page.after else "",
        "last_url": with_query(url, {"last": 1, "since": page.since}) if page.order is threads.Order.OLDEST else "",
        "first_new_url": with_query(
            url, {"post": page.first_new, "since": page.since}, fragment=f"post-{page.first_new}"
        )
        if page.first_new
        else "",
        "unread": thread.last_number - page.since if page.first_new else 0,
        "orders": [
            (str(name), with_query(url, {"order": "" if to is threads.Order.OLDEST else to}), to is page.order)
            for to, name in ORDERS.items()
        ],
        "form": PostForm(anonymity=settings.anonymity, has_video=bool(settings.video), auto_id="reply-%s"),
        "reply_url": request.mount.url_for("post-reply", thread.pk, 1),
        "live_url": with_query(request.mount.url_for("thread-news", thread.pk), {"since": sealed}),
        "video": video_of(thread.activity) if settings.video else None,
        "draft": f"{thread.pk}.1",
        "event": threads.view_event(thread.activity) if thread.stage else None,
        "permalink": permalink(thread.activity.uid, thread.pk, 1) if permalink else None,
    }


def _to_moved(request: CompanionRequest, thread: threads.Thread) -> HttpResponse:
    """To where the thread is now, at the post that was asked for."""
    number = number_of(request.GET.get("post")) or 1
    moved = threads.find_moved(viewer=request.viewer, thread_id=thread.pk, number=number)
    return to_post(request, *(moved or (thread.moved_to_id or thread.pk, 1)))
