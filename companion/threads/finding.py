"""What a search may know of threads, and what it may show: in one's own space, and read-only in others."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils.translation import gettext

from companion import clock
from companion.errors import NotFound
from companion.markdown import without_pictures
from companion.spaces import api as spaces
from companion.spaces.api import Activity
from companion.threads.authors import AuthorLabel, author_label
from companion.threads.listing import shown_title
from companion.threads.models import Kind, Post, Thread, ThreadQuerySet
from companion.viewer import Viewer

MOST_ANSWERS: Final = 3
_MOST_SORTED: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class FindablePost:
    """A post as an index may hold it. Nothing in it is about its author, and `group_id` is None where all may read."""

    post_id: int
    thread_id: int
    number: int
    organization_id: int
    space_id: int
    activity_id: int
    group_id: int | None
    opens_at: datetime | None
    at: datetime
    title: str
    html: str
    helpful_count: int
    is_endorsed: bool
    is_accepted: bool
    is_shared: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundPost:
    """A post that a viewer may find, with what is shown of its thread. `is_elsewhere`: not in the viewer's space."""

    thread_id: int
    number: int
    title: str
    reply_count: int
    activity_uid: UUID
    space_title: str
    is_elsewhere: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundAnswer:
    """A post of a thread in another space. `standing`: 3 accepted, 2 endorsed, 1 found helpful, 0 none."""

    number: int
    author: AuthorLabel
    html: str
    at: datetime
    standing: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundThread:
    """A thread in another space, to be read and no more: its question, or None where that was taken back, and the
    answers that somebody stands by.
    """

    thread_id: int
    title: str
    space_title: str
    opening: FoundAnswer | None
    answers: list[FoundAnswer]


def list_findable(*, post_ids: Collection[int]) -> list[FindablePost]:
    """Those of these posts that an index may hold: shown, in a thread that is shown and is no pointer and not private.

    Replies are left out where learners write before they read. One query.
    """
    posts = Post.objects.filter(pk__in=post_ids, deleted_at=None, hidden_at=None).select_related(
        "thread__activity__space"
    )
    shown = posts.filter(thread__deleted_at=None, thread__hidden_at=None, thread__moved_to=None)
    return [
        _findable(post)
        for post in shown.filter(thread__is_private=False).defer("body")
        if post.is_opening or not post.thread.activity.discussion.post_first
    ]


def list_post_ids(
    *, after: int = 0, limit: int | None = None, thread_id: int | None = None, activity_id: int | None = None
) -> list[int]:
    """The ids of posts above `after`, in their order: of a thread, of an activity, or of all that there are."""
    posts = Post.objects.filter(pk__gt=after)
    if thread_id is not None:
        posts = posts.filter(thread_id=thread_id)
    if activity_id is not None:
        posts = posts.filter(thread__activity_id=activity_id)
    return list(posts.order_by("pk").values_list("pk", flat=True)[:limit])


def count_posts(*, until: int | None = None) -> int:
    """How many posts there are, or how many up to an id."""
    return (Post.objects.all() if until is None else Post.objects.filter(pk__lte=until)).count()


def hold_threads(*, post_ids: Collection[int]) -> None:
    """Let whoever would change one of these posts wait until the end of the transaction."""
    of_posts = Post.objects.filter(pk__in=post_ids).values("thread_id")
    ids = list(Thread.objects.filter(pk__in=of_posts).values_list("pk", flat=True))
    # In the order of their ids, as everybody does who holds several.
    list(Thread.objects.select_for_update().filter(pk__in=ids).order_by("pk").values_list("pk", flat=True))


def list_found(*, viewer: Viewer, post_ids: Collection[int]) -> dict[int, FoundPost]:
    """The gate of what a search has found: those of these posts that the viewer may read, by id.

    In their own space by the rule of every list. In another one, where they are a member or the answer is shared in
    the organization, what every learner reads there. However old an index is, nothing else comes through. Four
    queries at most.
    """
    posts = Post.objects.filter(pk__in=post_ids, deleted_at=None, hidden_at=None)
    places = list(posts.values_list("pk", "thread_id", "number"))
    threads = _readable({thread_id for _pk, thread_id, _number in places}, viewer)
    return {
        pk: _found(viewer, threads[thread_id], number)
        for pk, thread_id, number in places
        if thread_id in threads and (number == 1 or not threads[thread_id].activity.discussion.post_first)
    }


