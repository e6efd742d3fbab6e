"""Splitting, merging and moving threads: a form each, for the course staff."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse
from django.utils.translation import gettext

from companion.errors import Conflict, InvalidInput, NotFound
from companion.spaces.api import list_activities
from companion.threads import api as threads
from companion.web.forms.moderation import MergeForm, MoveForm, SplitForm
from companion.web.forms.posts import VerbForm
from companion.web.mounting import CompanionRequest
from companion.web.page import redirect, render
from companion.web.views.posts import refuse, show_form


def post_split(request: CompanionRequest, thread_id: int, number: int) -> HttpResponse:
    post = threads.get_post(viewer=request.viewer, thread_id=thread_id, number=number)
    form = SplitForm(request.POST or None)
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            new = threads.split_thread(viewer=request.viewer, thread_id=thread_id, number=number, **form.cleaned_data)
        except (InvalidInput, Conflict) as error:
            status = refuse(form, error)
        else:
            return redirect(request.mount.url_for("thread-detail", new.pk))
    threads.must_moderate(viewer=request.viewer)
    return show_form(request, "companion/post_split.html", post, form, status=status)


def thread_merge(request: CompanionRequest, thread_id: int) -> HttpResponse:
    form = MergeForm(request.POST or None)
    status = 200
    if request.method == "POST" and form.is_valid():
        into = form.cleaned_data["into"]
        try:
            if into is None:
                raise InvalidInput({"into": str(MergeForm.base_fields["into"].help_text)})
            new = threads.merge_threads(viewer=request.viewer, thread_id=thread_id, into_id=into)
        except (InvalidInput, Conflict) as error:
            status = refuse(form, error)
        except NotFound as error:
            form.add_error("into", str(error))
            status = 422
        else:
            return redirect(request.mount.url_for("thread-detail", new.pk))
    return _show(request, "companion/thread_merge.html", thread_id, form, status)


def thread_move(request: CompanionRequest, thread_id: int) -> HttpResponse:
    thread = threads.get_thread(viewer=request.viewer, thread_id=thread_id)
    activities = list_activities(viewer=request.viewer)
    others = [other for other in activities if other.pk != thread.activity_id and not other.asks_back]
    form = MoveForm(request.POST or None, activities=others)
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            if not form.cleaned_data["to"]:
                raise InvalidInput({"to": gettext("Choose one of the options.")})
            threads.move_thread(viewer=request.viewer, thread_id=thread_id, to_uid=UUID(form.cleaned_data["to"]))
        except (InvalidInput, Conflict) as error:
            status = refuse(form, error)
        else:
            return redirect(request.mount.url_for("thread-detail", thread_id))
    return _show(request, "companion/thread_move.html", thread_id, form, status, has_others=bool(others))


def _show(
    request: CompanionRequest, template: str, thread_id: int, form: VerbForm, status: int, **more: object
) -> HttpResponse:
    thread = threads.get_thread(viewer=request.viewer, thread_id=thread_id)
    threads.must_moderate(viewer=request.viewer)
    context = {
        "activity": thread.activity,
        "thread": thread,
        "title": threads.shown_title(thread),
        "back_url": request.mount.url_for("thread-detail", thread_id),
        "form": form,
        **more,
    }
    return render(request, template, context, status=422 if form.errors and status == 200 else status)
