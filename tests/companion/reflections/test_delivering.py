"""Reminders: sent once, on their day, to whom they are owed; and whoever gets none has a reason."""

from __future__ import annotations

import threading
from smtplib import SMTPRecipientsRefused
from unittest.mock import patch

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.db import connection

from companion import clock
from companion.reflections import api as reflections
from companion.reflections import delivering
from companion.reflections.models import Contact, Delivery
from companion.reflections.scheduling import Reason, State
from companion.spaces import api as spaces
from companion.spaces.kinds import Kind
from tests import people
from tests.companion.reflections import stories
from tests.companion.reflections.stories import DAY, HOUR, MONDAY, after, commit, finish, row, said


@pytest.fixture
def followed(db: None) -> stories.Followed:
    with clock.at(MONDAY):
        return stories.course()


def letters() -> list[tuple[str, str]]:
    return [(letter.to[0], letter.subject) for letter in mail.outbox]


def test_it_works(followed: stories.Followed) -> None:
    with clock.at(MONDAY):
        finish(followed)
    assert said(followed.ana, "plan") == ("planned", "on_time")
    assert said(followed.chen, "plan") == ("held", "not_finished")
    with after(1):
        assert letters() == []
    with after(2):
        assert letters() == [("ana@example.org", "Course c1: What will you do?")]
        assert said(followed.ana, "plan") == ("sent", "mailed")
    with after(2.5):
        assert len(letters()) == 1
    letter = mail.outbox[0]
    assert letter.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    html = letter.alternatives[0][0]
    assert "<script" not in html
    assert "<img" not in html


def test_somebody_without_an_address_has_it_in_the_course(followed: stories.Followed) -> None:
    with clock.at(MONDAY):
        finish(followed, followed.nameless)
    with after(2):
        assert said(followed.nameless, "plan") == ("sent", "no_address")
        assert [found.settings.key for found in open_of(followed, followed.nameless)] == ["plan"]
    assert letters() == []


def open_of(followed: stories.Followed, viewer: object) -> list[reflections.PromptView]:
    return reflections.list_open(viewer=viewer, activity=followed.activity)  # type: ignore[arg-type]


def test_at_most_one_a_day_over_all_courses(followed: stories.Followed) -> None:
    other = people.course(context="c2")
    ana = people.join(other.space, "ana", "Ana Torres")
    stories.give_address(ana, "ana@example.org")
    with clock.at(MONDAY):
        second = spaces.create_activity(
            viewer=other.ben,
            title="After the other course",
            kind=Kind.REFLECTION,
            settings={**stories.ALWAYS, "prompts": list(stories.PROMPTS)},
            external_id="follow-up",
        )
        reflections.publish_series(viewer=other.ben, uid=second.uid)
        finish(followed)
        reflections.note_completion(space_id=other.space.pk, person_id=ana.person_id, unit=reflections.COURSE)
    with after(2):
        assert len(letters()) == 1
        rows = Delivery.objects.filter(person_id=ana.person_id, prompt__key="plan")
        states = sorted(rows.values_list("reason", flat=True))
        assert states == ["mailed", "one_a_day"]
    with after(3):
        assert len(letters()) == 2


def test_whoever_has_left_gets_nothing(followed: stories.Followed) -> None:
    with clock.at(MONDAY):
        finish(followed)
        person = spaces.Person.objects.get(pk=followed.ana.person_id)
        spaces.leave_space(
            organization_id=followed.space.organization_id,
            issuer=followed.space.issuer,
            external_id=followed.space.external_id,
            subject=person.subject,
        )
    with after(2):
        assert said(followed.ana, "plan") == ("dropped", "left")
    assert letters() == []


def test_whoever_teaches_by_now_gets_nothing(followed: stories.Followed) -> None:
    with clock.at(MONDAY):
        finish(followed)
    spaces.record_membership(space_id=followed.space.pk, person_id=followed.ana.person_id, role=followed.ben.role)
    with after(2):
        assert said(followed.ana, "plan") == ("dropped", "left")


