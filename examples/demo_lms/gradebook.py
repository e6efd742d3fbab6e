"""The gradebook as rows and columns, and what a teacher writes into it by hand."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from examples.demo_lms import clock
from examples.demo_lms.access import can_be_reviewed
from examples.demo_lms.course import Person, find_person
from examples.demo_lms.models import Course, LineItem, Result


@dataclass(frozen=True)
class Cell:
    """One learner in one column. `has_work`: the tool can show what the result is for."""

    column: LineItem
    learner: Person
    result: Result | None
    has_work: bool

    @property
    def changed_by(self) -> str:
        teacher = find_person(self.result.overridden_by) if self.result else None
        return teacher.name if teacher else ""


@dataclass(frozen=True)
class WrittenScore:
    """What a teacher typed, and what is wrong with it; `score` is None then."""

    text: str
    comment: str
    score: float | None = None
    problem: str = ""


def gradebook_table(course: Course, only: Person | None = None) -> dict[str, Any]:
    """`columns` are line items; each of `rows` is a learner and a cell a column. With `only`, that learner's row."""
    columns = list(course.line_items.select_related("link__tool"))
    reviewable = {column.pk for column in columns if column.link and can_be_reviewed(column.link)}
    results = {
        (result.sub, result.line_item_id): result
        for result in Result.objects.filter(line_item__course=course).select_related("line_item")
    }
    learners = [enrolment.person for enrolment in course.enrolments.filter(role="learner")]
    rows = [
        (learner, [_cell(learner, column, results, reviewable) for column in columns])
        for learner in learners
        if only is None or learner == only
    ]
    return {"columns": columns, "rows": rows}


def _cell(learner: Person, column: LineItem, results: Mapping[tuple[str, int], Result], reviewable: set[int]) -> Cell:
    result = results.get((learner.sub, column.pk))
    return Cell(column, learner, result, has_work=result is not None and column.pk in reviewable)


def read_written_score(form: Mapping[str, str], column: LineItem) -> WrittenScore:
    """Takes a decimal comma, too. What the tool gave as a comment stays, unless the teacher writes another."""
    text, comment = form.get("score", "").strip(), form.get("comment", "").strip()
    try:
        score = float(text.replace(",", "."))
    except ValueError:
        score = math.nan
    if 0 <= score <= column.score_maximum:
        return WrittenScore(text, comment, score)
    return WrittenScore(text, comment, problem=f"Write a number from 0 to {column.score_maximum:g}.")


@transaction.atomic
def override(column: LineItem, learner: Person, written: WrittenScore, teacher: Person) -> None:
    """The teacher's score counts from now: what the tool sends with an earlier timestamp is refused, as in Moodle."""
    earlier = column.results.filter(sub=learner.sub).first()
    Result.objects.update_or_create(
        line_item=column,
        sub=learner.sub,
        defaults={
            "score_given": written.score,
            "score_maximum": column.score_maximum,
            "comment": written.comment,
            "activity_progress": earlier.activity_progress if earlier else "Completed",
            "grading_progress": "FullyGraded",
            "timestamp": clock.now().replace(microsecond=0),
            "overridden_by": teacher.key,
        },
    )
