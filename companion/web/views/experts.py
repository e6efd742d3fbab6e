"""Who endorses beside the course staff: the experts for an activity's topic."""

from __future__ import annotations

import re
from uuid import UUID

from django.http import HttpResponse
from django.utils.translation import gettext

from companion.errors import InvalidInput
from companion.spaces import api as spaces
from companion.text import clean_line
from companion.topics import api as topics
from companion.web.forms.moderation import ExpertForm
from companion.web.forms.questions import TurnForm
from companion.web.mounting import CompanionRequest
from companion.web.page import number_of, redirect, render, with_query
from companion.web.views.posts import refuse


def expert_list(request: CompanionRequest, uid: UUID) -> HttpResponse:
    """The experts of each of the activity's topics and their days on call, for whoever places activities."""
    activity = spaces.get_activity(viewer=request.viewer, uid=uid)
    spaces.must_configure(viewer=request.viewer)
    names = activity.discussion.topics
    topic = request.POST.get("topic") or request.GET.get("topic") or (names[0] if names else "")
    topic = topic if topic in names else ""
    experts = topics.list_experts(viewer=request.viewer, topic=topic) if topic else []
    is_turn = "weekdays" in request.POST or "expert" in request.POST
    is_naming = (
        request.method == "POST" and not is_turn and "remove" not in request.POST and "clear" not in request.POST
    )
    form = ExpertForm(request.POST if is_naming else None)
    people = [(expert.person_id, expert.name) for expert in experts]
    turn = TurnForm(request.POST if is_turn else None, experts=people)
    try:
        if request.method == "POST" and _done(request, topic, form, turn):
            return redirect(request.mount.url_for("expert-list", uid), {"topic": topic})
    except InvalidInput as error:
        refuse(turn if is_turn else form, error)
    url = request.mount.url_for("expert-list", uid)
    context = {
        "activity": activity,
        "topic": topic,
        "others": [(name, with_query(url, {"topic": name}), name == topic) for name in names],
        "experts": experts,
        "form": form,
        "turn": turn,
    }
    return render(request, "companion/expert_list.html", context, status=422 if form.errors or turn.errors else 200)


def _done(request: CompanionRequest, topic: str, form: ExpertForm, turn: TurnForm) -> bool:
    """Whether what was sent is done. Raises InvalidInput."""
    person_id = number_of(request.POST.get("remove") or request.POST.get("clear"))
    if "remove" in request.POST:
        topics.withdraw_expertise(viewer=request.viewer, topic=topic, person_id=person_id)
    elif "clear" in request.POST:
        topics.clear_turns(viewer=request.viewer, topic=topic, person_id=person_id)
    elif turn.is_bound:
        if not turn.is_valid():
            return False
        topics.add_turn(viewer=request.viewer, topic=topic, **turn.turn())
    elif form.is_valid():
        _grant(request, topic, form)
    else:
        return False
    return True


def _grant(request: CompanionRequest, topic: str, form: ExpertForm) -> None:
    """Raises InvalidInput where the name is nobody's, or two people's."""
    found = _called(request, clean_line(form.cleaned_data["person"]).removeprefix("@"))
    if len(found) > 1:
        several = ", ".join(f"{member.name}#{member.person_id}" for member in found)
        raise InvalidInput({"person": gettext("There are several: write %(names)s.") % {"names": several}})
    topics.grant_expertise(
        viewer=request.viewer,
        topic=topic,
        person_id=found[0].person_id if found else 0,
        expires_at=form.cleaned_data["expires_at"],
    )


def _called(request: CompanionRequest, typed: str) -> list[spaces.Member]:
    """The members who are called so: "Ana Torres", "Ana Torres#17" where there are two, "Participant 17", "#17"."""
    name, mark, _number = typed.rpartition("#")
    found = spaces.find_members(viewer=request.viewer, names=[typed], ids=[number_of(re.split("[# ]", typed)[-1])])
    return [member for member in found if member.name == typed or (mark and name in ("", member.name))]