def test_no_reminders_means_none_from_any_course(followed: stories.Followed) -> None:
    reflections.stop_reminders(person_id=followed.ana.person_id, stopped=True)
    with clock.at(MONDAY):
        finish(followed)
    with after(2):
        assert said(followed.ana, "plan") == ("sent", "no_reminders")
        assert open_of(followed, followed.ana)
    assert letters() == []


def test_an_address_that_takes_no_mail_is_written_to_once(followed: stories.Followed) -> None:
    with clock.at(MONDAY):
        finish(followed)
    refused = SMTPRecipientsRefused({"ana@example.org": (550, b"no such user")})
    with patch.object(EmailBackend, "send_messages", side_effect=refused), after(2):
        assert said(followed.ana, "plan") == ("sent", "bounced")
    with after(7):
        assert said(followed.ana, "sure") == ("sent", "bounced")
    stories.give_address(followed.ana, "ana.torres@example.org")
    commit_late(followed)
    with after(21):
        assert letters() == [("ana.torres@example.org", "Course c1: How did it go?")]


def commit_late(followed: stories.Followed) -> None:
    with clock.at(MONDAY + 8 * DAY):
        commit(followed)


def test_a_mail_service_can_tell_of_a_bounce(followed: stories.Followed) -> None:
    found = reflections.note_bounce(organization_id=followed.ana.organization_id, address="ana@example.org")
    assert found == 1
    with clock.at(MONDAY):
        finish(followed)
    with after(2):
        assert said(followed.ana, "plan") == ("sent", "bounced")


def test_a_mail_server_that_is_down_is_tried_again(followed: stories.Followed) -> None:
    with clock.at(MONDAY):
        finish(followed)
    with patch.object(EmailBackend, "send_messages", side_effect=OSError("password=x")), after(2):
        assert said(followed.ana, "plan") == ("planned", "mail_server")
    with clock.at(MONDAY + 2 * DAY + HOUR):
        reflections.deliver_due()
    assert said(followed.ana, "plan") == ("sent", "mailed")
    assert len(letters()) == 1


def test_a_mail_server_that_is_down_for_long_leaves_it_in_the_course(followed: stories.Followed) -> None:
    with clock.at(MONDAY):
        finish(followed)
    with patch.object(EmailBackend, "open", side_effect=OSError), after(2):
        assert said(followed.ana, "plan") == ("planned", "mail_server")
        with clock.at(MONDAY + 5 * DAY - HOUR / 12):
            reflections.deliver_due()
        assert said(followed.ana, "plan") == ("sent", "not_taken")


def test_a_day_without_a_worker_is_caught_up_with(followed: stories.Followed) -> None:
    with clock.at(MONDAY):
        finish(followed)
    with after(3.5):
        assert letters() == [("ana@example.org", "Course c1: What will you do?")]


def test_what_is_stale_after_an_outage_is_dropped(followed: stories.Followed) -> None:
    with clock.at(MONDAY):
        finish(followed)
    with after(8):
        assert said(followed.ana, "plan") == ("dropped", "too_old")
        assert letters() == [("ana@example.org", "Course c1: How sure are you?")]


def test_a_late_one_is_overtaken_by_the_next(followed: stories.Followed) -> None:
    prompts = [stories.SURE, reflections.from_template("after_course")[1]]
    reflections.change_prompts(viewer=followed.ben, uid=followed.activity.uid, prompts=prompts)
    with clock.at(MONDAY):
        reflections.publish_series(viewer=followed.ben, uid=followed.activity.uid)
        finish(followed)
    assert said(followed.ana, "recall") == ("planned", "one_a_day")
    with after(9):
        assert said(followed.ana, "sure") == ("dropped", "overtaken")
        assert said(followed.ana, "recall") == ("sent", "mailed")


def test_at_night_it_waits_for_the_morning(db: None) -> None:
    with clock.at(MONDAY):
        followed = stories.course(day_begins=8, day_ends=18)
        finish(followed)
    with clock.at(MONDAY + 2 * DAY + 12 * HOUR):
        reflections.deliver_due()
        assert said(followed.ana, "plan") == ("planned", "quiet")
    with clock.at(MONDAY + 3 * DAY):
        reflections.deliver_due()
        assert said(followed.ana, "plan") == ("sent", "mailed")


