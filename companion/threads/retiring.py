"""When somebody leaves for good: their traces go, their posts stay or go as the organization decided."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import unescape

from django.db import transaction
from django.db.models import Q, Value
from django.db.models.functions import Coalesce
from django.utils.html import escape
from django.utils.translation import gettext

from companion import clock
from companion.events import PostsRewritten, announce
from companion.threads.locks import recount_thread, save_thread
from companion.threads.models import (
    ActivityFollow,
    AnonymousAuthor,
    Mention,
    PictureUse,
    Post,
    ReadMark,
    ReadState,
    Revision,
    Thread,
    ThreadFollow,
)
from companion.threads.pictures import drop_pictures
from companion.threads.reading import NEWS_A_PAGE
from companion.topics.api import retire_experts


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
        pointers = Thread.objects.filter(moved_to__isnull=False)
        own = list(Post.objects.filter(author_id__in=person_ids).values_list("thread_id", "pk"))
        titles = [pointers.filter(author_id__in=person_ids)]
        for author in anonymous:
            mine = Post.objects.filter(thread_id=author.thread_id, pseudonym=author.number)
            own += mine.values_list("thread_id", "pk")
            titles.append(pointers.filter(pk=author.thread_id, pseudonym=author.number))
        # Thread by thread: whoever holds several takes them in the order of their ids.
        touched = _take_back([pk for _thread, pk in sorted(own)])
        # The opening post of a thread that was merged stands elsewhere, its title here.
        for merged in titles:
            merged.update(is_withdrawn=True, title="-")
    signed = Post.objects.filter(author_id__in=person_ids)
    touched += 0 if delete_posts else signed.count()
    signed.update(author=None, author_name="")
    Thread.objects.filter(author_id__in=person_ids).update(author=None, author_name="")
    Post.objects.filter(hidden_by_id__in=person_ids).update(hidden_by=None)
    Post.objects.filter(endorsed_by_id__in=person_ids).update(endorsed_by=None, endorsed_name="")
    Revision.objects.filter(editor_id__in=person_ids).update(editor=None, editor_name="")
    for kept in (ReadState, ReadMark, ThreadFollow, ActivityFollow):
        kept.objects.filter(person_id__in=person_ids).delete()
    _unmention(person_ids)
    anonymous.delete()
    retire_experts(person_ids=person_ids)
    return touched


def _unmention(person_ids: Sequence[int]) -> None:
    """Take names out of what others wrote, where they named somebody by an @."""
    mentions = Mention.objects.filter(person_id__in=person_ids)
    posts = list(mentions.values_list("post_id", flat=True).distinct())
    for start in range(0, len(posts), 500):
        some = posts[start : start + 500]
        for post in Post.objects.filter(pk__in=some).prefetch_related("mentions", "revisions"):
            _unmention_in(post, person_ids)
        announce(PostsRewritten(post_ids=tuple(some)))
    mentions.delete()


def _unmention_in(post: Post, person_ids: Sequence[int]) -> None:
    """In what a post says, and in what it said before."""
    is_gone = {text: row.person_id in person_ids for row in post.mentions.all() for text in row.text.split("\n")}
    nobody = "@" + gettext("Former participant")
    # The longest first: "@Ana" is not the beginning of "@Ana Torres", who stays.
    longest_first = sorted(is_gone, key=len, reverse=True)
    named = re.compile(rf"(?:{'|'.join(map(re.escape, longest_first))})(?!\w)")

    def in_text(found: re.Match[str]) -> str:
        return nobody if is_gone[found[0]] else found[0]

    def in_html(found: re.Match[str]) -> str:
        return found[0].replace(found[1], escape(nobody)) if is_gone.get(unescape(found[1])) else found[0]

    html = re.sub(r'<span class="mention">([^<]*)</span>', in_html, post.html)
    Post.objects.filter(pk=post.pk).update(body=named.sub(in_text, post.body), html=html)
    for revision in post.revisions.all():
        Revision.objects.filter(pk=revision.pk).update(body=named.sub(in_text, revision.body))


def _take_back(posts: list[int]) -> int:
    """Delete posts as their author would, text and all; the counts of their threads follow."""
    # So many of a thread at once are told to its open pages.
    for start in range(0, len(posts), NEWS_A_PAGE):
        batch = posts[start : start + NEWS_A_PAGE]
        found = Post.objects.filter(pk__in=batch)
        threads = list(found.order_by().values_list("thread_id", flat=True).distinct())
        openings = list(found.filter(number=1).values_list("thread_id", flat=True))
        # Held until the end, so that a reply that comes meanwhile is counted.
        list(Thread.objects.select_for_update().filter(pk__in=threads).order_by("pk").values_list("pk", flat=True))
        found.update(deleted_at=Coalesce("deleted_at", Value(clock.now())), body="", html="", words=0)
        Thread.objects.filter(Q(pk__in=openings) | Q(moved_to__in=openings, last_number=0)).update(
            is_withdrawn=True, title="-"
        )
        Revision.objects.filter(post_id__in=batch).delete()
        Mention.objects.filter(post_id__in=batch).delete()
        pictures = list(PictureUse.objects.filter(post_id__in=batch).values_list("picture_id", flat=True))
        PictureUse.objects.filter(post_id__in=batch).delete()
        drop_pictures(pictures)
        for thread in Thread.objects.filter(pk__in=threads):
            is_empty = thread.is_withdrawn and not thread.posts.filter(deleted_at=None).exists()
            if is_empty and thread.moved_to_id is None and thread.deleted_at is None:
                save_thread(thread, deleted_at=clock.now())
            recount_thread(thread)
            thread.posts.filter(pk__in=batch).update(changed=thread.version)
        announce(PostsRewritten(post_ids=tuple(batch)))
    return len(posts)
