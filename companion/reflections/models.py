"""Follow-up: series and their prompts, what is to be sent to whom and when, what people answered, what they plan."""

from __future__ import annotations

from typing import Final

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from companion import clock
from companion.reflections.scheduling import State
from companion.spaces.prompts import UNIT_LIMIT

STATE_CHOICES: Final = [
    (State.PLANNED.value, _("planned")),
    (State.HELD.value, _("held")),
    (State.SENT.value, _("sent")),
    (State.DROPPED.value, _("dropped")),
]
ANSWER_LIMIT: Final = 20_000


class Privacy(models.TextChoices):
    """Who reads an entry besides whoever wrote it."""

    PRIVATE = "private", _("Only me")
    INSTRUCTOR = "instructor", _("Me and the course staff")
    GROUP = "group", _("Me, my group and the course staff")


class Outcome(models.TextChoices):
    """How a plan went, as whoever made it says. The first two count as applied."""

    DONE = "done", _("Done")
    PARTLY = "partly", _("Partly")
    NOT_YET = "not_yet", _("Not yet")
    BLOCKED = "blocked", _("I am stuck")


APPLIED: Final = (Outcome.DONE, Outcome.PARTLY)


class Series(models.Model):
    """What was published of an activity's prompts. What the activity holds may be newer: a draft."""

    activity = models.OneToOneField("companion.Activity", on_delete=models.CASCADE, primary_key=True, related_name="+")
    organization = models.ForeignKey(
        "companion.Organization", on_delete=models.CASCADE, related_name="+", db_index=False
    )
    space = models.ForeignKey("companion.Space", on_delete=models.CASCADE, related_name="+")
    published_at = models.DateTimeField(default=clock.now)
    # The calendar and the event as published: plain values of companion.reflections.publishing.
    settings = models.JSONField(default=dict)
    holdout_percent = models.PositiveSmallIntegerField(default=0)
    # What the lots are drawn by; kept for good, so that nobody changes sides.
    seed = models.PositiveIntegerField(default=0)
    # When everybody's dates were last worked out, and whether they are to be worked out anew.
    calculated_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("series")
        verbose_name_plural = _("series")
        constraints = [
            models.CheckConstraint(
                condition=Q(holdout_percent=0) | Q(holdout_percent__gte=10, holdout_percent__lte=50),
                name="companion_series_holdout",
            )
        ]

    def __str__(self) -> str:
        return f"{self.activity_id}"


class Prompt(models.Model):
    """One prompt as published. It stays when it is taken out of its series: people have answered it."""

    series = models.ForeignKey(Series, on_delete=models.CASCADE, related_name="prompts")
    key = models.CharField(max_length=32)
    position = models.PositiveSmallIntegerField(default=0)
    # companion.spaces.prompts.PromptSettings, as plain values.
    settings = models.JSONField(default=dict)
    text_html = models.TextField(blank=True)
    removed_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("prompt")
        verbose_name_plural = _("prompts")
        constraints = [models.UniqueConstraint(fields=["series", "key"], name="companion_prompt_once")]

    def __str__(self) -> str:
        return f"{self.series_id}/{self.key}"


class Milestone(models.Model):
    """When somebody finished a unit, or the course: the earliest moment that anybody told us of.

    `unit` is an activity's uid, a block's usage key, whatever else the host calls it, or COURSE.
    """

    COURSE: Final = "course"

    space = models.ForeignKey("companion.Space", on_delete=models.CASCADE, related_name="+", db_index=False)
    person = models.ForeignKey("companion.Person", on_delete=models.CASCADE, related_name="+")
    unit = models.CharField(max_length=UNIT_LIMIT)
    # An index has no room for a long key in every engine.
    key = models.CharField(max_length=64)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["space", "person", "key"], name="companion_milestone_once")]

    def __str__(self) -> str:
        return f"{self.person_id}: {self.unit}"


