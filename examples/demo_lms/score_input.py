"""Reading what the tool sends to the gradebook; LtiServiceException 400 for what is wrong."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.utils.dateparse import parse_datetime
from lti1p3platform.exceptions import LtiServiceException
from lti1p3platform.score import ActivityProgress, GradeProgress

from examples.demo_lms.models import Link


@dataclass(frozen=True)
class Score:
    sub: str
    score_given: float | None
    score_maximum: float | None
    comment: str
    activity_progress: str
    grading_progress: str
    timestamp: datetime


def read_score(body: Mapping[str, Any]) -> Score:
    """`timestamp` needs a zone and is cut to whole seconds; a score needs its maximum."""
    given = _number(body, "scoreGiven")
    maximum = _number(body, "scoreMaximum")
    if given is not None and (given < 0 or not maximum or maximum < 0):
        raise _refused("scoreGiven needs to be 0 or more, with a scoreMaximum above 0")
    return Score(
        sub=_string(body, "userId"),
        score_given=given,
        score_maximum=maximum,
        comment=body["comment"] if isinstance(body.get("comment"), str) else "",
        activity_progress=_one_of(body, "activityProgress", ActivityProgress),
        grading_progress=_one_of(body, "gradingProgress", GradeProgress),
        timestamp=_timestamp(body),
    )


def read_line_item(body: Mapping[str, Any], links: QuerySet[Link]) -> dict[str, Any]:
    """Field values for a LineItem, whose link is one of `links`."""
    maximum = _number(body, "scoreMaximum")
    if not maximum or maximum < 0:
        raise _refused("scoreMaximum must be above 0")
    link = None
    link_id = body.get("resourceLinkId")
    if link_id:
        link = links.filter(pk=link_id).first() if str(link_id).isdecimal() else None
        if link is None:
            raise _refused("resourceLinkId is not a link of this tool in this course")
    return {
        "label": _string(body, "label"),
        "score_maximum": maximum,
        "resource_id": str(body.get("resourceId") or "")[:255],
        "tag": str(body.get("tag") or "")[:255],
        "link": link,
    }


def _refused(text: str) -> LtiServiceException:
    return LtiServiceException(f"{text}.", 400)


def _string(body: Mapping[str, Any], name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not value or len(value) > 255:
        raise _refused(f"{name} must be text")
    return value


def _number(body: Mapping[str, Any], name: str) -> float | None:
    value = body.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise _refused(f"{name} must be a number")
    return float(value)


def _one_of(body: Mapping[str, Any], name: str, words: type[ActivityProgress] | type[GradeProgress]) -> str:
    value = body.get(name)
    if value not in [word.value for word in words]:
        raise _refused(f"{name} is not one of the words of the specification")
    return str(value)


def _timestamp(body: Mapping[str, Any]) -> datetime:
    try:
        moment = parse_datetime(_string(body, "timestamp"))
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise _refused("timestamp must be ISO 8601 with a zone")
    return moment.replace(microsecond=0)
