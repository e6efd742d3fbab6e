"""The tables of the tool, forwards and back, with rows of the release before in them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from companion_lti import tool_keys
from django.apps.registry import Apps

from tests.migrating import migrate

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.every_database]
BEFORE = ("companion_lti", "0002_permalinks")


@pytest.fixture
def before() -> Iterator[Apps]:
    yield migrate(BEFORE)
    migrate()


def test_keys_are_sealed_and_opened_again(before: Apps) -> None:
    migrate()
    kid, _private = tool_keys.signing_key()
    plain = migrate(BEFORE).get_model("companion_lti", "ToolKey").objects.get(kid=kid)
    assert plain.private_pem.startswith("-----BEGIN")
    sealed = migrate().get_model("companion_lti", "ToolKey").objects.get(kid=kid)
    assert "PRIVATE" not in sealed.private_pem
    assert sealed.signs_from == plain.created_at
    assert tool_keys.signing_key()[0] == kid
