"""What one does with a post: reply, edit, delete, mark, read its history. Each is a small page of its own, and the
same piece of a page where htmx asks for it.
"""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.views.decorators.http import require_POST, require_safe

from companion import markdown
from companion.errors import Conflict, InvalidInput, NotAllowed, NotFound, TooMany
from companion.spaces.kinds import Anonymity
from companion.text import clean, is_blank
from companion.threads import api as threads
from companion.web.forms.posts import EditForm, PostForm, VerbForm
from companion.web.fragments import draw_posts
from companion.web.links import picture_address
from companion.web.mounting import CompanionRequest
from companion.web.page import is_partial, redirect, render
from companion.web.views.pictures import with_picture

REFUSALS = (InvalidInput, NotAllowed, Conflict, TooMany)


@require_safe
def post_detail(request: CompanionRequest, thread_id: int, number: int) -> HttpResponse:
    """One post: for htmx the piece itself, else the page of its thread on which it stands, wherever that is now."""
    moved = threads.find_moved(viewer=request.viewer, thread_id=thread_id, number=number)
    if moved is not None:
        return to_post(request, *moved)
    if not is_partial(request):
        return to_post(request, thread_id, number)
    return _show_post(request, threads.get_post(viewer=request.viewer, thread_id=thread_id, number=number))


def post_reply(request: CompanionRequest, thread_id: int, number: int) -> HttpResponse:
    parent = None
    if request.method != "POST" or request.FILES:
        parent = _answered(request, thread_id, number)
    data, problem = with_picture(request, parent.thread.activity.uid) if parent else (request.POST, None)
    form = PostForm(data, anonymity=Anonymity.ALLOWED)
    status = refuse(form, problem) if problem else 200
    if is_sent(request) and form.is_valid():
        try:
            post = threads.add_reply(viewer=request.viewer, thread_id=thread_id, parent_number=number, **form.post())
        except REFUSALS as error:
            status = refuse(form, error)
        else:
            return _replied(request, post, number)
    # Only now: a reply that is taken needs no second look through the gate.
    parent = parent or _answered(request, thread_id, number)
    settings = parent.thread.activity.discussion
    form.follow(settings.anonymity, has_video=bool(settings.video))
    action = request.mount.url_for("post-reply", parent.thread_id, parent.number)
    return show_form(request, "companion/post_reply.html", parent, form, status=status, slot=number, action=action)


def _answered(request: CompanionRequest, thread_id: int, number: int) -> threads.Post:
    """The post that a reply is for, where it is now. Where it is gone, the one that opens its thread: what was typed
    meanwhile keeps a place.
    """
    place = threads.find_moved(viewer=request.viewer, thread_id=thread_id, number=number) or (thread_id, number)
    try:
        return threads.get_post(viewer=request.viewer, thread_id=place[0], number=place[1])
    except NotFound:
        if request.method != "POST":
            raise
        return threads.get_post(viewer=request.viewer, thread_id=place[0], number=1)


def post_edit(request: CompanionRequest, thread_id: int, number: int) -> HttpResponse:
    post = threads.get_post(viewer=request.viewer, thread_id=thread_id, number=number)
    first = {"title": post.thread.title, "body": post.body, "version": post.version}
    mine = threads.is_mine(request.viewer, post)
    data = request.POST if request.method == "POST" else None
    form = EditForm(data, initial=first, with_title=post.is_opening, with_reason=not mine)
    status = 200
    if data is None or not (mine or request.viewer.is_staff):
        threads.must_be_able_to_edit(viewer=request.viewer, post=post)
    if is_sent(request) and form.is_valid():
        try:
            threads.edit_post(viewer=request.viewer, thread_id=thread_id, number=number, **form.cleaned_data)
        except REFUSALS as error:
            status = refuse(form, error)
            if isinstance(error, Conflict):
                # Whoever saves again has read that, and the other change stays in the history.
                form.follow(post.version)
        else:
            return to_post(request, thread_id, number)
    return show_form(request, "companion/post_edit.html", post, form, status=status)


def post_delete(request: CompanionRequest, thread_id: int, number: int) -> HttpResponse:
    post = threads.get_post(viewer=request.viewer, thread_id=thread_id, number=number)
    threads.must_be_mine(viewer=request.viewer, post=post)
    if request.method != "POST":
        return show_form(request, "companion/post_delete.html", post, VerbForm())
    threads.delete_post(viewer=request.viewer, thread_id=thread_id, number=number)
    if post.is_opening:
        return redirect(request.mount.url_for("thread-list", post.thread.activity.uid))
    return to_post(request, thread_id, number)


@require_POST
def post_restore(request: CompanionRequest, thread_id: int, number: int) -> HttpResponse:
    """Bring back what one deleted oneself; for the staff, show again what was hidden."""
    post = threads.get_post(viewer=request.viewer, thread_id=thread_id, number=number)
    restore = threads.undelete_post if post.deleted_at is not None else threads.restore_post
    restore(viewer=request.viewer, thread_id=thread_id, number=number)
    return to_post(request, thread_id, number)


@require_POST
def post_helpful(request: CompanionRequest, thread_id: int, number: int) -> HttpResponse:
    post = threads.mark_helpful(
        viewer=request.viewer, thread_id=thread_id, number=number, helpful=request.POST.get("helpful") == "1"
    )
    return _marked(request, post)


