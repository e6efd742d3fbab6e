"""Somebody who only reads for now, because the course staff asked them to."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from companion import clock, events
from companion.errors import InvalidInput, NotAllowed, NotFound
from companion.moderation import api as moderation
from companion.spaces import api as spaces
from companion.threads import api as threads
from companion.viewer import Role
from tests.people import Course, join
from tests.people import course as make_course

MOMENT = datetime(2026, 3, 2, 10, tzinfo=UTC)
REASON = "Please cool down"


def png() -> bytes:
    out = BytesIO()
    Image.new("RGB", (2, 2)).save(out, "PNG")
    return out.getvalue()


@pytest.fixture
def thread(course: Course) -> threads.Thread:
    """Ben's thread with two replies of Ana's, the second of which she took back."""
    thread = threads.start_thread(viewer=course.ben, activity_uid=course.activity.uid, title="T", body="Opening")
    for body in ("Kept", "Taken back"):
        threads.add_reply(viewer=course.ana, thread_id=thread.pk, body=body)
    threads.delete_post(viewer=course.ana, thread_id=thread.pk, number=3)
    return thread


def mute(course: Course, viewer=None, days: int = 7, reason: str = REASON, by=None) -> None:
    person_id = (viewer or course.ana).person_id
    spaces.mute_person(viewer=by or course.ben, person_id=person_id, days=days, reason=reason)


def write(course: Course, viewer=None) -> threads.Thread:
    return threads.start_thread(viewer=viewer or course.ana, activity_uid=course.activity.uid, title="T", body="B")


def test_it_works(course, thread, heard):
    with heard() as facts:
        mute(course)
    with pytest.raises(NotAllowed, match=f"only read here for now: {REASON}"):
        write(course)
    [muted] = spaces.list_muted(viewer=course.ben)
    assert (muted.name, muted.reason, muted.is_until_lifted) == ("Ana Torres", REASON, False)
    with heard() as more:
        spaces.unmute_person(viewer=course.ben, person_id=course.ana.person_id)
    assert write(course).pk
    assert spaces.list_muted(viewer=course.ben) == []
    assert [(type(fact), fact.person_id, fact.is_muted) for fact in (*facts, *more)] == [
        (events.PersonMuted, course.ana.person_id, True),
        (events.PersonMuted, course.ana.person_id, False),
    ]


WRITES = {
    "start": lambda course, _pk: write(course),
    "start anonymously": lambda course, _pk: threads.start_thread(
        viewer=course.ana, activity_uid=course.activity.uid, title="T", body="B", anonymous=True
    ),
    "reply": lambda course, pk: threads.add_reply(viewer=course.ana, thread_id=pk, body="B"),
    "edit": lambda course, pk: threads.edit_post(viewer=course.ana, thread_id=pk, number=2, body="Changed"),
    "bring back": lambda course, pk: threads.undelete_post(viewer=course.ana, thread_id=pk, number=3),
    "add a picture": lambda course, _pk: threads.add_picture(
        viewer=course.ana, activity_uid=course.activity.uid, file=BytesIO(png()), size=100
    ),
}
STILL = {
    "read": lambda course, pk: threads.get_thread(viewer=course.ana, thread_id=pk),
    "report": lambda course, pk: moderation.report_post(viewer=course.ana, thread_id=pk, number=1, reason="r"),
    "mark": lambda course, pk: threads.mark_helpful(viewer=course.ana, thread_id=pk, number=1, helpful=True),
    "follow": lambda course, pk: threads.follow_thread(viewer=course.ana, thread_id=pk, following=True),
    "take back": lambda course, pk: threads.delete_post(viewer=course.ana, thread_id=pk, number=2),
    "take along": lambda course, pk: threads.export_thread(viewer=course.ana, thread_id=pk),
}


@pytest.mark.parametrize("what", WRITES)
def test_the_muted_write_nothing(course, thread, what):
    mute(course)
    with pytest.raises(NotAllowed, match=REASON):
        WRITES[what](course, thread.pk)
    # It is the mute that stood in the way.
    spaces.unmute_person(viewer=course.ben, person_id=course.ana.person_id)
    assert WRITES[what](course, thread.pk)


@pytest.mark.parametrize("what", STILL)
def test_the_muted_still_may(course, thread, what):
    mute(course)
    STILL[what](course, thread.pk)


@pytest.mark.parametrize(("days", "lasts"), [(1, timedelta(days=1)), (30, timedelta(days=30)), (365, timedelta(365))])
def test_it_ends_by_itself(course, days, lasts):
    with clock.at(MOMENT):
        mute(course, days=days)
        # Again is a new beginning.
        mute(course, days=days)
    with clock.at(MOMENT + lasts - timedelta(seconds=1)), pytest.raises(NotAllowed, match=REASON):
        write(course)
    with clock.at(MOMENT + lasts):
        assert write(course).pk
        assert spaces.list_muted(viewer=course.ben) == []


def test_without_days_it_lasts_until_it_is_lifted(course):
    with clock.at(MOMENT):
        mute(course, days=0)
        assert spaces.list_muted(viewer=course.ben)[0].is_until_lifted
    with clock.at(MOMENT + timedelta(days=3650)), pytest.raises(NotAllowed, match=REASON):
        write(course)


@pytest.mark.parametrize("role", [Role.ASSISTANT, Role.INSTRUCTOR, Role.ADMINISTRATOR])
def test_the_staff_cannot_be_muted(course, role):
    other = join(course.space, "tia", "Tia", role)
    for by in (course.ben, other):
        with pytest.raises(NotAllowed, match="course staff cannot be muted"):
            mute(course, other, by=by)
    assert write(course, other).pk


def test_learners_mute_nobody(course):
    for verb in (
        lambda: mute(course, by=course.chen),
        lambda: spaces.unmute_person(viewer=course.chen, person_id=course.ana.person_id),
        lambda: spaces.list_muted(viewer=course.chen),
    ):
        with pytest.raises(NotAllowed, match="Only the course staff"):
            verb()


@pytest.mark.parametrize(
    ("days", "reason", "field"),
    [
        (7, "", "reason"),
        (7, " \u200b", "reason"),
        (7, "x" * 501, "reason"),
        (-1, REASON, "days"),
        (366, REASON, "days"),
    ],
)
def test_it_wants_a_reason_and_a_time_that_fit(course, days, reason, field):
    with pytest.raises(InvalidInput) as refused:
        mute(course, days=days, reason=reason)
    assert list(refused.value.errors) == [field]
    assert write(course).pk


def test_another_space_is_not_affected(course):
    other = make_course(context="c2")
    mute(course)
    # The same person, in another course.
    assert other.ana.person_id == course.ana.person_id
    assert write(other, other.ana).pk
    assert spaces.list_muted(viewer=other.ben) == []
    spaces.unmute_person(viewer=other.ben, person_id=course.ana.person_id)
    with pytest.raises(NotAllowed, match=REASON):
        write(course)
    stranger = join(course.space, "eve", "Eve")
    with pytest.raises(NotFound):
        mute(other, stranger)


def test_opening_the_course_anew_does_not_lift_it(course):
    mute(course)
    spaces.record_membership(space_id=course.space.pk, person_id=course.ana.person_id, role=Role.LEARNER)
    with pytest.raises(NotAllowed, match=REASON):
        write(course)


def test_an_anonymous_author_is_not_muted_by_their_post(course, thread):
    post = threads.add_reply(viewer=course.ana, thread_id=thread.pk, body="Shy", anonymous=True)
    with pytest.raises(NotAllowed, match="anonymous author cannot be muted"):
        threads.mute_author(viewer=course.ben, thread_id=thread.pk, number=post.number, days=1, reason=REASON)
    assert spaces.list_muted(viewer=course.ben) == []
    threads.mute_author(viewer=course.ben, thread_id=thread.pk, number=2, days=1, reason=REASON)
    assert [muted.person_id for muted in spaces.list_muted(viewer=course.ben)] == [course.ana.person_id]


# -- on the page ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("htmx", [False, True])
@pytest.mark.parametrize("page", ["thread-new", "post-reply", "post-edit"])
def test_the_muted_read_why_beside_their_kept_text(course, thread, reader, page, htmx):
    ana = reader(course.ana)
    args = {"thread-new": [course.activity.uid], "post-reply": [thread.pk, 1], "post-edit": [thread.pk, 2]}[page]
    assert ana.get(page, *args).status_code == 200
    mute(course)
    answer = ana.post(page, *args, title="My title", body="My long text", version=1, submission="s", htmx=htmx)
    text = answer.content.decode()
    assert (answer.status_code, REASON in text, "My long text" in text) == (403, True, True)


@pytest.mark.parametrize("page", ["thread-new", "post-reply"])
def test_a_picture_that_comes_with_it_costs_no_text(course, thread, reader, page):
    mute(course)
    args = {"thread-new": [course.activity.uid], "post-reply": [thread.pk, 1]}[page]
    picture = SimpleUploadedFile("a.png", png())
    answer = reader(course.ana).post(page, *args, title="My title", body="My long text", picture=picture)
    text = answer.content.decode()
    assert (answer.status_code, REASON in text, "My long text" in text) == (403, True, True)


def test_a_nameless_member_is_listed_by_a_number(course, reader):
    mute(course, course.nameless)
    page = reader(course.ben).get("moderation-muted").content.decode()
    assert f"Participant {course.nameless.person_id}" in page
