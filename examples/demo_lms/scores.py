"""Line items, scores and results, for a tool: those of its own columns. Where Moodle is particular, so are we."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode

from django.db import transaction
from django.db.models import QuerySet
from lti1p3platform.exceptions import LineItemNotFoundException, LtiServiceException
from lti1p3platform.lineitem import TLineItem
from lti1p3platform.score import TScore, UpdateScoreStatus
from lti1p3platform.service_connector import AssignmentsGradesService, TPage

from examples.demo_lms.config import CONFIG
from examples.demo_lms.models import Course, LineItem, Link, Result
from examples.demo_lms.score_input import read_line_item, read_score
from examples.demo_lms.service_request import ServiceRequest
from examples.demo_lms.tools import owned_by


class Gradebook(AssignmentsGradesService):
    """One request to the gradebook of a course.

    The library takes a token with any scope of the service for any of its endpoints, so each
    view says which scopes its own endpoint is content with.
    """

    def __init__(
        self,
        request: ServiceRequest,
        course: Course,
        scopes: list[str],
        line_item_id: int | None = None,
    ) -> None:
        super().__init__(
            request,
            request.platform,
            CONFIG.lineitems_url(course.context_id),
            CONFIG.lineitem_url(course.context_id, line_item_id) if line_item_id else None,
        )
        self._course = course
        self._tool = request.tool
        self._scopes = scopes

    @property
    def allowed_scopes(self) -> list[str]:
        return self._scopes

    def find_lineitems(
        self,
        page: int = 1,
        limit: int | None = None,
        line_item_id: str | None = None,
        resource_link_id: str | None = None,
        resource_id: str | None = None,
        tag: str | None = None,
        **others: Any,
    ) -> TPage:
        filters = {
            "link_id": resource_link_id,
            "resource_id": resource_id,
            "tag": tag,
        }
        if resource_link_id and not resource_link_id.isdecimal():
            return {"content": [], "has_next": False}
        wanted = {name: value for name, value in filters.items() if value}
        items = [line_item_json(item) for item in self._line_items().filter(**wanted)]
        query = {"resource_link_id": resource_link_id, "resource_id": resource_id, "tag": tag}
        return paged(items, page, limit, CONFIG.lineitems_url(self._course.context_id), query)

    def find_lineitem(self, line_item_id: str) -> TLineItem:
        return line_item_json(self._line_item(line_item_id))

    def create_lineitem(self, creation_data: TLineItem) -> TLineItem:
        values = read_line_item(creation_data, self._links())
        return line_item_json(LineItem.objects.create(course=self._course, tool=self._tool, **values))

    def update_lineitem(self, update_data: TLineItem) -> TLineItem:
        line_item = self._line_item(update_data["id"])
        for name, value in read_line_item(update_data, self._links()).items():
            if name != "link":
                setattr(line_item, name, value)
        line_item.save()
        return line_item_json(line_item)

    def delete_lineitem(self, line_item_id: str) -> None:
        self._line_item(line_item_id).delete()

    @transaction.atomic
    def update_score(self, line_item_id: str, score: TScore) -> UpdateScoreStatus:
        """Moodle wipes grade and comment unless gradingProgress is FullyGraded, and compares
        timestamps in whole seconds. A later score replaces what a teacher wrote by hand, too."""
        line_item = self._line_item(line_item_id)
        values = read_score(score)
        self._check_gradable(values.sub)
        earlier = line_item.results.filter(sub=values.sub).first()
        if earlier and values.timestamp <= earlier.timestamp:
            return UpdateScoreStatus.OLD_TIMESTAMP
        graded = values.grading_progress == "FullyGraded"
        Result.objects.update_or_create(
            line_item=line_item,
            sub=values.sub,
            defaults={
                "score_given": values.score_given if graded else None,
                "score_maximum": values.score_maximum if graded else None,
                "comment": values.comment if graded else "",
                "activity_progress": values.activity_progress,
                "grading_progress": values.grading_progress,
                "timestamp": values.timestamp,
                "overridden_by": "",
            },
        )
        return UpdateScoreStatus.SUCCESS

    def get_results(
        self,
        line_item_id: str,
        page: int = 1,
        limit: int | None = None,
        user_id: str | None = None,
        **others: Any,
    ) -> TPage:
        line_item = self._line_item(line_item_id)
        results: Iterable[Result] = line_item.results.select_related("line_item")
        if user_id:
            results = line_item.results.filter(sub=user_id).select_related("line_item")
        address = CONFIG.lineitem_url(self._course.context_id, line_item.pk)
        items = [result_json(result, address) for result in results]
        return paged(items, page, limit, results_address(address), {"user_id": user_id})

    def _line_items(self) -> QuerySet[LineItem]:
        return self._course.line_items.filter(owned_by(self._tool))

    def _links(self) -> QuerySet[Link]:
        return self._course.links.filter(owned_by(self._tool))

    def _line_item(self, line_item_id: str) -> LineItem:
        line_item = self._line_items().filter(pk=line_item_id).first()
        if line_item is None:
            raise LineItemNotFoundException
        return line_item

    def _check_gradable(self, sub: str) -> None:
        enrolled = {member.person.sub: member.role for member in self._course.enrolments.all()}
        if sub not in enrolled:
            raise LtiServiceException("The user is not in this course.", 404)
        if enrolled[sub] != "learner":
            raise LtiServiceException("The user cannot be graded in this course.", 400)


def paged(items: list[Any], page: int, limit: int | None, address: str, query: dict[str, Any]) -> TPage:
    """The library would put a second `?` into our addresses, so the next one is made here."""
    if not limit or len(items) <= page * limit:
        start = (page - 1) * limit if limit else 0
        return {"content": items[start:], "has_next": False}
    given = {name: value for name, value in query.items() if value}
    return {
        "content": items[(page - 1) * limit : page * limit],
        "has_next": False,
        "next": f"{address}&{urlencode({**given, 'limit': limit, 'page': page + 1})}",
    }


def results_address(line_item_address: str) -> str:
    path, _, query = line_item_address.partition("?")
    return f"{path}/results?{query}"


def line_item_json(line_item: LineItem) -> TLineItem:
    values: TLineItem = {
        "id": CONFIG.lineitem_url(line_item.course.context_id, line_item.pk),
        "label": line_item.label,
        "scoreMaximum": line_item.score_maximum,
        "resourceId": line_item.resource_id,
        "tag": line_item.tag,
    }
    if line_item.link_id:
        values["resourceLinkId"] = str(line_item.link_id)
    return values


def result_json(result: Result, line_item_address: str) -> dict[str, Any]:
    values: dict[str, Any] = {
        "id": f"{results_address(line_item_address)}&user_id={result.sub}",
        "userId": result.sub,
        "resultMaximum": result.line_item.score_maximum,
        "scoreOf": line_item_address,
        "timestamp": result.timestamp.isoformat(),
    }
    if result.scaled is not None:
        values["resultScore"] = result.scaled
    if result.comment:
        values["comment"] = result.comment
    return values
