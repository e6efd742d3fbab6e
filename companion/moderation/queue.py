"""The staff's queue: one case a post, with its reports, what stands around it, and what was done to it before."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import transaction
from django.db.models import Max, Min, QuerySet
from django.utils.translation import gettext

from companion import clock
from companion.errors import Conflict, InvalidInput, NotFound
from companion.events import ReportsClosed, announce
from companion.moderation.models import Outcome, Report, Source
from companion.reasons import REASON_LIMIT
from companion.spaces import api as spaces
from companion.text import clean_line
from companion.threads import api as threads
from companion.viewer import Viewer

CASES_A_PAGE: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportLine:
    """One report as the staff reads it: its reason and when, not who."""

    source: str
    reason: str
    at: datetime
    outcome: str
    answer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportCase:
    """A reported post. `post` is what the staff sees of it, `parent` the post it answers, `acts` what was done."""

    id: int
    thread: threads.Thread
    title: str
    post: threads.PostView
    parent: threads.PostView | None
    open: list[ReportLine]
    closed: list[ReportLine]
    acts: list[spaces.Act]


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseRow:
    """A case in the list: the first reason, how many reports are open, since when."""

    id: int
    title: str
    number: int
    reason: str
    count: int
    since: datetime


def count_open(*, viewer: Viewer) -> int:
    """How many posts wait for the staff of the viewer's space (100 is "100 or more"). 0 for learners, unasked."""
    if not viewer.is_staff:
        return 0
    waiting = _there(viewer).filter(outcome=Outcome.OPEN)
    return len(waiting.values("post").distinct()[:100])


def list_cases(*, viewer: Viewer, closed: bool = False, before: int = 0) -> tuple[list[CaseRow], int]:
    """Posts that wait, the longest waiting first (or those that were looked at, the last one first), and the cursor
    of the next page or 0. Raises NotAllowed.
    """
    threads.must_moderate(viewer=viewer)
    reports = _there(viewer)
    reports = reports.exclude(outcome=Outcome.OPEN) if closed else reports.filter(outcome=Outcome.OPEN)
    cases = reports.values("post").annotate(first=Min("pk"), last=Max("pk"))
    if closed:
        cases = cases.filter(last__lt=before) if before else cases
        page = list(cases.order_by("-last")[: CASES_A_PAGE + 1])
    else:
        page = list(cases.filter(first__gt=before).order_by("first")[: CASES_A_PAGE + 1])
    shown = page[:CASES_A_PAGE]
    lines = Report.objects.filter(post_id__in=[case["post"] for case in shown]).select_related("post__thread")
    by_post: dict[int, list[Report]] = {}
    for report in lines.order_by("pk"):
        if (report.outcome != Outcome.OPEN) == closed:
            by_post.setdefault(report.post_id, []).append(report)
    rows = [_row(by_post[case["post"]]) for case in shown if case["post"] in by_post]
    cursor = (shown[-1]["last"] if closed else shown[-1]["first"]) if len(page) > CASES_A_PAGE else 0
    return rows, cursor


def get_case(*, viewer: Viewer, case_id: int) -> ReportCase:
    """A case with all that helps to decide. `case_id` is the id of any of its reports. Raises NotFound, NotAllowed."""
    threads.must_moderate(viewer=viewer)
    report = _report(viewer, case_id)
    reports = list(Report.objects.filter(post=report.post_id).order_by("pk"))
    thread_id, number = report.post.thread_id, report.post.number
    post = threads.get_post(viewer=viewer, thread_id=thread_id, number=number)
    parent = None
    if post.parent_id is not None:
        above = threads.get_post(viewer=viewer, thread_id=thread_id, number=post.parent_number)  # type: ignore[attr-defined]
        parent = threads.view_post(viewer, post.thread, above)
    return ReportCase(
        id=case_id,
        thread=post.thread,
        title=threads.shown_title(post.thread),
        post=threads.view_post(viewer, post.thread, post),
        parent=parent,
        open=[_line(line) for line in reports if line.outcome == Outcome.OPEN],
        closed=[_line(line) for line in reports if line.outcome != Outcome.OPEN],
        acts=spaces.list_acts(viewer=viewer, thread_id=thread_id, post_number=number),
    )


@transaction.atomic
def close_case(*, viewer: Viewer, case_id: int, outcome: Outcome, reason: str = "") -> None:
    """Hide the post, send it back to its author, or find nothing wrong with it; all its open reports are closed.

    Raises NotFound, NotAllowed, InvalidInput (no reason), Conflict (somebody of the staff was quicker).
    """
    threads.must_moderate(viewer=viewer)
    if outcome is Outcome.OPEN:
        raise InvalidInput({"outcome": gettext("Choose one of the options.")})
    reason = clean_line(reason)
    report = _report(viewer, case_id)
    thread_id, number = report.post.thread_id, report.post.number
    if outcome is Outcome.HIDDEN:
        threads.hide_post(viewer=viewer, thread_id=thread_id, number=number, reason=reason)
    elif outcome is Outcome.RETURNED:
        threads.return_post(viewer=viewer, thread_id=thread_id, number=number, reason=reason)
    answer = reason[:REASON_LIMIT]
    waiting = Report.objects.filter(post=report.post_id, outcome=Outcome.OPEN)
    closed = waiting.update(outcome=outcome, answer=answer, closed_at=clock.now(), closed_by_id=viewer.person_id)
    if not closed:
        raise Conflict(gettext("Somebody else has looked at this meanwhile."))
    if outcome is Outcome.DISMISSED:
        spaces.record_act(viewer=viewer, act="dismiss", thread_id=thread_id, post_number=number, reason=answer)
    post = threads.get_post(viewer=viewer, thread_id=thread_id, number=number)
    announce(ReportsClosed(**post.thread.place(viewer), post_id=post.pk, number=number, outcome=outcome.value))


def _there(viewer: Viewer) -> QuerySet[Report]:
    """The reports of the viewer's space, without those of what its author took back or what went with its event."""
    return Report.objects.filter(space_id=viewer.space_id, post__deleted_at=None, post__thread__deleted_at=None)


def _report(viewer: Viewer, case_id: int) -> Report:
    report = Report.objects.filter(pk=case_id, space_id=viewer.space_id).select_related("post").first()
    if report is None:
        raise NotFound(gettext("There is no such report here."))
    return report


def _line(report: Report) -> ReportLine:
    return ReportLine(
        source=str(Source(report.source).label),
        reason=report.reason,
        at=report.created_at,
        outcome=str(Outcome(report.outcome).label),
        answer=report.answer,
    )


def _row(reports: list[Report]) -> CaseRow:
    first = reports[0]
    thread = first.post.thread
    return CaseRow(
        id=first.pk,
        title=threads.shown_title(thread),
        number=first.post.number,
        reason=first.reason,
        count=len(reports),
        since=first.created_at,
    )
