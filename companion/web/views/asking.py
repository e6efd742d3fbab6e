"""Asking: answers that are there already, the form, and what was gathered for an event."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.utils.translation import gettext
from django.views.decorators.http import require_POST, require_safe

from companion.errors import NotAllowed
from companion.questions import api as questions
from companion.search import api as search
from companion.spaces.api import Activity, get_activity, list_groups
from companion.spaces.kinds import Groups
from companion.spaces.permissions import can_read_activity
from companion.text import clean_line
from companion.threads import api as threads
from companion.topics import api as topics
from companion.web.forms.questions import QuestionForm
from companion.web.middleware import allow_media
from companion.web.mounting import CompanionRequest
from companion.web.page import number_of, redirect, render
from companion.web.video import video_of
from companion.web.views.pictures import with_picture
from companion.web.views.posts import REFUSALS, asked_preview, is_sent, refuse


def question_new(request: CompanionRequest, uid: UUID) -> HttpResponse:
    activity = get_activity(viewer=request.viewer, uid=uid)
    if not activity.takes_questions:
        return redirect(request.mount.url_for("thread-new", uid))
    data, problem = with_picture(request, uid)
    form = _form(request, activity, data)
    status = refuse(form, problem) if problem else 200
    if is_sent(request) and "look" not in request.POST and form.is_valid():
        try:
            thread = questions.ask_question(viewer=request.viewer, activity_uid=uid, **form.question())
        except REFUSALS as error:
            status = refuse(form, error)
        else:
            return redirect(request.mount.url_for("thread-detail", thread.pk))
    if request.method != "POST":
        questions.must_be_able_to_ask(viewer=request.viewer, activity=activity)
    form.follow(activity.discussion.anonymity, has_video=bool(activity.discussion.video))
    text = request.POST.get("title", "") if request.method == "POST" else request.GET.get("title", "")
    context = {
        "activity": activity,
        "form": form,
        "prefix": "thread-",
        "draft": f"new.{uid}",
        "video": video_of(activity),
        "helpers": list_helpers(request, activity),
        "found": _found(request, activity, text) if text else [],
        "looked": bool(text),
        "suggested": _suggested(request, activity, text),
        **asked_preview(request),
    }
    status = 422 if form.errors and status == 200 and "look" not in request.POST else status
    response = render(request, "companion/question_new.html", context, status=status)
    allow_media(response, context["video"])
    return response


@require_safe
def question_similar(request: CompanionRequest, uid: UUID) -> HttpResponse:
    """What is there already about the words that are being typed."""
    activity = get_activity(viewer=request.viewer, uid=uid)
    text = clean_line(request.GET.get("title", ""))[:200]
    found = _found(request, activity, text) if can_read_activity(request.viewer, activity) else []
    context = {
        "activity": activity,
        "found": found,
        "looked": len(text) > 9,
        "suggested": _suggested(request, activity, text),
        "is_partial": True,
    }
    return render(request, "companion/partials/similar.html", context)


@require_POST
def question_saved(request: CompanionRequest, uid: UUID) -> HttpResponse:
    """An answer that was there already is what somebody wanted: they need not ask."""
    get_activity(viewer=request.viewer, uid=uid)
    saved = request.POST.get("saved", "")
    thread_id, number = (number_of(part) for part in (saved.partition(".")[0], saved.partition(".")[2]))
    document_id = number_of(saved.removeprefix("d")) if saved.startswith("d") else 0
    if document_id:
        found = search.get_found(viewer=request.viewer, document_id=document_id)
        questions.count_save(viewer=request.viewer, thread_id=found.thread_id)
        return redirect(request.mount.url_for("found", document_id))
    thread = threads.get_thread(viewer=request.viewer, thread_id=thread_id)
    questions.count_save(viewer=request.viewer, thread_id=thread.pk)
    fragment = f"post-{number}" if number else ""
    return redirect(request.mount.url_for("thread-detail", thread.pk), {"post": number or ""}, fragment=fragment)


@require_safe
def question_agenda(request: CompanionRequest, uid: UUID) -> HttpResponse:
    """What was gathered for an event: the questions that most people have first, each with its answer after."""
    activity = get_activity(viewer=request.viewer, uid=uid)
    if not activity.takes_questions or activity.event_at is None:
        raise NotAllowed(gettext("There is no event here that questions are gathered for."))
    rows = questions.list_agenda(viewer=request.viewer, activity=activity)
    context = {
        "activity": activity,
        "event": threads.view_event(activity),
        "items": [(row, request.mount.url_for("thread-detail", row.thread_id)) for row in rows],
    }
    return render(request, "companion/question_agenda.html", context)


def list_helpers(request: CompanionRequest, activity: Activity) -> Sequence[topics.ExpertRow]:
    """Who answers here: the experts for the activity's topics, each once."""
    found: dict[int, topics.ExpertRow] = {}
    for topic in activity.discussion.topics[: topics.MOST_TOPICS]:
        for expert in topics.list_experts(viewer=request.viewer, topic=topic):
            found.setdefault(expert.person_id, expert)
    return list(found.values())[:12]


def _form(request: CompanionRequest, activity: Activity, data: Any) -> QuestionForm:
    settings = activity.questions
    return QuestionForm(
        data,
        initial={"second": request.GET.get("at", ""), "title": request.GET.get("title", "")},
        anonymity=settings.anonymity,
        has_video=bool(settings.video),
        groups=None if settings.groups is Groups.NONE else list_groups(viewer=request.viewer),
        allows_private=settings.allows_private,
        similar_url=request.mount.url_for("question-similar", activity.uid),
        auto_id="thread-%s",
    )


def _found(request: CompanionRequest, activity: Activity, text: str) -> list[tuple[search.Suggestion, str]]:
    """Similar questions, each with its address."""
    found = search.suggest_answers(viewer=request.viewer, text=text)
    return [(hit, _address(request, hit)) for hit in found]


def _suggested(request: CompanionRequest, activity: Activity, text: str) -> list[str]:
    """Topics that a text speaks of, besides those of the activity."""
    told = f"{text} {request.POST.get('body', '')[:2_000]}"
    return topics.suggest_topics(viewer=request.viewer, text=told, besides=activity.discussion.topics)


def _address(request: CompanionRequest, hit: search.Suggestion) -> str:
    if hit.is_elsewhere:
        return request.mount.url_for("found", hit.document_id)
    return request.mount.url_for("thread-detail", hit.thread_id)
