"""Reading what was found in another space: the question and its best answers, and nothing to do there."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from django.utils.translation import gettext

from companion.errors import NotFound
from companion.search.models import Kind, SearchDocument
from companion.threads import api as threads
from companion.viewer import Viewer


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Where a document is: a post of a thread. `thread` is what may be read of one in another space, None in the
    viewer's own, where the thread has a page.
    """

    thread_id: int
    number: int
    thread: threads.FoundThread | None


def get_found(*, viewer: Viewer, document_id: int) -> Found:
    """The gate of what a search has found. Raises NotFound."""
    post_id = SearchDocument.objects.filter(pk=document_id).values_list("object_id", flat=True).first()
    post = threads.list_found(viewer=viewer, post_ids=[post_id]).get(post_id) if post_id is not None else None
    if post is None:
        raise NotFound(gettext("There is no such discussion here, or you may not see it."))
    thread = threads.read_found(viewer=viewer, thread_id=post.thread_id) if post.is_elsewhere else None
    return Found(thread_id=post.thread_id, number=post.number, thread=thread)


def list_documents(*, thread_ids: Collection[int]) -> list[int]:
    """The ids of the documents of threads, by which `get_found` reads them for whoever may (100 at most)."""
    documents = SearchDocument.objects.filter(kind=Kind.POST, parent_id__in=thread_ids)
    return list(documents.order_by("pk").values_list("pk", flat=True)[:100])
