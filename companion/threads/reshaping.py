"""A thread's life: split, merged, moved to another activity. A way to where things went stays behind.

Pseudonyms are made anew for what goes to another thread: the same number in two threads, or one number for what were
two, would tell that they are one person.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import Case, Value, When
from django.utils.translation import gettext

from companion import clock
from companion.errors import Conflict
from companion.events import ThreadMerged, ThreadMoved, ThreadSplit, announce
from companion.spaces.api import get_activity
from companion.threads.authors import MOVED
from companion.threads.locks import get_locked_thread, last_pseudonym, record_on_thread, recount_thread, save_thread
from companion.threads.models import (
    AnonymousAuthor,
    MovedPost,
    Picture,
    Post,
    ReadState,
    Thread,
    ThreadFollow,
)
from companion.threads.moderating import get_moderated_post, must_moderate
from companion.threads.paths import MOST_POSTS, child_path
from companion.threads.reading import NEWS_A_PAGE
from companion.threads.texts import checked_title
from companion.viewer import Viewer

# One request moves so many posts at the most; more would hold its threads for too long.
MOST_MOVED: Final = 5_000


@transaction.atomic
def split_thread(*, viewer: Viewer, thread_id: int, number: int, title: str) -> Thread:
    """Make a reply, with all below it, a thread of its own in the same activity.

    Links to the posts lead on to where they are. Raises NotFound, NotAllowed, InvalidInput, Conflict (the opening
    post, or one that is deleted or hidden; too many posts).
    """
    post = get_moderated_post(viewer=viewer, thread_id=thread_id, number=number)
    old = post.thread
    _must_stand(old)
    if post.is_opening or not post.is_shown:
        raise Conflict(gettext("Choose a reply that is shown: it becomes the first post of the new thread."))
    title = checked_title(title)
    posts = _branch(post)
    stub = _stub(post)
    new = Thread.objects.create(
        activity_id=old.activity_id,
        space_id=old.space_id,
        group_id=old.group_id,
        title=title,
        author_id=post.author_id,
        author_name=post.author_name,
        author_role=post.author_role,
        pseudonym=None if post.pseudonym is None else 1,
        second=post.second,
        is_private=old.is_private,
        created_at=post.created_at,
        last_at=max(moved.created_at for moved in posts),
        last_number=0,
        is_merged=old.is_merged,
    )
    if old.accepted_number in {moved.number for moved in posts}:
        old.accepted_number = None
        old.save(update_fields=["accepted_number"])
    _move_posts(posts, old, new, below=None)
    stub.save(force_insert=True)
    _tell_readers(old, new)
    recount_thread(old)
    recount_thread(new)
    record_on_thread(viewer, old, "split", number=number)
    announce(ThreadSplit(**old.place(viewer), new_thread_id=new.pk))
    return new


@transaction.atomic
def merge_threads(*, viewer: Viewer, thread_id: int, into_id: int) -> Thread:
    """Append a thread to another one of the same course, its opening post as a reply there; gives the other one.

    The first stays as a pointer. Two moderators who merge each other's threads at once: one of them gets a Conflict.
    Raises NotFound, NotAllowed, Conflict.
    """
    must_moderate(viewer=viewer)
    if thread_id == into_id:
        raise Conflict(gettext("Choose another thread to merge it into."))
    # Always in the order of their ids, or two of these would wait for each other for ever.
    held = {pk: get_locked_thread(viewer=viewer, thread_id=pk) for pk in sorted((thread_id, into_id))}
    old, new = held[thread_id], held[into_id]
    for thread in (old, new):
        _must_stand(thread)
    if old.stage is not None:
        raise Conflict(gettext("A thread around an event stays as it is."))
    if old.hidden_at is not None or new.hidden_at is not None:
        # Its replies would be seen again, or those of the other one no more.
        raise Conflict(gettext("One of these threads is hidden. Show it again first."))
    _must_have_same_readers(old, new)
    posts = list(Post.objects.filter(thread=old).order_by("number")[: MOST_MOVED + 1])
    _must_be_few(len(posts))
    if new.last_number + len(posts) > MOST_POSTS:
        raise Conflict(gettext("The other thread has no room for these posts."))
    seen_all = _up_to_date(old) & _up_to_date(new)
    opening = Post.objects.get(thread=new, number=1)
    if old.activity_id != new.activity_id:
        _leave_activity(old, new.activity_id)
    _move_posts(posts, old, new, below=opening)
    Post.objects.filter(pk=opening.pk).update(has_replies=True)
    new.is_merged = True
    recount_thread(new)
    ReadState.objects.filter(thread=new, person_id__in=seen_all).update(seen_number=new.last_number)
    _followers_come_along(old, new)
    counts = {"reply_count": 0, "helpful_count": 0, "endorsed_count": 0}
    save_thread(old, moved_to_id=new.pk, is_pinned=False, second=None, to_space=False, **counts)
    record_on_thread(viewer, old, "merge")
    announce(ThreadMerged(**old.place(viewer), into_thread_id=new.pk))
    return new


@transaction.atomic
def move_thread(*, viewer: Viewer, thread_id: int, to_uid: UUID) -> Thread:
    """Move a thread to another activity of the course; a pointer stays in the list it leaves. Its links stay.

    Raises NotFound, NotAllowed, Conflict (the same activity, or a series; a thread around an event; a group's thread).
    """
    must_moderate(viewer=viewer)
    thread = get_locked_thread(viewer=viewer, thread_id=thread_id)
    target = get_activity(viewer=viewer, uid=to_uid)
    _must_stand(thread)
    if target.pk == thread.activity_id:
        raise Conflict(gettext("The thread is there already."))
    if target.asks_back:
        # No list would show it again.
        raise Conflict(gettext("A series of prompts holds no threads."))
    if thread.group_id is not None or thread.stage is not None:
        raise Conflict(gettext("A thread of a group, or around an event, stays in its activity."))
    pointer = Thread.objects.create(
        activity_id=thread.activity_id,
        space_id=thread.space_id,
        title=thread.title,
        author_id=thread.author_id,
        author_name=thread.author_name,
        author_role=thread.author_role,
        # A number that is nobody's: in the pointer's row no author is to be found.
        pseudonym=thread.pseudonym,
        created_at=thread.created_at,
        last_at=thread.last_at,
        last_number=0,
        hidden_at=thread.hidden_at,
        is_withdrawn=thread.is_withdrawn,
        is_private=thread.is_private,
        moved_to=thread,
    )
    moved = ThreadMoved(**thread.place(viewer), to_activity_id=target.pk, pointer_id=pointer.pk)
    record_on_thread(viewer, thread, "move")
    _leave_activity(thread, target.pk)
    save_thread(thread, activity_id=target.pk, is_pinned=False, second=None, to_space=False)
    # Nothing points to where it stands itself.
    Thread.objects.filter(moved_to=thread, activity=target, last_number=0).update(deleted_at=clock.now())
    announce(moved)
    return thread


def _must_have_same_readers(old: Thread, new: Thread) -> None:
    if old.is_private or new.is_private:
        raise Conflict(gettext("What was asked of the experts alone stays a thread of its own."))
    if old.group_id != new.group_id:
        raise Conflict(gettext("These threads are for different groups."))


def _leave_activity(thread: Thread, target_id: int) -> None:
    """A place in a video means nothing in another activity; a picture belongs to the one where it is shown."""
    Post.objects.filter(thread=thread).exclude(second=None).update(second=None)
    Picture.objects.filter(uses__post__thread=thread).update(activity_id=target_id)


def _move_posts(posts: Sequence[Post], old: Thread, new: Thread, *, below: Post | None) -> None:
    """Put posts (in the order of their numbers) at the end of another thread.

    The first one of them becomes the opening post, or a reply to `below`.
    """
    numbers: dict[int, int] = {}
    paths: dict[int, str] = {}
    names = _new_pseudonyms(posts, old, new)
    for place, post in enumerate(posts):
        number = new.last_number + 1 + place
        numbers[post.number] = number
        if post.parent_id in paths:
            path = child_path(paths[post.parent_id], number)
        elif below is not None:
            post.parent, path = below, child_path(below.path, number)
        else:
            post.parent, path = None, child_path("", number)
        paths[post.pk] = path
        # An open page is told so many of one version.
        post.path, post.thread_id, post.changed = path, new.pk, new.version + 1 + place // NEWS_A_PAGE
        post.pseudonym = None if post.pseudonym is None else names[post.pseudonym]
    # A tombstone of an earlier split leads on to what was split off, from where it stood and from where it stands.
    stubs = {post.number for post in posts if post.author_role == MOVED}
    leads = MovedPost.objects.filter(thread=old, number__in=stubs).values_list("number", "post_id") if stubs else ()
    moved = [MovedPost(thread=new, number=numbers[before], post_id=post_id) for before, post_id in leads]
    moved += [MovedPost(thread=old, number=post.number, post=post) for post in posts if post.number not in stubs]
    for post in posts:
        post.number = numbers[post.number]
    MovedPost.objects.bulk_create(moved, batch_size=500)
    _save_moved(posts, new)
    new.last_number += len(posts)
    new.version += (len(posts) - 1) // NEWS_A_PAGE


def _save_moved(posts: Sequence[Post], new: Thread) -> None:
    """`bulk_update` would name every field for every post, which takes three times as long."""
    first = posts[0]
    Post.objects.filter(pk=first.pk).update(
        thread=new, number=first.number, path=first.path, parent=first.parent, changed=first.changed
    )
    for start in range(0, len(posts), NEWS_A_PAGE):
        batch = posts[start : start + NEWS_A_PAGE]
        fields = ["number", "path", *(["pseudonym"] if any(post.is_anonymous for post in batch) else [])]
        values = {
            field: Case(*(When(pk=post.pk, then=Value(getattr(post, field))) for post in batch)) for field in fields
        }
        Post.objects.filter(pk__in=[post.pk for post in batch]).update(thread=new, changed=batch[0].changed, **values)


def _new_pseudonyms(posts: Sequence[Post], old: Thread, new: Thread) -> dict[int, int]:
    """A fresh number in the new thread for each pseudonym of the old one, in the order in which they appear."""
    used = list(dict.fromkeys(post.pseudonym for post in posts if post.pseudonym is not None))
    last = last_pseudonym(new)
    names = {before: last + position for position, before in enumerate(used, start=1)}
    people = AnonymousAuthor.objects.filter(thread=old, number__in=used).values_list("number", "person_id")
    AnonymousAuthor.objects.bulk_create(
        [AnonymousAuthor(thread=new, number=names[before], person_id=person_id) for before, person_id in people]
    )
    return names


def _stub(post: Post) -> Post:
    """What stays where a branch was cut off: a tombstone that leads to it. Nobody wrote it."""
    return Post(
        thread_id=post.thread_id,
        number=post.number,
        parent_id=post.parent_id,
        path=post.path,
        author_role=MOVED,
        body="",
        html="",
        created_at=post.created_at,
        deleted_at=clock.now(),
        has_replies=True,
        changed=post.thread.version + 1,
    )


def _branch(post: Post) -> list[Post]:
    """A post and all below it, by their parents: a path says less beyond its deepest level."""
    after = Post.objects.filter(thread_id=post.thread_id, number__gt=post.number)
    inside = {post.pk}
    for pk, parent_id in after.order_by("number").values_list("pk", "parent_id"):
        if parent_id in inside:
            inside.add(pk)
    _must_be_few(len(inside))
    return [post, *after.filter(pk__in=inside).order_by("number")]


def _up_to_date(thread: Thread) -> set[int]:
    """Who has seen all of a thread."""
    states = ReadState.objects.filter(thread=thread, seen_number__gte=thread.last_number)
    return set(states.values_list("person_id", flat=True))


def _tell_readers(old: Thread, new: Thread) -> None:
    """Who had seen all of the old thread has seen all of the new one."""
    states = [ReadState(person_id=pk, thread=new, seen_number=new.last_number) for pk in _up_to_date(old)]
    ReadState.objects.bulk_create(states, batch_size=500, ignore_conflicts=True)
    _followers_come_along(old, new)


def _followers_come_along(old: Thread, new: Thread) -> None:
    followers = ThreadFollow.objects.filter(thread=old, is_following=True).values_list("person_id", flat=True)
    follows = [ThreadFollow(person_id=pk, thread=new) for pk in followers]
    ThreadFollow.objects.bulk_create(follows, batch_size=500, ignore_conflicts=True)


def _must_stand(thread: Thread) -> None:
    if thread.moved_to_id is not None:
        raise Conflict(gettext("This thread was merged or moved meanwhile."))


def _must_be_few(count: int) -> None:
    if count > MOST_MOVED:
        raise Conflict(gettext("More than %(limit)d posts cannot be moved at once.") % {"limit": MOST_MOVED})
