"""Topics, who knows about each, and the pages of people."""

from __future__ import annotations

from django.http import HttpResponse
from django.views.decorators.http import require_POST, require_safe

from companion.errors import Conflict, InvalidInput
from companion.questions import api as questions
from companion.threads import api as threads
from companion.topics import api as topics
from companion.web.forms.questions import ProfileForm, SynonymForm, TopicMergeForm
from companion.web.fragments import draw_rows
from companion.web.mounting import CompanionRequest
from companion.web.page import number_of, redirect, render
from companion.web.views.posts import refuse


@require_safe
def topic_list(request: CompanionRequest) -> HttpResponse:
    rows = topics.list_topics(viewer=request.viewer)
    context = {
        "items": [(topic, request.mount.url_for("topic-detail", topic.id)) for topic in rows],
        "nominations": topics.list_nominations(viewer=request.viewer) if request.viewer.can_configure else [],
    }
    return render(request, "companion/topic_list.html", context)


def topic_detail(request: CompanionRequest, topic_id: int) -> HttpResponse:
    """A topic: what is asked about it here, and who knows. Instructors give it other names and merge it."""
    topic = topics.get_topic(viewer=request.viewer, topic_id=topic_id)
    others = [(row.id, row.name) for row in topics.list_topics(viewer=request.viewer) if row.id != topic.id]
    is_merge = "into" in request.POST
    synonym = SynonymForm(request.POST if request.method == "POST" and not is_merge else None)
    merge = TopicMergeForm(request.POST if is_merge else None, topics=others)
    status = 200
    if request.method == "POST":
        sent = merge if is_merge else synonym
        try:
            if sent.is_valid():
                return redirect(request.mount.url_for("topic-detail", _changed(request, topic.id, sent.cleaned_data)))
        except (InvalidInput, Conflict) as error:
            status = refuse(sent, error)
    rows = threads.list_about(viewer=request.viewer, topic_ids=topics.ids_of(topic.id))
    knowers = questions.who_knows(viewer=request.viewer, topic_id=topic.id)
    context = {
        "topic": topic,
        "follows": topics.follows_topic(viewer=request.viewer, topic_id=topic.id),
        "standing": topics.standing(viewer=request.viewer, topic_id=topic.id),
        "knowers": [(knower, request.mount.url_for("person-detail", knower.person_id)) for knower in knowers],
        "items": draw_rows(request.mount, rows),
        "synonym": synonym,
        "merge": merge,
        "others": others,
    }
    status = 422 if status == 200 and (synonym.errors or merge.errors) else status
    return render(request, "companion/topic_detail.html", context, status=status)


@require_POST
def topic_follow(request: CompanionRequest, topic_id: int) -> HttpResponse:
    topics.follow_topic(viewer=request.viewer, topic_id=topic_id, following=request.POST.get("following") == "1")
    return redirect(request.mount.url_for("topic-detail", topic_id))


@require_POST
def topic_request(request: CompanionRequest, topic_id: int) -> HttpResponse:
    """Put oneself forward for a topic, or give it up."""
    topic = topics.get_topic(viewer=request.viewer, topic_id=topic_id)
    if request.POST.get("holding") == "0":
        topics.withdraw_expertise(viewer=request.viewer, topic=topic.name, person_id=request.viewer.person_id)
    else:
        topics.request_expertise(viewer=request.viewer, topic=topic.name)
    return redirect(request.mount.url_for("topic-detail", topic_id))


@require_POST
def topic_approve(request: CompanionRequest, topic_id: int) -> HttpResponse:
    """Let somebody hold the topic that they put themselves forward for, or refuse."""
    person_id = number_of(request.POST.get("person"))
    if request.POST.get("approved") == "1":
        topics.approve_expertise(viewer=request.viewer, topic_id=topic_id, person_id=person_id)
    else:
        topics.refuse_expertise(viewer=request.viewer, topic_id=topic_id, person_id=person_id)
    return redirect(request.mount.url_for("topic-list"))


@require_safe
def person_detail(request: CompanionRequest, person_id: int) -> HttpResponse:
    page = questions.get_person(viewer=request.viewer, person_id=person_id)
    context = {
        "person": page,
        "topics": [(name, request.mount.url_for("topic-detail", pk)) for pk, name in page.topics],
        "answers": [
            (answer, request.mount.url_for("post-detail", answer.thread_id, answer.number)) for answer in page.answers
        ],
    }
    return render(request, "companion/person_detail.html", context)


def profile(request: CompanionRequest) -> HttpResponse:
    """What one takes on as an expert."""
    known = topics.get_profile(viewer=request.viewer, person_id=request.viewer.person_id)
    first = {
        "capacity": known.room.capacity,
        "away_from": known.away_from,
        "away_until": known.away_until,
        "time_zone": known.time_zone,
        "about": known.about,
        "is_listed": known.is_listed,
    }
    form = ProfileForm(request.POST if request.method == "POST" else None, initial=first)
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            topics.save_profile(viewer=request.viewer, **form.profile())
        except InvalidInput as error:
            status = refuse(form, error)
        else:
            return redirect(request.mount.url_for("queue"))
    context = {"form": form, "room": known.room}
    return render(request, "companion/profile.html", context, status=422 if form.errors and status == 200 else status)


def _changed(request: CompanionRequest, topic_id: int, data: dict[str, object]) -> int:
    """The topic that it is after the change."""
    if "into" not in data:
        topics.add_synonym(viewer=request.viewer, topic_id=topic_id, name=str(data["synonym"]))
        return topic_id
    return topics.merge_topics(viewer=request.viewer, topic_id=topic_id, into_id=int(str(data["into"] or 0))).id
