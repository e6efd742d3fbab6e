"""What whoever asks does: ask, agree to publish, say what helped and what did not; and "me too" of everybody else."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext

from companion import clock, limits
from companion.errors import Conflict, InvalidInput, NotAllowed
from companion.events import QuestionAsked, QuestionReopened, announce
from companion.questions.agenda import must_be_able_to_ask
from companion.questions.assigning import apply, hold, place_of, wait_anew
from companion.questions.gates import get_question
from companion.questions.models import Correction, MeToo, Question, State
from companion.questions.routing import Reason
from companion.spaces.api import Activity, get_activity
from companion.threads import api as threads
from companion.topics import api as topics
from companion.viewer import Viewer


@transaction.atomic
def ask_question(
    *,
    viewer: Viewer,
    activity_uid: UUID,
    title: str,
    body: str,
    topic_names: Sequence[str] = (),
    is_private: bool = False,
    second: int | None = None,
    group_id: int | None = None,
    anonymous: bool = False,
    submission: str = "",
) -> threads.Thread:
    """Ask in an activity that takes questions; the ladder begins to count.

    `is_private` asks the experts and the course staff alone. The same form again gives the thread that it made.
    Raises NotFound, NotAllowed, InvalidInput, TooMany.
    """
    activity = get_activity(viewer=viewer, uid=activity_uid)
    if not activity.takes_questions:
        raise NotAllowed(gettext("This is no place for questions to experts. Start a thread instead."))
    if is_private and not activity.questions.allows_private:
        raise InvalidInput({"is_private": gettext("Questions are for everybody here. Your text is kept below.")})
    must_be_able_to_ask(viewer=viewer, activity=activity)
    names = topics.checked_names(topic_names)
    thread = threads.start_thread(
        viewer=viewer,
        activity_uid=activity_uid,
        title=title,
        body=body,
        kind=threads.Kind.QUESTION,
        second=second,
        group_id=group_id,
        is_private=is_private,
        anonymous=anonymous,
        submission=submission,
    )
    if Question.objects.filter(pk=thread.pk).exists():
        return thread
    threads.tag_thread(viewer=viewer, thread_id=thread.pk, names=names)
    open_question(thread=thread, activity=activity, organization_id=viewer.organization_id)
    return thread


def open_question(*, thread: threads.Thread, activity: Activity, organization_id: int) -> Question:
    """Let a thread of an activity that takes questions climb its ladder. Twice is once."""
    known = Question.objects.filter(pk=thread.pk).first()
    if known is not None:
        return known
    threads.add_topics(thread_id=thread.pk, organization_id=organization_id, names=activity.discussion.topics)
    now = clock.now()
    question = Question.objects.create(
        thread_id=thread.pk,
        organization_id=organization_id,
        space_id=activity.space_id,
        activity=activity,
        asked_at=thread.created_at,
        clock_at=now,
        round_at=now,
        route_at=now,
        reason=Reason.PEERS.value,
    )
    apply(question)
    announce(QuestionAsked(**place_of(question)))
    return question


@transaction.atomic
def say_me_too(*, viewer: Viewer, thread_id: int, me_too: bool = True) -> int:
    """Say that one has the same question, or take that back; gives how many do. Twice is once.

    It raises the question in the queues. Raises NotFound, NotAllowed (one's own), TooMany.
    """
    thread, _question = get_question(viewer=viewer, thread_id=thread_id)
    if threads.is_mine(viewer, thread):
        raise NotAllowed(gettext("You asked it: that counts already."))
    limits.take(person_id=viewer.person_id, what="marks", most=300, window=timedelta(minutes=10))
    if me_too:
        # Without an event: who has the same question is nobody's to know. Before the question is held, as a reply does
        # with the thread and then the question.
        threads.follow_by_taking_part(viewer=viewer, thread=thread)
    question = hold(thread_id)
    assert question is not None
    mine = MeToo.objects.filter(question=question, person_id=viewer.person_id)
    if me_too:
        changed = int(MeToo.objects.get_or_create(question=question, person_id=viewer.person_id)[1])
    else:
        changed = -mine.delete()[0]
    if changed:
        Question.objects.filter(pk=question.pk).update(metoo_count=F("metoo_count") + changed)
    return question.metoo_count + changed


def bring_me_toos(question: Question, other: Question) -> None:
    """Who has a held question has the other one (held, too), each once; whoever asked that has it anyway.

    An anonymous asker is no exception: a count that leaves them out would tell who they are.
    """
    asker = threads.signed_author(thread_id=other.pk)
    people = MeToo.objects.filter(question=question).values_list("person_id", flat=True)
    rows = [MeToo(question=other, person_id=pk) for pk in people if pk != asker]
    MeToo.objects.bulk_create(rows, ignore_conflicts=True, batch_size=500)
    Question.objects.filter(pk=other.pk).update(metoo_count=MeToo.objects.filter(question=other).count())


@transaction.atomic
def say_unhelpful(*, viewer: Viewer, thread_id: int, number: int, why: str, submission: str = "") -> None:
    """The answer `number` did not help, and why: that is a reply to it, and the question waits anew.

    Whoever answered has had their turn in this round; a question that waits already stays with whoever has it. For
    whoever asked, by name or without as they asked.
    Raises NotFound, NotAllowed, InvalidInput, Conflict.
    """
    thread, _question = get_question(viewer=viewer, thread_id=thread_id)
    if not threads.is_mine(viewer, thread):
        raise NotAllowed(gettext("Whoever asked says whether it helped."))
    if number < 2:
        raise Conflict(gettext("Choose the answer that did not help."))
    anonymous = thread.is_anonymous
    threads.add_reply(
        viewer=viewer, thread_id=thread_id, parent_number=number, body=why, anonymous=anonymous, submission=submission
    )
    question = hold(thread_id)
    assert question is not None
    if question.state == State.CLOSED:
        raise Conflict(gettext("This question is closed."))
    if not question.is_open:
        reopen(viewer=viewer, question=question)


def reopen(*, viewer: Viewer, question: Question) -> None:
    """Let a held question wait anew: the clock starts again."""
    question.answer_number = None
    question.save(update_fields=["answer_number"])
    thread = threads.get_thread(viewer=viewer, thread_id=question.pk)
    if thread.accepted_number is None:
        wait_anew(question)
    else:
        # Once nothing is accepted, it waits anew by itself (companion.questions.keeping).
        threads.accept_answer(viewer=viewer, thread_id=question.pk, number=thread.accepted_number, accepted=False)
    announce(QuestionReopened(**place_of(question)))


@transaction.atomic
def publish_question(*, viewer: Viewer, thread_id: int) -> None:
    """Agree that what one asked of the experts alone is shown to everybody; the moment is kept.

    Raises NotFound, NotAllowed.
    """
    get_question(viewer=viewer, thread_id=thread_id)
    threads.publish_thread(viewer=viewer, thread_id=thread_id)
    Question.objects.filter(pk=thread_id, consent_at=None).update(consent_at=clock.now())


def count_save(*, viewer: Viewer, thread_id: int) -> None:
    """Somebody found their answer in this question before they asked; it has been through the gate by which they read
    it. Who did is kept nowhere. Raises TooMany.
    """
    limits.take(person_id=viewer.person_id, what="saves", most=30, window=timedelta(minutes=10))
    Question.objects.filter(pk=thread_id).update(save_count=F("save_count") + 1)


def forget_people(*, person_ids: Sequence[int]) -> None:
    """Whoever has left for good has no question any more, and reads of no corrections."""
    MeToo.objects.filter(person_id__in=person_ids).delete()
    Correction.objects.filter(person_id__in=person_ids).delete()
