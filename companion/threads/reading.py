"""Gates and pages of threads: what a viewer gets to see of them, and in which order."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import transaction
from django.db.models import F, OuterRef, QuerySet, Subquery
from django.utils.translation import gettext

from companion import keyset
from companion.errors import NotAllowed, NotFound
from companion.threads import permissions
from companion.threads.authors import AuthorLabel, author_label
from companion.threads.models import (
    AnonymousAuthor,
    Post,
    ReadMark,
    ReadState,
    Thread,
    ThreadQuerySet,
)
from companion.threads.paths import branch_of, is_path
from companion.viewer import Viewer

POSTS_A_PAGE: Final = 30
# Further in, replies are drawn at the same depth: a phone has no room for more.
MOST_INDENT: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class PostView:
    """A post as one viewer may see it. A deleted or hidden one has no text (a hidden one has for the staff)."""

    thread_id: int
    number: int
    parent_number: int | None
    path: str
    indent: int
    html: str
    author: AuthorLabel
    created_at: datetime
    edited_at: datetime | None
    is_new: bool
    is_deleted: bool
    is_hidden: bool
    reason: str
    can_reply: bool
    can_edit: bool
    can_delete: bool
    can_hide: bool
    can_restore: bool

    @property
    def is_opening(self) -> bool:
        return self.number == 1


@dataclass(frozen=True, slots=True, kw_only=True)
class PostPage:
    """A page of a thread in tree order. `before` and `after` are cursors, or "" at the ends; posts with numbers above
    `since` are new to the viewer.
    """

    posts: list[PostView]
    before: str
    after: str
    since: int


def get_thread(*, viewer: Viewer, thread_id: int) -> Thread:
    """The gate of every thread: what is missing and what this viewer may not see are the same NotFound.

    The row carries `seen_number` and `my_pseudonym` (int or None), the viewer's own, from the same query.
    """
    thread = with_own(viewer, Thread.objects.select_related("activity").filter(pk=thread_id)).first()
    # The rule for a row in hand: `visible_to` says the same in SQL, at twice the cost for a single thread.
    if thread is None or not permissions.can_see_thread(viewer, thread, is_mine=is_mine(viewer, thread)):
        raise NotFound(gettext("There is no such discussion here, or you may not see it."))
    return thread


def get_post(*, viewer: Viewer, thread_id: int, number: int) -> Post:
    """The gate of every post, with its thread as `get_thread` gives it. Raises NotFound."""
    thread = get_thread(viewer=viewer, thread_id=thread_id)
    post = Post.objects.filter(thread_id=thread.pk, number=number).first()
    if post is None:
        raise NotFound(gettext("There is no such post here, or you may not see it."))
    post.thread = thread
    return post


def is_mine(viewer: Viewer, post: Post | Thread) -> bool:
    """Whether the viewer wrote this: needs the thread as `get_thread` gives it."""
    thread = post.thread if isinstance(post, Post) else post
    if post.pseudonym is not None:
        return post.pseudonym == thread.my_pseudonym  # type: ignore[attr-defined, no-any-return]
    return post.author_id is not None and post.author_id == viewer.person_id


def shown_title(thread: Thread) -> str:
    return gettext("(taken back by its author)") if thread.is_withdrawn else thread.title


def read_thread(
    *,
    viewer: Viewer,
    thread: Thread,
    after: str = "",
    before: str = "",
    around: int = 0,
    last: bool = False,
    since: int | None = None,
) -> PostPage:
    """A page of a thread: the first one, the one after or before a cursor, the last, or the one that shows a post.

    `since` is the last number seen when the reading began: opening one page marks the thread as seen, and the next
    page must still show what was new. Raises keyset.InvalidCursor. `thread` is what `get_thread` gave.
    """
    posts = _posts(thread)
    for cursor in (after, before):
        if cursor and not is_path(cursor):
            raise keyset.InvalidCursor(cursor)
    thread.new_above = thread.seen_number if since is None else since  # type: ignore[attr-defined]
    if around and not (after or before):
        return _page_around(viewer, thread, around)
    if before or last:
        found = list((posts.filter(path__lt=before) if before else posts).order_by("-path")[: POSTS_A_PAGE + 1])
        page = found[:POSTS_A_PAGE][::-1]
        return _page(viewer, thread, page, earlier=len(found) > POSTS_A_PAGE, later=bool(before))
    found = list((posts.filter(path__gt=after) if after else posts).order_by("path")[: POSTS_A_PAGE + 1])
    return _page(viewer, thread, found[:POSTS_A_PAGE], earlier=bool(after), later=len(found) > POSTS_A_PAGE)


def read_news(*, viewer: Viewer, thread: Thread, after: int) -> list[PostView]:
    """The posts of a thread with numbers above `after`, in tree order, 100 at most."""
    posts = _posts(thread).filter(number__gt=after).order_by("number")[:100]
    return sorted((view_post(viewer, thread, post) for post in posts), key=lambda view: view.path)


def must_be_mine(*, viewer: Viewer, post: Post) -> None:
    """Raises NotAllowed where the viewer did not write this post."""
    if not is_mine(viewer, post):
        raise NotAllowed(gettext("Only its author can change a post or take it back."))


def mark_seen(*, viewer: Viewer, thread: Thread) -> None:
    """The viewer has seen the thread as far as it goes in this row. Costs nothing where that is known already."""
    if (thread.seen_number or 0) >= thread.last_number:  # type: ignore[attr-defined]
        return
    with transaction.atomic():
        advanced = ReadState.objects.filter(
            person_id=viewer.person_id, thread_id=thread.pk, seen_number__lt=thread.last_number
        ).update(seen_number=thread.last_number)
        if not advanced:
            # ignore_conflicts: two tabs opening the thread for the first time are one reader.
            state = ReadState(person_id=viewer.person_id, thread_id=thread.pk, seen_number=thread.last_number)
            ReadState.objects.bulk_create([state], ignore_conflicts=True)


def view_post(viewer: Viewer, thread: Thread, post: Post) -> PostView:
    """What this viewer may see of a post of a thread that `get_thread` gave."""
    post.thread = thread
    mine = is_mine(viewer, post)
    hidden, deleted = post.hidden_at is not None, post.deleted_at is not None
    readable = not deleted and (not hidden or viewer.is_staff or mine)
    moderator = permissions.can_moderate(viewer)
    return PostView(
        thread_id=thread.pk,
        number=post.number,
        parent_number=getattr(post, "parent_number", None),
        path=post.path,
        indent=min(post.depth, MOST_INDENT),
        html=post.html if readable else "",
        author=author_label(post, viewer, is_mine=mine),
        created_at=post.created_at,
        edited_at=post.edited_at,
        is_new=not mine and _is_new(thread, post),
        is_deleted=deleted,
        is_hidden=hidden,
        reason=post.hidden_reason if hidden and (moderator or mine) else "",
        can_reply=post.is_shown and permissions.can_reply(viewer, thread),
        can_edit=permissions.can_edit(viewer, post, is_mine=mine),
        can_delete=permissions.can_delete(viewer, post, is_mine=mine),
        can_hide=moderator and post.is_shown,
        can_restore=moderator and hidden and not deleted,
    )


def _is_new(thread: Thread, post: Post) -> bool:
    """Whether others added this since the viewer looked. In a thread that they never met, nothing stands out."""
    seen = getattr(thread, "new_above", thread.seen_number)  # type: ignore[attr-defined]
    until = thread.read_until  # type: ignore[attr-defined]
    if until is not None and thread.created_at <= until:
        return post.number > (seen or 0) and post.created_at > until
    return seen is not None and post.number > seen


def with_own(viewer: Viewer, threads: ThreadQuerySet) -> ThreadQuerySet:
    """With the viewer's own last number seen, pseudonym and mark "all read" beside each thread."""
    own = {"person_id": viewer.person_id, "thread": OuterRef("pk")}
    marks = ReadMark.objects.filter(person_id=viewer.person_id, activity=OuterRef("activity"))
    return threads.annotate(
        seen_number=Subquery(ReadState.objects.filter(**own).values("seen_number")[:1]),
        my_pseudonym=Subquery(AnonymousAuthor.objects.filter(**own).values("number")[:1]),
        read_until=Subquery(marks.values("read_until")[:1]),
    )


