"""What a learner, an author and other workers do while a reminder is on its way."""

from __future__ import annotations

import threading
from datetime import timedelta
from smtplib import SMTPRecipientsRefused
from typing import Any
from unittest.mock import patch

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.db import connection

from companion import clock
from companion.reflections import api as reflections
from companion.reflections import calculating, delivering
from companion.reflections.models import Commitment, Contact, Witness
from companion.reflections.witnesses import tell_witness
from tests.companion.reflections import stories
from tests.companion.reflections.stories import DAY, HOUR, MONDAY, PLAN, after, answer, commit, finish, row, said


def subjects() -> list[str]:
    return [letter.subject for letter in mail.outbox]


def skip(viewer: Any) -> None:
    reflections.skip_prompt(viewer=viewer, delivery_id=row(viewer, "plan").pk)


def test_a_worker_that_is_slow_sends_nothing_again(followed: stories.Followed) -> None:
    with clock.at(MONDAY + 2 * DAY):
        slow = delivering.take()
    with clock.at(MONDAY + 2 * DAY + timedelta(minutes=16)):
        reflections.deliver_due()
        assert said(followed.ana, "plan") == ("sent", "mailed")
        delivering.deliver(slow)
        assert said(followed.ana, "plan") == ("sent", "mailed")
    with after(3):
        assert len(mail.outbox) == 1


def test_skipped_while_a_worker_holds_it(followed: stories.Followed) -> None:
    with clock.at(MONDAY + 2 * DAY):
        batch = delivering.take()
        skip(followed.ana)
        skip(followed.nameless)
        delivering.deliver(batch)
    assert {said(viewer, "plan") for viewer in (followed.ana, followed.nameless)} == {("dropped", "skipped")}
    assert mail.outbox == []


@pytest.mark.parametrize("error", [OSError(), SMTPRecipientsRefused({"ana@example.org": (550, b"nobody here")})])
def test_skipped_while_the_mail_server_refuses(followed: stories.Followed, error: Exception) -> None:
    def skip_and_fail(*_args: Any, **_kwargs: Any) -> None:
        skip(followed.ana)
        raise error

    with clock.at(MONDAY + 2 * DAY), patch.object(EmailBackend, "send_messages", side_effect=skip_and_fail):
        reflections.deliver_due()
    assert said(followed.ana, "plan") == ("dropped", "skipped")


def test_answered_while_the_mail_server_refuses(followed: stories.Followed) -> None:
    def answer_and_fail(*_args: Any, **_kwargs: Any) -> None:
        commit(followed)
        raise OSError

    with clock.at(MONDAY + 2 * DAY), patch.object(EmailBackend, "send_messages", side_effect=answer_and_fail):
        reflections.deliver_due()
    assert said(followed.ana, "plan") == ("sent", "answered")


def test_taken_out_of_the_series_while_a_worker_holds_it(followed: stories.Followed) -> None:
    with clock.at(MONDAY + 2 * DAY):
        batch = delivering.take()
        reflections.change_prompts(viewer=followed.ben, uid=followed.activity.uid, prompts=[stories.SURE])
        reflections.publish_series(viewer=followed.ben, uid=followed.activity.uid)
        delivering.deliver(batch)
    assert mail.outbox == []


def test_a_server_that_says_not_now_is_asked_again(followed: stories.Followed) -> None:
    greylisted = SMTPRecipientsRefused({"ana@example.org": (450, b"4.7.1 greylisted, try again in 5 minutes")})
    with patch.object(EmailBackend, "send_messages", side_effect=greylisted), after(2):
        assert said(followed.ana, "plan") == ("planned", "mail_server")
    with after(2.1):
        assert said(followed.ana, "plan") == ("sent", "mailed")


def test_whoever_wants_reminders_again_gets_another_try(followed: stories.Followed) -> None:
    Contact.objects.update_or_create(person_id=followed.ana.person_id, defaults={"bounced_address": "ana@example.org"})
    with after(2):
        assert said(followed.ana, "plan") == ("sent", "bounced")
        assert reflections.get_contact(viewer=followed.ana).has_bounced
        reflections.stop_reminders(person_id=followed.ana.person_id, stopped=False)
        assert not reflections.get_contact(viewer=followed.ana).has_bounced


def test_what_a_killed_worker_holds_is_waited_for(followed: stories.Followed) -> None:
    with clock.at(MONDAY + 2 * DAY):
        delivering.take()
        assert reflections.next_due() == MONDAY + 2 * DAY + delivering.LEASE


def test_a_worker_that_is_killed_while_it_tells_a_manager(followed: stories.Followed) -> None:
    class Killed(BaseException):
        pass

    with after(2):
        commit(followed)
        witness = Witness.objects.create(commitment=Commitment.objects.get(), address="boss@example.org")
        with patch.object(EmailBackend, "send_messages", side_effect=Killed), pytest.raises(Killed):
            tell_witness.func(witness.pk)
        told = len(mail.outbox)
        assert tell_witness.func(witness.pk) == "gone, or told already"
        assert len(mail.outbox) == told
        [seen] = reflections.list_witnesses(viewer=followed.ana, delivery_id=row(followed.ana, "plan").pk)
        assert seen.state == "perhaps told: the service was stopped then"


def test_a_manager_whose_server_says_not_now_is_told_later(followed: stories.Followed) -> None:
    from companion.tasks import RetryLater

    with after(2):
        commit(followed)
        witness = Witness.objects.create(commitment=Commitment.objects.get(), address="boss@example.org")
        greylisted = SMTPRecipientsRefused({"boss@example.org": (450, b"later")})
        with patch.object(EmailBackend, "send_messages", side_effect=greylisted), pytest.raises(RetryLater):
            tell_witness.func(witness.pk)
        assert tell_witness.func(witness.pk) == "sent"
        assert subjects()[-1] == "Ana Torres tells you of a plan"


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif("not __import__('django.db').db.connection.features.has_select_for_update")
def test_skipped_while_dates_are_worked_out() -> None:
    """Where rows are held one by one, the skip waits for the recalculation, and stays."""
    with clock.at(MONDAY):
        followed = stories.course(prompts=[PLAN])
        finish(followed)
    at = MONDAY + 2 * DAY + HOUR
    real = calculating.plans_for
    skipping: list[threading.Thread] = []

    def skip_beside() -> None:
        try:
            with clock.at(at):
                skip(followed.ana)
        finally:
            connection.close()

    def plans(*args: Any, **kwargs: Any) -> Any:
        if not skipping:
            skipping.append(threading.Thread(target=skip_beside))
            skipping[0].start()
            skipping[0].join(timeout=1)
        return real(*args, **kwargs)

    with clock.at(at), patch.object(calculating, "plans_for", side_effect=plans):
        reflections.recalculate(followed.series)
    skipping[0].join()
    assert said(followed.ana, "plan") == ("dropped", "skipped")


def test_answered_early_in_the_course_what_a_letter_asks(followed: stories.Followed) -> None:
    with clock.at(MONDAY + 2 * DAY):
        batch = delivering.take()
        answer(followed.ana, "plan", action="call out the time")
        delivering.deliver(batch)
    assert said(followed.ana, "plan") == ("sent", "answered")
    assert mail.outbox == []


def test_the_course_is_deleted_while_a_worker_holds_its_rows(followed: stories.Followed) -> None:
    with clock.at(MONDAY + 2 * DAY):
        batch = delivering.take()
        followed.space.delete()
        delivering.deliver(batch)
        assert reflections.deliver_due() == 0
    assert mail.outbox == []
