"""Questions: who has each, since when, by when, and why; and what people did with it."""

from __future__ import annotations

from typing import Final

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from companion import clock
from companion.reasons import REASON_LIMIT

NOTE_LIMIT: Final = 500


class State(models.TextChoices):
    """Where a question stands. `OPEN` waits: somebody has it (`assignment`), or a reason says why nobody has."""

    OPEN = "open", _("Waits for an answer")
    ANSWERED = "answered", _("Answered")
    ACCEPTED = "accepted", _("Solved")
    CLOSED = "closed", _("Closed")


class Step(models.TextChoices):
    """The ladder, from the bottom."""

    PEERS = "peers", _("Everybody")
    EXPERT = "expert", _("Expert")
    AUTHOR = "author", _("Author")
    INSTRUCTOR = "instructor", _("Instructor")


class Outcome(models.TextChoices):
    """How it ended that somebody had a question."""

    ANSWERED = "answered", _("answered")
    DECLINED = "declined", _("handed back")
    HANDED_OVER = "handed_over", _("handed over")
    LAPSED = "lapsed", _("the time was up")
    AWAY = "away", _("away")
    LEFT = "left", _("has left, or holds the topic no longer")
    CLOSED = "closed", _("the question was closed")


class Question(models.Model):
    """What a question has beside its thread. The thread is what people read; this is who answers for it."""

    thread = models.OneToOneField("companion.Thread", on_delete=models.CASCADE, primary_key=True, related_name="+")
    organization = models.ForeignKey(
        "companion.Organization", on_delete=models.CASCADE, related_name="+", db_index=False
    )
    space = models.ForeignKey("companion.Space", on_delete=models.CASCADE, related_name="+", db_index=False)
    activity = models.ForeignKey("companion.Activity", on_delete=models.CASCADE, related_name="+")
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    step = models.CharField(max_length=10, choices=Step.choices, default=Step.PEERS)
    asked_at = models.DateTimeField(default=clock.now)
    # What the ladder counts from: when it was asked, or when an answer did not help.
    clock_at = models.DateTimeField(default=clock.now)
    # Whoever had it before this moment may have it again: all steps have been climbed in vain since then.
    round_at = models.DateTimeField(default=clock.now)
    # When the ladder looks at it again; null where nothing is due.
    route_at = models.DateTimeField(null=True)
    assignment = models.OneToOneField("Assignment", on_delete=models.SET_NULL, null=True, related_name="+")
    # Why somebody has it, or why nobody does: a key of companion.questions.reasons, and what it speaks of.
    reason = models.CharField(max_length=20, blank=True, default="")
    facts = models.JSONField(default=dict)
    metoo_count = models.PositiveIntegerField(default=0)
    save_count = models.PositiveIntegerField(default=0)
    first_answer_at = models.DateTimeField(null=True)
    accepted_at = models.DateTimeField(null=True)
    # The reply of somebody who knows, or that somebody who knows stands by.
    answer_number = models.PositiveIntegerField(null=True)
    # Whoever asked of the experts alone has agreed to show it to everybody.
    consent_at = models.DateTimeField(null=True)
    duplicate_of = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, related_name="+")
    verified_until = models.DateTimeField(null=True)
    verified_number = models.PositiveIntegerField(null=True)
    verified_by = models.ForeignKey("companion.Person", on_delete=models.SET_NULL, null=True, related_name="+")

    class Meta:
        verbose_name = _("question")
        verbose_name_plural = _("questions")
        constraints = [
            models.CheckConstraint(condition=Q(state__in=State.values), name="companion_question_state"),
            # Why somebody has it, or why nobody does: no question is simply forgotten.
            models.CheckConstraint(condition=~Q(state="open") | ~Q(reason=""), name="companion_question_kept"),
        ]
        indexes = [
            models.Index(fields=["state", "route_at"], name="companion_question_due"),
            models.Index(fields=["space", "asked_at"], name="companion_question_space"),
            models.Index(fields=["organization", "state", "-metoo_count", "thread"], name="companion_question_open"),
        ]

    def __str__(self) -> str:
        return f"{self.thread_id}: {self.state}"

    @property
    def is_open(self) -> bool:
        return self.state == State.OPEN

    @property
    def is_verified(self) -> bool:
        """Whether somebody's word that `verified_number` holds is not over yet."""
        return self.verified_until is not None and self.verified_until > clock.now()


class Assignment(models.Model):
    """Somebody has, or had, a question, and why. Never changed once it has ended."""

    question = models.ForeignKey(Question, on_delete=models.CASCADE, related_name="assignments")
    person = models.ForeignKey("companion.Person", on_delete=models.CASCADE, related_name="+")
    step = models.CharField(max_length=10, choices=Step.choices)
    given_at = models.DateTimeField(default=clock.now)
    due_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=20)
    facts = models.JSONField(default=dict)
    ended_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=20, choices=Outcome.choices, blank=True, default="")
    note = models.CharField(max_length=REASON_LIMIT, blank=True, default="")

    class Meta:
        verbose_name = _("assignment")
        verbose_name_plural = _("assignments")
        indexes = [models.Index(fields=["person", "ended_at", "due_at"], name="companion_assignment_mine")]

    def __str__(self) -> str:
        return f"{self.question_id}: {self.person_id}"


class MeToo(models.Model):
    """Somebody has the same question. Who does is shown to nobody but themselves."""

    question = models.ForeignKey(Question, on_delete=models.CASCADE, related_name="+")
    person = models.ForeignKey("companion.Person", on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["question", "person"], name="companion_metoo_once")]

    def __str__(self) -> str:
        return f"{self.question_id}"


class Correction(models.Model):
    """Somebody who had opened an answer has yet to read that it was corrected. Goes once they have."""

    question = models.ForeignKey(Question, on_delete=models.CASCADE, related_name="+")
    person = models.ForeignKey("companion.Person", on_delete=models.CASCADE, related_name="+")
    number = models.PositiveIntegerField()
    # The version that they had read.
    version = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["person", "question", "number"], name="companion_correction_once")
        ]

    def __str__(self) -> str:
        return f"{self.question_id}/{self.number}"
