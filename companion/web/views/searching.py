"""Looking for words in what was written, and reading what was found in another course."""

from __future__ import annotations

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from companion.search import api as search
from companion.web.mounting import CompanionRequest
from companion.web.page import is_partial, redirect, render, with_query


@require_safe
def search_page(request: CompanionRequest) -> HttpResponse:
    """The hits of a query; to htmx, while somebody types, the list of them alone."""
    text, here = request.GET.get("q", ""), request.GET.get("here") == "1"
    page = search.search(viewer=request.viewer, text=text, cursor=request.GET.get("after", ""), here_only=here)
    url = request.mount.url_for("search")
    context = {
        "asked": text.strip()[: search.QUERY_LIMIT],
        "here": here,
        "page": page,
        "items": [(hit, _address(request, hit)) for hit in page.hits],
        "next_url": with_query(url, {"q": text, "here": "1" if here else "", "after": page.next}) if page.next else "",
    }
    template = "partials/search_hits" if is_partial(request) else "search"
    return render(request, f"companion/{template}.html", context)


@require_safe
def found(request: CompanionRequest, document_id: int) -> HttpResponse:
    """A thread in another course, to be read; one in this course has a page of its own."""
    place = search.get_found(viewer=request.viewer, document_id=document_id)
    if place.thread is None:
        url = request.mount.url_for("thread-detail", place.thread_id)
        return redirect(url, {"post": place.number}, fragment=f"post-{place.number}")
    return render(request, "companion/found.html", {"thread": place.thread})


def _address(request: CompanionRequest, hit: search.Hit) -> str:
    if hit.is_elsewhere:
        return request.mount.url_for("found", hit.document_id)
    url = request.mount.url_for("thread-detail", hit.thread_id)
    return with_query(url, {"post": hit.number}, fragment=f"post-{hit.number}")
