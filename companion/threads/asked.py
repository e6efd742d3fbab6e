"""What the area of questions asks of threads: facts without a viewer, for handlers of events and for the ladder."""

from __future__ import annotations

from collections.abc import Collection

from django.utils.translation import gettext

from companion.spaces.api import Activity
from companion.threads.authors import MOVED
from companion.threads.models import Post, ReadState, Thread
from companion.viewer import Role, Viewer


def signed_author(*, thread_id: int) -> int | None:
    """Who started a thread under their name; None for an anonymous one."""
    return Thread.objects.filter(pk=thread_id).values_list("author_id", flat=True).first()


def is_by_asker(post: Post) -> bool:
    """Whether a reply is by whoever started its thread, as far as everybody can see."""
    thread = post.thread
    if thread.pseudonym is not None:
        return post.pseudonym == thread.pseudonym
    return thread.author_id is not None and post.author_id == thread.author_id


def is_by_staff(post: Post) -> bool:
    """Whether a post stands under the name of somebody of the course staff."""
    return post.author_id is not None and post.author_role not in ("", Role.LEARNER.value)


def list_readers(*, thread_id: int, number: int) -> list[int]:
    """Who has seen a thread up to this number or further (20,000 at most)."""
    seen = ReadState.objects.filter(thread_id=thread_id, seen_number__gte=number)
    return list(seen.values_list("person_id", flat=True)[:20_000])


def count_answers(*, thread_id: int) -> int:
    """The replies of a thread that are shown and not by whoever started it."""
    thread = Thread.objects.get(pk=thread_id)
    replies = Post.objects.filter(thread_id=thread_id, number__gt=1, deleted_at=None, hidden_at=None)
    if thread.pseudonym is not None:
        return replies.exclude(pseudonym=thread.pseudonym).count()
    return replies.exclude(author_id=thread.author_id).count() if thread.author_id else replies.count()


def accepted_number(*, thread_id: int) -> int | None:
    return Thread.objects.filter(pk=thread_id).values_list("accepted_number", flat=True).first()


def find_thread_row(*, thread_id: int) -> Thread | None:
    """A thread without its gate, for a handler that shows it to nobody."""
    return Thread.objects.filter(pk=thread_id).first()


def activity_of(*, activity_id: int) -> Activity | None:
    return Activity.objects.filter(pk=activity_id).first()


def titles_of(*, viewer: Viewer, thread_ids: Collection[int]) -> dict[int, str]:
    """The titles of those of these threads that the viewer may see, by id. One query, none without ids."""
    if not thread_ids:
        return {}
    found = Thread.objects.visible_to(viewer).filter(pk__in=thread_ids)
    return {
        pk: title_or_withdrawn(title, withdrawn=gone)
        for pk, title, gone in found.values_list("pk", "title", "is_withdrawn")
    }


def title_or_withdrawn(title: str, *, withdrawn: bool) -> str:
    """What stands in place of the title of a question that was taken back."""
    return gettext("(taken back by its author)") if withdrawn else title


def answers_of(*, thread_ids: Collection[int]) -> dict[int, int]:
    """The number of the reply that answers each of these threads: the accepted one, else the first that is endorsed."""
    found = Thread.objects.filter(pk__in=thread_ids, accepted_number__isnull=False)
    accepted = {pk: number or 0 for pk, number in found.values_list("pk", "accepted_number")} if thread_ids else {}
    rest = [pk for pk in thread_ids if pk not in accepted]
    endorsed = Post.objects.filter(thread_id__in=rest, endorsed_at__isnull=False, number__gt=1, deleted_at=None)
    rows = endorsed.filter(hidden_at=None).order_by("-number").values_list("thread_id", "number") if rest else ()
    return {**dict(rows), **accepted}


def shown_numbers(*, thread_id: int, numbers: Collection[int]) -> set[int]:
    """Those of these replies of a thread that are there and shown."""
    shown = Post.objects.filter(thread_id=thread_id, number__in=numbers, deleted_at=None, hidden_at=None)
    return set(shown.exclude(author_role=MOVED).values_list("number", flat=True)) if numbers else set()


def openings_deleted(*, post_ids: Collection[int]) -> list[int]:
    """The threads whose opening posts are among these and deleted."""
    gone = Post.objects.filter(pk__in=post_ids, number=1, deleted_at__isnull=False)
    return list(gone.values_list("thread_id", flat=True))
