"""Threads and posts.

Counts are kept, not counted: a thread knows its last number, its visible replies and its last activity. A post's
number is its place in time and never changes; its path is its place in the tree.
"""

from __future__ import annotations

from typing import Final, TypedDict

from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from companion import clock
from companion.viewer import Viewer

TITLE_LIMIT: Final = 200
BODY_LIMIT: Final = 20_000
REASON_LIMIT: Final = 500
MOST_PINNED: Final = 20
# A path has this many digits (base 36) a level: 1.6 million posts in a thread.
PATH_DIGITS: Final = 4
# Replies deeper than this hang beside their parent instead of below it, so that a path stays short enough for an
# index on every engine. `Post.parent` still says what was answered.
PATH_LEVELS: Final = 12


class Place(TypedDict):
    organization_id: int
    space_id: int
    activity_id: int
    thread_id: int


class ThreadQuerySet(models.QuerySet["Thread"]):
    def visible_to(self, viewer: Viewer) -> ThreadQuerySet:
        """The read rule; `permissions.can_see_thread` is the same for a row in hand.

        Own space; not deleted; a hidden thread for the staff and its author; before an activity opens, the staff.
        """
        threads = self.filter(space_id=viewer.space_id).shown_to(viewer)
        if viewer.is_staff:
            return threads
        return threads.filter(Q(activity__opens_at=None) | Q(activity__opens_at__lte=clock.now()))

    def shown_to(self, viewer: Viewer) -> ThreadQuerySet:
        """The half of the rule that is about threads: for those of an activity that has been through its gate."""
        threads = self.filter(deleted_at=None)
        return threads if viewer.is_staff else threads.filter(Q(hidden_at=None) | started_by(viewer))


def started_by(viewer: Viewer) -> Q:
    """The viewer's own threads, anonymous ones among them."""
    anonymously = AnonymousAuthor.objects.filter(
        thread=OuterRef("pk"), number=OuterRef("pseudonym"), person_id=viewer.person_id
    )
    return Q(author_id=viewer.person_id) | Q(Exists(anonymously))


