"""The gates of threads and posts: what is missing and what this viewer may not see are the same NotFound."""

from __future__ import annotations

from typing import Final

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import gettext

from companion.errors import NotAllowed, NotFound
from companion.threads import permissions
from companion.threads.models import (
    ActivityFollow,
    AnonymousAuthor,
    MovedPost,
    Post,
    ReadMark,
    ReadState,
    Thread,
    ThreadFollow,
    ThreadQuerySet,
)
from companion.viewer import Viewer

_SEAL: Final = "companion.threads.seal"


def get_thread(*, viewer: Viewer, thread_id: int) -> Thread:
    """The gate of every thread.

    The row carries the viewer's own from the same query: `seen_number` and `my_pseudonym` (int or None),
    `read_until`, `follows` (True, False, or None where they neither chose nor took part) and `follows_activity`.
    """
    return find_thread(viewer=viewer, threads=Thread.objects.filter(pk=thread_id))


def find_thread(*, viewer: Viewer, threads: ThreadQuerySet) -> Thread:
    """The same for a query of one thread that somebody has prepared. Raises NotFound."""
    threads = threads.select_related("activity")
    follows = ThreadFollow.objects.filter(person_id=viewer.person_id, thread=OuterRef("pk"))
    follows_all = ActivityFollow.objects.filter(person_id=viewer.person_id, activity=OuterRef("activity"))
    threads = with_own(viewer, threads).annotate(
        follows=Subquery(follows.values("is_following")), follows_activity=Exists(follows_all)
    )
    thread = next(iter(threads), None)
    # The rule for a row in hand: `visible_to` says the same in SQL, at twice the cost for a single thread.
    if thread is None or not permissions.can_see_thread(viewer, thread, is_mine=is_mine(viewer, thread)):
        raise NotFound(gettext("There is no such discussion here, or you may not see it."))
    return thread


def get_post(*, viewer: Viewer, thread_id: int, number: int) -> Post:
    """The gate of every post: its thread's, and, where learners write before they read, theirs of replies.

    Its row carries `parent_number`. A deleted post is there for its author, and for others where it was answered.
    Raises NotFound.
    """
    thread = get_thread(viewer=viewer, thread_id=thread_id)
    post = Post.objects.filter(thread_id=thread_id, number=number).annotate(parent_number=F("parent__number")).first()
    if post is not None:
        post.thread = thread
        if is_there(viewer, post) and may_read(viewer, post):
            return post
    raise NotFound(gettext("There is no such post here, or you may not see it."))


def find_post(*, thread_id: int, number: int) -> Post | None:
    """A post for a handler of an event, which has no viewer: what it reads may go to nobody but the course staff."""
    return Post.objects.filter(thread_id=thread_id, number=number).select_related("thread").first()


def find_moved(*, viewer: Viewer, thread_id: int, number: int = 1) -> tuple[int, int] | None:
    """(thread, number) where a post is now that stood here once, for links that are older; None where nothing moved.

    Only a way: what is there has a gate of its own. Raises NotFound for a thread that the viewer may not see.
    """
    thread = get_thread(viewer=viewer, thread_id=thread_id)
    moved = MovedPost.objects.filter(thread_id=thread_id, number=number).values_list("post__thread", "post__number")
    found = moved.first()
    if found is None and thread.moved_to_id is not None:
        return thread.moved_to_id, 1
    return found


def is_mine(viewer: Viewer, post: Post | Thread) -> bool:
    """Whether the viewer wrote this: needs the thread as `get_thread` gives it."""
    if post.pseudonym is not None:
        return post.pseudonym in my_pseudonyms(viewer, post.thread if isinstance(post, Post) else post)
    return post.author_id is not None and post.author_id == viewer.person_id


def my_pseudonyms(viewer: Viewer, thread: Thread) -> frozenset[int]:
    """What the viewer is called in a thread; more than one only where threads were merged, and asked for only then."""
    known: frozenset[int] | None = thread.__dict__.get("_my_pseudonyms")
    if known is None or (thread.my_pseudonym is not None and thread.my_pseudonym not in known):  # type: ignore[attr-defined]
        first = thread.my_pseudonym  # type: ignore[attr-defined]
        known = frozenset() if first is None else frozenset({first})
        if thread.is_merged and first is not None:
            mine = AnonymousAuthor.objects.filter(thread_id=thread.pk, person_id=viewer.person_id)
            known = frozenset(mine.values_list("number", flat=True))
        thread.__dict__["_my_pseudonyms"] = known
    return known


