from __future__ import annotations

import pytest

from companion import clock
from tests.companion.reflections import stories
from tests.companion.reflections.stories import MONDAY, finish


@pytest.fixture
def followed(db: None) -> stories.Followed:
    with clock.at(MONDAY):
        followed = stories.course()
        finish(followed, followed.ana, followed.nameless)
    return followed
