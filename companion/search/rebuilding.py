"""All documents anew, for posts that were there before the index, and for one that is out of step."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from django.db import transaction

from companion.search.indexing import index_posts
from companion.search.models import Kind, SearchDocument, SearchProgress, SearchWord
from companion.search.vocabulary import learn
from companion.threads import api as threads

_NAME: Final = "posts"
POSTS_A_BATCH: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How many posts of how many (about) are done; then their words are counted."""

    done: int
    total: int


def rebuild(*, restart: bool = False) -> Iterator[Progress]:
    """Bring every document in line with its post, remove those whose post is gone, and count all words anew.

    It goes on where the one before was stopped, except with `restart`. People may write meanwhile: each batch is a
    transaction of its own that holds the threads it reads.
    """
    if restart:
        SearchProgress.objects.filter(name=_NAME).delete()
    progress, _is_new = SearchProgress.objects.get_or_create(name=_NAME)
    total = threads.count_posts()
    done = threads.count_posts(until=progress.last_id) if progress.last_id else 0
    while count := _next_batch():
        done += count
        yield Progress(done=min(done, total), total=total)
    while learn():
        yield Progress(done=total, total=total)


@transaction.atomic
def _next_batch() -> int:
    """How many posts were done; 0 at the end, where the vocabulary is emptied to be filled anew."""
    progress = SearchProgress.objects.select_for_update().get(name=_NAME)
    ids = threads.list_post_ids(after=progress.last_id, limit=POSTS_A_BATCH)
    documents = SearchDocument.objects.filter(kind=Kind.POST, object_id__gt=progress.last_id)
    if not ids:
        # Of posts that are gone, behind the last that there is.
        documents.delete()
        SearchWord.objects.all().delete()
        SearchDocument.objects.update(is_learned=False)
        progress.delete()
        return 0
    threads.hold_threads(post_ids=ids)
    index_posts(post_ids=ids)
    documents.filter(object_id__lte=ids[-1]).exclude(object_id__in=ids).delete()
    progress.last_id = ids[-1]
    progress.save(update_fields=["last_id"])
    return len(ids)
