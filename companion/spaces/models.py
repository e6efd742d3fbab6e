"""Who is where: organizations, the people in them, course runs as spaces, and the activities placed in those."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from companion import clock
from companion.reasons import REASON_LIMIT
from companion.spaces.kinds import DiscussionSettings, Kind, QuestionSettings, ReflectionSettings, read_settings
from companion.viewer import Role, Viewer

if TYPE_CHECKING:
    from datetime import datetime

ROLE_CHOICES = [
    (Role.LEARNER.value, _("Learner")),
    (Role.ASSISTANT.value, _("Teaching assistant")),
    (Role.INSTRUCTOR.value, _("Instructor")),
    (Role.ADMINISTRATOR.value, _("Administrator")),
]


class Organization(models.Model):
    """The company or school. Nothing crosses from one to another."""

    name = models.CharField(_("name"), max_length=200)
    slug = models.SlugField(_("short name"), max_length=100, unique=True)
    shows_people = models.BooleanField(
        _("pages of people"),
        default=True,
        db_default=True,
        help_text=_("Show a page for each expert: topics, answers, room for questions."),
    )
    watched_words = models.TextField(
        _("watched words"),
        blank=True,
        default="",
        # MySQL has no default for a text of any length.
        null=True,
        help_text=_("One word or phrase a line. A post with one of them is shown to the course staff, never blocked."),
    )
    created_at = models.DateTimeField(_("created"), default=clock.now, editable=False)

    class Meta:
        verbose_name = _("organization")
        verbose_name_plural = _("organizations")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Person(models.Model):
    """Somebody in an organization, known by (issuer, subject) and by nothing else: a name and an e-mail are optional,
    refreshed at each launch, and never used to recognise anybody.
    """

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="people")
    issuer = models.CharField(_("issuer"), max_length=500)
    subject = models.CharField(_("subject"), max_length=255)
    key = models.CharField(max_length=64, editable=False)
    name = models.CharField(_("name"), max_length=255, blank=True)
    email = models.CharField(_("e-mail"), max_length=320, blank=True)
    picture_url = models.CharField(_("picture"), max_length=1000, blank=True)
    locale = models.CharField(_("language"), max_length=35, blank=True)
    created_at = models.DateTimeField(_("first seen"), default=clock.now, editable=False)

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")
        constraints = [models.UniqueConstraint(fields=["organization", "key"], name="companion_person_once")]
        # A mention is looked up by what somebody typed.
        indexes = [models.Index(fields=["organization", "name"], name="companion_person_name")]

    def __str__(self) -> str:
        return self.name or f"#{self.pk}"


class Space(models.Model):
    """A course run as the Companion sees it."""

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="spaces")
    issuer = models.CharField(_("issuer"), max_length=500)
    external_id = models.CharField(_("id in the platform"), max_length=500)
    key = models.CharField(max_length=64, editable=False)
    title = models.CharField(_("title"), max_length=500, blank=True)
    label = models.CharField(_("label"), max_length=255, blank=True)
    created_at = models.DateTimeField(_("first seen"), default=clock.now, editable=False)

    class Meta:
        verbose_name = _("space")
        verbose_name_plural = _("spaces")
        constraints = [models.UniqueConstraint(fields=["organization", "key"], name="companion_space_once")]

    def __str__(self) -> str:
        return self.title or self.label or f"#{self.pk}"


class Membership(models.Model):
    """A person's role in a space, from their last launch or from the roster."""

    space = models.ForeignKey(Space, on_delete=models.CASCADE, related_name="memberships")
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(_("role"), max_length=20, choices=ROLE_CHOICES, default=Role.LEARNER.value)
    # When they came, or came back; null for those of before this was noted.
    joined_at = models.DateTimeField(_("joined"), null=True, default=clock.now, editable=False)
    launched_at = models.DateTimeField(_("last launch"), null=True, editable=False)
    listed_at = models.DateTimeField(_("last in the roster"), null=True, editable=False)
    left_at = models.DateTimeField(_("left"), null=True, editable=False)
    # Reads, but does not write until then.
    muted_until = models.DateTimeField(_("muted until"), null=True, editable=False)
    muted_reason = models.CharField(
        _("why muted"), max_length=REASON_LIMIT, blank=True, default="", db_default="", editable=False
    )

    class Meta:
        verbose_name = _("membership")
        verbose_name_plural = _("memberships")
        constraints = [
            models.UniqueConstraint(fields=["space", "person"], name="companion_membership_once"),
            models.CheckConstraint(
                condition=Q(role__in=[role.value for role in Role]), name="companion_membership_role"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person_id} in {self.space_id}: {self.role}"


class Group(models.Model):
    """A group of a space's members, as the platform names it."""

    space = models.ForeignKey(Space, on_delete=models.CASCADE, related_name="groups")
    external_id = models.CharField(_("id in the platform"), max_length=255)
    key = models.CharField(max_length=64, editable=False)
    name = models.CharField(_("name"), max_length=255, blank=True)
    people: models.ManyToManyField[Person, GroupMembership] = models.ManyToManyField(
        Person, through="GroupMembership", related_name="companion_groups"
    )

    class Meta:
        verbose_name = _("group")
        verbose_name_plural = _("groups")
        constraints = [models.UniqueConstraint(fields=["space", "key"], name="companion_group_once")]

    def __str__(self) -> str:
        return self.name or self.external_id


class GroupMembership(models.Model):
    group = models.ForeignKey(Group, on_delete=models.CASCADE)
    person = models.ForeignKey(Person, on_delete=models.CASCADE)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["group", "person"], name="companion_groupmember_once")]

    def __str__(self) -> str:
        return f"{self.person_id} in {self.group_id}"


