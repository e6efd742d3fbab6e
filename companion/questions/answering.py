"""What experts do: take a question, hand it over or back, stand by an answer, close a duplicate, make a tip of it."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext

from companion import clock
from companion.errors import Conflict, InvalidInput, NotAllowed, NotFound
from companion.events import AnswerVerified, QuestionClosed, announce
from companion.questions.asking import bring_me_toos
from companion.questions.assigning import (
    apply,
    bench_of,
    end,
    give,
    hold,
    hold_both,
    ladder_of,
    place_of,
    topic_ids_of,
    wait_anew,
)
from companion.questions.gates import get_question, is_called, lend
from companion.questions.models import Outcome, Question, State, Step
from companion.questions.routing import Decision, Reason
from companion.reasons import checked_reason
from companion.spaces import api as spaces
from companion.threads import api as threads
from companion.topics import api as topics
from companion.viewer import Viewer


@transaction.atomic
def claim_question(*, viewer: Viewer, thread_id: int) -> None:
    """Take an open question, also from a step that has not begun. Twice is once.

    Raises NotFound, NotAllowed (no expert for it and no staff; one's own; no room this week), Conflict (somebody has
    it, or it waits no longer).
    """
    question = _held(viewer, thread_id)
    _must_know(viewer, question)
    if threads.is_mine(viewer, threads.get_thread(viewer=viewer, thread_id=thread_id)):
        raise NotAllowed(gettext("You asked it: somebody else answers."))
    _must_wait(question)
    if question.assignment is not None:
        if question.assignment.person_id == viewer.person_id:
            return
        raise Conflict(gettext("Somebody has it already."))
    _hand(question, viewer.person_id, Reason.CLAIMED)


@transaction.atomic
def hand_over(*, viewer: Viewer, thread_id: int, person_id: int, note: str = "") -> None:
    """Give a question that one has to another expert for it; the staff gives any. Nobody gets more than they take.

    Raises NotFound, NotAllowed, InvalidInput, Conflict.
    """
    question = _held(viewer, thread_id)
    _must_wait(question)
    mine = question.assignment is not None and question.assignment.person_id == viewer.person_id
    if not (mine or viewer.is_staff):
        raise NotAllowed(gettext("Whoever has a question hands it over."))
    if person_id not in _possible(question) or person_id == viewer.person_id:
        raise InvalidInput({"person": gettext("Choose another expert for this question.")})
    if topics.list_rooms(person_ids=[person_id])[person_id].is_away:
        raise InvalidInput({"person": gettext("They are away.")})
    if question.assignment is not None:
        # Both at once, in the order of their ids: two who hand to each other would wait for each other.
        topics.hold_rooms(person_ids={question.assignment.person_id, person_id})
        end(question, question.assignment, Outcome.HANDED_OVER)
    note = checked_reason(note, missing="") if note.strip() else ""
    _hand(question, person_id, Reason.HANDED_OVER, note=note)


@transaction.atomic
def decline_question(*, viewer: Viewer, thread_id: int, reason: str) -> None:
    """Give a question back, and say why: the ladder finds somebody else at once.

    Raises NotFound, NotAllowed, InvalidInput (no reason).
    """
    question = _held(viewer, thread_id)
    reason = checked_reason(reason, missing=gettext("Say why, in a few words."))
    assignment = question.assignment
    if assignment is None or assignment.person_id != viewer.person_id:
        raise NotAllowed(gettext("You do not have this question."))
    # Held in the order of their ids, before one of them alone is: two who hand back would wait for each other.
    bench_of(question)
    end(question, assignment, Outcome.DECLINED, note=reason)
    question.route_at = clock.now()
    apply(question)


@transaction.atomic
def close_as_duplicate(*, viewer: Viewer, thread_id: int, of_thread_id: int) -> None:
    """Point from a question to one that has the answer. Those who have it too come along.

    For experts and staff. Raises NotFound, NotAllowed, InvalidInput (there is no such other question for them),
    Conflict.
    """
    get_question(viewer=viewer, thread_id=thread_id)
    other_thread = _other_thread(viewer, of_thread_id)
    question, other = hold_both(thread_id, of_thread_id)
    assert question is not None
    assert other is not None
    _must_know(viewer, question)
    # In another course, whoever asked could not read it.
    if other.pk == question.pk or other.state == State.CLOSED or other.space_id != question.space_id:
        raise Conflict(gettext("Choose another question that has the answer."))
    if other_thread.is_private:
        raise Conflict(gettext("That one was asked of the experts alone."))
    if question.state == State.CLOSED:
        raise Conflict(gettext("This question is closed."))
    if question.assignment is not None:
        end(question, question.assignment, Outcome.CLOSED)
    question.state, question.duplicate_of, question.route_at = State.CLOSED, other, None
    question.save()
    bring_me_toos(question, other)
    announce(QuestionClosed(**place_of(question), duplicate_of_id=other.pk))


def _other_thread(viewer: Viewer, thread_id: int) -> threads.Thread:
    """The thread of a question that is pointed to: seen by the viewer, or one that they are called to as well."""
    try:
        return get_question(viewer=viewer, thread_id=thread_id)[0]
    except NotFound as error:
        called = lend(viewer=viewer, thread_id=thread_id)
        if called is None:
            raise InvalidInput({"of": str(error)}) from error
        return get_question(viewer=called, thread_id=thread_id)[0]


@transaction.atomic
def reopen_duplicate(*, viewer: Viewer, thread_id: int) -> None:
    """The other question does not answer this one: it waits anew. For whoever asked, experts and staff.

    Raises NotFound, NotAllowed, Conflict (its posts stand in the other one now).
    """
    question = _held(viewer, thread_id)
    thread = threads.get_thread(viewer=viewer, thread_id=thread_id)
    if not threads.is_mine(viewer, thread):
        _must_know(viewer, question)
    if thread.moved_to_id is not None:
        raise Conflict(gettext("This thread was merged or moved meanwhile."))
    if question.duplicate_of_id is None:
        return
    question.duplicate_of = None
    wait_anew(question)


@transaction.atomic
def verify_answer(*, viewer: Viewer, thread_id: int, number: int, until: datetime | None) -> None:
    """Say that an answer holds until a date. For experts and staff.

    Raises NotFound, NotAllowed, InvalidInput, Conflict.
    """
    question = _held(viewer, thread_id)
    _must_know(viewer, question)
    if until is None or until <= clock.now():
        raise InvalidInput({"until": gettext("Choose a day in the future.")})
    post = threads.get_post(viewer=viewer, thread_id=thread_id, number=number)
    if post.is_opening or not post.is_shown:
        raise Conflict(gettext("This post is no longer there."))
    question.verified_until, question.verified_number, question.verified_by_id = until, number, viewer.person_id
    question.save(update_fields=["verified_until", "verified_number", "verified_by"])
    announce(AnswerVerified(**place_of(question), post_id=post.pk, number=number, person_id=viewer.person_id))


@transaction.atomic
def make_tip(*, viewer: Viewer, thread_id: int, number: int) -> threads.Thread:
    """A tip with an answer's words under its question's title, in the same activity. Twice is once.

    For whoever wrote the answer, under their name. Raises NotFound, NotAllowed, Conflict.
    """
    thread, _question = get_question(viewer=viewer, thread_id=thread_id)
    post = threads.get_post(viewer=viewer, thread_id=thread_id, number=number)
    if post.is_anonymous or not threads.is_mine(viewer, post):
        raise NotAllowed(gettext("Whoever wrote an answer under their name makes a tip of it."))
    # Who was only called to one thread starts none in that course.
    if post.is_opening or not post.is_shown or thread.is_private or thread_id in viewer.opened_to:
        raise Conflict(gettext("No tip can be made of this."))
    if thread.is_withdrawn:
        raise Conflict(gettext("The question was taken back, and with it the title that the tip would have."))
    return threads.start_thread(
        viewer=viewer,
        activity_uid=thread.activity.uid,
        title=threads.shown_title(thread),
        body=post.body,
        kind=threads.Kind.TIP,
        group_id=thread.group_id,
        submission=f"tip {thread_id} {number}",
    )


def can_answer_for(*, viewer: Viewer, question: Question) -> bool:
    """Whether the viewer may take and close a question: the course staff, experts for it, and whoever has it."""
    return (viewer.is_staff and viewer.space_id == question.space_id) or is_called(viewer, question)


def _held(viewer: Viewer, thread_id: int) -> Question:
    get_question(viewer=viewer, thread_id=thread_id)
    question = hold(thread_id)
    assert question is not None
    return question


def _must_know(viewer: Viewer, question: Question) -> None:
    if not can_answer_for(viewer=viewer, question=question):
        raise NotAllowed(gettext("This is for the experts for these questions and for the course staff."))


def _must_wait(question: Question) -> None:
    if not question.is_open:
        raise Conflict(gettext("This question waits no longer."))


def _possible(question: Question) -> set[int]:
    """Who can be given a question: nobody their own. That an anonymous one is somebody's own is not asked."""
    experts = topics.expert_ids(organization_id=question.organization_id, topic_ids=topic_ids_of(question))
    helpers: set[int] = {*experts, *spaces.instructors_of(space_id=question.space_id)}
    return {pk for pk in helpers if pk != threads.signed_author(thread_id=question.pk)}