class Enrolment(models.Model):
    """Somebody is asked by a series."""

    series = models.ForeignKey(Series, on_delete=models.CASCADE, related_name="enrolments")
    person = models.ForeignKey("companion.Person", on_delete=models.CASCADE, related_name="+")
    # Asked only at the end, to compare: the lot fell so.
    is_held_out = models.BooleanField(default=False)
    stopped_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("enrolment")
        verbose_name_plural = _("enrolments")
        constraints = [models.UniqueConstraint(fields=["series", "person"], name="companion_enrolment_once")]

    def __str__(self) -> str:
        return f"{self.person_id} in {self.series_id}"


class Delivery(models.Model):
    """One prompt for one person at one time; `round` counts how often the same one is asked.

    It is its own task: a planned one that is due is taken by whichever worker comes first (`taken_at`).
    """

    enrolment = models.ForeignKey(Enrolment, on_delete=models.CASCADE, related_name="deliveries")
    prompt = models.ForeignKey(Prompt, on_delete=models.CASCADE, related_name="deliveries")
    series = models.ForeignKey(Series, on_delete=models.CASCADE, related_name="+", db_index=False)
    person = models.ForeignKey("companion.Person", on_delete=models.CASCADE, related_name="+", db_index=False)
    round = models.PositiveSmallIntegerField(default=1)
    state = models.CharField(max_length=10, choices=STATE_CHOICES)
    reason = models.CharField(max_length=20)
    # From when on it can be answered in the course, and when a reminder is due.
    opens_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField(null=True)
    worth_until = models.DateTimeField(null=True)
    taken_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    opened_at = models.DateTimeField(null=True)
    answered_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        constraints = [
            models.UniqueConstraint(fields=["enrolment", "prompt", "round"], name="companion_delivery_once"),
            models.CheckConstraint(
                condition=Q(state__in=[state.value for state in State]), name="companion_delivery_state"
            ),
            # Why it was sent, or was not: nobody is simply forgotten.
            models.CheckConstraint(condition=~Q(reason=""), name="companion_delivery_reason"),
            models.CheckConstraint(
                condition=~Q(state=State.PLANNED.value) | Q(due_at__isnull=False), name="companion_delivery_due"
            ),
        ]
        indexes = [
            models.Index(fields=["state", "due_at"], name="companion_delivery_task"),
            models.Index(fields=["series", "state", "id"], name="companion_delivery_report"),
            models.Index(fields=["person", "opens_at"], name="companion_delivery_mine"),
        ]

    def __str__(self) -> str:
        return f"{self.enrolment_id}/{self.prompt_id}/{self.round}: {self.state}"


class Entry(models.Model):
    """What somebody answered. Nobody but them reads a private one: no page, search, export or admin site has it."""

    delivery = models.OneToOneField(Delivery, on_delete=models.CASCADE, related_name="entry")
    prompt = models.ForeignKey(Prompt, on_delete=models.CASCADE, related_name="+", db_index=False)
    person = models.ForeignKey("companion.Person", on_delete=models.CASCADE, related_name="+", db_index=False)
    space = models.ForeignKey("companion.Space", on_delete=models.CASCADE, related_name="+", db_index=False)
    privacy = models.CharField(max_length=10, choices=Privacy.choices, default=Privacy.PRIVATE)
    version = models.PositiveIntegerField(default=1)
    # The parts of a text in the order of its scaffold; one part where there is none.
    parts = models.JSONField(default=list)
    # The prompt as it was when it was answered: its author may change it, and the answer stays what it was. Null for
    # answers from before that was kept.
    asked = models.JSONField(null=True)
    # A rating or a confidence (0 to 10), or which option was chosen (0 is the first).
    number = models.PositiveSmallIntegerField(null=True)
    outcome = models.CharField(max_length=10, choices=Outcome.choices, blank=True, default="")
    created_at = models.DateTimeField(default=clock.now)
    edited_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("entry")
        verbose_name_plural = _("entries")
        constraints = [models.CheckConstraint(condition=Q(privacy__in=Privacy.values), name="companion_entry_privacy")]
        indexes = [
            models.Index(fields=["prompt", "privacy", "id"], name="companion_entry_shared"),
            models.Index(fields=["person", "id"], name="companion_entry_journal"),
        ]

    def __str__(self) -> str:
        return f"{self.prompt_id}/{self.person_id}"