@require_POST
def post_endorse(request: CompanionRequest, thread_id: int, number: int) -> HttpResponse:
    post = threads.endorse_post(
        viewer=request.viewer, thread_id=thread_id, number=number, endorsed=request.POST.get("endorsed") == "1"
    )
    return _marked(request, post)


@require_safe
def post_history(request: CompanionRequest, thread_id: int, number: int) -> HttpResponse:
    changes = threads.get_history(viewer=request.viewer, thread_id=thread_id, number=number)
    post = threads.get_post(viewer=request.viewer, thread_id=thread_id, number=number)
    return show_form(request, "companion/post_history.html", post, VerbForm(), changes=changes)


@require_POST
def preview(request: CompanionRequest) -> HttpResponse:
    """The text as it will look. Nothing is stored."""
    return render(request, "companion/partials/preview.html", {"preview": preview_html(request)})


def preview_html(request: CompanionRequest) -> str:
    body = clean(request.POST.get("body", ""))[: threads.BODY_LIMIT]
    if is_blank(body):
        return ""
    html = markdown.render(body, find_pictures=lambda tokens: dict.fromkeys(tokens, (0, 0)))
    return markdown.with_pictures(html.replace(' width="0" height="0"', ""), picture_address(request.mount))


def asked_preview(request: CompanionRequest) -> dict[str, Any]:
    """For a form that was sent by its preview button, without JavaScript."""
    if request.method == "POST" and "preview" in request.POST:
        return {"preview": preview_html(request), "has_preview": True}
    return {}


def is_sent(request: CompanionRequest) -> bool:
    return request.method == "POST" and "preview" not in request.POST


def refuse(form: VerbForm, error: Exception) -> int:
    """Show why beside what was typed, which stays in the form."""
    if isinstance(error, InvalidInput):
        form.refuse(error)
        return 422
    form.add_error(None, str(error))
    if isinstance(error, TooMany):
        return 429
    return 409 if isinstance(error, Conflict) else 403


def show_form(
    request: CompanionRequest,
    template: str,
    post: threads.Post,
    form: VerbForm,
    *,
    status: int = 200,
    slot: int | None = None,
    **more: Any,
) -> HttpResponse:
    """A form about a post. `slot` is the number of the post below which an open page shows it, where that is another
    one.
    """
    view = threads.view_post(request.viewer, post.thread, post)
    slot = slot or post.number
    prefix = "reply-" if slot == 1 else f"post-{slot}-"
    form.auto_id = f"{prefix}%s"
    activity = post.thread.activity
    context = {
        "activity": activity,
        "thread": post.thread,
        "title": threads.shown_title(post.thread),
        "post": view,
        "post_html": markdown.with_pictures(view.html, picture_address(request.mount)),
        "form": form,
        "action": request.get_full_path(),
        "prefix": prefix,
        "back_url": request.mount.url_for("post-detail", post.thread_id, post.number),
        "can_reply": view.can_reply,
        "draft": f"{post.thread_id}.{post.number}",
        **asked_preview(request),
        **more,
    }
    response = render(request, template, context, status=422 if form.errors and status == 200 else status)
    if response.status_code != 200 and template != "companion/post_edit.html":
        # A form in a post's slot replaces the whole post when it succeeds, but only itself when it is refused.
        response.headers["HX-Retarget"] = f"#{prefix}form"
        response.headers["HX-Reswap"] = "outerHTML"
    return response


def _show_post(request: CompanionRequest, post: threads.Post) -> HttpResponse:
    view = threads.view_post(request.viewer, post.thread, post)
    items = draw_posts(request.mount, post.thread_id, [view])
    return render(request, "companion/partials/posts.html", {"items": items})


def _marked(request: CompanionRequest, post: threads.Post) -> HttpResponse:
    """After a mark: for htmx the post with its marks, without a second look; else its page."""
    if not is_partial(request):
        return to_post(request, post.thread_id, post.number)
    return _show_post(request, post)


def _replied(request: CompanionRequest, post: threads.Post, answered: int) -> HttpResponse:
    """Without htmx the page with the reply on it; with htmx an empty composer (for the thread; that of a post goes
    away), and word to fetch what is new.
    """
    if not is_partial(request):
        return to_post(request, post.thread_id, post.number)
    response = HttpResponse()
    if answered == 1:
        settings = post.thread.activity.discussion
        form = PostForm(anonymity=settings.anonymity, has_video=bool(settings.video), auto_id="reply-%s")
        context = {
            "form": form,
            "action": request.get_full_path(),
            "prefix": "reply-",
            "activity": post.thread.activity,
            "thread": post.thread,
            "draft": f"{post.thread_id}.1",
        }
        response = render(request, "companion/partials/composer_again.html", context)
    response.headers["HX-Trigger"] = f'{{"companion:posted": {post.number}}}'
    return response


def to_post(request: CompanionRequest, thread_id: int, number: int) -> HttpResponse:
    """The post in its place: for htmx the piece itself (303 to itself), else its page in the thread."""
    if is_partial(request):
        return redirect(request.mount.url_for("post-detail", thread_id, number))
    url = request.mount.url_for("thread-detail", thread_id)
    return redirect(url, {"post": number}, fragment=f"post-{number}")
