"""Pages of threads: which posts, in which order, from where on."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from django.db import transaction
from django.db.models import Q, QuerySet

from companion import keyset
from companion.threads.authors import author_label
from companion.threads.gates import is_mine, must_write_first, posts_of, posts_there, written_by
from companion.threads.models import Post, ReadState, Thread
from companion.threads.paths import ancestors_of, branch_of, is_path
from companion.threads.viewing import PostView, view_posts
from companion.viewer import Viewer

POSTS_A_PAGE: Final = 30
NEWS_A_PAGE: Final = 100


class Order(StrEnum):
    """How a thread is read: as a tree, or flat with the newest or the most helpful first."""

    OLDEST = "oldest"
    NEWEST = "newest"
    HELPFUL = "helpful"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ancestor:
    """A post above the page's first one, as the line that says what is answered."""

    number: int
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PostPage:
    """A page of a thread. `before` and `after` are cursors, or "" at the ends; posts with numbers above `since` are
    new to the viewer; `first_new` is the lowest of them that others wrote, or 0. `ancestors` lead from the opening
    post to the page's first one, where that stands further up.
    """

    posts: list[PostView]
    before: str
    after: str
    since: int
    order: Order = Order.OLDEST
    ancestors: tuple[Ancestor, ...] = ()
    first_new: int = 0
    is_gated: bool = False


def read_thread(
    *,
    viewer: Viewer,
    thread: Thread,
    order: Order = Order.OLDEST,
    after: str = "",
    before: str = "",
    around: int = 0,
    last: bool = False,
    since: int | None = None,
) -> PostPage:
    """A page of a thread: the first one, the one after or before a cursor, the last, or the one that shows a post.

    `since` is the last number seen when the reading began: opening one page marks the thread as seen, and the next
    page must still show what was new. Where learners write before they read, there is the opening post and what they
    wrote themselves. Raises keyset.InvalidCursor. `thread` is what `get_thread` gave.
    """
    thread.new_above = thread.seen_number if since is None else since  # type: ignore[attr-defined]
    if must_write_first(viewer, thread):
        own = posts_of(thread).filter(Q(number=1) | written_by(viewer, thread)).order_by("path")[:POSTS_A_PAGE]
        return _page(viewer, thread, list(own), is_gated=True)
    if order is not Order.OLDEST and not around:
        return _flat_page(viewer, thread, order, after)
    posts = posts_of(thread).filter(posts_there(viewer, thread))
    for cursor in (after, before):
        if cursor and not is_path(cursor):
            raise keyset.InvalidCursor(cursor)
    if around and not (after or before):
        return _page_around(viewer, thread, posts, around)
    if before or last:
        found = list((posts.filter(path__lt=before) if before else posts).order_by("-path")[: POSTS_A_PAGE + 1])
        page = found[:POSTS_A_PAGE][::-1]
        return _page(viewer, thread, page, earlier=len(found) > POSTS_A_PAGE, later=bool(before))
    found = list((posts.filter(path__gt=after) if after else posts).order_by("path")[: POSTS_A_PAGE + 1])
    return _page(viewer, thread, found[:POSTS_A_PAGE], earlier=bool(after), later=len(found) > POSTS_A_PAGE)


def read_news(*, viewer: Viewer, thread: Thread, since: int) -> tuple[list[PostView], int]:
    """The posts of a thread that were added or changed after its version `since`, in tree order, NEWS_A_PAGE at
    most, and the version up to which they tell everything.
    """
    changed = list(posts_of(thread).filter(changed__gt=since).order_by("changed", "number")[: NEWS_A_PAGE + 1])
    # More than one act may have the same version; a page ends between two versions, or it would lose some.
    until = thread.version if len(changed) <= NEWS_A_PAGE else changed[NEWS_A_PAGE].changed - 1
    told = [post for post in changed if post.changed <= until] or changed
    until = max(until, told[-1].changed) if told else until
    return sorted(view_posts(viewer, thread, told), key=lambda view: view.path), until


def mark_seen(*, viewer: Viewer, thread: Thread) -> None:
    """The viewer has seen the thread as far as it goes in this row. Costs nothing where that is known already."""
    if (thread.seen_number or 0) >= thread.last_number:  # type: ignore[attr-defined]
        return
    if must_write_first(viewer, thread):
        # They have seen the question, not the answers.
        return
    with transaction.atomic():
        advanced = ReadState.objects.filter(
            person_id=viewer.person_id, thread_id=thread.pk, seen_number__lt=thread.last_number
        ).update(seen_number=thread.last_number)
        if not advanced:
            # ignore_conflicts: two tabs opening the thread for the first time are one reader.
            state = ReadState(person_id=viewer.person_id, thread_id=thread.pk, seen_number=thread.last_number)
            ReadState.objects.bulk_create([state], ignore_conflicts=True)


