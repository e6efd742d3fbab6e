"""What a learner does with a follow-up series: answer, share, put off, skip, stop, ask when stuck."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import transaction
from django.http import HttpResponse
from django.utils.translation import gettext
from django.views.decorators.http import require_POST

from companion import credit as credits
from companion import markdown
from companion.errors import NotFound
from companion.questions import api as questions
from companion.reflections import api as reflections
from companion.spaces import api as spaces
from companion.spaces.api import Activity
from companion.spaces.kinds import Anonymity
from companion.spaces.prompts import Format
from companion.web.forms.reflections import AnswerForm, SnoozeForm, StuckForm, TellForm
from companion.web.links import Pattern
from companion.web.mounting import CompanionRequest
from companion.web.page import redirect, render
from companion.web.views.posts import REFUSALS, refuse


def show_series(request: CompanionRequest, activity: Activity) -> HttpResponse:
    """The front page of an activity that asks back: what waits for an answer, what comes, what was said."""
    viewer = request.viewer
    series = reflections.find_series(activity)
    found = reflections.list_open(viewer=viewer, activity=activity) if series else []
    links = Pattern(request.mount, "prompt-answer")
    waiting = [prompt for prompt in found if not prompt.is_answered]
    context = {
        "activity": activity,
        "series": series,
        "is_draft": viewer.can_configure and reflections.is_draft(activity, series),
        "waiting": [(prompt, links.of(prompt.delivery_id)) for prompt in waiting],
        "answered": [(prompt, links.of(prompt.delivery_id)) for prompt in found if prompt.is_answered],
        "recap": reflections.list_in_course(viewer=viewer, besides=activity) if activity.reflection.recaps else [],
        "coming": reflections.list_coming(viewer=viewer, activity=activity) if series else [],
        "is_stopped": bool(series) and reflections.has_stopped(viewer=viewer, series_id=activity.pk),
        "shared": bool(series) and reflections.list_shared(viewer=viewer, activity=activity)[0],
        **credit_of(request, activity),
    }
    return render(request, "companion/reflection_home.html", context)


def credit_of(request: CompanionRequest, activity: Activity) -> dict[str, Any]:
    """The rule for credit, what it is worth, and how far the reader is, where the host passes it on."""
    report = request.mount.report_credit
    if report is None:
        return {"credit_rule": "", "credit_worth": "", "credit": None}
    credit = None
    if not request.viewer.is_staff:
        credit = credits.get_credit(activity=activity, person_id=request.viewer.person_id)
        if credit is not None:
            report(activity, credit)
    return {
        "credit_rule": credits.credit_rule(activity),
        "credit_worth": credits.credit_worth(activity),
        "credit": credit,
    }


def prompt_answer(request: CompanionRequest, delivery_id: int) -> HttpResponse:
    delivery = reflections.get_delivery(viewer=request.viewer, delivery_id=delivery_id)
    reflections.note_looked_at(delivery=delivery)
    found = reflections.get_prompt(viewer=request.viewer, delivery=delivery)
    form = AnswerForm.for_prompt(found, request.POST if request.method == "POST" else None)
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            entry = reflections.answer_prompt(
                viewer=request.viewer, delivery_id=delivery_id, answer=form.answer(), privacy=form.shared
            )
        except REFUSALS as error:
            status = refuse(form, error)
        else:
            return redirect(_after(request, delivery, entry, found))
    context = {
        "activity": delivery.series.activity,
        "prompt": found,
        "form": form,
        "snooze": SnoozeForm(initial={"days": 3}),
        "action": request.get_full_path(),
        **feedback_of(found),
    }
    status = 422 if form.errors and status == 200 else status
    return render(request, "companion/prompt_answer.html", context, status=status)


def _after(
    request: CompanionRequest, delivery: reflections.Delivery, entry: reflections.Entry, found: reflections.PromptView
) -> str:
    """Where an answer leads: to what it says about the answer, to help, or back."""
    if entry.outcome == reflections.Outcome.BLOCKED and found.plan is not None:
        return request.mount.url_for("prompt-stuck", delivery.pk)
    if found.settings.format is Format.RETRIEVAL:
        return request.mount.url_for("prompt-answer", delivery.pk)
    return request.mount.url_for("thread-list", delivery.series.activity.uid)


def feedback_of(found: reflections.PromptView) -> dict[str, Any]:
    """Whether the answer to a retrieval question was right, and what its author says about it; nothing before."""
    settings, own = found.settings, found.own
    if settings.format is not Format.RETRIEVAL or own is None:
        return {}
    return {
        "is_right": own.option == settings.options[settings.right],
        "right_answer": settings.options[settings.right],
        "feedback_html": markdown.render(settings.feedback) if settings.feedback else "",
    }


@require_POST
def prompt_skip(request: CompanionRequest, delivery_id: int) -> HttpResponse:
    delivery = reflections.get_delivery(viewer=request.viewer, delivery_id=delivery_id)
    reflections.skip_prompt(viewer=request.viewer, delivery_id=delivery_id)
    return redirect(request.mount.url_for("thread-list", delivery.series.activity.uid))


@require_POST
def prompt_snooze(request: CompanionRequest, delivery_id: int) -> HttpResponse:
    delivery = reflections.get_delivery(viewer=request.viewer, delivery_id=delivery_id)
    form = SnoozeForm(request.POST)
    days = (form.cleaned_data["days"] or 0) if form.is_valid() else 0
    reflections.snooze_prompt(viewer=request.viewer, delivery_id=delivery_id, days=days)
    return redirect(request.mount.url_for("thread-list", delivery.series.activity.uid))


@require_POST
def prompt_share(request: CompanionRequest, delivery_id: int) -> HttpResponse:
    """Who reads an entry, changed without touching what it says."""
    wanted = request.POST.get("privacy", "")
    privacy = reflections.Privacy(wanted) if wanted in reflections.Privacy.values else reflections.Privacy.PRIVATE
    reflections.share_entry(viewer=request.viewer, delivery_id=delivery_id, privacy=privacy)
    return redirect(request.mount.url_for("journal"))


def prompt_tell(request: CompanionRequest, delivery_id: int) -> HttpResponse:
    """Tell a manager or a mentor of a plan, after one's own word."""
    plan = reflections.get_plan(viewer=request.viewer, delivery_id=delivery_id)
    form = TellForm(request.POST if request.method == "POST" else None, auto_id="tell-%s")
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            reflections.tell_plan(viewer=request.viewer, delivery_id=delivery_id, **form.cleaned_data)
        except REFUSALS as error:
            status = refuse(form, error)
        else:
            return redirect(request.mount.url_for("prompt-tell", delivery_id))
    delivery = reflections.get_delivery(viewer=request.viewer, delivery_id=delivery_id)
    context = {
        "title": reflections.settings_of(delivery).title,
        "sentence": reflections.sentence_of(plan),
        "told": reflections.list_witnesses(viewer=request.viewer, delivery_id=delivery_id),
        "form": form,
        "action": request.get_full_path(),
        "back_url": request.mount.url_for("prompt-answer", delivery_id),
    }
    status = 422 if form.errors and status == 200 else status
    return render(request, "companion/prompt_tell.html", context, status=status)


