"""Reporting, and what the course staff does about it: the queue, its record, who only reads for now."""

from __future__ import annotations

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from companion import markdown
from companion.errors import Conflict, InvalidInput
from companion.moderation import api as moderation
from companion.spaces import api as spaces
from companion.threads import api as threads
from companion.web.forms.moderation import CaseForm, HideForm, MuteForm, ReportForm
from companion.web.links import Pattern, picture_address
from companion.web.mounting import CompanionRequest
from companion.web.page import number_of, redirect, render, with_query
from companion.web.views.posts import REFUSALS, refuse, show_form, to_post

OUTCOMES = {
    "hide": moderation.Outcome.HIDDEN,
    "return": moderation.Outcome.RETURNED,
    "dismiss": moderation.Outcome.DISMISSED,
}


def post_report(request: CompanionRequest, thread_id: int, number: int) -> HttpResponse:
    post = threads.get_post(viewer=request.viewer, thread_id=thread_id, number=number)
    form = ReportForm(request.POST or None)
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            moderation.report_post(viewer=request.viewer, thread_id=thread_id, number=number, **form.cleaned_data)
        except REFUSALS as error:
            status = refuse(form, error)
        else:
            return show_form(request, "companion/post_reported.html", post, form)
    return show_form(request, "companion/post_report.html", post, form, status=status)


def post_hide(request: CompanionRequest, thread_id: int, number: int) -> HttpResponse:
    """Hide a post, or send it back to its author: the same form, two buttons."""
    post = threads.get_post(viewer=request.viewer, thread_id=thread_id, number=number)
    form = HideForm(request.POST or None)
    status = 200
    if request.method == "POST" and form.is_valid():
        hide = threads.return_post if "return" in request.POST else threads.hide_post
        try:
            hide(viewer=request.viewer, thread_id=thread_id, number=number, **form.cleaned_data)
        except InvalidInput as error:
            status = refuse(form, error)
        else:
            return to_post(request, thread_id, number)
    threads.must_moderate(viewer=request.viewer)
    return show_form(request, "companion/post_hide.html", post, form, status=status)


def post_mute(request: CompanionRequest, thread_id: int, number: int) -> HttpResponse:
    post = threads.get_post(viewer=request.viewer, thread_id=thread_id, number=number)
    form = MuteForm(request.POST or None)
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            threads.mute_author(viewer=request.viewer, thread_id=thread_id, number=number, **form.cleaned_data)
        except REFUSALS as error:
            status = refuse(form, error)
        else:
            return redirect(request.mount.url_for("moderation-muted"))
    threads.must_moderate(viewer=request.viewer)
    return show_form(request, "companion/post_mute.html", post, form, status=status)


@require_safe
def queue(request: CompanionRequest) -> HttpResponse:
    """Reported posts: those that wait, or those that were looked at."""
    closed = request.GET.get("show") == "closed"
    rows, cursor = moderation.list_cases(
        viewer=request.viewer, closed=closed, before=number_of(request.GET.get("after"))
    )
    links = Pattern(request.mount, "moderation-case")
    url = request.mount.url_for("moderation")
    context = {
        "items": [(row, links.of(row.id)) for row in rows],
        "is_closed": closed,
        "next_url": with_query(url, {"show": "closed" if closed else "", "after": cursor}) if cursor else "",
    }
    return render(request, "companion/moderation.html", context)


def case(request: CompanionRequest, case_id: int) -> HttpResponse:
    """One reported post with what stands around it, and the three things that can be done."""
    form = CaseForm(request.POST or None)
    status = 200
    if request.method == "POST" and form.is_valid():
        outcome = OUTCOMES.get(request.POST.get("outcome", ""), moderation.Outcome.OPEN)
        try:
            moderation.close_case(
                viewer=request.viewer, case_id=case_id, outcome=outcome, reason=form.cleaned_data["reason"]
            )
        except (InvalidInput, Conflict) as error:
            status = refuse(form, error)
        else:
            return redirect(request.mount.url_for("moderation"))
    found = moderation.get_case(viewer=request.viewer, case_id=case_id)
    address = picture_address(request.mount)
    place = (found.thread.pk, found.post.number)
    context = {
        "case": found,
        "post_html": markdown.with_pictures(found.post.html, address),
        "post_url": request.mount.url_for("post-detail", *place),
        "history_url": request.mount.url_for("post-history", *place) if found.post.can_see_history else "",
        "parent_html": markdown.with_pictures(found.parent.html, address) if found.parent else "",
        "form": form,
    }
    return render(
        request, "companion/moderation_case.html", context, status=422 if form.errors and status == 200 else status
    )


@require_safe
def record(request: CompanionRequest) -> HttpResponse:
    """What the staff did, the newest first."""
    acts = spaces.list_acts(viewer=request.viewer, before=number_of(request.GET.get("before")))
    url = request.mount.url_for("moderation-record")
    links = Pattern(request.mount, "thread-detail")
    context = {
        "items": [(act, _place(links, act)) for act in acts],
        "next_url": with_query(url, {"before": acts[-1].id}) if len(acts) == spaces.ENTRIES_A_PAGE else "",
    }
    return render(request, "companion/moderation_record.html", context)


def muted(request: CompanionRequest) -> HttpResponse:
    """Who only reads for now; a button lets them write again."""
    if request.method == "POST":
        spaces.unmute_person(viewer=request.viewer, person_id=number_of(request.POST.get("person")))
        return redirect(request.mount.url_for("moderation-muted"))
    return render(request, "companion/moderation_muted.html", {"people": spaces.list_muted(viewer=request.viewer)})


def _place(links: Pattern, act: spaces.Act) -> str:
    if act.thread_id is None:
        return ""
    return with_query(links.of(act.thread_id), {"post": act.post_number})
