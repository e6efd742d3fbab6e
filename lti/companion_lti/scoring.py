"""Scores to a platform (Assignment and Grade Services 2.0): what is due in a column, one person after the other.

Three promises. A grade that somebody changed in the platform is not overwritten: we look before we send. A score is
sent once and in order, also when the worker is killed between sending and writing that down: what we find there
already, we do not send again. What is not taken has a reason, and holds up nobody else.
"""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Final

from django.db import transaction
from django.db.models import F, Q
from django.utils import translation

from companion import clock
from companion import credit as credits
from companion.credit import Credit
from companion.languages import language_of
from companion.spaces.api import Person, learners_of
from companion.tasks import RetryLater, task
from companion_lti import gradebooks
from companion_lti.connector import NoAccess
from companion_lti.gradebooks import Gradebook, Result, Stopped
from companion_lti.models import GradeColumn, Score
from companion_lti.outgoing import CallFailed, retry_after

# A worker that has not said anything for so long was killed: what it says anything between takes less.
LEASE: Final = timedelta(minutes=5)
# A task lasts so long at most; what is left is another one's.
SPELL: Final = 60.0
# Platforms round: Moodle to five digits, others to whole per cent.
SAME: Final = 0.006
SECOND: Final = timedelta(seconds=1)
# Failures in a row after which it is the platform that fails, not one person's grade.
IN_A_ROW: Final = 3
# So often the platform may fail on one person before that is taken for its answer.
MOST_FAILURES: Final = 8
_MOST_AT_ONCE: Final = 500


class _Lost(Exception):
    """Another worker took the column over: this one was too slow."""


@task()
def send_scores(column_id: int) -> str:
    """Send what is due in a column."""
    if not GradeColumn.objects.filter(pk=column_id).exists():
        return "gone"
    column, lease = _take(column_id)
    try:
        count, is_more = _send_due(column, lease)
    except _Lost:
        return "another worker took over"
    except (NoAccess, Stopped) as error:
        no_access = "The platform gives us no access to its gradebook."
        _stop_all(column, no_access if isinstance(error, NoAccess) else str(error))
        return f"stopped: {error}"
    except CallFailed as error:
        GradeColumn.objects.filter(pk=column_id).update(error=f"The platform's grade service {error}."[:500])
        if not _wait(column_id):
            return f"another task waits: {error}"
        raise RetryLater(str(error), after=retry_after(error)) from error
    except Exception as error:
        # A fault of ours: looked at again in half a day, not each minute.
        text = f"Something went wrong here: {type(error).__name__}."
        GradeColumn.objects.filter(pk=column_id).update(error=text, queued_at=clock.now())
        raise
    finally:
        lease.end()
    if is_more and _wait(column_id):
        send_scores.enqueue(column_id)
    return f"{count} sent"


def _wait(column_id: int) -> bool:
    """Be the one task that waits for a column; False where another one is."""
    return bool(GradeColumn.objects.filter(pk=column_id, queued_at=None).update(queued_at=clock.now()))


def _take(column_id: int) -> tuple[GradeColumn, _Lease]:
    """Hold the column. Raises RetryLater where another worker is at it, or was killed and its lease runs on."""
    now = clock.now()
    free = GradeColumn.objects.filter(Q(busy_until=None) | Q(busy_until__lt=now), pk=column_id)
    if not free.update(busy_until=now + LEASE, queued_at=None):
        raise RetryLater("another worker is at it", after=LEASE)
    columns = GradeColumn.objects.select_related("link__activity", "link__space", "link__deployment__registration")
    column = columns.get(pk=column_id)
    return column, _Lease(column_id, column.busy_until)


class _Lease:
    """A column that this worker holds, as long as it says so now and then."""

    def __init__(self, column_id: int, until: datetime | None) -> None:
        self._column_id, self._until = column_id, until

    def renew(self) -> None:
        """Raises _Lost where somebody else has it."""
        until = clock.now() + LEASE
        if not self._held().update(busy_until=until):
            raise _Lost
        self._until = until

    def end(self) -> None:
        self._held().update(busy_until=None)

    def _held(self) -> Any:
        return GradeColumn.objects.filter(pk=self._column_id, busy_until=self._until)


def _send_due(column: GradeColumn, lease: _Lease) -> tuple[int, bool]:
    """How many were sent, and whether there are more. Raises Stopped, CallFailed, _Lost."""
    gradebook = Gradebook(column, renew=lease.renew)
    # Those that have failed before come last: they hold up nobody.
    due = list(column.scores.filter(state=Score.State.DUE).order_by("failures", "pk")[: _MOST_AT_ONCE + 1])
    learners = learners_of(space_id=column.link.space_id, person_ids=[score.person_id for score in due])
    count, failed, in_a_row, began = 0, None, 0, time.monotonic()
    for score in due[:_MOST_AT_ONCE]:
        if time.monotonic() - began > SPELL:
            return count, True
        lease.renew()
        person = learners.get(score.person_id)
        if person is None:
            _finish(score, Score.State.STOPPED, "They are no learner in this course any more.")
            continue
        try:
            count += _send_one(gradebook, column, score, person)
            in_a_row = 0
        except NoAccess:
            raise
        except CallFailed as error:
            in_a_row += 1
            if error.status == 429 or in_a_row == IN_A_ROW:
                raise
            failed = error if _may_fail_again(score, error) else failed
    if failed is not None:
        raise failed
    GradeColumn.objects.filter(pk=column.pk).exclude(error="").update(error="")
    return count, len(due) > _MOST_AT_ONCE