class EntryVersion(models.Model):
    """What an entry said before it was changed; for whoever wrote it alone."""

    entry = models.ForeignKey(Entry, on_delete=models.CASCADE, related_name="versions")
    version = models.PositiveIntegerField()
    parts = models.JSONField(default=list)
    asked = models.JSONField(null=True)
    number = models.PositiveSmallIntegerField(null=True)
    outcome = models.CharField(max_length=10, blank=True, default="")
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["entry", "version"], name="companion_entryversion_once")]

    def __str__(self) -> str:
        return f"{self.entry_id}/{self.version}"


class Commitment(models.Model):
    """A plan: "When `cue`, I will `action`." Its entry says who may read it."""

    entry = models.OneToOneField(Entry, on_delete=models.CASCADE, primary_key=True, related_name="commitment")
    cue = models.CharField(max_length=300, blank=True)
    action = models.CharField(max_length=500)
    obstacle = models.CharField(max_length=500, blank=True)
    confidence = models.PositiveSmallIntegerField(null=True)
    # As its follow-ups said last; "" before that.
    outcome = models.CharField(max_length=10, choices=Outcome.choices, blank=True, default="")
    # The question that was asked because of it, with consent.
    thread = models.ForeignKey("companion.Thread", on_delete=models.SET_NULL, null=True, related_name="+")

    class Meta:
        verbose_name = _("commitment")
        verbose_name_plural = _("commitments")

    def __str__(self) -> str:
        return f"{self.entry_id}"


class Witness(models.Model):
    """Somebody outside of the course, a manager or a mentor, who is told of a plan because its author said so."""

    class State(models.TextChoices):
        DUE = "due", _("on its way")
        SENT = "sent", _("told")
        FAILED = "failed", _("not told")
        IN_DOUBT = "in_doubt", _("perhaps told: the service was stopped then")

    commitment = models.ForeignKey(Commitment, on_delete=models.CASCADE, related_name="witnesses")
    address = models.CharField(max_length=320)
    # When its author agreed.
    consent_at = models.DateTimeField(default=clock.now)
    state = models.CharField(max_length=10, choices=State.choices, default=State.DUE)
    reason = models.CharField(max_length=200, blank=True, default="")

    class Meta:
        verbose_name = _("witness of a plan")
        verbose_name_plural = _("witnesses of plans")
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["due", "sent", "failed", "in_doubt"]), name="companion_witness_state"
            )
        ]

    def __str__(self) -> str:
        return f"{self.commitment_id}: {self.state}"


class EntryReply(models.Model):
    """What a member of the course staff wrote about an entry that was shared with them."""

    entry = models.ForeignKey(Entry, on_delete=models.CASCADE, related_name="replies")
    author = models.ForeignKey("companion.Person", on_delete=models.SET_NULL, null=True, related_name="+")
    author_name = models.CharField(max_length=255, blank=True)
    html = models.TextField()
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        verbose_name = _("reply to an entry")
        verbose_name_plural = _("replies to entries")

    def __str__(self) -> str:
        return f"{self.entry_id}/{self.pk}"


class Contact(models.Model):
    """How somebody wants to be reached: over all courses."""

    person = models.OneToOneField("companion.Person", on_delete=models.CASCADE, primary_key=True, related_name="+")
    time_zone = models.CharField(max_length=60, blank=True, default="")
    stopped_at = models.DateTimeField(null=True)
    # When they got their last reminder: one a day, over all courses.
    reminded_at = models.DateTimeField(null=True)
    # An address that took no mail: another one gets its chance.
    bounced_address = models.CharField(max_length=320, blank=True, default="")

    class Meta:
        verbose_name = _("contact")
        verbose_name_plural = _("contacts")

    def __str__(self) -> str:
        return f"{self.person_id}"