class Thread(models.Model):
    """A discussion's head: its title and the counts of its posts. Its opening text is post number 1."""

    activity = models.ForeignKey("companion.Activity", on_delete=models.CASCADE, related_name="threads", db_index=False)
    # The activity's own, so that the front page of a course finds its newest threads by an index.
    space = models.ForeignKey("companion.Space", on_delete=models.CASCADE, related_name="+", db_index=False)
    title = models.CharField(_("title"), max_length=TITLE_LIMIT)
    author = models.ForeignKey("companion.Person", on_delete=models.SET_NULL, null=True, related_name="+")
    author_name = models.CharField(max_length=255, blank=True)
    author_role = models.CharField(max_length=20, blank=True)
    pseudonym = models.PositiveIntegerField(null=True)
    created_at = models.DateTimeField(_("started"), default=clock.now)
    last_at = models.DateTimeField(_("last activity"), default=clock.now)
    last_number = models.PositiveIntegerField(default=1)
    reply_count = models.PositiveIntegerField(_("replies"), default=0)
    is_pinned = models.BooleanField(_("pinned"), default=False)
    is_locked = models.BooleanField(_("locked"), default=False)
    hidden_at = models.DateTimeField(_("hidden"), null=True)
    deleted_at = models.DateTimeField(_("deleted"), null=True)
    # The author took the opening post back while there were replies: the thread stays, its title is not shown.
    is_withdrawn = models.BooleanField(default=False)
    # Goes up with everything that changes what a reader of the thread sees: polling asks for nothing else.
    version = models.PositiveIntegerField(default=1)

    objects = ThreadQuerySet.as_manager()

    class Meta:
        verbose_name = _("thread")
        verbose_name_plural = _("threads")
        constraints = [
            models.CheckConstraint(condition=Q(author=None) | Q(pseudonym=None), name="companion_thread_one_author"),
        ]
        indexes = [
            models.Index(fields=["activity", "is_pinned", "last_at", "id"], name="companion_thread_active"),
            models.Index(fields=["activity", "is_pinned", "id"], name="companion_thread_newest"),
            models.Index(fields=["activity", "last_at"], name="companion_thread_latest"),
            models.Index(fields=["activity", "reply_count", "is_pinned", "id"], name="companion_thread_waiting"),
            models.Index(fields=["space", "last_at", "id"], name="companion_thread_space_active"),
            models.Index(fields=["space", "reply_count", "id"], name="companion_thread_space_waiting"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_anonymous(self) -> bool:
        return self.pseudonym is not None

    def place(self, viewer: Viewer) -> Place:
        """The ids that every event about this thread carries."""
        return {
            "organization_id": viewer.organization_id,
            "space_id": viewer.space_id,
            "activity_id": self.activity_id,
            "thread_id": self.pk,
        }


class Post(models.Model):
    """One text in a thread: the opening one (number 1) or a reply."""

    # No index of its own where a composite one below begins with the same column.
    thread = models.ForeignKey(Thread, on_delete=models.CASCADE, related_name="posts", db_index=False)
    number = models.PositiveIntegerField()
    parent = models.ForeignKey("self", on_delete=models.CASCADE, null=True, related_name="+")
    path = models.CharField(max_length=PATH_DIGITS * PATH_LEVELS)
    author = models.ForeignKey("companion.Person", on_delete=models.SET_NULL, null=True, related_name="+")
    author_name = models.CharField(max_length=255, blank=True)
    author_role = models.CharField(max_length=20, blank=True)
    pseudonym = models.PositiveIntegerField(null=True)
    body = models.TextField(_("text"))
    html = models.TextField(editable=False)
    # What a credit rule asks for; counted when written.
    words = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(_("posted"), default=clock.now)
    edited_at = models.DateTimeField(_("edited"), null=True)
    deleted_at = models.DateTimeField(_("deleted"), null=True)
    hidden_at = models.DateTimeField(_("hidden"), null=True)
    hidden_by = models.ForeignKey("companion.Person", on_delete=models.SET_NULL, null=True, related_name="+")
    hidden_reason = models.CharField(_("reason"), max_length=REASON_LIMIT, blank=True)
    version = models.PositiveIntegerField(default=1)
    # What makes a form sent twice one post: a digest of the form's random id and of what it said.
    submission = models.CharField(max_length=64, null=True, unique=True)

    class Meta:
        verbose_name = _("post")
        verbose_name_plural = _("posts")
        constraints = [
            models.UniqueConstraint(fields=["thread", "number"], name="companion_post_number"),
            models.UniqueConstraint(fields=["thread", "path"], name="companion_post_path"),
            models.CheckConstraint(condition=Q(author=None) | Q(pseudonym=None), name="companion_post_one_author"),
            models.CheckConstraint(
                condition=Q(number=1, parent=None) | Q(number__gt=1, parent__isnull=False),
                name="companion_post_has_parent",
            ),
        ]
        indexes = [models.Index(fields=["author", "thread"], name="companion_post_author")]

    def __str__(self) -> str:
        return f"{self.thread_id}/{self.number}"

    @property
    def depth(self) -> int:
        """0 for the opening post, 1 for a reply to it."""
        return len(self.path) // PATH_DIGITS - 1

    @property
    def is_anonymous(self) -> bool:
        return self.pseudonym is not None

    @property
    def is_opening(self) -> bool:
        return self.number == 1

    @property
    def is_shown(self) -> bool:
        return self.deleted_at is None and self.hidden_at is None


class AnonymousAuthor(models.Model):
    """Who is behind a pseudonym in one thread. The only place that knows.

    Nothing joins to it but the two questions an author asks of their own posts: "is this mine?" and "what am I
    called here?". A pseudonym is counted from 1 in each thread and stays the same within it.
    """

    thread = models.ForeignKey(Thread, on_delete=models.CASCADE, related_name="+")
    number = models.PositiveIntegerField()
    person = models.ForeignKey("companion.Person", on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["thread", "number"], name="companion_pseudonym_number"),
            models.UniqueConstraint(fields=["person", "thread"], name="companion_pseudonym_person"),
        ]

    def __str__(self) -> str:
        # Not the person: this text ends in logs and admin pages.
        return f"{self.thread_id}/{self.number}"


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
