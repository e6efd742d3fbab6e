"""What is written in the course of an audit: posts without a name in every state that a post can be in."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import Any, Final

from companion import clock
from companion.anonymity_audit import people
from companion.anonymity_audit.asking import Sample, ask
from companion.anonymity_audit.course import ASKED, TOPIC, Course
from companion.errors import NotAllowed
from companion.markdown import PICTURE
from companion.moderation import api as moderation
from companion.questions import api as questions
from companion.reflections import api as reflections
from companion.spaces.api import Activity
from companion.threads import api as threads
from companion.topics import api as topics
from companion.viewer import Viewer

# In every anonymous post that is still there.
WORDS: Final = "Asked without a name"


def write_by_name(course: Course) -> None:
    """What everybody signs, the two who may be the author among them."""
    for expert in (*course.authors.values(), course.chen):
        course.then(topics.grant_expertise, viewer=course.ben, topic=TOPIC, person_id=expert.person_id)
    course.then(topics.grant_expertise, viewer=course.ben, topic=ASKED, person_id=course.chen.person_id)
    course.then(topics.request_expertise, viewer=course.nameless, topic=ASKED)
    for viewer in (course.ana, *_signing(course)):
        course.threads["signed"] = _start(course, viewer, course.main, "A question by name")
    course.threads["asked"] = thread = _start(course, course.ana, course.main, "What is a SEV?")
    course.posts["signed question"] = (thread, 1)
    course.posts["signed answer"] = (thread, _reply(course, course.ben, thread, "A measure of how bad it is."))
    for viewer in _signing(course):
        course.posts["signed"] = (thread, _reply(course, viewer, thread, "That is what I was told.", 2))
    course.threads["host"] = _start(course, course.ana, course.main, "Who is on call?")
    course.then(
        threads.start_thread,
        viewer=course.ben,
        activity_uid=course.main.uid,
        title="No class on Friday",
        body="See you on Monday.",
        kind=threads.Kind.ANNOUNCEMENT,
        to_space=True,
    )
    course.then(reflections.publish_series, viewer=course.ben, uid=course.followup.uid)
    for viewer in (course.ana, *course.authors.values()):
        _answer(course, viewer, "plan", cue="I am called", action="look at the clock")
        _answer(course, viewer, "how", outcome="blocked")
    own, shared = _delivery(course, course.ana, "plan"), reflections.Privacy.GROUP
    course.then(reflections.share_entry, viewer=course.ana, delivery_id=own, privacy=shared)
    course.then(threads.keep_stages, viewer=course.ana, activity=course.event)
    listed = threads.list_threads(viewer=course.ben, activity=course.event)
    course.threads["stage"] = listed.rows[-1].id


def write_anonymously(course: Course) -> None:
    """What the author writes without their name, and what becomes of it."""
    _ask_with_a_picture(course)
    _reply_to_a_signed_thread(course)
    _take_back(course)
    _hide(course)
    _reshape(course)
    _write_elsewhere(course)
    _ask_experts(course)
    _get_stuck(course)
    _mark_and_report(course)


def go_on(course: Course) -> None:
    """Both sign a word in the anonymous thread; the staff tries what must not be possible."""
    for viewer in _signing(course):
        _reply(course, viewer, course.threads["shy"], "I should like to know, too.")
    for thread, number in course.written_anonymously():
        # Not earlier: where this were possible, the author could write no more.
        with suppress(NotAllowed):
            course.then(
                threads.mute_author, viewer=course.ben, thread_id=thread, number=number, days=7, reason="Too loud"
            )
    waiting, looked_at = (moderation.list_cases(viewer=course.ben, closed=closed)[0] for closed in (False, True))
    course.cases = [row.id for row in (*waiting, *looked_at)]


def _ask_with_a_picture(course: Course) -> None:
    """A thread that comes in by its form, with a picture that knows its maker, signed by mistake and corrected."""
    writer = course.writer
    form = {
        "title": "A stupid question",
        "body": f"{WORDS}. {course.author.name}",
        "second": "1:32",
        "kind": "question",
        "picture": people.picture(course.author),
        "picture_alt": "My desk",
        "anonymous": "on",
        "submission": "form",
    }
    sample = Sample(args=(course.main.uid,), fields=form)
    answer = course.then(ask, writer, course.author.visit, "thread-new", sample)
    thread = int(answer.headers["Location"].strip("/").split("/")[-1])
    body = threads.get_post(viewer=writer, thread_id=thread, number=1).body
    course.picture = PICTURE.findall(body)[0]
    corrected = body.replace(course.author.name, "")
    course.then(threads.edit_post, viewer=writer, thread_id=thread, number=1, title="A simple question", body=corrected)
    _reply(course, course.nameless, thread, "So do I.", anonymous=True)
    number = _reply(course, writer, thread, f"{WORDS}, and again", 2, anonymous=True)
    course.threads["shy"] = thread
    course.posts |= {"opening": (thread, 1), "reply": (thread, number)}


def _reply_to_a_signed_thread(course: Course) -> None:
    """Beside what the author signed there: with somebody else's name in it, changed by the staff."""
    thread = course.threads["asked"]
    _reply(course, course.ben, thread, "Nor did I, once.", anonymous=True)
    number = _reply(course, course.writer, thread, f"{WORDS}, @Chen Wei", 2, anonymous=True)
    body, why = f"{WORDS}, @Chen Wei.", "A full stop was missing"
    course.then(threads.edit_post, viewer=course.tia, thread_id=thread, number=number, body=body, reason=why)
    course.posts["changed"] = (thread, number)


