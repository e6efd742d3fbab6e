"""How a post comes into the staff's queue. Nothing here hides or blocks anything: people decide."""

from __future__ import annotations

import re
import unicodedata
from datetime import timedelta
from functools import lru_cache
from typing import Final

from django.db import IntegrityError, transaction
from django.utils.translation import gettext

from companion import clock, limits
from companion.errors import NotAllowed
from companion.events import (
    PostAdded,
    PostEdited,
    PostHidden,
    PostReported,
    PostReturned,
    ThreadStarted,
    announce,
)
from companion.moderation.models import Outcome, Report, Source
from companion.reasons import REASON_LIMIT, checked_reason
from companion.spaces.api import watched_words
from companion.threads import api as threads
from companion.viewer import Viewer

# What can stand between two letters and is not seen.
_HIDDEN: Final = re.compile("[\u00ad\u200b-\u200f\u2060\ufe00-\ufe0f\ufeff]")


@transaction.atomic
def report_post(*, viewer: Viewer, thread_id: int, number: int, reason: str) -> None:
    """Ask the staff to look at somebody else's post. Who asks is shown to nobody, the staff included.

    Once a person: again changes the reason, and opens the report anew where it was closed. Raises NotFound,
    NotAllowed (one's own), InvalidInput, TooMany.
    """
    post = threads.get_post(viewer=viewer, thread_id=thread_id, number=number)
    if threads.is_mine(viewer, post):
        raise NotAllowed(gettext("This is your own post: you can change it or take it back."))
    if not post.is_shown:
        raise NotAllowed(gettext("This post is no longer shown."))
    reason = checked_reason(reason, missing=gettext("Say what is wrong with it."))
    limits.take(person_id=viewer.person_id, what="reports", most=20, window=timedelta(hours=1))
    report, is_new = Report.objects.get_or_create(
        post=post, reporter_id=viewer.person_id, defaults={"space_id": viewer.space_id, "reason": reason}
    )
    if not is_new:
        _open_again(report, reason)
    announce(PostReported(**post.thread.place(viewer), post_id=post.pk, number=number))


def _open_again(report: Report, reason: str) -> None:
    report.reason = reason
    if report.outcome != Outcome.OPEN:
        # It waits from now on, not since the first time.
        report.created_at = clock.now()
    report.outcome, report.answer, report.closed_at, report.closed_by = Outcome.OPEN, "", None, None
    report.save()


def flag_words(event: ThreadStarted | PostAdded | PostEdited) -> None:
    """Put a post with a watched word of its organization into the queue. It stays where it is."""
    words = watched_words(organization_id=event.organization_id)
    if not words:
        return
    post = threads.find_post(
        thread_id=event.thread_id, number=event.number if isinstance(event, PostAdded | PostEdited) else 1
    )
    if post is None:
        return
    text = f"{post.thread.title}\n{post.body}" if post.is_opening else post.body
    found = sorted({" ".join(match.split()) for match in _pattern(tuple(words)).findall(_plain(text))} - {""})
    if found:
        reason = gettext("On the organization's word list: %(words)s") % {"words": ", ".join(found)}
        _flag(event, post, Source.WORDS, reason)


def close_reports(event: PostHidden | PostReturned) -> None:
    """Somebody of the staff hid a post or sent it back from the thread itself: nothing of it waits any more."""
    outcome = Outcome.RETURNED if isinstance(event, PostReturned) else Outcome.HIDDEN
    waiting = Report.objects.filter(post_id=event.post_id, outcome=Outcome.OPEN)
    waiting.update(outcome=outcome, closed_at=clock.now())


def look_again(event: PostEdited) -> None:
    """A post that was sent back and is shown again after its author changed it: the staff sees whether that will do."""
    if not event.was_returned:
        return
    post = threads.find_post(thread_id=event.thread_id, number=event.number)
    if post is not None and post.is_shown:
        _flag(event, post, Source.EDITED, gettext("Its author has changed it after it was sent back."))


def _flag(event: ThreadStarted | PostAdded | PostEdited, post: threads.Post, source: Source, reason: str) -> None:
    """One open report of a kind for a post, whatever happens twice."""
    reason = reason[:REASON_LIMIT]
    with transaction.atomic():
        known = Report.objects.filter(post=post, source=source, outcome=Outcome.OPEN)
        if known.exists():
            return
        try:
            with transaction.atomic():
                Report.objects.create(post=post, space_id=event.space_id, source=source, reason=reason)
        except IntegrityError:
            return
        announce(
            PostReported(
                organization_id=event.organization_id,
                space_id=event.space_id,
                activity_id=event.activity_id,
                thread_id=event.thread_id,
                post_id=post.pk,
                number=post.number,
            )
        )


@lru_cache(maxsize=64)
def _pattern(words: tuple[str, ...]) -> re.Pattern[str]:
    """Whole words and phrases of a plain text, whatever spaces are between. An underscore is Markdown, no letter."""
    parts = [r"\s+".join(map(re.escape, _plain(word).split())) for word in sorted(words, key=len, reverse=True)]
    return re.compile(rf"(?<![^\W_])(?:{'|'.join(parts)})(?![^\W_])")


def _plain(text: str) -> str:
    """A text as words are looked for in it: whatever the case, the form of its characters, or what is hidden between
    them. An accent makes another letter.
    """
    return _HIDDEN.sub("", unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold()))
