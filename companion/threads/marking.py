"""Marks on posts: helpful (one a person), endorsed by staff or experts."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.utils.translation import gettext

from companion import clock, limits
from companion.errors import Conflict, NotAllowed
from companion.events import PostEndorsed, PostMarkedHelpful, announce
from companion.spaces import api as spaces
from companion.threads.experts import may_endorse
from companion.threads.gates import is_mine
from companion.threads.locks import get_locked_post, save_post
from companion.threads.models import HelpfulMark, Post
from companion.viewer import Viewer


@transaction.atomic
def mark_helpful(*, viewer: Viewer, thread_id: int, number: int, helpful: bool) -> Post:
    """Say that somebody else's post helped, or take that back. Twice is once.

    Raises NotFound, NotAllowed (one's own), Conflict (deleted or hidden meanwhile), TooMany.
    """
    post = _marked(viewer, thread_id, number)
    if is_mine(viewer, post):
        raise NotAllowed(gettext("Others say whether your post helped them."))
    limits.take(person_id=viewer.person_id, what="marks", most=300, window=timedelta(minutes=10))
    mine = HelpfulMark.objects.filter(post=post, person_id=viewer.person_id)
    if helpful:
        changed = int(HelpfulMark.objects.get_or_create(post=post, person_id=viewer.person_id)[1])
    else:
        changed = -mine.delete()[0]
    if changed:
        count = post.thread.helpful_count + changed
        save_post(post, thread={"helpful_count": count}, helpful_count=post.helpful_count + changed)
        announce(PostMarkedHelpful(**post.thread.place(viewer), post_id=post.pk, number=number, marked=helpful))
    return post


@transaction.atomic
def endorse_post(*, viewer: Viewer, thread_id: int, number: int, endorsed: bool) -> Post:
    """Stand by somebody else's post with one's name, or take that back (whoever endorsed it). Twice is once.

    For the staff and the experts of the activity's topic. Raises NotFound, NotAllowed, Conflict.
    """
    post = _marked(viewer, thread_id, number)
    if is_mine(viewer, post):
        raise NotAllowed(gettext("Nobody endorses their own post."))
    if not may_endorse(viewer, post.thread):
        raise NotAllowed(gettext("Posts are endorsed by the course staff and by experts for the topic."))
    if (post.endorsed_at is not None) == endorsed:
        return post
    save_post(
        post,
        thread={"endorsed_count": post.thread.endorsed_count + (1 if endorsed else -1)},
        endorsed_at=clock.now() if endorsed else None,
        endorsed_by_id=viewer.person_id if endorsed else None,
        endorsed_name=spaces.shown_name(person_id=viewer.person_id, name=viewer.name) if endorsed else "",
    )
    place = post.thread.place(viewer)
    announce(PostEndorsed(**place, post_id=post.pk, number=number, person_id=viewer.person_id, endorsed=endorsed))
    return post


def _marked(viewer: Viewer, thread_id: int, number: int) -> Post:
    post = get_locked_post(viewer=viewer, thread_id=thread_id, number=number)
    if not post.is_shown or post.thread.moved_to_id is not None:
        raise Conflict(gettext("This post is no longer there."))
    return post
