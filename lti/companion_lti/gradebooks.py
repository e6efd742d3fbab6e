"""A column of a platform's gradebook: what somebody has in it, and sending them a score."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from html import unescape
from typing import Any, Final

from companion_lti import line_items, platforms
from companion_lti.claims import AGS_SCOPE
from companion_lti.connector import Connector, NoAccess
from companion_lti.line_items import with_path
from companion_lti.models import GradeColumn
from companion_lti.outgoing import CallFailed

_SCORE: Final = "application/vnd.ims.lis.v1.score+json"
_RESULTS: Final = "application/vnd.ims.lis.v2.resultcontainer+json"
# A platform that lists everybody's results instead of one person's is read so far.
_MOST_PAGES: Final = 20
# So many results a page are asked for where everybody's are wanted, and so many pages are read.
_A_PAGE: Final = 500
_MOST_PAGES_OF_ALL: Final = 1_000


class Stopped(Exception):
    """Nothing can be sent to this column for now; the reason is for people."""


class NotTaken(Exception):
    """The platform does not take this person's grade; the reason is for people."""


class _TooMany(CallFailed):
    """There are more pages than are read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What somebody has: 0 to 1 of the points, None where there is no grade or (`is_unknown`) we could not read on.

    `at` is when it was given, where the platform says so: AGS 2.0 has no such field, Moodle sends `timestamp`.
    """

    share: float | None = None
    comment: str = ""
    is_unknown: bool = False
    at: datetime | None = None


class Gradebook:
    """The column of one link. `renew` is called before each long step; `is_new` says that the column was made anew
    because the one before was gone.
    """

    def __init__(self, column: GradeColumn, *, renew: Callable[[], None]) -> None:
        self.column = column
        self.may_look = column.may_look
        self.is_new = False
        self._renew = renew
        self._connector = Connector.for_deployment(column.link.deployment)

    def find(self, subject: str) -> Result:
        """Raises Stopped, NotTaken, CallFailed."""
        address = self._address()
        if not self.may_look:
            return Result()
        try:
            return self._read(address, subject)
        except NoAccess:
            raise
        except CallFailed as error:
            if error.status in (401, 403):
                raise Stopped(why(error)) from error
            if error.status != 404:
                raise
            if self._is_there(address):
                raise NotTaken(why(error)) from error
        return self._find_anew(subject)

    def _find_anew(self, subject: str) -> Result:
        """The column is gone: another one is looked for, or made."""
        GradeColumn.objects.filter(pk=self.column.pk).update(line_item_url="")
        self.column.line_item_url, self.is_new = "", True
        try:
            return self._read(self._address(), subject)
        except CallFailed as error:
            if error.status == 404:
                raise Stopped(why(error)) from error
            raise

    def send(self, subject: str, *, share: float, moment: datetime, comment: str) -> None:
        """Raises Stopped, NotTaken, CallFailed."""
        points = self.column.link.activity.discussion.credit_points
        body = {
            "userId": subject,
            "scoreGiven": round(share * points, 4),
            "scoreMaximum": points,
            "activityProgress": "Completed" if share >= 1 else "InProgress",
            # Moodle wipes grade and comment with any other value.
            "gradingProgress": "FullyGraded",
            # A zone, for Blackboard; whole seconds, which is what Moodle compares.
            "timestamp": moment.strftime("%Y-%m-%dT%H:%M:%S+00:00"),
            **({"comment": comment} if comment else {}),
            **platforms.score_extras(self.column.link.deployment.registration),
        }
        url = with_path(self.column.line_item_url, "/scores")
        self._renew()
        try:
            self._connector.send("POST", [AGS_SCOPE + "score"], url, data=json.dumps(body), content_type=_SCORE)
        except NoAccess:
            raise
        except CallFailed as error:
            if error.status == 401:
                raise Stopped(why(error)) from error
            if error.status in (400, 403, 404, 409, 422):
                raise NotTaken(why(error)) from error
            raise

    def _address(self) -> str:
        try:
            return line_items.find_or_make(self._connector, self.column, renew=self._renew)
        except line_items.NoColumn as error:
            raise Stopped("The platform has no column for this link, and lets us make none.") from error
        except NoAccess:
            raise
        except CallFailed as error:
            if error.status in (400, 401, 403, 404, 412, 422):
                raise Stopped(why(error)) from error
            raise

    def _is_there(self, address: str) -> bool:
        """Whether the column itself answers; where we may not ask, it is taken to be there."""
        if not self.column.may_create:
            return True
        self._renew()
        try:
            self._connector.send("GET", line_items.SCOPES, address, accept=line_items.ONE)
        except NoAccess:
            raise
        except CallFailed as error:
            return error.status != 404
        return True

    def read_all(self) -> Iterator[tuple[str, Result]]:
        """Everybody's results, by subject, page by page; nothing where there is no column yet. Raises CallFailed."""
        if not self.column.line_item_url:
            return
        for result in self._results(self.column.line_item_url, most=_MOST_PAGES_OF_ALL, limit=str(_A_PAGE)):
            subject = result.get("userId")
            if isinstance(subject, int | str) and not isinstance(subject, bool):
                yield str(subject), _read_result(result)

    def _read(self, address: str, subject: str) -> Result:
        try:
            for result in self._results(address, most=_MOST_PAGES, user_id=subject):
                if str(result.get("userId")) == subject:
                    return _read_result(result)
        except _TooMany:
            return Result(is_unknown=True)
        return Result()

    def _results(self, address: str, *, most: int, **query: str) -> Iterator[dict[str, Any]]:
        """Results of so many pages at most. Raises CallFailed, which says so where there are more."""
        url = with_path(address, "/results", **query)
        for _page in range(most):
            self._renew()
            answer = self._connector.send("GET", [AGS_SCOPE + "result.readonly"], url, accept=_RESULTS)
            results = answer["body"]
            if not isinstance(results, list):
                raise CallFailed("did not answer with results")
            yield from (result for result in results if isinstance(result, dict))
            url = answer["next_page_url"]
            if not url:
                return
        raise _TooMany("never came to an end")


def _read_result(result: dict[str, Any]) -> Result:
    comment = result.get("comment")
    return Result(
        share=_scaled(result), comment=comment if isinstance(comment, str) else "", at=_moment(result.get("timestamp"))
    )


def _moment(value: object) -> datetime | None:
    """A moment with its zone, None for anything else."""
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return found if found is not None and found.tzinfo is not None else None


def _scaled(result: dict[str, Any]) -> float | None:
    score, maximum = _number(result.get("resultScore")), _number(result.get("resultMaximum", 1))
    return score / maximum if score is not None and maximum else None


def _number(value: object) -> float | None:
    """A finite number, None for anything else: JSON's are as long as somebody likes."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def plain(text: str) -> str:
    """The words of a comment, without the paragraphs that a platform puts around them."""
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", text[:10_000])).split())


def why(error: CallFailed) -> str:
    """What the platform's refusal means, for people."""
    meanings = {
        400: "The platform takes no grade for them; teachers, for example, have none.",
        401: "The platform does not let us into its gradebook.",
        403: "The platform does not allow us to grade this.",
        404: "The platform does not know the column, or they are not enrolled.",
        409: "The platform has a later grade.",
    }
    return meanings.get(error.status, f"The platform's grade service {error}.")
