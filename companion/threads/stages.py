"""The threads that an activity keeps around a training event: one that opens some days before it, one after it.

They follow the activity's settings: whoever opens its list brings them in line, so that a platform which holds the
settings itself (Open edX), a copied course and a changed date need nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings as django_settings
from django.db import IntegrityError, transaction
from django.utils import translation

from companion import clock, markdown
from companion.events import ThreadKept, announce
from companion.spaces.api import Activity
from companion.spaces.permissions import can_read_activity
from companion.text import count_words
from companion.threads.authors import COURSE
from companion.threads.locks import save_thread
from companion.threads.models import Post, Stage, Thread
from companion.threads.paths import child_path
from companion.viewer import Viewer


@dataclass(frozen=True, slots=True, kw_only=True)
class EventView:
    """Where an activity's training event is, for the line above its threads. Moments are aware."""

    starts_at: datetime
    ends_at: datetime | None
    before_opens_at: datetime | None
    after_opens_at: datetime | None
    is_over: bool
    is_running: bool


def view_event(activity: Activity) -> EventView | None:
    """The event of an activity, or None where it has none."""
    if activity.event_at is None:
        return None
    opens = _openings(activity)
    is_over = activity.event_is_over()
    return EventView(
        starts_at=activity.event_at,
        ends_at=activity.event_ends_at,
        before_opens_at=opens.get(Stage.BEFORE),
        after_opens_at=opens.get(Stage.AFTER),
        is_over=is_over,
        is_running=not is_over and activity.event_at <= clock.now(),
    )


def keep_stages(*, viewer: Viewer, activity: Activity) -> None:
    """Make the threads around an activity's event what its settings say. One query where nothing has changed; none
    where there is neither an event nor a prompt.

    A thread that nobody has answered goes with its event; one that somebody has answered stays.
    """
    settings = activity.discussion
    is_used = activity.event_at is not None or settings.before_prompt or settings.after_prompt
    if not is_used or not can_read_activity(viewer, activity):
        return
    wanted = _openings(activity)
    openings = Post.objects.filter(thread__activity_id=activity.pk, thread__stage__isnull=False, number=1)
    known = {post.thread.stage: post for post in openings.select_related("thread")}
    for stage in Stage:
        opening = known.get(stage.value)
        if opening is not None and not _is_in_line(opening, _prompt(activity, stage), wanted.get(stage)):
            _bring_in_line(viewer, opening.thread_id, _prompt(activity, stage), wanted.get(stage))
        elif opening is None and stage in wanted:
            _start(viewer, activity, stage, _prompt(activity, stage), wanted[stage])


def without_strays(viewer: Viewer, activity: Activity, threads: list[Thread]) -> list[Thread]:
    """Of the threads of an activity's list those that its settings still know: where event and prompts were all taken
    away, nothing else looks for the threads that they leave behind.
    """
    if not any(thread.stage for thread in threads):
        return threads
    wanted = _openings(activity)
    strays = {thread.pk for thread in threads if thread.stage and thread.stage not in wanted and not thread.reply_count}
    for pk in strays:
        _bring_in_line(viewer, pk, "", None)
    return [thread for thread in threads if thread.pk not in strays]


def _openings(activity: Activity) -> dict[Stage, datetime]:
    """When the threads that the author wants open."""
    settings = activity.discussion
    opens: dict[Stage, datetime] = {}
    if activity.event_at is None:
        return opens
    if settings.before_prompt:
        opens[Stage.BEFORE] = activity.event_at - timedelta(days=settings.before_days)
    if settings.after_prompt:
        opens[Stage.AFTER] = activity.event_ends_at or activity.event_at
    return opens


def _prompt(activity: Activity, stage: Stage) -> str:
    settings = activity.discussion
    return settings.before_prompt if stage is Stage.BEFORE else settings.after_prompt


def _start(viewer: Viewer, activity: Activity, stage: Stage, prompt: str, opens_at: datetime) -> None:
    # Set late, it is new when it is made: "all read" was said of what was there.
    at = max(opens_at, clock.now())
    try:
        with transaction.atomic():
            thread = Thread.objects.create(
                activity=activity,
                space_id=activity.space_id,
                title=_title(activity, stage),
                author_role=COURSE,
                stage=stage,
                opens_at=opens_at,
                created_at=at,
                last_at=at,
            )
            Post.objects.create(
                thread=thread, number=1, path=child_path("", 1), author_role=COURSE, created_at=at, **_text(prompt)
            )
            announce(ThreadKept(**thread.place(viewer)))
    except IntegrityError:
        # Two looked at once; the other one has made it.
        return


def _is_in_line(opening: Post, prompt: str, opens_at: datetime | None) -> bool:
    thread = opening.thread
    if opens_at is None:
        return thread.deleted_at is not None or thread.reply_count > 0
    # Compared here: MariaDB holds "why" and "Why" for one text.
    return thread.deleted_at is None and thread.opens_at == opens_at and opening.body == prompt


@transaction.atomic
def _bring_in_line(viewer: Viewer, pk: int, prompt: str, opens_at: datetime | None) -> None:
    Thread.objects.select_for_update().get(pk=pk)
    opening = Post.objects.select_related("thread").get(thread_id=pk, number=1)
    if _is_in_line(opening, prompt, opens_at):
        # Somebody else looked at once, or answered meanwhile.
        return
    thread = opening.thread
    if opens_at is None:
        save_thread(thread, deleted_at=clock.now())
        announce(ThreadKept(**thread.place(viewer)))
        return
    moments = {}
    if thread.last_number == 1 and (thread.deleted_at is not None or thread.opens_at != opens_at):
        # Nobody has answered: it is as new as its opening.
        at = max(opens_at, clock.now())
        moments = {"created_at": at, "last_at": at}
        opening.created_at = at
    save_thread(thread, deleted_at=None, opens_at=opens_at, **moments)
    Post.objects.filter(pk=opening.pk).update(
        created_at=opening.created_at, changed=thread.version, **(_text(prompt) if opening.body != prompt else {})
    )
    announce(ThreadKept(**thread.place(viewer)))


def _text(prompt: str) -> dict[str, Any]:
    """What a prompt becomes as a post: no picture and no mention in it is anybody's."""
    return {"body": prompt, "html": markdown.render(prompt), "words": count_words(prompt)}


def _title(activity: Activity, stage: Stage) -> str:
    """In the language of the service: who happens to look first has nothing to say in it."""
    with translation.override(django_settings.LANGUAGE_CODE):
        return f"{stage.label}: {activity.title}"[:200]