def test_a_follow_up_without_a_plan_is_held_until_there_is_one(followed: stories.Followed) -> None:
    with clock.at(MONDAY):
        finish(followed)
    with after(21):
        assert said(followed.ana, "how") == ("held", "no_plan")
        reflections.recalculate(followed.series)
        assert said(followed.ana, "how") == ("held", "no_plan")
    with clock.at(MONDAY + 22 * DAY):
        commit(followed)
    assert said(followed.ana, "how") == ("planned", "after_plan")
    assert row(followed.ana, "how").due_at == MONDAY + 41 * DAY


# -- killed, and two at once -----------------------------------------------------------------------------------


class Killed(BaseException):
    """What ends a process in the middle of it all."""


def test_a_worker_killed_while_it_sends_leaves_it_in_doubt_and_sends_nothing_twice(followed: stories.Followed) -> None:
    with clock.at(MONDAY):
        finish(followed, followed.ana, followed.chen)
    with (
        clock.at(MONDAY + 2 * DAY),
        patch.object(EmailBackend, "send_messages", side_effect=Killed),
        pytest.raises(Killed),
    ):
        reflections.deliver_due()
    reasons = {said(followed.ana, "plan"), said(followed.chen, "plan")}
    assert ("sent", "in_doubt") in reasons
    with clock.at(MONDAY + 2 * DAY + HOUR):
        reflections.deliver_due()
        reflections.deliver_due()
    reasons = sorted([said(followed.ana, "plan"), said(followed.chen, "plan")])
    assert reasons == [("sent", "in_doubt"), ("sent", "mailed")]
    assert len(letters()) == 1


def test_a_worker_killed_before_it_sends_forgets_nobody(followed: stories.Followed) -> None:
    with clock.at(MONDAY):
        finish(followed)
    with clock.at(MONDAY + 2 * DAY):
        assert len(delivering.take()) == 1
        reflections.deliver_due()
    assert letters() == []
    with clock.at(MONDAY + 2 * DAY + HOUR):
        reflections.deliver_due()
    assert len(letters()) == 1


@pytest.mark.django_db(transaction=True)
def test_two_workers_send_each_once() -> None:
    with clock.at(MONDAY):
        followed = stories.course()
        learners = [people.join(followed.space, f"l{number}", f"Learner {number}") for number in range(40)]
        for number, learner in enumerate(learners):
            stories.give_address(learner, f"l{number}@example.org")
        finish(followed, *learners)
    start = threading.Barrier(2)

    def work() -> None:
        try:
            with clock.at(MONDAY + 2 * DAY):
                start.wait()
                delivering.deliver_due()
        finally:
            connection.close()

    workers = [threading.Thread(target=work) for _ in range(2)]
    with patch.object(delivering, "BATCH", 5):
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        with clock.at(MONDAY + 2 * DAY + HOUR):
            delivering.deliver_due()
    assert sorted(address for address, _subject in letters()) == sorted(
        f"l{number}@example.org" for number in range(40)
    )


def test_stopped_between_taken_and_sent(followed: stories.Followed) -> None:
    with clock.at(MONDAY):
        finish(followed)
    with clock.at(MONDAY + 2 * DAY):
        batch = delivering.take()
        reflections.stop_series(person_id=followed.ana.person_id, series_id=followed.series.pk, stopped=True)
        delivering.deliver(batch)
    assert letters() == []
    assert said(followed.ana, "plan") == ("dropped", "stopped")
    assert Contact.objects.get(pk=followed.ana.person_id).reminded_at is None


def test_every_row_has_its_reason(followed: stories.Followed) -> None:
    with clock.at(MONDAY):
        finish(followed)
    for days in (2, 7, 21, 60):
        with after(days):
            rows = Delivery.objects.all()
            assert {row.state for row in rows} <= set(State)
            assert {row.reason for row in rows} <= set(Reason)
            assert all(row.due_at for row in rows if row.state == State.PLANNED)
            assert not rows.filter(state=State.PLANNED, due_at__lte=clock.now()).exists()
