"""What people and the organization's word list have reported, until somebody of the staff has looked at it."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from companion import clock
from companion.reasons import REASON_LIMIT


class Outcome(models.TextChoices):
    """What the staff made of a report."""

    OPEN = "open", _("Open")
    HIDDEN = "hidden", _("Hidden")
    RETURNED = "returned", _("Sent back to its author")
    DISMISSED = "dismissed", _("Nothing wrong with it")


class Source(models.TextChoices):
    PERSON = "person", _("A member of the course")
    WORDS = "words", _("The organization's word list")
    EDITED = "edited", _("Changed after it was sent back")


class Report(models.Model):
    """Somebody wants the staff to look at a post. Who that was is kept for "once a person" and shown to nobody."""

    # In numbers of the post's place then: a post that moves takes its reports along by its id.
    post = models.ForeignKey("companion.Post", on_delete=models.CASCADE, related_name="+")
    space = models.ForeignKey("companion.Space", on_delete=models.CASCADE, related_name="+", db_index=False)
    source = models.CharField(max_length=10, choices=Source.choices, default=Source.PERSON)
    reporter = models.ForeignKey("companion.Person", on_delete=models.SET_NULL, null=True, related_name="+")
    reason = models.CharField(_("reason"), max_length=REASON_LIMIT)
    outcome = models.CharField(_("outcome"), max_length=10, choices=Outcome.choices, default=Outcome.OPEN)
    answer = models.CharField(_("answer"), max_length=REASON_LIMIT, blank=True)
    created_at = models.DateTimeField(_("reported"), default=clock.now)
    closed_at = models.DateTimeField(_("closed"), null=True)
    closed_by = models.ForeignKey("companion.Person", on_delete=models.SET_NULL, null=True, related_name="+")

    class Meta:
        verbose_name = _("report")
        verbose_name_plural = _("reports")
        constraints = [
            models.UniqueConstraint(fields=["post", "reporter"], name="companion_report_once"),
            models.CheckConstraint(
                condition=Q(outcome=Outcome.OPEN, closed_at=None)
                | (~Q(outcome=Outcome.OPEN) & Q(closed_at__isnull=False)),
                name="companion_report_closed",
            ),
        ]
        indexes = [models.Index(fields=["space", "outcome", "id"], name="companion_report_queue")]

    def __str__(self) -> str:
        return f"{self.post_id}: {self.outcome}"
