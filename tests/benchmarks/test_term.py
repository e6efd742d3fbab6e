"""The term runs, finds nothing and is the same twice; what it looks for it would find."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta

import pytest

from companion import clock
from companion.questions.models import Assignment, Question
from companion.spaces import api as spaces
from companion.topics import api as topics
from companion.topics.models import ExpertProfile
from tests import people
from tests.benchmarks import promises
from tests.benchmarks.serving import ROOT
from tests.companion.questions import stories
from tests.companion.questions.stories import HOUR, MONDAY

pytestmark = pytest.mark.django_db

TINY = ("--learners", "60", "--questions", "40", "--experts", "5", "--weeks", "3")
LATE = timedelta(minutes=15)


def test_it_works_and_is_the_same_twice():
    command = [sys.executable, "-m", "tests.benchmarks.term", *TINY]
    running = [
        subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _turn in range(2)
    ]
    outputs = [process.communicate() for process in running]
    assert [process.returncode for process in running] == [0, 0], outputs
    first, second = (json.loads(output) for output, _errors in outputs)
    assert first["digest"] == second["digest"]
    assert (first["questions"], sum(first["states"].values())) == (40, 40)
    assert sum(first["outcomes"].values()) == first["assignments"] > 0
    assert first["known"] > 0.5
    kinds = ("over_capacity", "kept_in_mind", "miscounted", "failed")
    assert {kind: first[kind] for kind in kinds} == dict.fromkeys(kinds, 0)


@pytest.fixture
def asked() -> stories.Asked:
    """Chen has two questions; a third one waits because nobody has room."""
    asked = stories.course()
    topics.save_profile(viewer=asked.chen, capacity=2)
    topics.save_profile(viewer=asked.ben, capacity=0)
    with clock.at(MONDAY):
        for number in range(3):
            stories.ask(asked, title=f"Question {number}")
    return asked


def found(asked: stories.Asked) -> list[str]:
    now = MONDAY + HOUR
    with clock.at(now):
        return [
            *promises.above_capacity({asked.chen.person_id: 2, asked.ben.person_id: 0}),
            *promises.miscounted(),
            *promises.forgotten(now, late=LATE),
            *promises.held_by_absent(now),
            *promises.at_odds(),
        ]


def test_nothing_is_found_where_nothing_is_wrong(asked: stories.Asked):
    assert found(asked) == []


def one_more(asked: stories.Asked) -> None:
    waiting = Question.objects.get(assignment=None)
    Assignment.objects.create(question=waiting, person_id=asked.chen.person_id, given_at=MONDAY, outcome="lapsed")


def one_less(_asked: stories.Asked) -> None:
    Assignment.objects.filter(question__assignment=Assignment.objects.first()).update(outcome="declined")


def away(asked: stories.Asked) -> None:
    ExpertProfile.objects.filter(pk=asked.chen.person_id).update(away_from=MONDAY)


def gone(asked: stories.Asked) -> None:
    owner, space = asked.space.organization_id, asked.space.external_id
    spaces.leave_space(issuer=people.ISSUER, external_id=space, organization_id=owner, subject="chen")


@pytest.mark.parametrize(
    ("plant", "said"),
    [
        (one_more, "has 3 of 2 in the week of 2026-03-02"),
        (one_less, "is said to have 2 in the week of 2026-03-02, counted 1"),
        (lambda _asked: Question.objects.filter(assignment=None).update(route_at=None), "for nothing: 'full', None"),
        (lambda _asked: Question.objects.update(route_at=MONDAY), "waits at"),
        (away, "is away's"),
        (gone, "is gone's"),
        (lambda _asked: Question.objects.update(state="answered"), "waits no longer, and somebody has it"),
        (lambda _asked: Question.objects.update(state="answered"), "waits no longer, and is looked at"),
        (lambda _asked: Question.objects.update(assignment=None), "is somebody's and does not know"),
        (lambda _asked: Assignment.objects.update(ended_at=MONDAY), "is with somebody who has it no longer"),
    ],
)
def test_what_is_wrong_is_found(asked: stories.Asked, plant: Callable[[stories.Asked], object], said: str):
    plant(asked)
    assert any(said in line for line in found(asked)), found(asked)


def test_a_digest_tells_other_assignments_apart(asked: stories.Asked):
    subjects = {asked.chen.person_id: "chen", asked.ben.person_id: "ben"}
    before = promises.digest(subjects)
    assert promises.digest(subjects) == before
    Assignment.objects.filter(question__assignment=Assignment.objects.first()).update(given_at=MONDAY + HOUR)
    assert promises.digest(subjects) != before