def prompt_stuck(request: CompanionRequest, delivery_id: int) -> HttpResponse:
    """A question to the experts, filled in with a plan; sent only once its author has read it and agreed."""
    context_of = reflections.context_of(viewer=request.viewer, delivery_id=delivery_id)
    delivery = reflections.get_delivery(viewer=request.viewer, delivery_id=delivery_id)
    places = [
        activity
        for activity in spaces.list_activities(viewer=request.viewer)
        if activity.takes_questions and questions.can_ask(viewer=request.viewer, activity=activity)
    ]
    form = StuckForm(
        request.POST if request.method == "POST" else None,
        places=[(str(activity.uid), activity.title) for activity in places],
        initial={"title": context_of.title, "body": context_of.body},
        auto_id="stuck-%s",
    )
    status = 200
    if request.method == "POST" and places and form.is_valid():
        try:
            thread_id = _ask(request, delivery_id, form)
        except REFUSALS as error:
            status = refuse(form, error)
        else:
            return redirect(request.mount.url_for("thread-detail", thread_id))
    context = {
        "activity": delivery.series.activity,
        "stuck": context_of,
        "places": places,
        "form": form,
        "can_hide": any(place.discussion.anonymity is not Anonymity.OFF for place in places),
        "action": request.get_full_path(),
    }
    status = 422 if form.errors and status == 200 else status
    return render(request, "companion/prompt_stuck.html", context, status=status)


@transaction.atomic
def _ask(request: CompanionRequest, delivery_id: int, form: StuckForm) -> int:
    """The question and what remembers it, both or neither."""
    data = form.cleaned_data
    thread = questions.ask_question(
        viewer=request.viewer,
        activity_uid=_uid(data["activity"]),
        title=data["title"],
        body=data["body"],
        is_private=data["is_private"],
        anonymous=data["anonymous"],
        submission=data["submission"],
    )
    reflections.note_question(viewer=request.viewer, delivery_id=delivery_id, thread_id=thread.pk)
    return thread.pk


def _uid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise NotFound(gettext("There is no such activity here.")) from error


@require_POST
def series_stop(request: CompanionRequest, uid: UUID) -> HttpResponse:
    """No more prompts of this series, or again."""
    _activity, series = reflections.get_series(viewer=request.viewer, uid=uid)
    if series is not None:
        stopped = request.POST.get("stopped") == "1"
        reflections.stop_series(person_id=request.viewer.person_id, series_id=series.pk, stopped=stopped)
    return redirect(request.mount.url_for("thread-list", uid))
