"""What is least clear in a course, unit by unit, for its staff: numbers of five at least, and what was shared."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from companion import clock
from companion.errors import NotAllowed
from companion.reflections import api as reflections
from companion.spaces.prompts import Anchor, PromptSettings, Scaffold
from companion.topics import api as topics
from tests import people
from tests.companion.reflections import stories
from tests.companion.reflections.stories import MONDAY, answer, finish

UNCLEAR = PromptSettings(key="mud", title="The muddiest point", scaffold=Scaffold.MUDDIEST, anchor=Anchor.COURSE)
MINUTE = PromptSettings(key="minute", title="A minute", scaffold=Scaffold.MINUTE, anchor=Anchor.COURSE)


def tell(followed: stories.Followed, key: str, *texts: str, **facts: Any) -> None:
    """Each by somebody new."""
    crowd = [people.join(followed.space, f"{key}{number}", f"L{number}") for number in range(len(texts))]
    finish(followed, *crowd)
    for viewer, text in zip(crowd, texts, strict=True):
        answer(viewer, key, parts=["", text] if key == "minute" else [text], **facts)


@pytest.fixture
def followed(db: None) -> stories.Followed:
    with clock.at(MONDAY):
        followed = stories.course(prompts=[UNCLEAR, MINUTE])
        topics.ensure_topics(organization_id=followed.ben.organization_id, names=["Paging", "Escalation"])
    return followed


def units(followed: stories.Followed) -> list[reflections.UnclearUnit]:
    return reflections.list_unclear(viewer=followed.ben)


def test_it_works(followed: stories.Followed) -> None:
    with clock.at(MONDAY):
        tell(followed, "mud", *["I do not get paging"] * 5, *["Who leads?"] * 4)
        tell(followed, "minute", "Escalation, when?", privacy=reflections.Privacy.INSTRUCTOR)
    [unit] = units(followed)
    assert (unit.title, unit.answered, unit.counted) == ("After the course", 10, 10)
    assert unit.topics == [("Paging", 5)]
    assert [line for view in unit.shared for line in view.lines][0][1] == "Escalation, when?"


@pytest.mark.parametrize("who", ["ana", "chen", "nameless"])
def test_it_is_the_staffs(followed: stories.Followed, who: str) -> None:
    with pytest.raises(NotAllowed):
        reflections.list_unclear(viewer=getattr(followed, who))


def test_private_words_are_in_no_place_of_it(followed: stories.Followed) -> None:
    with clock.at(MONDAY):
        tell(followed, "mud", *["I am afraid of paging"] * 12)
    [unit] = units(followed)
    # Nearly all wrote about it: that would say what each of them wrote.
    assert (unit.topics, unit.shared) == ([], [])
    assert "afraid" not in str(unit)


def test_one_more_changes_nothing(followed: stories.Followed) -> None:
    with clock.at(MONDAY):
        tell(followed, "mud", *["Paging"] * 5, *["Who leads?"] * 5)
        before = units(followed)[0].topics
        tell(followed, "minute", *["Paging"] * 4)
        assert units(followed)[0].topics == before == [("Paging", 5)]


def test_a_unit_is_called_what_the_course_calls_it(db: None) -> None:
    with clock.at(MONDAY):
        base = people.course()
        unit = PromptSettings(
            key="mud", title="M", scaffold=Scaffold.MUDDIEST, anchor=Anchor.UNIT, unit=str(base.activity.uid)
        )
        block = PromptSettings(key="b", title="B", scaffold=Scaffold.MUDDIEST, anchor=Anchor.UNIT, unit="block@7")
        followed = stories.course(prompts=[unit, block])
        assert [unit.title for unit in units(followed)] == ["Discuss the unit", "block@7"]


def test_it_asks_as_often_for_many(
    followed: stories.Followed, django_assert_max_num_queries: Callable[..., Any]
) -> None:
    with clock.at(MONDAY):
        tell(followed, "mud", *["Paging"] * 30, privacy=reflections.Privacy.GROUP)
    with django_assert_max_num_queries(12):
        units(followed)