def read_found(*, viewer: Viewer, thread_id: int) -> FoundThread:
    """A thread in another space: its question, and up to MOST_ANSWERS answers that were accepted or endorsed, or else
    found helpful. Raises NotFound, also for a thread in the viewer's own space.
    """
    thread = next(iter(_elsewhere([thread_id], viewer)), None)
    if thread is None:
        raise NotFound(gettext("There is no such discussion here, or you may not see it."))
    shown = Post.objects.filter(thread_id=thread_id, deleted_at=None, hidden_at=None).defer("body")
    opening = shown.filter(number=1).first()
    answers = [] if thread.activity.discussion.post_first else _answers(thread, shown.filter(number__gt=1))
    return FoundThread(
        thread_id=thread_id,
        title=shown_title(thread),
        space_title=str(thread.activity.space),
        opening=_answer(viewer, thread, opening) if opening else None,
        answers=[_answer(viewer, thread, post) for post in answers],
    )


def _findable(post: Post) -> FindablePost:
    thread = post.thread
    activity = thread.activity
    return FindablePost(
        post_id=post.pk,
        thread_id=thread.pk,
        number=post.number,
        organization_id=activity.space.organization_id,
        space_id=activity.space_id,
        activity_id=activity.pk,
        group_id=thread.group_id if activity.separates_groups else None,
        opens_at=max(filter(None, (thread.opens_at, activity.opens_at)), default=None),
        at=post.created_at,
        title=thread.title if post.is_opening else "",
        html=post.html,
        helpful_count=post.helpful_count,
        is_endorsed=post.endorsed_at is not None,
        is_accepted=thread.accepted_number == post.number,
        is_shared=_is_shared(thread, activity),
    )


def _is_shared(thread: Thread, activity: Activity) -> bool:
    """Whether the whole organization may read it: an answered question, where its author of the activity said so."""
    is_answered = thread.accepted_number is not None or thread.endorsed_count > 0
    return thread.kind == Kind.QUESTION and is_answered and activity.questions.is_shared


def _readable(thread_ids: Collection[int], viewer: Viewer) -> dict[int, Thread]:
    own = Thread.objects.visible_to(viewer).filter(_indexed(), pk__in=thread_ids)
    found = {thread.pk: thread for thread in own.select_related("activity")}
    others = [pk for pk in thread_ids if pk not in found]
    return found | {thread.pk: thread for thread in _elsewhere(others, viewer)}


def _elsewhere(thread_ids: Iterable[int], viewer: Viewer) -> list[Thread]:
    """Those of these threads in other spaces of the viewer's organization that they may read as any learner there."""
    wanted = list(thread_ids)
    if not wanted:
        return []
    now = clock.now()
    threads: ThreadQuerySet = Thread.objects.filter(
        _indexed(),
        Q(opens_at=None) | Q(opens_at__lte=now),
        Q(activity__opens_at=None) | Q(activity__opens_at__lte=now),
        Q(group=None) | Q(activity__separates_groups=False),
        pk__in=wanted,
        activity__space__organization_id=viewer.organization_id,
    )
    found = list(threads.exclude(space_id=viewer.space_id).select_related("activity__space"))
    if not found:
        return []
    mine = spaces.spaces_of(organization_id=viewer.organization_id, person_id=viewer.person_id)
    return [thread for thread in found if thread.space_id in mine or _is_shared(thread, thread.activity)]


def _indexed() -> Q:
    return Q(deleted_at=None, hidden_at=None, moved_to=None, is_private=False)


def _found(viewer: Viewer, thread: Thread, number: int) -> FoundPost:
    is_elsewhere = thread.space_id != viewer.space_id
    return FoundPost(
        thread_id=thread.pk,
        number=number,
        title=shown_title(thread),
        reply_count=thread.reply_count,
        activity_uid=thread.activity.uid,
        space_title=str(thread.activity.space) if is_elsewhere else "",
        is_elsewhere=is_elsewhere,
    )


def _answers(thread: Thread, replies: QuerySet[Post]) -> list[Post]:
    """What was accepted, then what was endorsed; where there is neither, what was found helpful."""
    verified = list(replies.filter(Q(number=thread.accepted_number) | Q(endorsed_at__isnull=False))[:_MOST_SORTED])
    if not verified:
        return list(replies.filter(helpful_count__gt=0).order_by("-helpful_count", "number")[:MOST_ANSWERS])
    best = sorted(verified, key=lambda post: (-_standing(thread, post), -post.helpful_count, post.number))
    return best[:MOST_ANSWERS]


def _standing(thread: Thread, post: Post) -> int:
    if post.number == thread.accepted_number:
        return 3
    return 2 if post.endorsed_at is not None else int(post.helpful_count > 0)


def _answer(viewer: Viewer, thread: Thread, post: Post) -> FoundAnswer:
    # Whether an anonymous one is the viewer's own is not asked: here they read as any learner.
    is_mine = post.author_id is not None and post.author_id == viewer.person_id
    return FoundAnswer(
        number=post.number,
        author=author_label(post, viewer, is_mine=is_mine),
        html=without_pictures(post.html),
        at=post.created_at,
        standing=0 if post.is_opening else _standing(thread, post),
    )
