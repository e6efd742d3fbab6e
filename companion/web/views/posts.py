"""What one does with a post: reply, edit, delete, hide, restore. Each is a small page of its own, and the same
piece of a page where htmx asks for it.
"""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.views.decorators.http import require_POST, require_safe

from companion import markdown
from companion.errors import Conflict, InvalidInput, NotAllowed
from companion.spaces.kinds import Anonymity
from companion.text import clean, is_blank
from companion.threads import api as threads
from companion.web.forms.posts import EditForm, HideForm, PostForm, VerbForm
from companion.web.links import PostLinks
from companion.web.mounting import CompanionRequest
from companion.web.page import is_partial, redirect, render


@require_safe
def post_detail(request: CompanionRequest, thread_id: int, number: int) -> HttpResponse:
    """One post: for htmx the piece itself, else the page of its thread on which it stands."""
    if not is_partial(request):
        return _to_post(request, thread_id, number)
    post = threads.get_post(viewer=request.viewer, thread_id=thread_id, number=number)
    return _show_post(request, post)


def post_reply(request: CompanionRequest, thread_id: int, number: int) -> HttpResponse:
    form = PostForm(request.POST or None, anonymity=Anonymity.ALLOWED)
    status = 200
    if _is_sent(request) and form.is_valid():
        try:
            post = threads.add_reply(viewer=request.viewer, thread_id=thread_id, parent_number=number, **form.post())
        except (InvalidInput, NotAllowed, Conflict) as error:
            status = _refuse(form, error)
        else:
            return _replied(request, post, number)
    # Only now: a reply that is taken needs no second look through the gate.
    parent = threads.get_post(viewer=request.viewer, thread_id=thread_id, number=number)
    form.follow(parent.thread.activity.discussion.anonymity)
    return _show_form(request, "companion/post_reply.html", parent, form, status=status)


def post_edit(request: CompanionRequest, thread_id: int, number: int) -> HttpResponse:
    post = threads.get_post(viewer=request.viewer, thread_id=thread_id, number=number)
    threads.must_be_mine(viewer=request.viewer, post=post)
    first = {"title": post.thread.title, "body": post.body, "version": post.version}
    form = EditForm(request.POST or None, initial=first, with_title=post.is_opening)
    status = 200
    if _is_sent(request) and form.is_valid():
        try:
            threads.edit_post(viewer=request.viewer, thread_id=thread_id, number=number, **form.cleaned_data)
        except (InvalidInput, NotAllowed, Conflict) as error:
            status = _refuse(form, error)
        else:
            return _to_post(request, thread_id, number)
    return _show_form(request, "companion/post_edit.html", post, form, status=status)


def post_delete(request: CompanionRequest, thread_id: int, number: int) -> HttpResponse:
    post = threads.get_post(viewer=request.viewer, thread_id=thread_id, number=number)
    threads.must_be_mine(viewer=request.viewer, post=post)
    if request.method != "POST":
        return _show_form(request, "companion/post_delete.html", post, VerbForm())
    threads.delete_post(viewer=request.viewer, thread_id=thread_id, number=number)
    if post.is_opening:
        return redirect(request.mount.url_for("thread-list", post.thread.activity.uid))
    return _to_post(request, thread_id, number)


def post_hide(request: CompanionRequest, thread_id: int, number: int) -> HttpResponse:
    post = threads.get_post(viewer=request.viewer, thread_id=thread_id, number=number)
    form = HideForm(request.POST or None)
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            threads.hide_post(viewer=request.viewer, thread_id=thread_id, number=number, **form.cleaned_data)
        except InvalidInput as error:
            status = _refuse(form, error)
        else:
            return _to_post(request, thread_id, number)
    threads.must_moderate(viewer=request.viewer)
    return _show_form(request, "companion/post_hide.html", post, form, status=status)


@require_POST
def post_restore(request: CompanionRequest, thread_id: int, number: int) -> HttpResponse:
    threads.restore_post(viewer=request.viewer, thread_id=thread_id, number=number)
    return _to_post(request, thread_id, number)


@require_POST
def preview(request: CompanionRequest) -> HttpResponse:
    """The text as it will look. Nothing is stored."""
    return render(request, "companion/partials/preview.html", {"preview": preview_html(request)})


def preview_html(request: CompanionRequest) -> str:
    body = clean(request.POST.get("body", ""))[: threads.BODY_LIMIT]
    return "" if is_blank(body) else markdown.render(body)


def asked_preview(request: CompanionRequest) -> dict[str, Any]:
    """For a form that was sent by its preview button, without JavaScript."""
    if request.method == "POST" and "preview" in request.POST:
        return {"preview": preview_html(request), "has_preview": True}
    return {}


def _is_sent(request: CompanionRequest) -> bool:
    return request.method == "POST" and "preview" not in request.POST


def _refuse(form: VerbForm, error: Exception) -> int:
    """Show why beside what was typed, which stays in the form."""
    if isinstance(error, InvalidInput):
        form.refuse(error)
        return 422
    form.add_error(None, str(error))
    return 409 if isinstance(error, Conflict) else 403


def _show_form(
    request: CompanionRequest, template: str, post: threads.Post, form: VerbForm, *, status: int = 200
) -> HttpResponse:
    view = threads.view_post(request.viewer, post.thread, post)
    prefix = "reply-" if post.is_opening else f"post-{post.number}-"
    form.auto_id = f"{prefix}%s"
    context = {
        "activity": post.thread.activity,
        "thread": post.thread,
        "title": threads.shown_title(post.thread),
        "post": view,
        "form": form,
        "action": request.get_full_path(),
        "prefix": prefix,
        "back_url": request.mount.url_for("post-detail", post.thread_id, post.number),
        "can_reply": view.can_reply,
        **asked_preview(request),
    }
    response = render(request, template, context, status=422 if form.errors and status == 200 else status)
    if response.status_code != 200 and template != "companion/post_edit.html":
        # A form in a post's slot replaces the whole post when it succeeds, but only itself when it is refused.
        response.headers["HX-Retarget"] = f"#{prefix}form"
        response.headers["HX-Reswap"] = "outerHTML"
    return response


def _show_post(request: CompanionRequest, post: threads.Post) -> HttpResponse:
    view = threads.view_post(request.viewer, post.thread, post)
    urls = PostLinks(request.mount, post.thread_id).of(view)
    return render(request, "companion/partials/posts.html", {"items": [(view, urls)]})


def _replied(request: CompanionRequest, post: threads.Post, answered: int) -> HttpResponse:
    """Without htmx the page with the reply on it; with htmx an empty composer (for the thread; that of a post goes
    away), and word to fetch what is new.
    """
    if not is_partial(request):
        return _to_post(request, post.thread_id, post.number)
    response = HttpResponse()
    if answered == 1:
        form = PostForm(anonymity=post.thread.activity.discussion.anonymity, auto_id="reply-%s")
        context = {"form": form, "action": request.get_full_path(), "prefix": "reply-"}
        response = render(request, "companion/partials/composer_again.html", context)
    response.headers["HX-Trigger"] = f'{{"companion:posted": {post.number}}}'
    return response


def _to_post(request: CompanionRequest, thread_id: int, number: int) -> HttpResponse:
    """The post in its place: for htmx the piece itself (303 to itself), else its page in the thread."""
    if is_partial(request):
        return redirect(request.mount.url_for("post-detail", thread_id, number))
    url = request.mount.url_for("thread-detail", thread_id)
    return redirect(url, {"post": number}, fragment=f"post-{number}")
