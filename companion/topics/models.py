"""Topics of an organization, who holds them as an expert, and how much each expert takes on."""

from __future__ import annotations

from typing import Final

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from companion import clock

# What an expert takes on in a week who has not said otherwise.
USUAL_CAPACITY: Final = 3
MOST_CAPACITY: Final = 100
ABOUT_LIMIT: Final = 2_000


class Topic(models.Model):
    """What things are about. Written by people; "Incident Command" and "incident command" are one.

    A synonym is a topic that was merged into another one: whoever writes it means the other.
    """

    organization = models.ForeignKey("companion.Organization", on_delete=models.CASCADE, related_name="topics")
    name = models.CharField(_("name"), max_length=100)
    key = models.CharField(max_length=64, editable=False)
    merged_into = models.ForeignKey("self", on_delete=models.CASCADE, null=True, blank=True, related_name="synonyms")

    class Meta:
        verbose_name = _("topic")
        verbose_name_plural = _("topics")
        constraints = [models.UniqueConstraint(fields=["organization", "key"], name="companion_topic_once")]

    def __str__(self) -> str:
        return self.name


class Expert(models.Model):
    """A person holds a topic, until the grant expires; or asks to hold it, until somebody approves."""

    topic = models.ForeignKey(Topic, on_delete=models.CASCADE, related_name="experts")
    person = models.ForeignKey("companion.Person", on_delete=models.CASCADE, related_name="+")
    granted_by = models.ForeignKey("companion.Person", on_delete=models.SET_NULL, null=True, related_name="+")
    granted_at = models.DateTimeField(_("granted"), default=clock.now, editable=False)
    expires_at = models.DateTimeField(_("until"), null=True, blank=True)
    is_pending = models.BooleanField(_("waits for approval"), default=False, db_default=False)
    # The space in which somebody put themselves forward: its instructors approve.
    asked_in = models.ForeignKey("companion.Space", on_delete=models.SET_NULL, null=True, related_name="+")

    class Meta:
        verbose_name = _("expert")
        verbose_name_plural = _("experts")
        constraints = [models.UniqueConstraint(fields=["topic", "person"], name="companion_expert_once")]

    def __str__(self) -> str:
        return f"{self.person_id}: {self.topic_id}"


class ExpertProfile(models.Model):
    """How much somebody takes on, when they are away, and what their page says.

    `taken` counts the questions given to them in the week of `week` (its Monday, in their time zone) and still with
    them or answered: it is what no rush of questions gets past, because it is only changed behind a lock on this row.
    """

    person = models.OneToOneField("companion.Person", on_delete=models.CASCADE, primary_key=True, related_name="+")
    capacity = models.PositiveIntegerField(_("questions a week"), default=USUAL_CAPACITY)
    away_from = models.DateTimeField(_("away from"), null=True, blank=True)
    away_until = models.DateTimeField(_("away until"), null=True, blank=True)
    time_zone = models.CharField(_("time zone"), max_length=60, blank=True, default="")
    about = models.TextField(_("about"), blank=True, default="")
    is_listed = models.BooleanField(_("has a page"), default=True)
    week = models.DateField(null=True, editable=False)
    taken = models.PositiveIntegerField(default=0, editable=False)
    last_given_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        verbose_name = _("expert's profile")
        verbose_name_plural = _("experts' profiles")
        constraints = [
            models.CheckConstraint(condition=Q(capacity__lte=MOST_CAPACITY), name="companion_profile_capacity"),
            models.CheckConstraint(
                condition=Q(away_until=None) | Q(away_from=None) | Q(away_until__gt=models.F("away_from")),
                name="companion_profile_away",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person_id}"


class OnCall(models.Model):
    """Somebody answers for a topic on some weekdays (ISO digits, "2" is Tuesday), between two dates or for ever.

    The days are those of the place that asks, in its time zone.
    """

    topic = models.ForeignKey(Topic, on_delete=models.CASCADE, related_name="rota")
    person = models.ForeignKey("companion.Person", on_delete=models.CASCADE, related_name="+")
    weekdays = models.CharField(_("days"), max_length=7, default="12345")
    starts_on = models.DateField(_("from"), null=True, blank=True)
    ends_on = models.DateField(_("until"), null=True, blank=True)

    class Meta:
        verbose_name = _("turn on call")
        verbose_name_plural = _("turns on call")
        constraints = [
            models.CheckConstraint(
                condition=Q(starts_on=None) | Q(ends_on=None) | Q(ends_on__gte=models.F("starts_on")),
                name="companion_oncall_dates",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person_id}: {self.topic_id} {self.weekdays}"


class TopicFollow(models.Model):
    """A person hears of what is new about a topic."""

    topic = models.ForeignKey(Topic, on_delete=models.CASCADE, related_name="+")
    person = models.ForeignKey("companion.Person", on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["topic", "person"], name="companion_topicfollow_once")]

    def __str__(self) -> str:
        return f"{self.topic_id}"
