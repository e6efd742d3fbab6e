"""The gradebook as rows and columns."""

from __future__ import annotations

from typing import Any

from examples.demo_lms.models import Course, Result


def gradebook_table(course: Course) -> dict[str, Any]:
    """`columns` are line items; each of `rows` is a learner and a result or None a column."""
    columns = list(course.line_items.all())
    results = {
        (result.sub, result.line_item_id): result
        for result in Result.objects.filter(line_item__course=course).select_related("line_item")
    }
    rows = [
        (learner.person, [results.get((learner.person.sub, column.pk)) for column in columns])
        for learner in course.enrolments.filter(role="learner")
    ]
    return {"columns": columns, "rows": rows}
