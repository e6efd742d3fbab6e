"""What a platform's gradebook is owed: whose credit is due in which column. scoring.py sends it.

Credit is what the learner reads above the threads (companion/threads/credit.py). It becomes due when somebody writes
under their name, when they come back to the list, when the rule changes, and each night for everybody.
"""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Final

from django.db import IntegrityError, transaction
from django.db.models import F, Q

from companion import clock
from companion import credit as credits
from companion.credit import Credit
from companion.events import ActivityConfigured, EntryWritten, PostAdded, ThreadStarted
from companion.kept import kept
from companion.spaces.api import Activity, learners_of
from companion.tasks import task
from companion_lti.claims import GradeService
from companion_lti.models import GradeColumn, ResourceLink, Score
from companion_lti.nights import last_night
from companion_lti.scoring import points_share, send_scores

# For how long a process believes what it knows of an activity's columns.
KNOWN: Final = 10
# A task that should have run so long ago has used up its tries, or is gone.
LOST: Final = timedelta(hours=12)
# A column whose link nobody has launched for so long is let be at night.
ASLEEP: Final = timedelta(days=90)
_BATCH: Final = 500


def note_column(link: ResourceLink, service: GradeService) -> None:
    """Keep where a launch says that grades of its link go. In the launch's transaction."""
    said = {
        "line_items_url": service.line_items_url,
        "may_create": service.may_create,
        "may_look": service.may_look,
        # Without one in the launch, what we found or made ourselves stays.
        **({"line_item_url": service.line_item_url} if service.line_item_url else {}),
    }
    column, is_new = GradeColumn.objects.get_or_create(link=link, defaults=said)
    if is_new:
        if link.activity.discussion.is_graded:
            _settle_later([column.pk])
        return
    changed = {name: value for name, value in said.items() if getattr(column, name) != value}
    if changed:
        GradeColumn.objects.filter(pk=column.pk).update(**changed, error="")


def when_somebody_wrote(event: ThreadStarted | PostAdded | EntryWritten) -> None:
    """In the transaction of the post, or of an answer to a prompt."""
    if event.person_id is not None:
        _make_due(columns_of(event.activity_id), event.person_id)


def when_configured(event: ActivityConfigured) -> None:
    """In the transaction of the new settings: what was written before may count now."""
    columns = GradeColumn.objects.filter(link__activity_id=event.activity_id).select_related("link__activity")
    _settle_later([column.pk for column in columns if column.link.activity.discussion.is_graded])


def when_seen(person_id: int, activity: Activity, credit: Credit) -> None:
    """Somebody reads how far they are (Mount.report_credit): where the platform has not heard of that, it is due."""
    share = points_share(credit, whole=activity.discussion.credit_whole)
    columns = columns_of(activity.pk) if share else []
    if not columns:
        return
    # One that was left alone or not taken waits for the next post, or for the night.
    told = Score.objects.filter(~Q(state=Score.State.SENT) | Q(share__gte=share), column_id__in=columns)
    known = set(told.filter(person_id=person_id).values_list("column_id", flat=True))
    with transaction.atomic():
        _make_due([pk for pk in columns if pk not in known], person_id)


def columns_of(activity_id: int) -> list[int]:
    """The columns that an activity's credit goes to; none where it is not graded."""
    return kept(f"companion_lti.columns.{activity_id}", partial(_columns_of, activity_id), seconds=KNOWN)


def _columns_of(activity_id: int) -> list[int]:
    columns = GradeColumn.objects.filter(link__activity_id=activity_id).select_related("link__activity").order_by("pk")
    return [column.pk for column in columns if column.link.activity.discussion.is_graded]


@task()
def settle_column(column_id: int) -> str:
    """Look at everybody's credit in a column, and have what the platform was not told sent."""
    column = GradeColumn.objects.select_related("link__activity", "link__space").filter(pk=column_id).first()
    if column is None:
        return "gone"
    count = settle(column)
    if count:
        enqueue(column_id)
    return f"{count} due"


def settle(column: GradeColumn) -> int:
    """Make due what everybody has and the platform was not told; gives how many. A few statements for 500 people."""
    activity = column.link.activity
    whole = activity.discussion.credit_whole
    credit = {
        person: points_share(found, whole=whole) for person, found in credits.list_credit(activity=activity).items()
    }
    known = {score.person_id: score for score in column.scores.all()}
    owed = [person for person, share in credit.items() if share and _is_owed(known.get(person), share)]
    learners: set[int] = set()
    for start in range(0, len(owed), _BATCH):
        learners |= learners_of(space_id=column.link.space_id, person_ids=owed[start : start + _BATCH]).keys()
    behind = [known[person].pk for person in learners if person in known]
    new = [person for person in learners if person not in known]
    for start in range(0, len(behind), _BATCH):
        Score.objects.filter(pk__in=behind[start : start + _BATCH]).update(
            state=Score.State.DUE, request=F("request") + 1, failures=0
        )
    scores = [Score(column=column, person_id=person) for person in new]
    Score.objects.bulk_create(scores, ignore_conflicts=True, batch_size=_BATCH)
    GradeColumn.objects.filter(pk=column.pk).update(settled_at=clock.now())
    return len(behind) + len(new)


def _is_owed(score: Score | None, share: float) -> bool:
    """One that was changed by hand waits for the learner's next post."""
    return score is None or (score.state in (Score.State.SENT, Score.State.STOPPED) and share > (score.share or 0))


def _make_due(columns: list[int], person_id: int) -> None:
    for pk in columns:
        mine = Score.objects.filter(column_id=pk, person_id=person_id)
        if not mine.update(state=Score.State.DUE, request=F("request") + 1):
            try:
                with transaction.atomic():
                    Score.objects.create(column_id=pk, person_id=person_id)
            except IntegrityError:
                mine.update(state=Score.State.DUE, request=F("request") + 1)
        enqueue(pk)


def enqueue(column_id: int) -> None:
    """Have what is due in a column sent; a task that waits already will do."""
    if GradeColumn.objects.filter(pk=column_id, queued_at=None).update(queued_at=clock.now()):
        send_scores.enqueue(column_id)


def _settle_later(columns: list[int]) -> None:
    for pk in columns:
        settle_column.enqueue(pk)


def settle_nightly() -> None:
    """Each night for every column of a graded activity that is still used: what a killed process, an edited post or
    a platform that took nothing has left behind.
    """
    night = last_night()
    waiting = GradeColumn.objects.filter(
        Q(settled_at=None) | Q(settled_at__lt=night),
        link__deployment__is_approved=True,
        link__deployment__registration__is_active=True,
    )
    used = waiting.filter(link__space__memberships__launched_at__gt=clock.now() - ASLEEP).distinct()
    for column in used.select_related("link__activity")[:_BATCH]:
        # Whoever moves the date enqueues: the other workers find it moved.
        if waiting.filter(pk=column.pk).update(settled_at=clock.now()) and column.link.activity.discussion.is_graded:
            _settle_later([column.pk])


def wake_stalled() -> None:
    """Enqueue again for columns that owe something and that no task will look at."""
    now = clock.now()
    idle = GradeColumn.objects.filter(
        Q(busy_until=None) | Q(busy_until__lt=now),
        Q(queued_at=None) | Q(queued_at__lt=now - LOST),
        scores__state=Score.State.DUE,
    ).distinct()
    for pk in idle.values_list("pk", flat=True)[:_BATCH]:
        GradeColumn.objects.filter(pk=pk).exclude(queued_at=None).update(queued_at=None)
        enqueue(pk)
