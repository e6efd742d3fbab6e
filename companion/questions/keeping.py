"""What happens to a thread happens to its question: handlers that run in the transaction of the fact.

They write what the ladder needs to know and nothing else, so that a question cannot be answered and still climb.
"""

from __future__ import annotations

from companion import clock, events
from companion.questions.asking import bring_me_toos, open_question
from companion.questions.assigning import (
    end,
    hold,
    hold_both,
    look_again,
    look_again_at_leavers,
    place_of,
    topic_ids_of,
    wait_anew,
)
from companion.questions.models import Correction, Outcome, Question, State
from companion.threads import api as threads
from companion.topics import api as topics


def note_reply(event: events.PostAdded) -> None:
    """Whoever has the question answers it, or the course staff, or an expert for it. Others' replies stop no clock:
    whoever asked accepts them, or somebody who knows stands by them.
    """
    question = _of(event)
    if question is None:
        return
    post = threads.find_post(thread_id=event.thread_id, number=event.number)
    if post is None or threads.is_by_asker(post):
        return
    if question.first_answer_at is None:
        question.first_answer_at = clock.now()
        question.save(update_fields=["first_answer_at"])
    # An anonymous reply is nobody's: that it counts as an expert's would tell whose it is.
    if event.person_id is not None and (threads.is_by_staff(post) or _knows(question, event.person_id)):
        _answered(question, by=event.person_id, number=event.number)


def note_endorsement(event: events.PostEndorsed) -> None:
    question = _of(event)
    if question is not None and event.endorsed and event.number > 1:
        _answered(question, by=event.person_id, number=event.number)


def note_acceptance(event: events.AnswerAccepted) -> None:
    question = _of(event)
    if question is None:
        return
    if not event.accepted:
        if question.state == State.ACCEPTED:
            _as_answered_otherwise(question)
        return
    if question.assignment is not None:
        post = threads.find_post(thread_id=event.thread_id, number=event.number)
        _release(question, by=post.author_id if post else None)
    now = clock.now()
    question.state, question.accepted_at, question.route_at = State.ACCEPTED, now, None
    question.first_answer_at = question.first_answer_at or now
    question.save()


def note_edit(event: events.PostEdited) -> None:
    """An answer that people rely on was changed: whoever had opened it hears of it."""
    question = _of(event)
    post = threads.find_post(thread_id=event.thread_id, number=event.number) if question else None
    if question is None or post is None or post.is_opening:
        return
    is_verified = question.is_verified and post.number == question.verified_number
    if not (post.number == post.thread.accepted_number or is_verified or post.endorsed_at is not None):
        return
    readers = threads.list_readers(thread_id=event.thread_id, number=event.number)
    rows = [
        Correction(question=question, person_id=pk, number=post.number, version=post.version - 1)
        for pk in readers
        if pk != post.author_id
    ]
    # Who has not read of an earlier correction keeps that: the difference is to what they know.
    Correction.objects.bulk_create(rows, ignore_conflicts=True, batch_size=500)
    events.announce(events.AnswerCorrected(**place_of(question), post_id=post.pk, number=post.number))


def note_gone(event: events.PostDeleted | events.PostHidden | events.PostReturned) -> None:
    """The question itself was taken back or hidden: it waits for nobody. An accepted answer that goes is none."""
    question = _of(event)
    if question is None:
        return
    if event.number > 1:
        _without_answer(question)
        return
    if question.state != State.CLOSED:
        _close(question)


def note_back(event: events.PostRestored) -> None:
    """The question is there again, as it was: one that was answered has its answer."""
    question = _of(event)
    if question is None or event.number > 1 or question.state != State.CLOSED or question.duplicate_of_id:
        return
    if threads.accepted_number(thread_id=question.pk) is not None:
        question.state = State.ACCEPTED
        question.save(update_fields=["state"])
    else:
        _as_answered_otherwise(question)


def note_move(event: events.ThreadMoved) -> None:
    """A thread that comes to an activity for questions is one; one that leaves is none any more."""
    thread = threads.find_thread_row(thread_id=event.thread_id)
    if thread is None:
        return
    question = Question.objects.filter(pk=event.thread_id).first()
    target = threads.activity_of(activity_id=event.to_activity_id)
    if target is None or not target.takes_questions or thread.kind != threads.Kind.QUESTION:
        if question is not None:
            held = hold(event.thread_id)
            assert held is not None
            _release(held, by=None)
            held.delete()
        return
    if question is None:
        open_question(thread=thread, activity=target, organization_id=event.organization_id)
        return
    held = hold(event.thread_id)
    assert held is not None
    held.activity = target
    held.route_at = clock.now() if held.is_open else None
    held.save(update_fields=["activity", "route_at"])


