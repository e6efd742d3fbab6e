"""Credit for taking part: how far somebody has come by an activity's rule.

The same rule everywhere: what a learner is told on the page is what goes to the platform as completion or grade. Posts
under one's name count, anonymous ones never: whoever may hide a post, move it or change the rule could watch whose
grade moves (docs/decisions/0022-credit-for-signed-posts.md).
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext, ngettext

from companion.spaces.api import Activity
from companion.spaces.kinds import DiscussionSettings
from companion.threads.models import Post


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
    if not activity.discussion.has_credit_rule:
        return None
    numbers = list(_counting(activity).filter(author_id=person_id).values_list("number", flat=True))
    threads = numbers.count(1)
    return credit_of(activity, threads=threads, replies=len(numbers) - threads)


def list_credit(*, activity: Activity) -> dict[int, Credit]:
    """The credit of everybody who has some, by person, in one query."""
    if not activity.discussion.has_credit_rule:
        return {}
    posts = _counting(activity).exclude(author=None).values_list("author_id").order_by()
    found = posts.annotate(threads=Count("pk", filter=Q(number=1)), posts=Count("pk"))
    return {
        person_id: credit_of(activity, threads=threads, replies=posts - threads) for person_id, threads, posts in found
    }


def credit_of(activity: Activity, *, threads: int, replies: int) -> Credit:
    """What so many threads and replies are worth by an activity's rule; it has one."""
    settings = activity.discussion
    wanted = settings.credit_threads + settings.credit_replies
    done = min(threads, settings.credit_threads) + min(replies, settings.credit_replies)
    return Credit(
        progress=gettext("So far: %(done)d of %(wanted)d") % {"done": done, "wanted": wanted},
        share=done / wanted,
    )


def credit_worth(activity: Activity) -> str:
    """What the credit counts for in the course, as a sentence; "" where it leaves the gradebook alone."""
    settings = activity.discussion
    if not settings.is_graded:
        return ""
    points = ngettext("%(number)d point", "%(number)d points", settings.credit_points)
    points %= {"number": settings.credit_points}
    if settings.credit_whole:
        return gettext("It gives %(points)s in this course, once all of it is done.") % {"points": points}
    return gettext("It gives %(points)s in this course; part of it gives that part of the points.") % {"points": points}


def credit_rule(activity: Activity) -> str:
    """An activity's rule in words: "1 thread and 2 replies of at least 40 words each"; "" where it has none."""
    settings = activity.discussion
    if activity.asks_back:
        what = ngettext("%(number)d prompt answered", "%(number)d prompts answered", settings.credit_replies)
        return _with_words(what % {"number": settings.credit_replies} if settings.credit_replies else "", settings)
    threads = ngettext("%(number)d thread", "%(number)d threads", settings.credit_threads)
    replies = ngettext("%(number)d reply", "%(number)d replies", settings.credit_replies)
    threads %= {"number": settings.credit_threads}
    replies %= {"number": settings.credit_replies}
    if settings.credit_threads and settings.credit_replies:
        what = gettext("%(threads)s and %(replies)s") % {"threads": threads, "replies": replies}
    else:
        what = threads if settings.credit_threads else replies if settings.credit_replies else ""
    return _with_words(what, settings)


def _with_words(what: str, settings: DiscussionSettings) -> str:
    if not what or not settings.credit_words:
        return what
    words = ngettext("%(number)d word", "%(number)d words", settings.credit_words) % {"number": settings.credit_words}
    return gettext("%(what)s of at least %(words)s each") % {"what": what, "words": words}


def _counting(activity: Activity) -> QuerySet[Post]:
    """The posts of an activity that may count, of everybody."""
    return Post.objects.filter(
        thread__activity_id=activity.pk,
        thread__deleted_at=None,
        deleted_at=None,
        hidden_at=None,
        words__gte=activity.discussion.credit_words,
    )
