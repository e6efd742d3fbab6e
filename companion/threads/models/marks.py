"""What hangs on a post: marks, earlier versions, mentions, pictures, and where it went."""

from __future__ import annotations

from typing import Final

from django.db import models
from django.utils.translation import gettext_lazy as _

from companion import clock
from companion.reasons import REASON_LIMIT
from companion.threads.models.posts import TITLE_LIMIT, Post, Thread

MENTION_LIMIT: Final = 300


class HelpfulMark(models.Model):
    """Somebody found a post helpful. Who did is shown to nobody but themselves."""

    post = models.ForeignKey(Post, on_delete=models.CASCADE, related_name="+")
    person = models.ForeignKey("companion.Person", on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "post"], name="companion_helpful_once")]

    def __str__(self) -> str:
        return f"{self.post_id}"


class Revision(models.Model):
    """A text as it was before an edit. `version` is that of the post which had it; the editor is who replaced it."""

    post = models.ForeignKey(Post, on_delete=models.CASCADE, related_name="revisions", db_index=False)
    version = models.PositiveIntegerField()
    title = models.CharField(_("title"), max_length=TITLE_LIMIT, blank=True)
    body = models.TextField(_("text"))
    replaced_at = models.DateTimeField(default=clock.now)
    # Of the staff alone: that an author edits their own is no news, and an anonymous one is named nowhere.
    editor = models.ForeignKey("companion.Person", on_delete=models.SET_NULL, null=True, related_name="+")
    editor_name = models.CharField(max_length=255, blank=True)
    by_staff = models.BooleanField(default=False)
    reason = models.CharField(_("reason"), max_length=REASON_LIMIT, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["post", "version"], name="companion_revision_once")]

    def __str__(self) -> str:
        return f"{self.post_id} v{self.version}"


class Mention(models.Model):
    """Somebody is named in a post, or was in an earlier version. `text` is how, one spelling a line ("@Ana Torres"), so
    that a retired name can be taken out.
    """

    post = models.ForeignKey(Post, on_delete=models.CASCADE, related_name="mentions", db_index=False)
    person = models.ForeignKey("companion.Person", on_delete=models.CASCADE, related_name="+")
    text = models.CharField(max_length=MENTION_LIMIT)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["post", "person"], name="companion_mention_once")]

    def __str__(self) -> str:
        return f"{self.post_id}"


class MovedPost(models.Model):
    """Where a post went that stood in a thread under a number: old links lead on."""

    thread = models.ForeignKey(Thread, on_delete=models.CASCADE, related_name="+", db_index=False)
    number = models.PositiveIntegerField()
    post = models.ForeignKey(Post, on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["thread", "number"], name="companion_moved_once")]

    def __str__(self) -> str:
        return f"{self.thread_id}/{self.number}"


class ThreadTopic(models.Model):
    """What a thread is about."""

    thread = models.ForeignKey(Thread, on_delete=models.CASCADE, related_name="+", db_index=False)
    topic = models.ForeignKey("companion.Topic", on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["thread", "topic"], name="companion_threadtopic_once")]

    def __str__(self) -> str:
        return f"{self.thread_id}: {self.topic_id}"


class Picture(models.Model):
    """A picture in an activity, re-encoded, under a random name. Who brought it is kept nowhere."""

    token = models.CharField(max_length=32, unique=True)
    activity = models.ForeignKey("companion.Activity", on_delete=models.CASCADE, related_name="+")
    file = models.FileField(upload_to="companion/pictures")
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    created_at = models.DateTimeField(default=clock.now, db_index=True)
    posts: models.ManyToManyField[Post, PictureUse] = models.ManyToManyField(
        Post, through="PictureUse", related_name="pictures"
    )

    def __str__(self) -> str:
        return self.token


class PictureUse(models.Model):
    """A picture is shown in a post."""

    picture = models.ForeignKey(Picture, on_delete=models.CASCADE, related_name="uses")
    post = models.ForeignKey(Post, on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["picture", "post"], name="companion_picture_once")]

    def __str__(self) -> str:
        return f"{self.post_id}"