def _hand(question: Question, person_id: int, reason: Reason, *, note: str = "") -> None:
    """Give a held question to somebody, for as long as an expert has it."""
    room = topics.hold_rooms(person_ids=[person_id])[person_id]
    ladder = ladder_of(question.activity)
    decision = Decision(
        step=Step.EXPERT,
        person_id=person_id,
        reason=reason,
        look_at=ladder.hours.add(clock.now(), max(1, ladder.lasts[Step.EXPERT])),
        facts={"number": room.taken + 1, "capacity": room.capacity},
    )
    give(question, room, decision, note=note)
    question.step, question.route_at, question.reason = decision.step, decision.look_at, reason.value
    question.facts = dict(decision.facts)
    question.save()


def list_possible(*, viewer: Viewer, thread_id: int) -> list[tuple[int, str]]:
    """(id, name) of those whom a question can be handed to, by name. Raises NotFound."""
    _thread, question = get_question(viewer=viewer, thread_id=thread_id)
    possible = _possible(question) - {viewer.person_id}
    rooms = topics.list_rooms(person_ids=possible)
    names = spaces.names_of([pk for pk in possible if rooms[pk].left and not rooms[pk].is_away])
    return sorted(names.items(), key=lambda pair: (pair[1], pair[0]))


def must_know(*, viewer: Viewer, thread: threads.Thread) -> None:
    """Raises NotFound for a thread that is no question, NotAllowed for whoever does not answer for it."""
    _thread, question = get_question(viewer=viewer, thread_id=thread.pk)
    _must_know(viewer, question)


def must_be_asker(*, viewer: Viewer, thread: threads.Thread) -> None:
    """Raises NotFound for a thread that is no question, NotAllowed for everybody but whoever asked it."""
    get_question(viewer=viewer, thread_id=thread.pk)
    if not threads.is_mine(viewer, thread):
        raise NotAllowed(gettext("Whoever asked says whether it helped."))


def my_room(*, viewer: Viewer) -> topics.Room:
    """What the viewer can still take on this week."""
    return topics.list_rooms(person_ids=[viewer.person_id])[viewer.person_id]
