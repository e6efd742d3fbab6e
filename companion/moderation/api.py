"""Reports and the staff's queue: what people and the organization's word list want somebody to look at."""

from companion.moderation.models import Outcome
from companion.moderation.queue import (
    CaseRow,
    ReportCase,
    close_case,
    count_open,
    get_case,
    list_cases,
)
from companion.moderation.reporting import close_reports, flag_words, look_again, report_post

__all__ = [
    "CaseRow",
    "Outcome",
    "ReportCase",
    "close_case",
    "close_reports",
    "count_open",
    "flag_words",
    "get_case",
    "list_cases",
    "look_again",
    "report_post",
]
