"""The column of a link in the platform's gradebook: the one that a launch named, else one that is found or made."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from companion.spaces.api import Activity
from companion_lti.claims import AGS_SCOPE, is_storable
from companion_lti.connector import Connector
from companion_lti.models import GradeColumn
from companion_lti.outgoing import CallFailed, same_host

TAG: Final = "companion-credit"
SCOPES: Final = (AGS_SCOPE + "lineitem",)
ONE: Final = "application/vnd.ims.lis.v2.lineitem+json"
_MANY: Final = "application/vnd.ims.lis.v2.lineitemcontainer+json"
_MOST_PAGES: Final = 50


class NoColumn(Exception):
    """The platform has no column for a link, and lets us make none."""


def describe(activity: Activity) -> dict[str, Any]:
    """A column as we ask for it. `resourceId` and `tag` tell it from those of others, also in a copied course."""
    return {
        "label": activity.title,
        "scoreMaximum": activity.discussion.credit_points,
        "resourceId": str(activity.uid),
        "tag": TAG,
    }


def find_or_make(connector: Connector, column: GradeColumn, *, renew: Callable[[], None]) -> str:
    """The address of the link's column, kept from now on. Raises CallFailed, NoColumn."""
    if not column.line_item_url:
        column.line_item_url = _find(connector, column, renew) or _make(connector, column, renew)
        GradeColumn.objects.filter(pk=column.pk).update(line_item_url=column.line_item_url)
    return column.line_item_url


def with_path(url: str, part: str, **query: str) -> str:
    """The address below a column. Its own query stays behind the path: Moodle's has one."""
    parts = urlsplit(url)
    asked = urlencode([*parse_qsl(parts.query, keep_blank_values=True), *query.items()])
    return urlunsplit(parts._replace(path=parts.path.rstrip("/") + part, query=asked))


def _find(connector: Connector, column: GradeColumn, renew: Callable[[], None]) -> str:
    """The column that we made before, or that came with the link; "" where there is none."""
    if not column.line_items_url or not column.may_create:
        return ""
    link = column.link
    url = with_path(column.line_items_url, "", resource_link_id=link.link_id)
    for _page in range(_MOST_PAGES):
        renew()
        answer = connector.send("GET", SCOPES, url, accept=_MANY)
        for item in answer["body"] if isinstance(answer["body"], list) else []:
            # Not every platform filters: those of other links are passed over.
            if isinstance(item, dict) and str(item.get("resourceLinkId", "")) == link.link_id:
                return _address(column, item)
            if isinstance(item, dict) and (item.get("resourceId"), item.get("tag")) == (str(link.activity.uid), TAG):
                return _address(column, item)
        url = answer["next_page_url"]
        if not url:
            break
    return ""


def _make(connector: Connector, column: GradeColumn, renew: Callable[[], None]) -> str:
    if not column.line_items_url or not column.may_create:
        raise NoColumn
    wanted = describe(column.link.activity)
    renew()
    try:
        made = _post(connector, column, {**wanted, "resourceLinkId": column.link.link_id})
    except CallFailed as error:
        # Canvas takes no column for a link in a module, whose id is the course's; one without a link it does take.
        if error.status not in (400, 404, 412, 422):
            raise
        renew()
        made = _post(connector, column, wanted)
    return _address(column, made)


def _post(connector: Connector, column: GradeColumn, wanted: dict[str, Any]) -> Any:
    data = json.dumps(wanted)
    answer = connector.send("POST", SCOPES, column.line_items_url, data=data, content_type=ONE, accept=ONE)
    return answer["body"]


def _address(column: GradeColumn, item: Any) -> str:
    """Where the item says that it is, unless that is another host: a token is never sent there."""
    named = item.get("id") if isinstance(item, dict) else None
    url = same_host(column.line_items_url, named) if isinstance(named, str) and is_storable(named) else ""
    if not url or len(url) > 2000:
        raise CallFailed("named no column")
    return url
