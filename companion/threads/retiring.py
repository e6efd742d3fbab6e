"""When somebody leaves for good: their traces go, their posts stay or go as the organization decided."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction
from django.db.models import Count, F, Q, Value
from django.db.models.functions import Coalesce

from companion import clock
from companion.threads.models import AnonymousAuthor, Post, ReadState, Thread


@transaction.atomic
def retire_authors(*, person_ids: Sequence[int], delete_posts: bool) -> int:
    """Take people's names off what they wrote, or take back what they wrote; gives how many posts that touched.

    What they wrote anonymously keeps its pseudonym; that it was theirs is forgotten. Of posts that they took back
    themselves the text goes with the others'. Twice is once.
    """
    anonymous = AnonymousAuthor.objects.filter(person_id__in=person_ids)
    touched = 0
    if delete_posts:
        # One query each: an OR over both kinds of authorship has no index on any engine.
        own = list(Post.objects.filter(author_id__in=person_ids).values_list("pk", flat=True))
        for author in anonymous:
            mine = Post.objects.filter(thread_id=author.thread_id, pseudonym=author.number)
            own += mine.values_list("pk", flat=True)
        touched = _take_back(own)
    signed = Post.objects.filter(author_id__in=person_ids)
    touched += 0 if delete_posts else signed.count()
    signed.update(author=None, author_name="")
    Thread.objects.filter(author_id__in=person_ids).update(author=None, author_name="")
    Post.objects.filter(hidden_by_id__in=person_ids).update(hidden_by=None)
    ReadState.objects.filter(person_id__in=person_ids).delete()
    anonymous.delete()
    return touched


def _take_back(posts: list[int]) -> int:
    """Delete posts as their author would, text and all; the counts of their threads follow."""
    for start in range(0, len(posts), 500):
        batch = posts[start : start + 500]
        found = Post.objects.filter(pk__in=batch)
        threads = list(found.order_by().values_list("thread_id", flat=True).distinct())
        openings = list(found.filter(number=1).values_list("thread_id", flat=True))
        # Held until the end, so that a reply that comes meanwhile is counted.
        list(Thread.objects.select_for_update().filter(pk__in=threads).order_by("pk").values_list("pk", flat=True))
        found.update(deleted_at=Coalesce("deleted_at", Value(clock.now())), body="", html="", words=0)
        Thread.objects.filter(pk__in=openings).update(is_withdrawn=True, title="-")
        shown = Count("posts", filter=Q(posts__number__gt=1, posts__deleted_at=None, posts__hidden_at=None))
        for thread in Thread.objects.filter(pk__in=threads).annotate(shown=shown):
            gone = thread.pk in openings and not thread.posts.filter(deleted_at=None).exists()
            Thread.objects.filter(pk=thread.pk).update(
                reply_count=thread.shown,  # type: ignore[attr-defined]
                version=F("version") + 1,
                deleted_at=thread.deleted_at or (clock.now() if gone else None),
            )
    return len(posts)
