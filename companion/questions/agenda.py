"""Ask-the-expert events: questions gathered beforehand, voted on, and answered one after the other."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext

from companion import clock
from companion.errors import NotAllowed
from companion.questions.models import MeToo, Question, State
from companion.spaces.api import Activity
from companion.threads import api as threads
from companion.viewer import Viewer

MOST: int = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class AgendaRow:
    """A question of an event. `answer` is the number of the reply that answers it, or None."""

    thread_id: int
    title: str
    metoo_count: int
    says_me_too: bool
    answer: int | None
    label: str
    is_solved: bool


def gathers_from(activity: Activity) -> datetime | None:
    """When an event's questions begin to be gathered; None for an activity without an event."""
    if activity.event_at is None or not activity.takes_questions:
        return None
    return activity.event_at - timedelta(days=activity.questions.gather_days)


def can_ask(*, viewer: Viewer, activity: Activity) -> bool:
    """Whether the viewer may ask in an activity at the moment."""
    try:
        must_be_able_to_ask(viewer=viewer, activity=activity)
    except NotAllowed:
        return False
    return True


def must_be_able_to_ask(*, viewer: Viewer, activity: Activity) -> None:
    """Raises NotAllowed, saying why, where the viewer cannot ask in this activity now."""
    threads.must_be_able_to_start(viewer=viewer, activity=activity)
    begins = gathers_from(activity)
    if begins is not None and clock.now() < begins and not viewer.is_staff:
        moment = {"moment": date_format(timezone.localtime(begins), "DATETIME_FORMAT")}
        raise NotAllowed(gettext("Questions for this event are gathered from %(moment)s on.") % moment)


def list_agenda(*, viewer: Viewer, activity: Activity) -> list[AgendaRow]:
    """The questions of an activity that has been through its gate, those that most people have first (200 at most)."""
    asked = Question.objects.filter(activity_id=activity.pk).exclude(state=State.CLOSED)
    found = list(asked.order_by("-metoo_count", "pk")[:MOST])
    titles = threads.titles_of(viewer=viewer, thread_ids=[question.pk for question in found])
    answers = threads.answers_of(thread_ids=titles)
    mine = MeToo.objects.filter(person_id=viewer.person_id, question_id__in=titles)
    too = set(mine.values_list("question_id", flat=True))
    return [
        AgendaRow(
            thread_id=question.pk,
            title=titles[question.pk],
            metoo_count=question.metoo_count,
            says_me_too=question.pk in too,
            answer=answers.get(question.pk),
            label=str(State(question.state).label),
            is_solved=question.state == State.ACCEPTED,
        )
        for question in found
        if question.pk in titles
    ]