def _take_back(course: Course) -> None:
    """What named its author is deleted: a reply that was answered, a thread with replies, one without. Another reply
    is brought back.
    """
    writer, name = course.writer, course.author.name
    thread = course.threads["asked"]
    number = _reply(course, writer, thread, f"It was me, {name}", anonymous=True)
    _reply(course, course.ana, thread, "I will not tell.", number)
    course.then(threads.delete_post, viewer=writer, thread_id=thread, number=number)
    course.posts["deleted"] = (thread, number)
    back = _reply(course, writer, thread, f"{WORDS}, after all", anonymous=True)
    course.then(threads.delete_post, viewer=writer, thread_id=thread, number=back)
    course.then(threads.undelete_post, viewer=writer, thread_id=thread, number=back)
    for has_replies in (False, True):
        withdrawn = _start(course, writer, course.main, f"Help for {name}", f"Write to {name}", anonymous=True)
        if has_replies:
            _reply(course, course.ana, withdrawn, "What is it about?")
            _reply(course, writer, withdrawn, f"{WORDS}, a little later", anonymous=True)
        course.then(threads.delete_post, viewer=writer, thread_id=withdrawn, number=1)
    course.threads["withdrawn"] = withdrawn


def _hide(course: Course) -> None:
    """Hidden, sent back, sent back and changed; a whole thread hidden."""
    writer, tia, thread = course.writer, course.tia, course.threads["host"]
    for state, hide in (("hidden", threads.hide_post), ("returned", threads.return_post)):
        number = _reply(course, writer, thread, f"{WORDS}: {state}", anonymous=True)
        course.then(hide, viewer=tia, thread_id=thread, number=number, reason="Off topic")
        course.posts[state] = (thread, number)
    number = _reply(course, writer, thread, f"{WORDS}, rudely", anonymous=True)
    _report(course, course.ana, thread, number)
    _close_report(course, moderation.Outcome.RETURNED, "Kindly, please")
    course.then(threads.edit_post, viewer=writer, thread_id=thread, number=number, body=f"{WORDS}, kindly")
    course.posts["again"] = (thread, number)
    hidden = _start(course, writer, course.main, "A thread out of sight", f"{WORDS}, out of sight", anonymous=True)
    course.then(threads.hide_post, viewer=course.ben, thread_id=hidden, number=1, reason="Belongs elsewhere")
    course.threads["hidden"] = hidden


