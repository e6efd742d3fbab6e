"""Following: by taking part, or because somebody chose to. What reaches them, and how, is not decided here."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction

from companion.events import ActivityFollowed, ThreadFollowed, announce
from companion.spaces.api import get_activity
from companion.threads.gates import get_thread
from companion.threads.models import ActivityFollow, Thread, ThreadFollow
from companion.viewer import Viewer


@transaction.atomic
def follow_thread(*, viewer: Viewer, thread_id: int, following: bool) -> Thread:
    """Follow a thread, or not: also where the activity is followed, or one took part. Raises NotFound."""
    thread = get_thread(viewer=viewer, thread_id=thread_id)
    ThreadFollow.objects.update_or_create(
        person_id=viewer.person_id, thread=thread, defaults={"is_following": following, "is_chosen": True}
    )
    announce(ThreadFollowed(**thread.place(viewer), person_id=viewer.person_id, following=following))
    return thread


@transaction.atomic
def follow_activity(*, viewer: Viewer, uid: UUID, following: bool) -> None:
    """Follow every thread of an activity, also those to come. Threads that one chose to leave stay left.

    Raises NotFound.
    """
    activity = get_activity(viewer=viewer, uid=uid)
    if following:
        ActivityFollow.objects.get_or_create(person_id=viewer.person_id, activity=activity)
    else:
        ActivityFollow.objects.filter(person_id=viewer.person_id, activity=activity).delete()
    announce(
        ActivityFollowed(
            organization_id=viewer.organization_id,
            space_id=viewer.space_id,
            activity_id=activity.pk,
            person_id=viewer.person_id,
            following=following,
        )
    )


def follows_activity(*, viewer: Viewer, activity_id: int) -> bool:
    return ActivityFollow.objects.filter(person_id=viewer.person_id, activity_id=activity_id).exists()


def is_following(*, thread: Thread) -> bool:
    """Whether the viewer for whom `get_thread` gave this thread follows it: their own choice, else the activity's."""
    own: bool | None = thread.follows  # type: ignore[attr-defined]
    return own if own is not None else thread.follows_activity  # type: ignore[attr-defined]


def follow_by_taking_part(*, viewer: Viewer, thread: Thread, is_new: bool = False) -> None:
    """Whoever writes in a thread follows it, unless they chose not to. No event tells of it: it would name the
    author of an anonymous post.
    """
    if not is_new and thread.follows is not None:  # type: ignore[attr-defined]
        return
    follow = ThreadFollow(person_id=viewer.person_id, thread=thread)
    ThreadFollow.objects.bulk_create([follow], ignore_conflicts=True)