def _page(
    viewer: Viewer,
    thread: Thread,
    posts: list[Post],
    *,
    earlier: bool = False,
    later: bool = False,
    is_gated: bool = False,
) -> PostPage:
    views = view_posts(viewer, thread, posts)
    return PostPage(
        posts=views,
        before=views[0].path if earlier and views else "",
        after=views[-1].path if later and views else "",
        since=thread.new_above or 0,  # type: ignore[attr-defined]
        ancestors=_ancestors(viewer, thread, posts) if earlier else (),
        first_new=0 if is_gated else _first_new(viewer, thread, views, is_whole=not (earlier or later)),
        is_gated=is_gated,
    )


def _page_around(viewer: Viewer, thread: Thread, posts: QuerySet[Post], number: int) -> PostPage:
    """The page on which a post stands: the first one where it fits, else from its branch on; from the post itself
    where the branch is longer than a page. What is above it is named in `ancestors`.
    """
    first = list(posts.order_by("path")[: POSTS_A_PAGE + 1])
    wanted = next((post for post in first[:POSTS_A_PAGE] if post.number == number), None)
    path = wanted.path if wanted else posts.filter(number=number).values_list("path", flat=True).first()
    if wanted or path is None:
        return _page(viewer, thread, first[:POSTS_A_PAGE], later=len(first) > POSTS_A_PAGE)
    for start in (branch_of(path), path):
        found = list(posts.filter(path__gte=start).order_by("path")[: POSTS_A_PAGE + 1])
        if any(post.number == number for post in found[:POSTS_A_PAGE]):
            break
    return _page(viewer, thread, found[:POSTS_A_PAGE], earlier=True, later=len(found) > POSTS_A_PAGE)


def _flat_page(viewer: Viewer, thread: Thread, order: Order, after: str) -> PostPage:
    """The opening post, then replies without their tree. Pages go one way only."""
    posts = posts_of(thread).filter(posts_there(viewer, thread), number__gt=1)
    if order is Order.NEWEST:
        if after:
            posts = posts.filter(number__lt=keyset.decode_numbers(after, 1)[0])
        posts = posts.order_by("-number")
    else:
        posts = _less_helpful(posts, after).order_by("-helpful_count", "number")
    found = list(posts[: POSTS_A_PAGE + 1])
    shown, last = found[:POSTS_A_PAGE], found[POSTS_A_PAGE - 1] if len(found) > POSTS_A_PAGE else None
    opening = [] if after else list(posts_of(thread).filter(number=1))
    cursor = ""
    if last is not None:
        parts = (last.number,) if order is Order.NEWEST else (last.helpful_count, last.number)
        cursor = keyset.encode(*parts)
    return PostPage(
        posts=view_posts(viewer, thread, opening + shown),
        before="",
        after=cursor,
        since=thread.new_above or 0,  # type: ignore[attr-defined]
        order=order,
    )


def _less_helpful(posts: QuerySet[Post], after: str) -> QuerySet[Post]:
    if not after:
        return posts
    count, number = keyset.decode_numbers(after, 2)
    return posts.filter(Q(helpful_count__lt=count) | Q(helpful_count=count, number__gt=number))


def _ancestors(viewer: Viewer, thread: Thread, posts: list[Post]) -> tuple[Ancestor, ...]:
    """The posts that the first one of a page hangs below, which an earlier page shows."""
    paths = ancestors_of(posts[0].path) if posts else []
    if not paths:
        return ()
    above = []
    for post in posts_of(thread).filter(path__in=paths).order_by("path"):
        post.thread = thread
        above.append(Ancestor(number=post.number, name=author_label(post, viewer, is_mine=is_mine(viewer, post)).name))
    return tuple(above)


def _first_new(viewer: Viewer, thread: Thread, views: list[PostView], *, is_whole: bool) -> int:
    """The lowest number that is new to the viewer, 0 for none: in what is on the page, else by one query."""
    seen = thread.new_above or 0  # type: ignore[attr-defined]
    until = thread.read_until  # type: ignore[attr-defined]
    is_marked = until is not None and thread.created_at <= until
    if seen >= thread.last_number or not (seen or is_marked):
        return 0
    if is_whole:
        return min((view.number for view in views if view.is_new), default=0)
    new = Post.objects.filter(thread_id=thread.pk, number__gt=seen, deleted_at=None)
    if is_marked:
        new = new.filter(created_at__gt=until)
    return new.exclude(written_by(viewer, thread)).order_by("number").values_list("number", flat=True).first() or 0
