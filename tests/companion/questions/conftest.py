"""What every story of questions begins with."""

from __future__ import annotations

import pytest

from tests.companion.questions import stories


@pytest.fixture
def asked() -> stories.Asked:
    return stories.course()