def _posts(thread: Thread) -> QuerySet[Post]:
    """A thread's posts without their source, which no reader needs."""
    return Post.objects.filter(thread_id=thread.pk).annotate(parent_number=F("parent__number")).defer("body")


def _page(viewer: Viewer, thread: Thread, posts: list[Post], *, earlier: bool, later: bool) -> PostPage:
    views = [view_post(viewer, thread, post) for post in posts]
    return PostPage(
        posts=views,
        before=views[0].path if earlier and views else "",
        after=views[-1].path if later and views else "",
        since=thread.new_above or 0,  # type: ignore[attr-defined]
    )


def _page_around(viewer: Viewer, thread: Thread, number: int) -> PostPage:
    """The page on which a post stands: the first one where it fits, else from its branch on, so that its ancestors
    are in sight; from the post itself where the branch is longer than a page.
    """
    first = list(_posts(thread).order_by("path")[: POSTS_A_PAGE + 1])
    wanted = next((post for post in first[:POSTS_A_PAGE] if post.number == number), None)
    path = wanted.path if wanted else _posts(thread).filter(number=number).values_list("path", flat=True).first()
    if wanted or path is None:
        return _page(viewer, thread, first[:POSTS_A_PAGE], earlier=False, later=len(first) > POSTS_A_PAGE)
    for start in (branch_of(path), path):
        found = list(_posts(thread).filter(path__gte=start).order_by("path")[: POSTS_A_PAGE + 1])
        if any(post.number == number for post in found[:POSTS_A_PAGE]):
            break
    return _page(viewer, thread, found[:POSTS_A_PAGE], earlier=True, later=len(found) > POSTS_A_PAGE)
