"""Why a prompt came, comes or does not, in the reader's words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from companion.reflections.scheduling import Reason, State

_WORDS: Final[Mapping[str, Any]] = {
    Reason.ON_TIME: _("On its day."),
    Reason.QUIET: _("Its own moment lies outside of working hours."),
    Reason.ONE_A_DAY: _("Another reminder goes out on its day."),
    Reason.LATE: _("Its day was over already; it is still worth sending."),
    Reason.SNOOZED: _("Put off by the learner."),
    Reason.AFTER_PLAN: _("Counted from when the plan was made."),
    Reason.ASKED_AGAIN: _("Asked again, because what was in the way has been answered."),
    Reason.MAIL_SERVER: _("The mail server did not take it; tried again."),
    Reason.NOT_JOINED: _("Not known when the learner joined."),
    Reason.NOT_FINISHED: _("Waits until the learner has finished what it is about."),
    Reason.NO_EVENT: _("The event has no date."),
    Reason.NO_DUE_DATE: _("The unit has no due date for this learner."),
    Reason.NO_PLAN: _("There is no plan yet that it could ask about."),
    Reason.MAILED: _("By e-mail."),
    Reason.SHOWN: _("In the course alone: another reminder went out that day."),
    Reason.NO_ADDRESS: _("In the course alone: the course passes on no e-mail address."),
    Reason.BOUNCED: _("In the course alone: the e-mail address takes no mail."),
    Reason.NO_REMINDERS: _("In the course alone: the learner wants no e-mail."),
    Reason.NOT_TAKEN: _("In the course alone: the mail server took no letter in time."),
    Reason.NO_HOUR: _("In the course alone: no working hour came in time."),
    Reason.IN_DOUBT: _(
        "In the course; whether the e-mail went out is not known, because the service was stopped then."
    ),
    Reason.ANSWERED: _("Answered in the course before it was due."),
    Reason.TOO_OLD: _("Too late to be worth asking."),
    Reason.EVENT_OVER: _("What it was to come before has begun, or is over."),
    Reason.OVERTAKEN: _("A later one of the series is due already."),
    Reason.STOPPED: _("The learner has stopped the series."),
    Reason.SKIPPED: _("Skipped by the learner."),
    Reason.LEFT: _("No longer a learner in the course."),
    Reason.HELD_OUT: _("In the group that is asked at the end alone, to compare."),
    Reason.REMOVED: _("Taken out of the series."),
    Reason.CLOSED: _("The series has closed."),
}


_STATES: Final[Mapping[str, Any]] = {
    State.PLANNED: _("planned"),
    State.HELD: _("held"),
    State.SENT: _("sent"),
    State.DROPPED: _("dropped"),
}


def state_in_words(state: str) -> str:
    return str(_STATES[State(state)])


def in_words(reason: str) -> str:
    """The reason as a sentence; "" for one that is not known any more."""
    return str(_WORDS.get(reason, ""))
