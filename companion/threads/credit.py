"""Credit for taking part: how far somebody has come by an activity's rule.

The same rule everywhere: what a learner is told on the page is what goes to the platform as completion or grade.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from django.db.models import Exists, OuterRef
from django.utils.translation import gettext, ngettext

from companion import clock
from companion.spaces.api import Activity
from companion.threads.models import AnonymousAuthor, Post

# An anonymous post counts from then on: completion that comes with the post would say whose it is.
ANONYMOUS_DELAY: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Credit:
    """How much of a rule is met: in words, and as 0 to 1, each thread and reply worth the same."""

    progress: str
    share: float

    @property
    def is_complete(self) -> bool:
        return self.share >= 1


def get_credit(*, activity: Activity, person_id: int) -> Credit | None:
    """Somebody's credit in an activity, or None where it has no rule. Deleted and hidden posts do not count."""
    settings = activity.discussion
    if not settings.has_credit_rule:
        return None
    threads, replies = _counts(activity, person_id, settings.credit_words)
    wanted = settings.credit_threads + settings.credit_replies
    done = min(threads, settings.credit_threads) + min(replies, settings.credit_replies)
    return Credit(
        progress=gettext("So far: %(done)d of %(wanted)d") % {"done": done, "wanted": wanted},
        share=done / wanted,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What somebody wrote in an activity under their own name."""

    threads: int
    replies: int
    words: int


def count_signed(*, activity: Activity, person_id: int) -> Written:
    """What a report may say of a person: anonymous posts are counted for nobody."""
    posts = Post.objects.filter(author_id=person_id, thread__activity_id=activity.pk, deleted_at=None, hidden_at=None)
    found = list(posts.values_list("number", "words"))
    threads = sum(number == 1 for number, _words in found)
    return Written(threads=threads, replies=len(found) - threads, words=sum(words for _number, words in found))


def credit_rule(activity: Activity) -> str:
    """An activity's rule in words: "1 thread and 2 replies of at least 40 words each"; "" where it has none."""
    settings = activity.discussion
    threads = ngettext("%(number)d thread", "%(number)d threads", settings.credit_threads)
    replies = ngettext("%(number)d reply", "%(number)d replies", settings.credit_replies)
    threads %= {"number": settings.credit_threads}
    replies %= {"number": settings.credit_replies}
    if settings.credit_threads and settings.credit_replies:
        what = gettext("%(threads)s and %(replies)s") % {"threads": threads, "replies": replies}
    else:
        what = threads if settings.credit_threads else replies if settings.credit_replies else ""
    if not what or not settings.credit_words:
        return what
    words = ngettext("%(number)d word", "%(number)d words", settings.credit_words) % {"number": settings.credit_words}
    return gettext("%(what)s of at least %(words)s each") % {"what": what, "words": words}


def _counts(activity: Activity, person_id: int, words: int) -> tuple[int, int]:
    """Threads and replies that count: signed ones at once, anonymous ones after a while."""
    shown = Post.objects.filter(
        thread__activity_id=activity.pk,
        thread__deleted_at=None,
        deleted_at=None,
        hidden_at=None,
        words__gte=words,
    )
    mine = AnonymousAuthor.objects.filter(person_id=person_id)
    anonymous = shown.filter(
        Exists(mine.filter(thread=OuterRef("thread"), number=OuterRef("pseudonym"))),
        thread__in=mine.values("thread"),
        created_at__lt=clock.now() - ANONYMOUS_DELAY,
    )
    signed = shown.filter(author_id=person_id)
    numbers = [
        number for _pk, number in signed.values_list("pk", "number").union(anonymous.values_list("pk", "number"))
    ]
    threads = numbers.count(1)
    return threads, len(numbers) - threads
