"""Our own keys: one signs, what somebody may still need is published, and a copy of the database signs nothing."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from companion_lti import tool_keys
from companion_lti.models import ToolKey
from django.core.management import call_command
from django.test import Client

from companion import clock
from tests.lti.conftest import new_browser

HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def _database(db: None) -> None:
    """Every story here has keys."""


def published(browser: Client | None = None) -> set[str]:
    return {key["kid"] for key in (browser or new_browser()).get("/lti/jwks").json()["keys"]}


def rotate(*words: str) -> str:
    said = io.StringIO()
    call_command("lti_rotate_key", *words, stdout=said)
    return said.getvalue()


def test_it_works() -> None:
    old, _private = tool_keys.signing_key()
    said = rotate()
    new = ToolKey.objects.get(retired_at=None)
    assert new.kid in said
    assert published() == {old, new.kid}
    assert tool_keys.signing_key()[0] == old
    with time_machine.travel(clock.now() + HOUR * 1.1, tick=False):
        assert tool_keys.signing_key()[0] == new.kid
        assert published() == {old, new.kid}
    with time_machine.travel(clock.now() + HOUR * 25.1, tick=False):
        assert published() == {new.kid}


def test_23_a_leaked_key_is_gone_at_once() -> None:
    old, _private = tool_keys.signing_key()
    rotate("--leaked")
    new, _private = tool_keys.signing_key()
    assert new != old
    assert published() == {new}


def test_a_second_rotation_does_not_keep_an_older_key_longer() -> None:
    old, _private = tool_keys.signing_key()
    rotate()
    first = ToolKey.objects.get(kid=old).retired_at
    with time_machine.travel(clock.now() + HOUR * 2, tick=False):
        rotate()
    assert ToolKey.objects.get(kid=old).retired_at == first


def test_a_leak_while_a_new_key_waits_leaves_neither() -> None:
    tool_keys.signing_key()
    rotate()
    rotate("--leaked")
    assert published() == {tool_keys.signing_key()[0]}


def test_23_private_keys_are_sealed() -> None:
    kid, _private = tool_keys.signing_key()
    assert "PRIVATE" not in ToolKey.objects.get(kid=kid).private_pem


def test_with_another_secret_key_a_new_key_signs(settings: Any) -> None:
    old, _private = tool_keys.signing_key()
    settings.SECRET_KEY = "another one"
    new, _private = tool_keys.signing_key()
    assert new != old
    assert tool_keys.signing_key()[0] == new


def test_a_secret_key_that_was_changed_in_turn_costs_nothing(settings: Any) -> None:
    old, _private = tool_keys.signing_key()
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "another one"
    assert tool_keys.signing_key()[0] == old


def test_the_worker_rotates_when_the_key_is_old(settings: Any) -> None:
    old, _private = tool_keys.signing_key()
    tool_keys.rotate_when_due()
    assert published() == {old}
    with time_machine.travel(clock.now() + timedelta(days=91), tick=False):
        tool_keys.rotate_when_due()
        tool_keys.rotate_when_due()
        assert len(published()) == 2


def test_0_days_is_no_schedule(settings: Any) -> None:
    settings.COMPANION_LTI_KEY_DAYS = 0
    tool_keys.signing_key()
    with time_machine.travel(clock.now() + timedelta(days=3_000), tick=False):
        tool_keys.rotate_when_due()
    assert len(published()) == 1


def test_what_is_published_no_longer_is_wiped() -> None:
    old, _private = tool_keys.signing_key()
    rotate()
    tool_keys.forget_retired()
    assert ToolKey.objects.get(kid=old).private_pem
    with time_machine.travel(clock.now() + HOUR * 26, tick=False):
        tool_keys.forget_retired()
        assert ToolKey.objects.get(kid=old).private_pem == ""
    with time_machine.travel(clock.now() + timedelta(days=370), tick=False):
        tool_keys.forget_retired()
        assert not ToolKey.objects.filter(kid=old).exists()


def test_a_worker_killed_while_it_rotates_leaves_it_to_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    tool_keys.signing_key()
    with time_machine.travel(clock.now() + timedelta(days=91), tick=False):
        with monkeypatch.context() as patch:
            patch.setattr(tool_keys, "create_tool_key", lambda **_facts: 1 / 0)
            with pytest.raises(ZeroDivisionError):
                tool_keys.rotate_when_due()
        tool_keys.rotate_when_due()
        assert len(published()) == 2
