"""A manager hears of a plan: with its author's word, of the plan alone, in one letter."""

from __future__ import annotations

from contextlib import suppress
from smtplib import SMTPRecipientsRefused
from unittest.mock import patch

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django_tasks_db.models import DBTaskResult

from companion import clock
from companion.errors import InvalidInput, NotFound, TooMany
from companion.reflections import api as reflections
from companion.reflections.models import Witness
from companion.reflections.witnesses import MOST_A_DAY
from companion.tasks import RetryLater
from tests.companion.reflections import stories
from tests.companion.reflections.stories import MONDAY, after, answer, commit, finish, row

SECRET = "Nobody listens to me"


@pytest.fixture
def planned(db: None) -> stories.Followed:
    with clock.at(MONDAY):
        followed = stories.course()
        finish(followed, followed.ana, followed.chen)
    with after(2):
        commit(followed, obstacle=SECRET)
    mail.outbox.clear()
    return followed


def tell(planned: stories.Followed, address: str = "boss@example.org", viewer=None, *, consents: bool = True) -> None:
    delivery = row(planned.ana, "plan").pk
    reflections.tell_plan(viewer=viewer or planned.ana, delivery_id=delivery, address=address, consents=consents)


def work() -> None:
    """Do what was promised. Not by the worker, which closes the connection that a story is told in."""
    for waiting in DBTaskResult.objects.ready():
        with suppress(RetryLater):
            waiting.task.func(*waiting.args_kwargs["args"], **waiting.args_kwargs["kwargs"])


def told(planned: stories.Followed) -> list[tuple[str, str]]:
    found = reflections.list_witnesses(viewer=planned.ana, delivery_id=row(planned.ana, "plan").pk)
    return [(one.address, one.state) for one in found]


def test_it_works(planned: stories.Followed) -> None:
    tell(planned)
    assert mail.outbox == []
    assert told(planned) == [("boss@example.org", "on its way")]
    work()
    [letter] = mail.outbox
    assert (letter.to, letter.subject) == (["boss@example.org"], "Ana Torres tells you of a plan")
    assert "When the next alert comes in, I will write down who leads" in letter.body
    assert SECRET not in letter.body
    assert told(planned) == [("boss@example.org", "told")]


def test_not_without_her_word(planned: stories.Followed) -> None:
    with pytest.raises(InvalidInput):
        tell(planned, consents=False)
    work()
    assert (mail.outbox, told(planned)) == ([], [])


@pytest.mark.parametrize(
    "address", ["", "nobody", "a@b", "boss@elsewhere.example", "boss@xexample.org", "a b@example.org"]
)
def test_only_to_somebody_of_the_organization(planned: stories.Followed, address: str) -> None:
    with pytest.raises(InvalidInput):
        tell(planned, address)
    assert told(planned) == []


def test_twice_is_once(planned: stories.Followed) -> None:
    tell(planned)
    tell(planned, "Boss@example.org")
    work()
    work()
    assert len(mail.outbox) == 1


def test_nobody_else_tells_of_it(planned: stories.Followed) -> None:
    for viewer in (planned.ben, planned.chen):
        with pytest.raises(NotFound):
            tell(planned, viewer=viewer)
        with pytest.raises(NotFound):
            reflections.list_witnesses(viewer=viewer, delivery_id=row(planned.ana, "plan").pk)


def test_what_is_no_plan_is_told_to_nobody(planned: stories.Followed) -> None:
    with after(7):
        answer(planned.ana, "sure", number=3)
        with pytest.raises(NotFound):
            reflections.get_plan(viewer=planned.ana, delivery_id=row(planned.ana, "sure").pk)


def test_nobody_floods_the_organization(planned: stories.Followed) -> None:
    for number in range(MOST_A_DAY):
        tell(planned, f"boss{number}@example.org")
    with pytest.raises(TooMany):
        tell(planned, "one-more@example.org")


def test_an_address_that_takes_no_mail_is_said(planned: stories.Followed) -> None:
    tell(planned)
    refused = SMTPRecipientsRefused({"boss@example.org": (550, b"no such user")})
    with patch.object(EmailBackend, "send_messages", side_effect=refused):
        work()
    assert told(planned) == [("boss@example.org", "not told")]


def test_a_mail_server_that_is_down_is_tried_again(planned: stories.Followed) -> None:
    tell(planned)
    with patch.object(EmailBackend, "send_messages", side_effect=OSError("password=x")):
        work()
    assert told(planned) == [("boss@example.org", "on its way")]
    assert mail.outbox == []


def test_whoever_is_forgotten_has_told_nobody(planned: stories.Followed) -> None:
    tell(planned)
    reflections.forget_people(person_ids=[planned.ana.person_id])
    work()
    assert not Witness.objects.exists()
    assert mail.outbox == []