def _reshape(course: Course) -> None:
    """Split off, merged (so that the author has two pseudonyms in one thread), moved."""
    writer, ben, asked, host = course.writer, course.ben, course.threads["asked"], course.threads["host"]
    number = _reply(course, writer, asked, f"{WORDS}, about something else", anonymous=True)
    _reply(course, course.ana, asked, "A question of its own!", number)
    _reply(course, writer, asked, f"{WORDS}, thank you", number, anonymous=True)
    new = course.then(threads.split_thread, viewer=ben, thread_id=asked, number=number, title="Something else")
    course.threads["split"], course.posts["split"], course.posts["stub"] = new.pk, (new.pk, 1), (asked, number)
    merged = _start(course, writer, course.main, "To be merged", f"{WORDS}, twice", anonymous=True)
    into = course.then(threads.merge_threads, viewer=ben, thread_id=merged, into_id=host)
    course.threads["merged"], course.posts["merged"] = merged, (host, into.last_number)
    moved = _start(course, writer, course.main, "To be moved", f"{WORDS}, in the wrong place", anonymous=True)
    course.then(threads.move_thread, viewer=ben, thread_id=moved, to_uid=course.event.uid)
    course.threads["moved"], course.posts["moved"] = moved, (moved, 1)


def _write_elsewhere(course: Course) -> None:
    """In a thread that the activity keeps itself, and within a group."""
    stage = course.threads["stage"]
    course.posts["stage"] = (stage, _reply(course, course.writer, stage, f"{WORDS}, afterwards", anonymous=True))
    thread = _start(course, course.writer, course.grouped, "Among us", f"{WORDS}, among us", anonymous=True)
    course.threads["group"], course.posts["group"] = thread, (thread, 1)


def _ask_experts(course: Course) -> None:
    """A question that is answered, did not help, is answered again and accepted; a private one; "me too"."""
    writer, uid = course.writer, course.questions.uid
    for viewer in (course.chen, course.ben):
        course.then(topics.save_profile, viewer=viewer, capacity=20)
    ask = partial(questions.ask_question, activity_uid=uid, body=f"{WORDS}: how?")
    signed = course.then(ask, viewer=course.ana, title="Asked by name").pk
    course.then(questions.say_me_too, viewer=writer, thread_id=signed)
    thread = course.then(ask, viewer=writer, title="How does it work?", anonymous=True).pk
    course.then(questions.say_me_too, viewer=course.nameless, thread_id=thread)
    number = _reply(course, course.chen, thread, "Like this.")
    course.then(threads.accept_answer, viewer=writer, thread_id=thread, number=number)
    course.then(questions.say_unhelpful, viewer=writer, thread_id=thread, number=number, why=f"{WORDS}: not like this")
    number = _reply(course, course.ben, thread, "Then like that.")
    course.then(threads.accept_answer, viewer=writer, thread_id=thread, number=number)
    course.then(threads.edit_post, viewer=course.ben, thread_id=thread, number=number, title="", body="Like that.")
    until = course.moment + timedelta(days=100)
    course.then(questions.verify_answer, viewer=course.chen, thread_id=thread, number=number, until=until)
    private = course.then(ask, viewer=writer, title="Between us", anonymous=True, is_private=True).pk
    called = questions.lend(viewer=course.chen, thread_id=private)
    _reply(course, called or course.ben, private, "Between us.")
    course.threads |= {"question": thread, "private": private}
    course.asked["signed"] = signed
    course.posts |= {
        "answer": (thread, number),
        "signed reply": (signed, _reply(course, course.nameless, signed, "So?")),
    }
    course.asked["waiting"] = waiting = course.then(ask, viewer=course.ana, title="Who takes it?").pk
    for viewer in (course.chen, course.ben):
        course.then(questions.decline_question, viewer=viewer, thread_id=waiting, reason="Not I")
    mine = course.then(ask, viewer=course.ana, title="Between us, too", is_private=True)
    course.asked["private"] = mine.pk