def written_by(viewer: Viewer, thread: Thread) -> Q:
    """The viewer's own posts of a thread that `get_thread` gave."""
    own = Q(author_id=viewer.person_id)
    pseudonyms = my_pseudonyms(viewer, thread)
    return own | Q(pseudonym__in=pseudonyms) if pseudonyms else own


def must_be_mine(*, viewer: Viewer, post: Post) -> None:
    """Raises NotAllowed where the viewer did not write this post."""
    if not is_mine(viewer, post):
        raise NotAllowed(gettext("Only its author can change a post or take it back."))


def must_write_first(viewer: Viewer, thread: Thread) -> bool:
    """Whether the viewer has yet to write in this thread before its replies are shown.

    A post that was taken back or hidden does not count. Asks the database once a page, and only where an author
    has set it.
    """
    if viewer.is_staff or not thread.activity.discussion.post_first:
        return False
    known: bool | None = thread.__dict__.get("_must_write_first")
    if known is None:
        own = Post.objects.filter(written_by(viewer, thread), thread_id=thread.pk, deleted_at=None, hidden_at=None)
        known = thread.__dict__["_must_write_first"] = not own.exists()
    return known


def may_read(viewer: Viewer, post: Post) -> bool:
    return post.is_opening or is_mine(viewer, post) or not must_write_first(viewer, post.thread)


def may_read_text(viewer: Viewer, post: Post) -> bool:
    """Whether the viewer reads what a post says: not what was taken back; what is hidden, as its author or as staff."""
    if post.deleted_at is not None or not may_read(viewer, post):
        return False
    return post.hidden_at is None or viewer.is_staff or is_mine(viewer, post)


def is_there(viewer: Viewer, post: Post) -> bool:
    """A deleted post that nobody answered is gone, except for its author, who may bring it back."""
    return post.deleted_at is None or post.has_replies or post.is_opening or is_mine(viewer, post)


def posts_there(viewer: Viewer, thread: Thread) -> Q:
    """The same in SQL."""
    return Q(deleted_at=None) | Q(has_replies=True) | Q(number=1) | written_by(viewer, thread)


def with_own(viewer: Viewer, threads: ThreadQuerySet) -> ThreadQuerySet:
    """With the viewer's own last number seen, first pseudonym and mark "all read" beside each thread."""
    own = {"person_id": viewer.person_id, "thread": OuterRef("pk")}
    marks = ReadMark.objects.filter(person_id=viewer.person_id, activity=OuterRef("activity"))
    return threads.annotate(
        seen_number=Subquery(ReadState.objects.filter(**own).values("seen_number")[:1]),
        my_pseudonym=Subquery(AnonymousAuthor.objects.filter(**own).order_by("number").values("number")[:1]),
        read_until=Subquery(marks.values("read_until")[:1]),
    )


def posts_of(thread: Thread) -> QuerySet[Post]:
    """A thread's posts without their source, which no reader needs."""
    return Post.objects.filter(thread_id=thread.pk).annotate(parent_number=F("parent__number")).defer("body")


# -- versions --------------------------------------------------------------------------------------------------


def seal_version(viewer: Viewer, thread: Thread, *, version: int | None = None) -> str:
    """A version of a thread as this viewer got it: "12.<seal>". It proves that they were let through the gate then,
    so that "has anything changed?" can be asked without it.
    """
    version = thread.version if version is None else version
    return f"{version}.{seal(viewer, 'thread', f'{thread.pk} {version}')}"


def read_version(viewer: Viewer, thread_id: int, sealed: str) -> int | None:
    """The version in a text that `seal_version` made for this viewer and thread, else None."""
    number, _dot, given = sealed.partition(".")
    if not number.isascii() or not number.isdigit() or len(number) > 9:
        return None
    return int(number) if constant_time_compare(given, seal(viewer, "thread", f"{thread_id} {int(number)}")) else None


def is_unchanged(*, thread_id: int, version: int) -> bool:
    """Whether a thread still has this version: one look at one row. Whoever asks has a sealed version of it."""
    return Thread.objects.filter(pk=thread_id, version=version).exists()


def seal(viewer: Viewer, what: str, facts: str) -> str:
    """Proves that these facts were handed to this viewer, in the role and groups that they have now."""
    groups = ",".join(map(str, sorted(viewer.group_ids)))
    return salted_hmac(f"{_SEAL}.{what}", f"{viewer.person_id} {viewer.role} {groups} {facts}").hexdigest()[:20]
