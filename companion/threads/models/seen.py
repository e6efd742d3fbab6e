"""What one person keeps of threads: how far they have read, and what they follow."""

from __future__ import annotations

from django.db import models
from django.db.models import Exists, OuterRef, Q

from companion.threads.models.posts import AnonymousAuthor, Post, Thread
from companion.viewer import Viewer


class ReadState(models.Model):
    """The last number a person has seen in a thread: unread is a subtraction."""

    person = models.ForeignKey("companion.Person", on_delete=models.CASCADE, related_name="+")
    thread = models.ForeignKey(Thread, on_delete=models.CASCADE, related_name="+")
    seen_number = models.PositiveIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "thread"], name="companion_readstate_once")]

    def __str__(self) -> str:
        return f"{self.thread_id}: {self.seen_number}"


class ReadMark(models.Model):
    """Up to when a person has marked everything in an activity as read: one row, however many threads there are."""

    person = models.ForeignKey("companion.Person", on_delete=models.CASCADE, related_name="+")
    activity = models.ForeignKey("companion.Activity", on_delete=models.CASCADE, related_name="+")
    read_until = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "activity"], name="companion_readmark_once")]

    def __str__(self) -> str:
        return f"{self.activity_id}: {self.read_until}"


class ThreadFollow(models.Model):
    """Whether somebody follows a thread. Taking part follows; what was chosen stays chosen."""

    person = models.ForeignKey("companion.Person", on_delete=models.CASCADE, related_name="+")
    thread = models.ForeignKey(Thread, on_delete=models.CASCADE, related_name="+")
    is_following = models.BooleanField(default=True)
    is_chosen = models.BooleanField(default=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "thread"], name="companion_threadfollow_once")]

    def __str__(self) -> str:
        return f"{self.thread_id}: {self.is_following}"


class ActivityFollow(models.Model):
    """Somebody follows every thread of an activity, except those that they chose not to."""

    person = models.ForeignKey("companion.Person", on_delete=models.CASCADE, related_name="+")
    activity = models.ForeignKey("companion.Activity", on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "activity"], name="companion_activityfollow_once")]

    def __str__(self) -> str:
        return f"{self.activity_id}"


def unread_by(viewer: Viewer) -> Q:
    """Threads with posts that the viewer has not seen, where nothing was marked as read."""
    seen = ReadState.objects.filter(
        thread=OuterRef("pk"), person_id=viewer.person_id, seen_number__gte=OuterRef("last_number")
    )
    return ~Q(Exists(seen))


def taken_part_in_by(viewer: Viewer) -> Q:
    """Threads in which the viewer wrote, by name or anonymously. One list of ids, from which the database starts."""
    named = Post.objects.filter(author_id=viewer.person_id).values("thread_id")
    anonymous = AnonymousAuthor.objects.filter(person_id=viewer.person_id).values("thread_id")
    return Q(pk__in=named.union(anonymous))


def followed_by(viewer: Viewer) -> Q:
    """Threads that the viewer follows by themselves; the activity's own switch is asked for elsewhere."""
    followed = ThreadFollow.objects.filter(person_id=viewer.person_id, is_following=True).values("thread_id")
    return Q(pk__in=followed)


def unfollowed_by(viewer: Viewer) -> Q:
    left = ThreadFollow.objects.filter(person_id=viewer.person_id, is_following=False).values("thread_id")
    return Q(pk__in=left)
