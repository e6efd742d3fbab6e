"""What one does with a question: have it too, accept an answer, take it, hand it on, close it, vouch for an answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpResponse
from django.utils.crypto import get_random_string
from django.views.decorators.http import require_POST, require_safe

from companion.questions import api as questions
from companion.threads import api as threads
from companion.web.forms.posts import VerbForm
from companion.web.forms.questions import (
    DeclineForm,
    DuplicateForm,
    HandOverForm,
    TopicsForm,
    UnhelpfulForm,
    VerifyForm,
)
from companion.web.links import Pattern
from companion.web.mounting import CompanionRequest
from companion.web.page import redirect, render, with_query
from companion.web.views.posts import REFUSALS, refuse, show_form, to_post


@require_POST
def question_me_too(request: CompanionRequest, thread_id: int) -> HttpResponse:
    questions.say_me_too(viewer=request.viewer, thread_id=thread_id, me_too=request.POST.get("me_too") == "1")
    return _to_thread(request, thread_id)


@require_POST
def question_claim(request: CompanionRequest, thread_id: int) -> HttpResponse:
    questions.claim_question(viewer=request.viewer, thread_id=thread_id)
    return _to_thread(request, thread_id)


@require_POST
def question_publish(request: CompanionRequest, thread_id: int) -> HttpResponse:
    questions.publish_question(viewer=request.viewer, thread_id=thread_id)
    return _to_thread(request, thread_id)


@require_POST
def question_reopen(request: CompanionRequest, thread_id: int) -> HttpResponse:
    questions.reopen_duplicate(viewer=request.viewer, thread_id=thread_id)
    return _to_thread(request, thread_id)


@require_POST
def question_heard(request: CompanionRequest, thread_id: int) -> HttpResponse:
    questions.hear_corrections(viewer=request.viewer, thread_id=thread_id)
    return _to_thread(request, thread_id)


def question_decline(request: CompanionRequest, thread_id: int) -> HttpResponse:
    form = DeclineForm(request.POST or None)

    def decline() -> None:
        reason = form.cleaned_data["reason"]
        questions.decline_question(viewer=request.viewer, thread_id=thread_id, reason=reason)

    return _ask(request, thread_id, form, "decline", decline, then="queue")


def question_hand_over(request: CompanionRequest, thread_id: int) -> HttpResponse:
    people = questions.list_possible(viewer=request.viewer, thread_id=thread_id)
    form = HandOverForm(request.POST or None, people=people)

    def hand_over() -> None:
        facts = {"person_id": form.cleaned_data["person"] or 0, "note": form.cleaned_data["note"]}
        questions.hand_over(viewer=request.viewer, thread_id=thread_id, **facts)

    return _ask(request, thread_id, form, "hand-over", hand_over, people=people)


def question_duplicate(request: CompanionRequest, thread_id: int) -> HttpResponse:
    form = DuplicateForm(request.POST or None)

    def close() -> None:
        other = form.cleaned_data["of"] or 0
        questions.close_as_duplicate(viewer=request.viewer, thread_id=thread_id, of_thread_id=other)

    return _ask(request, thread_id, form, "duplicate", close)


def thread_topics(request: CompanionRequest, thread_id: int) -> HttpResponse:
    thread = threads.get_thread(viewer=request.viewer, thread_id=thread_id)
    threads.must_be_able_to_tag(viewer=request.viewer, thread=thread)
    names = [topic.name for topic in threads.topics_of_threads([thread_id]).get(thread_id, [])]
    form = TopicsForm(request.POST or None, initial={"topics": ", ".join(names)})

    def tag() -> None:
        threads.tag_thread(viewer=request.viewer, thread_id=thread_id, names=form.cleaned_data["topics"])

    return _ask(request, thread_id, form, "topics", tag)


@require_POST
def post_accept(request: CompanionRequest, thread_id: int, number: int) -> HttpResponse:
    accepted = request.POST.get("accepted") == "1"
    threads.accept_answer(viewer=request.viewer, thread_id=thread_id, number=number, accepted=accepted)
    return to_post(request, thread_id, number)


def post_unhelpful(request: CompanionRequest, thread_id: int, number: int) -> HttpResponse:
    post = threads.get_post(viewer=request.viewer, thread_id=thread_id, number=number)
    questions.must_be_asker(viewer=request.viewer, thread=post.thread)
    form = UnhelpfulForm(request.POST or None, initial={"submission": get_random_string(22)})
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            questions.say_unhelpful(
                viewer=request.viewer,
                thread_id=thread_id,
                number=number,
                why=form.cleaned_data["body"],
                submission=form.cleaned_data["submission"],
            )
        except REFUSALS as error:
            status = refuse(form, error)
        else:
            return _to_thread(request, thread_id)
    return show_form(request, "companion/post_unhelpful.html", post, form, status=status)


def post_verify(request: CompanionRequest, thread_id: int, number: int) -> HttpResponse:
    post = threads.get_post(viewer=request.viewer, thread_id=thread_id, number=number)
    questions.must_know(viewer=request.viewer, thread=post.thread)
    form = VerifyForm(request.POST or None)
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            questions.verify_answer(viewer=request.viewer, thread_id=thread_id, number=number, until=form.moment())
        except REFUSALS as error:
            status = refuse(form, error)
        else:
            return to_post(request, thread_id, number)
    return show_form(request, "companion/post_verify.html", post, form, status=status)


@require_POST
def post_tip(request: CompanionRequest, thread_id: int, number: int) -> HttpResponse:
    tip = questions.make_tip(viewer=request.viewer, thread_id=thread_id, number=number)
    return _to_thread(request, tip.pk)


@require_safe
def queue(request: CompanionRequest) -> HttpResponse:
    """What waits for the viewer as an expert, over all courses."""
    wanted = request.GET.get("tab", "")
    tab = questions.Tab(wanted) if wanted in list(questions.Tab) else questions.Tab.MINE
    page = questions.list_queue(viewer=request.viewer, tab=tab, cursor=request.GET.get("after", ""))
    links, url = Pattern(request.mount, "thread-detail"), request.mount.url_for("queue")
    context = {
        "tab": tab.value,
        "tabs": [(to.value, with_query(url, {"tab": to.value}), to is tab) for to in questions.Tab],
        "items": [(row, links.of(row.thread_id)) for row in page.rows],
        "next_url": with_query(url, {"tab": tab.value, "after": page.next}) if page.next else "",
        "room": questions.my_room(viewer=request.viewer),
    }
    return render(request, "companion/queue.html", context)


@require_safe
def figures(request: CompanionRequest) -> HttpResponse:
    whole, by_activity, by_topic = questions.list_figures(viewer=request.viewer)
    context = {"whole": whole, "by_activity": by_activity, "by_topic": by_topic}
    return render(request, "companion/question_figures.html", context)


def _ask(
    request: CompanionRequest,
    thread_id: int,
    form: VerbForm,
    act: str,
    verb: Callable[[], Any],
    *,
    then: str = "",
    **more: Any,
) -> HttpResponse:
    """A small page about a question: its form, and the verb once it is sent."""
    thread = threads.get_thread(viewer=request.viewer, thread_id=thread_id)
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            verb()
        except REFUSALS as error:
            status = refuse(form, error)
        else:
            return redirect(request.mount.url_for(then)) if then else _to_thread(request, thread_id)
    elif act != "topics":
        questions.must_be_able(viewer=request.viewer, thread=thread, act=act)
    context = {
        "thread": thread,
        "title": threads.shown_title(thread),
        "act": act,
        "form": form,
        "action": request.get_full_path(),
        "back_url": request.mount.url_for("thread-detail", thread_id),
        **more,
    }
    status = 422 if form.errors and status == 200 else status
    return render(request, "companion/question_act.html", context, status=status)


def _to_thread(request: CompanionRequest, thread_id: int) -> HttpResponse:
    return redirect(request.mount.url_for("thread-detail", thread_id))
