"""Whoever is stuck asks somebody who knows: with their consent, in the same minute. When it is answered, the series
asks again how the plan goes.

The question itself is asked elsewhere (companion.questions); here is what it begins with, and what follows.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext

from companion import clock
from companion.errors import NotFound
from companion.events import AnswerAccepted, QuestionAnswered
from companion.reflections.answering import find_plan, get_delivery, settings_of
from companion.reflections.asking import ask_at
from companion.reflections.known import hours_of
from companion.reflections.models import Commitment, Delivery, Outcome
from companion.reflections.scheduling import Reason, State, days_after
from companion.spaces.prompts import Format
from companion.viewer import Viewer

TITLE_LIMIT = 120
# How long after an answer one is asked again how it goes.
AGAIN_DAYS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What a question begins with. Its author reads it, changes it, and sends it or not."""

    plan: Commitment
    title: str
    body: str
    thread_id: int | None


def context_of(*, viewer: Viewer, delivery_id: int) -> Context:
    """The question that follows from a plan on which somebody is stuck. Raises NotFound."""
    delivery = get_delivery(viewer=viewer, delivery_id=delivery_id)
    prompt = settings_of(delivery)
    plan = (
        find_plan(person_id=viewer.person_id, series_id=delivery.series_id, key=prompt.pairs_with)
        if prompt.format is Format.FOLLOW_UP
        else None
    )
    if plan is None:
        raise NotFound(gettext("There is no plan here that you could be stuck on."))
    told = getattr(delivery, "entry", None)
    lines = [
        gettext("I planned: %(plan)s") % {"plan": sentence_of(plan)},
        gettext("In the way: %(obstacle)s") % {"obstacle": plan.obstacle} if plan.obstacle else "",
        "\n\n".join(told.parts) if told is not None else "",
    ]
    title = gettext("Stuck: %(action)s") % {"action": plan.action}
    body = "\n\n".join(line for line in lines if line)
    return Context(plan=plan, title=title[:TITLE_LIMIT], body=body, thread_id=plan.thread_id)


def sentence_of(plan: Commitment) -> str:
    if plan.cue:
        return gettext("When %(cue)s, I will %(action)s") % {"cue": plan.cue, "action": plan.action}
    return gettext("I will %(action)s") % {"action": plan.action}


@transaction.atomic
def note_question(*, viewer: Viewer, delivery_id: int, thread_id: int) -> None:
    """A question was asked because of a plan: what is answered there has the series ask again. Raises NotFound."""
    plan = context_of(viewer=viewer, delivery_id=delivery_id).plan
    Commitment.objects.filter(pk=plan.pk).update(thread_id=thread_id)


def ask_again(event: QuestionAnswered | AnswerAccepted) -> None:
    """In the transaction of an answer: whoever was stuck is asked again, two days after it, once for a question."""
    if isinstance(event, AnswerAccepted) and not event.accepted:
        return
    plans = Commitment.objects.filter(thread_id=event.thread_id, outcome=Outcome.BLOCKED)
    for plan in plans.select_related("entry__delivery", "entry__prompt"):
        last = _last_said(plan)
        if last is not None and last.enrolment.stopped_at is None:
            _ask_once_more(last)


def _last_said(plan: Commitment) -> Delivery | None:
    """Where its author said last that they were stuck on this plan."""
    asked = Delivery.objects.filter(enrolment_id=plan.entry.delivery.enrolment_id, entry__outcome=Outcome.BLOCKED)
    rows = asked.select_related("prompt", "series", "enrolment").order_by("-answered_at")
    return next((row for row in rows if settings_of(row).pairs_with == plan.entry.prompt.key), None)


def _ask_once_more(last: Delivery) -> None:
    mine = Delivery.objects.filter(enrolment_id=last.enrolment_id, prompt_id=last.prompt_id)
    if mine.filter(answered_at=None).exclude(state=State.DROPPED.value).exists():
        return
    number = (mine.aggregate(last=Max("round"))["last"] or 0) + 1
    hours = hours_of(last.series, last.person_id)
    moment = hours.next_open(days_after(clock.now(), AGAIN_DAYS, zone=hours.zone))
    delivery = Delivery.objects.create(
        enrolment_id=last.enrolment_id,
        prompt_id=last.prompt_id,
        series=last.series,
        person_id=last.person_id,
        round=number,
        state=State.PLANNED.value,
        reason=Reason.ASKED_AGAIN.value,
        due_at=moment,
    )
    ask_at(delivery, moment, Reason.ASKED_AGAIN)