def _send_one(gradebook: Gradebook, column: GradeColumn, score: Score, person: Person) -> bool:
    """Whether something was sent. Raises Stopped, CallFailed."""
    activity = column.link.activity
    with translation.override(language_of(person.locale) or translation.get_language()):
        credit = credits.get_credit(activity=activity, person_id=person.pk)
        comment = f"{credit.progress} ({credits.credit_rule(activity)})" if credit else ""
    wanted = points_share(credit, whole=activity.discussion.credit_whole) if activity.discussion.is_graded else 0
    # It never goes down: a post that a moderator hides costs nothing that the learner was told they had.
    if wanted <= (score.share or 0):
        _finish(score, Score.State.SENT)
        return False
    try:
        found = gradebook.find(person.subject)
    except gradebooks.NotTaken as refused:
        _finish(score, Score.State.STOPPED, str(refused))
        return False
    if gradebook.is_new:
        _forget_sent(gradebook, column, score)
    if found.share is not None and abs(found.share - wanted) <= SAME:
        _finish(score, Score.State.SENT, share=wanted)
        return False
    if gradebook.may_look and not _is_ours(found, score):
        _finish(score, Score.State.KEPT, "Somebody changed the grade in the platform.")
        return False
    _keep_what_is_there(score, found)
    if found.comment and _digest(found.comment) != score.comment_digest:
        # A teacher's words, or ours as the platform changed them: both stay.
        comment = ""
    moment = _next_second(score.tried_at)
    kept = {"comment_digest": _digest(comment)} if comment else {}
    Score.objects.filter(pk=score.pk).update(tried_share=wanted, tried_at=moment, **kept)
    try:
        gradebook.send(person.subject, share=wanted, moment=moment, comment=comment)
    except gradebooks.NotTaken as refused:
        _finish(score, Score.State.STOPPED, str(refused))
        return False
    _finish(score, Score.State.SENT, share=wanted)
    GradeColumn.objects.filter(pk=column.pk).update(sent_at=moment)
    return True


def _forget_sent(gradebook: Gradebook, column: GradeColumn, score: Score) -> None:
    """The column was made anew: what was sent to the one before is gone with it."""
    column.scores.update(share=None, tried_share=None, comment_digest="")
    score.share = score.tried_share = None
    score.comment_digest = ""
    gradebook.is_new = False


def _keep_what_is_there(score: Score, found: Result) -> None:
    """One of ours whose answer was lost is written down before another is tried, which has a share of its own."""
    if found.share is not None and found.share > (score.share or 0):
        score.share = found.share
        Score.objects.filter(pk=score.pk).update(share=found.share)


def points_share(credit: Credit | None, *, whole: bool) -> float:
    """Which part of the points a credit gives: its own, or with `whole` all or nothing."""
    if credit is None or (whole and not credit.is_complete):
        return 0
    return credit.share


def _is_ours(found: Result, score: Score) -> bool:
    """Whether what stands in the platform is what we sent last, or may have sent; nothing, where we sent nothing."""
    if found.share is None:
        return score.share is None and not found.is_unknown
    return any(sent is not None and abs(found.share - sent) <= SAME for sent in (score.share, score.tried_share))


def _digest(text: str) -> str:
    """Of the words alone: platforms put paragraphs around them."""
    return sha256(gradebooks.plain(text).encode()).hexdigest()


def _next_second(last: datetime | None) -> datetime:
    """Now in whole seconds, and later than the last one: never in the future, which would block what comes next."""
    now = clock.now()
    if last is not None and now < last + SECOND:
        time.sleep(min((last + SECOND - now).total_seconds(), 1.0))
        now = max(clock.now(), last + SECOND)
    return now.replace(microsecond=0)


def _may_fail_again(score: Score, error: CallFailed) -> bool:
    """The platform failed on one person alone, so far as can be told; whether that is worth another try."""
    if score.failures + 1 >= MOST_FAILURES:
        _finish(score, Score.State.STOPPED, f"The platform's grade service {error}.")
        return False
    reason = f"The platform's grade service {error}."
    Score.objects.filter(pk=score.pk).update(failures=F("failures") + 1, reason=reason[:500])
    return True


def _finish(score: Score, state: Score.State, reason: str = "", **facts: Any) -> None:
    """Write down what came of it. What was asked for meanwhile stays due."""
    found = {"reason": reason[:500], "failures": 0, **facts}
    with transaction.atomic():
        same = Score.objects.filter(pk=score.pk, request=score.request)
        if not same.update(state=state, **found):
            Score.objects.filter(pk=score.pk).update(**found)


def _stop_all(column: GradeColumn, reason: str) -> None:
    GradeColumn.objects.filter(pk=column.pk).update(error=reason[:500])
    column.scores.filter(state=Score.State.DUE).update(state=Score.State.STOPPED, reason=reason[:500])
