"""Threads and posts.

Counts are kept, not counted: a thread knows its last number, its visible replies, its marks and its last activity. A
post's number is its place in time and never changes; its path is its place in the tree.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypedDict

from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from companion import clock
from companion.reasons import REASON_LIMIT
from companion.viewer import Viewer

if TYPE_CHECKING:
    from companion.spaces.api import Activity

TITLE_LIMIT: Final = 200
BODY_LIMIT: Final = 20_000
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


class Kind(models.TextChoices):
    """What a thread is. Only the staff announces."""

    DISCUSSION = "discussion", _("Discussion")
    QUESTION = "question", _("Question")
    TIP = "tip", _("Tip")
    ANNOUNCEMENT = "announcement", _("Announcement")


class Stage(models.TextChoices):
    """A thread that an activity keeps beside its training event."""

    BEFORE = "before", _("Before the event")
    AFTER = "after", _("After the event")


class ThreadQuerySet(models.QuerySet["Thread"]):
    def visible_to(self, viewer: Viewer) -> ThreadQuerySet:
        """The read rule; `permissions.can_see_thread` is the same for a row in hand.

        Own space; not deleted. The staff see all of it; others what is neither hidden nor private (or is theirs), has
        opened, in an activity that has opened, and is not another group's where groups are separate. What a gate has
        opened to somebody besides (`Viewer.opened_to`) is in no list; a guest has none.
        """
        threads = self.filter(space_id=viewer.space_id).unhidden(viewer)
        if viewer.is_staff:
            return threads
        return threads.filter(
            Q(activity__opens_at=None) | Q(activity__opens_at__lte=clock.now()),
            Q(activity__separates_groups=False) | of_own_group(viewer),
        )

    def shown_to(self, viewer: Viewer, activity: Activity) -> ThreadQuerySet:
        """The same for the threads of one activity that has been through its gate."""
        threads = self.filter(activity_id=activity.pk).unhidden(viewer)
        if viewer.is_staff or not activity.separates_groups:
            return threads
        return threads.filter(of_own_group(viewer))

    def unhidden(self, viewer: Viewer) -> ThreadQuerySet:
        """The part of the rule that is about threads alone."""
        threads = self.filter(deleted_at=None)
        if viewer.is_staff:
            return threads
        if viewer.is_guest:
            return threads.none()
        return threads.opened().filter(Q(hidden_at=None, is_private=False) | started_by(viewer))

    def opened(self) -> ThreadQuerySet:
        """Without those around an event whose time has not come: the staff see them, but nothing in them is new."""
        return self.filter(Q(opens_at=None) | Q(opens_at__lte=clock.now()))


def of_own_group(viewer: Viewer) -> Q:
    """Threads for everybody, and those of the viewer's groups."""
    return Q(group=None) | Q(group_id__in=viewer.group_ids)


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
    kind = models.CharField(
        _("kind"), max_length=20, choices=Kind.choices, default=Kind.DISCUSSION, db_default=Kind.DISCUSSION.value
    )
    # An announcement that every activity of the space shows until it is read.
    to_space = models.BooleanField(default=False, db_default=False)
    # The group it was started for; nobody's is everybody's. RESTRICT: a group that vanished must not open its threads.
    group = models.ForeignKey("companion.Group", on_delete=models.RESTRICT, null=True, related_name="+")
    # The second of the activity's video that it is about.
    second = models.PositiveIntegerField(null=True)
    stage = models.CharField(max_length=10, choices=Stage.choices, null=True)
    # Before that, only the staff sees it.
    opens_at = models.DateTimeField(null=True)
    # The marks on all of its posts that are shown.
    helpful_count = models.PositiveIntegerField(_("found helpful"), default=0, db_default=0)
    endorsed_count = models.PositiveIntegerField(_("endorsed"), default=0, db_default=0)
    # For an index that holds the order of the list as well.
    has_endorsed = models.GeneratedField(
        expression=Q(endorsed_count__gt=0),  # type: ignore[arg-type]
        output_field=models.BooleanField(),
        db_persist=True,
    )
    # It has become a part of that thread, or stands in another activity now: this row only points there.
    moved_to = models.ForeignKey("self", on_delete=models.CASCADE, null=True, related_name="+")
    # Holds posts of another thread, so that one person may have several pseudonyms in it.
    is_merged = models.BooleanField(default=False, db_default=False)
    # Asked of the experts alone: whoever started it, the staff, and whoever a gate opens it to.
    is_private = models.BooleanField(_("private"), default=False, db_default=False)
    # The reply that its author has accepted as the answer.
    accepted_number = models.PositiveIntegerField(null=True)

    objects = ThreadQuerySet.as_manager()

    class Meta:
        verbose_name = _("thread")
        verbose_name_plural = _("threads")
        constraints = [
            models.CheckConstraint(condition=Q(author=None) | Q(pseudonym=None), name="companion_thread_one_author"),
            models.CheckConstraint(condition=Q(kind__in=Kind.values), name="companion_thread_kind"),
            models.UniqueConstraint(fields=["activity", "stage"], name="companion_thread_stage"),
        ]
        indexes = [
            models.Index(fields=["activity", "is_pinned", "last_at", "id"], name="companion_thread_active"),
            models.Index(fields=["activity", "is_pinned", "id"], name="companion_thread_newest"),
            models.Index(fields=["activity", "last_at"], name="companion_thread_latest"),
            models.Index(fields=["activity", "reply_count", "is_pinned", "id"], name="companion_thread_waiting"),
            models.Index(fields=["activity", "is_pinned", "helpful_count", "id"], name="companion_thread_helpful"),
            models.Index(fields=["activity", "kind", "is_pinned", "last_at", "id"], name="companion_thread_kinds"),
            models.Index(
                fields=["activity", "has_endorsed", "is_pinned", "last_at", "id"], name="companion_thread_endorsed"
            ),
            models.Index(fields=["activity", "second", "id"], name="companion_thread_second"),
            models.Index(fields=["space", "to_space", "id"], name="companion_thread_to_space"),
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
    # The thread's version at which it last changed, for pages that are open.
    changed = models.PositiveIntegerField(default=1, db_default=1)
    second = models.PositiveIntegerField(null=True)
    # Once answered, a deleted post leaves a tombstone.
    has_replies = models.BooleanField(default=False, db_default=False)
    helpful_count = models.PositiveIntegerField(_("found helpful"), default=0, db_default=0)
    endorsed_at = models.DateTimeField(_("endorsed"), null=True)
    endorsed_by = models.ForeignKey("companion.Person", on_delete=models.SET_NULL, null=True, related_name="+")
    endorsed_name = models.CharField(max_length=255, blank=True, default="", db_default="")
    # Hidden until its author has changed it.
    is_returned = models.BooleanField(default=False, db_default=False)
    # Why the staff changed its text, until its author changes it again.
    edit_reason = models.CharField(max_length=REASON_LIMIT, blank=True, default="", db_default="")
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
        indexes = [
            models.Index(fields=["author", "thread"], name="companion_post_author"),
            models.Index(fields=["thread", "changed"], name="companion_post_changed"),
            models.Index(fields=["thread", "-helpful_count", "number"], name="companion_post_helpful"),
        ]

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
    called here?". A pseudonym is counted from 1 in each thread and stays the same within it. After a merge somebody
    may have two: one would tell that "Learner 2" there and "Learner 1" here are the same person.
    """

    thread = models.ForeignKey(Thread, on_delete=models.CASCADE, related_name="+")
    number = models.PositiveIntegerField()
    person = models.ForeignKey("companion.Person", on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["thread", "number"], name="companion_pseudonym_number"),
        ]
        indexes = [models.Index(fields=["person", "thread"], name="companion_pseudonym_of")]

    def __str__(self) -> str:
        # Not the person: this text ends in logs and admin pages.
        return f"{self.thread_id}/{self.number}"
