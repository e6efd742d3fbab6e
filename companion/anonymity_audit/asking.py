"""One request for a page, and all that comes back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final
from uuid import UUID

from django.core.files import File
from django.http import HttpResponse
from django.test import RequestFactory

from companion.viewer import Mount, Viewer
from companion.web.mounting import path_for, serve
from companion.web.page import LAYOUT_HEADER, with_query

# Nobody answers there: it only stands in front of the paths of links.
PREFIX: Final = "/anonymity-audit/"


@dataclass(frozen=True, kw_only=True)
class Sample:
    """What is asked of a page: its arguments, a query, and the fields of a form that is sent.

    `piece` is as htmx asks, `block` as a view inside a page of the host does.
    """

    args: tuple[object, ...] = ()
    query: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))
    fields: Mapping[str, Any] | None = None
    piece: bool = False
    block: bool = False

    def title(self, name: str) -> str:
        """How a report names it: "thread-list activities/.../?sort=newest"."""
        sent = "" if self.fields is None else " POST " + ", ".join(f"{key}={self.fields[key]}" for key in self.fields)
        how = (" as a piece" if self.piece else "") + (" in a block" if self.block else "")
        return f"{name} {with_query(path_for(name, *self.args), self.query)}{sent}{how}"


def mount_of(visit: str) -> Mount:
    """A mount of nobody's. The visit is in it wherever a host puts what is a viewer's own."""
    return Mount(
        name="audit",
        key=visit,
        url_for=lambda name, *args: PREFIX + path_for(name, *args),
        fields=MappingProxyType({"visit": visit}),
        headers=MappingProxyType({"X-Visit": visit}),
        has_cookies=False,
        new_window_url=f"{PREFIX}window",
        report_credit=lambda *_told: None,
        permalink=_permalink,
    )


def ask(viewer: Viewer, visit: str, name: str, sample: Sample) -> HttpResponse:
    """The answer to this viewer under a mount of our own."""
    path = path_for(name, *sample.args)
    url = with_query(PREFIX + path, sample.query)
    headers = {"HX-Request": "true"} if sample.piece else {}
    if sample.block:
        headers[LAYOUT_HEADER] = "block"
    for value in (sample.fields or {}).values():
        if isinstance(value, File):
            value.seek(0)
    requests = RequestFactory(headers=headers)
    request = requests.get(url) if sample.fields is None else requests.post(url, dict(sample.fields))
    return serve(request, path, viewer=viewer, mount=mount_of(visit))


def text_of(response: HttpResponse) -> str:
    """Status, headers, cookies and content, as one text. Without what tells the time of day."""
    head = [str(response.status_code), *(f"{name}: {value}" for name, value in response.headers.items())]
    for name, cookie in response.cookies.items():
        facts = [f"{fact}={value}" for fact, value in cookie.items() if value and fact != "expires"]
        head.append(f"Set-Cookie: {'; '.join([f'{name}={cookie.value}', *facts])}")
    return "\n".join([*head, "", response.content.decode(errors="replace")])


def _permalink(uid: UUID, thread_id: int, number: int) -> str:
    return f"https://companion.example/{uid}/{thread_id}/{number}"