class ActivityQuerySet(models.QuerySet["Activity"]):
    def visible_to(self, viewer: Viewer) -> ActivityQuerySet:
        """The activities of the viewer's own space; one that has not opened yet shows its date and nothing else."""
        # A space belongs to one organization, so the space says it all.
        return self.filter(space_id=viewer.space_id)


class Activity(models.Model):
    """One placement in a space, of a kind, with that kind's settings."""

    space = models.ForeignKey(Space, on_delete=models.CASCADE, related_name="activities")
    uid = models.UUIDField(default=uuid4, unique=True, editable=False)
    key = models.CharField(max_length=64, editable=False)
    kind = models.CharField(_("kind"), max_length=20, choices=Kind.choices, default=Kind.DISCUSSION)
    title = models.CharField(_("title"), max_length=200)
    settings = models.JSONField(_("settings"), default=dict, blank=True)
    prompt_html = models.TextField(blank=True, editable=False)
    opens_at = models.DateTimeField(_("opens"), null=True, blank=True)
    closes_at = models.DateTimeField(_("closes"), null=True, blank=True)
    # The training event that "before" and "after" threads belong to.
    event_at = models.DateTimeField(_("event begins"), null=True, blank=True)
    event_ends_at = models.DateTimeField(_("event ends"), null=True, blank=True)
    # The one setting that the read rule of threads asks for in SQL.
    separates_groups = models.BooleanField(default=False, db_default=False, editable=False)
    created_at = models.DateTimeField(_("created"), default=clock.now, editable=False)
    # Whoever placed it: a step of the ladder of its questions.
    author = models.ForeignKey(Person, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")

    objects = ActivityQuerySet.as_manager()

    class Meta:
        verbose_name = _("activity")
        verbose_name_plural = _("activities")
        constraints = [
            models.UniqueConstraint(fields=["space", "key"], name="companion_activity_once"),
            models.CheckConstraint(condition=Q(kind__in=Kind.values), name="companion_activity_kind"),
            models.CheckConstraint(
                condition=Q(opens_at__isnull=True) | Q(closes_at__isnull=True) | Q(closes_at__gt=models.F("opens_at")),
                name="companion_activity_dates",
            ),
            models.CheckConstraint(
                condition=Q(event_ends_at__isnull=True) | Q(event_ends_at__gte=models.F("event_at")),
                name="companion_activity_event",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def discussion(self) -> DiscussionSettings:
        """The settings as values, read once as long as they stay the same."""
        known: tuple[object, DiscussionSettings] | None = self.__dict__.get("_discussion")
        if known is None or known[0] is not self.settings:
            known = self.settings, read_settings(self.kind, self.settings)
            self.__dict__["_discussion"] = known
        return known[1]

    @property
    def takes_questions(self) -> bool:
        return self.kind == Kind.QUESTIONS

    @property
    def questions(self) -> QuestionSettings:
        """The settings of an activity that takes questions; those of a new one for any other kind."""
        settings = self.discussion
        return settings if isinstance(settings, QuestionSettings) else QuestionSettings()

    @property
    def asks_back(self) -> bool:
        """Whether this is a follow-up series: it has prompts, and no threads."""
        return self.kind == Kind.REFLECTION

    @property
    def reflection(self) -> ReflectionSettings:
        """The settings of a follow-up series; those of a new one for any other kind."""
        settings = self.discussion
        return settings if isinstance(settings, ReflectionSettings) else ReflectionSettings()

    def event_is_over(self, moment: datetime | None = None) -> bool:
        """Whether the training event has ended, or begun where no end is known. False without one."""
        end = self.event_ends_at or self.event_at
        return end is not None and end <= (moment or clock.now())

    def has_opened(self, moment: datetime | None = None) -> bool:
        return self.opens_at is None or self.opens_at <= (moment or clock.now())

    def has_closed(self, moment: datetime | None = None) -> bool:
        return self.closes_at is not None and self.closes_at <= (moment or clock.now())


class AuditEntry(models.Model):
    """One act of the course staff that others may ask about: what, on which post, why, by whom, when.

    Written in the transaction of the act and never changed. It names whoever acted, never an anonymous author.
    """

    space = models.ForeignKey(Space, on_delete=models.CASCADE, related_name="+", db_index=False)
    actor = models.ForeignKey(Person, on_delete=models.SET_NULL, null=True, related_name="+")
    actor_name = models.CharField(max_length=255, blank=True)
    act = models.CharField(_("act"), max_length=30)
    # Plain numbers: what was done stays on record when its object is gone.
    activity_id = models.BigIntegerField(null=True)
    thread_id = models.BigIntegerField(null=True)
    post_number = models.PositiveIntegerField(null=True)
    person = models.ForeignKey(Person, on_delete=models.SET_NULL, null=True, related_name="+")
    reason = models.CharField(_("reason"), max_length=REASON_LIMIT, blank=True)
    at = models.DateTimeField(_("at"), default=clock.now)

    class Meta:
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit entries")
        indexes = [
            models.Index(fields=["space", "id"], name="companion_audit_space"),
            models.Index(fields=["thread_id", "post_number"], name="companion_audit_post"),
        ]

    def __str__(self) -> str:
        return f"{self.act} {self.thread_id}/{self.post_number}"