def note_merge(event: events.ThreadMerged) -> None:
    """Its posts went to another thread: whoever waits for an answer waits there."""
    question, other = hold_both(event.thread_id, event.into_thread_id)
    if question is None:
        return
    _release(question, by=None)
    if other is not None:
        bring_me_toos(question, other)
    question.state, question.duplicate_of, question.route_at = State.CLOSED, other, None
    question.save()


def note_split(event: events.ThreadSplit) -> None:
    """What was split off answers nothing here any more."""
    question = _of(event)
    if question is not None:
        _without_answer(question)


def note_tags(event: events.ThreadTagged) -> None:
    """Others may know about it now."""
    Question.objects.filter(pk=event.thread_id, state=State.OPEN, assignment=None).update(route_at=clock.now())


def note_rewriting(event: events.PostsRewritten) -> None:
    """Somebody left for good, and what they asked was deleted with them: it waits for nobody."""
    gone = threads.openings_deleted(post_ids=event.post_ids)
    for thread_id in Question.objects.filter(pk__in=gone).exclude(state=State.CLOSED).values_list("pk", flat=True):
        question = hold(thread_id)
        if question is not None:
            _close(question)


def note_withdrawal(event: events.ExpertiseWithdrawn) -> None:
    look_again(person_ids=[event.person_id])


def note_roster(event: events.RosterSynced) -> None:
    if event.left:
        look_again_at_leavers(space_id=event.space_id)


def note_settings(event: events.ActivityConfigured) -> None:
    """Another ladder: the next tick looks at what waits."""
    waiting = Question.objects.filter(activity_id=event.activity_id, state=State.OPEN)
    waiting.update(route_at=clock.now())


def _of(event: events.ThreadEvent) -> Question | None:
    """The held question of a thread; None for most threads, after one look."""
    if not Question.objects.filter(pk=event.thread_id).exists():
        return None
    return hold(event.thread_id)


def _knows(question: Question, person_id: int) -> bool:
    if question.assignment is not None and question.assignment.person_id == person_id:
        return True
    return person_id in topics.expert_ids(organization_id=question.organization_id, topic_ids=topic_ids_of(question))


def _answered(question: Question, *, by: int, number: int) -> None:
    if not question.is_open:
        return
    _release(question, by=by)
    question.state, question.route_at, question.answer_number = State.ANSWERED, None, number
    question.first_answer_at = question.first_answer_at or clock.now()
    question.save()
    events.announce(events.QuestionAnswered(**place_of(question), number=number))


def _release(question: Question, *, by: int | None) -> None:
    """Whoever has it is done: by answering, or because it needs no answer of theirs."""
    assignment = question.assignment
    if assignment is not None:
        end(question, assignment, Outcome.ANSWERED if assignment.person_id == by else Outcome.CLOSED)


def _close(question: Question) -> None:
    """It was taken back: it waits for nobody."""
    _release(question, by=None)
    question.state, question.route_at = State.CLOSED, None
    question.save()
    events.announce(events.QuestionClosed(**place_of(question), duplicate_of_id=None))


def _without_answer(question: Question) -> None:
    """Something is gone that may have been the answer: what still stands decides. No word stands for what is gone."""
    named = {number for number in (question.answer_number, question.verified_number) if number is not None}
    shown = threads.shown_numbers(thread_id=question.pk, numbers=named)
    if question.verified_number not in shown:
        question.verified_until = question.verified_number = question.verified_by_id = None
    if question.answer_number not in shown:
        question.answer_number = None
    if not threads.count_answers(thread_id=question.pk):
        question.first_answer_at = None
    question.save()
    if question.state == State.ACCEPTED and threads.accepted_number(thread_id=question.pk) is None:
        _as_answered_otherwise(question)
    elif question.state == State.ANSWERED and question.answer_number is None:
        wait_anew(question)


def _as_answered_otherwise(question: Question) -> None:
    """Nothing is accepted any more: what somebody who knows said stands; without that, it waits anew."""
    question.state, question.accepted_at = State.ANSWERED, None
    if question.answer_number is None:
        wait_anew(question)
    else:
        question.save()