def _get_stuck(course: Course) -> None:
    """A question that follows from a plan, asked without a name and answered: its author is asked again."""
    viewer = course.writer
    thread = course.then(
        questions.ask_question,
        viewer=viewer,
        activity_uid=course.questions.uid,
        title="Stuck with my plan",
        body=f"{WORDS}, because I am stuck",
        anonymous=True,
    ).pk
    delivery = _delivery(course, viewer, "how")
    course.then(reflections.note_question, viewer=viewer, delivery_id=delivery, thread_id=thread)
    number = _reply(course, course.chen, thread, "Look twice.")
    course.then(threads.accept_answer, viewer=viewer, thread_id=thread, number=number, accepted=True)
    course.threads["stuck"], course.posts["stuck"] = thread, (thread, 1)


def _answer(course: Course, viewer: Viewer, key: str, **facts: Any) -> None:
    delivery, answer = _delivery(course, viewer, key), reflections.Answer(**facts)
    course.then(reflections.answer_prompt, viewer=viewer, delivery_id=delivery, answer=answer)


def _delivery(course: Course, viewer: Viewer, key: str) -> int:
    with clock.at(course.moment):
        found = reflections.list_open(viewer=viewer, activity=course.followup)
    return next(prompt.delivery_id for prompt in found if prompt.settings.key == key)


def _mark_and_report(course: Course) -> None:
    """Marks and reports by the author, and on what they wrote; their thread is followed and pinned."""
    thread, number = course.posts["signed answer"]
    course.then(threads.mark_helpful, viewer=course.writer, thread_id=thread, number=number, helpful=True)
    course.then(threads.endorse_post, viewer=course.tia, thread_id=thread, number=number, endorsed=True)
    _report(course, course.writer, thread, number)
    _close_report(course, moderation.Outcome.DISMISSED, "")
    _report(course, course.writer, thread, number)
    for place in (course.posts["opening"], course.posts["reply"]):
        _report(course, course.ana, *place)
    thread, number = course.posts["opening"]
    for viewer in (course.ana, course.nameless):
        course.then(threads.mark_helpful, viewer=viewer, thread_id=thread, number=number, helpful=True)
    course.then(threads.endorse_post, viewer=course.chen, thread_id=thread, number=number, endorsed=True)
    course.then(threads.follow_thread, viewer=course.ana, thread_id=thread, following=True)
    course.then(threads.pin_thread, viewer=course.ben, thread_id=thread, pinned=True)


def _signing(course: Course) -> list[Viewer]:
    """Both who may be the author, as they were called when they signed."""
    return [people.signing(author, viewer) for author, viewer in course.authors.items()]


def _start(
    course: Course, viewer: Viewer, activity: Activity, title: str, body: str = "It is about this.", **how: bool
) -> int:
    start = partial(threads.start_thread, viewer=viewer, activity_uid=activity.uid, title=title, body=body)
    return course.then(start, **how).pk


def _reply(course: Course, viewer: Viewer, thread: int, body: str, to: int = 1, **how: bool) -> int:
    reply = partial(threads.add_reply, viewer=viewer, thread_id=thread, parent_number=to, body=body)
    return course.then(reply, **how).number


def _report(course: Course, viewer: Viewer, thread: int, number: int) -> None:
    course.then(moderation.report_post, viewer=viewer, thread_id=thread, number=number, reason="Is this allowed?")


def _close_report(course: Course, outcome: moderation.Outcome, reason: str) -> None:
    """The last one that came."""
    waiting, _cursor = moderation.list_cases(viewer=course.ben)
    course.then(moderation.close_case, viewer=course.ben, case_id=waiting[-1].id, outcome=outcome, reason=reason)
