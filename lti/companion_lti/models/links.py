"""What a platform places and keeps for its courses: links, copies, rosters, columns of the gradebook."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from companion import clock
from companion_lti.models.registrations import Deployment


class ResourceLink(models.Model):
    """A link that somebody placed in a platform, and the activity it opens."""

    deployment = models.ForeignKey(Deployment, on_delete=models.CASCADE, related_name="links")
    space = models.ForeignKey("companion.Space", on_delete=models.CASCADE, related_name="+")
    link_id = models.CharField(max_length=255)
    key = models.CharField(max_length=64, editable=False)
    activity = models.ForeignKey("companion.Activity", on_delete=models.CASCADE, related_name="+")
    # What the platform calls it: all that tells a copy from another, where it sends no history of links.
    title = models.CharField(max_length=255, default="", editable=False)
    # Which placement of ours it is (placements.py): one link of a space has it, a second one is a duplicate.
    placement = models.CharField(max_length=64, null=True, editable=False)
    # The activity that the placement named; in a copied course another one than `activity`.
    named_uid = models.UUIDField(null=True, editable=False)
    # The course in the platform as a launch named it, for families that need it to find the link's page (platforms/).
    course_url = models.CharField(max_length=2000, null=True, editable=False)

    class Meta:
        constraints = [
            # Open edX uses one link id in every run of a course, so the space is part of what names a link.
            models.UniqueConstraint(fields=["deployment", "space", "key"], name="companion_lti_link_once"),
            models.UniqueConstraint(fields=["space", "placement"], name="companion_lti_placement_once"),
        ]
        indexes = [models.Index(fields=["deployment", "key"], name="companion_lti_link_history")]

    def __str__(self) -> str:
        return self.link_id


class ContextCopy(models.Model):
    """A course that the platform told us was copied from others, before anybody came from it."""

    deployment = models.ForeignKey(Deployment, on_delete=models.CASCADE, related_name="+")
    context_id = models.CharField(max_length=255)
    key = models.CharField(max_length=64, editable=False)
    origins = models.JSONField(default=list)
    noticed_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["deployment", "key"], name="companion_lti_copy_once")]

    def __str__(self) -> str:
        return self.context_id


class Roster(models.Model):
    """Where a space's members are listed, when we last asked, and what came of it."""

    space = models.OneToOneField("companion.Space", on_delete=models.CASCADE, related_name="+")
    deployment = models.ForeignKey(Deployment, on_delete=models.CASCADE, related_name="+")
    url = models.CharField(max_length=2000)
    # When somebody was last launched into the space: a course that is over is not read for ever.
    launched_at = models.DateTimeField(null=True)
    requested_at = models.DateTimeField(null=True)
    synced_at = models.DateTimeField(null=True)
    member_count = models.PositiveIntegerField(null=True)
    error = models.CharField(max_length=500, blank=True)

    def __str__(self) -> str:
        return f"{self.space_id}"


class GradeColumn(models.Model):
    """Where the platform takes grades for a link, as launches say, and what came of the last attempt (grades.py)."""

    link = models.OneToOneField(ResourceLink, on_delete=models.CASCADE, related_name="column")
    line_items_url = models.CharField(max_length=2000, blank=True)
    # The column itself: named by a launch, or found or made by us; "" until then.
    line_item_url = models.CharField(max_length=2000, blank=True)
    may_create = models.BooleanField(default=False)
    may_look = models.BooleanField(default=False)
    # A task waits to send what is due.
    queued_at = models.DateTimeField(null=True)
    # A worker is at it until then; a killed one leaves this behind.
    busy_until = models.DateTimeField(null=True)
    settled_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=500, blank=True)
    # When results were last asked for, and what went wrong then (results.py).
    results_at = models.DateTimeField(null=True)
    results_error = models.CharField(max_length=500, blank=True)

    class Meta:
        indexes = [models.Index(fields=["results_at"], name="companion_lti_results_due")]

    def __str__(self) -> str:
        return f"{self.link_id}"


class Score(models.Model):
    """Somebody's grade in a column: what the platform was sent, and whether something is due."""

    class State(models.TextChoices):
        DUE = "due", _("to be sent")
        SENT = "sent", _("sent")
        KEPT = "kept", _("left alone: changed in the platform")
        STOPPED = "stopped", _("not taken by the platform")

    column = models.ForeignKey(GradeColumn, on_delete=models.CASCADE, related_name="scores")
    person = models.ForeignKey("companion.Person", on_delete=models.CASCADE, related_name="+")
    state = models.CharField(max_length=10, choices=State.choices, default=State.DUE)
    # Counted up by each request, so that one that comes while another is sent is not lost.
    request = models.PositiveIntegerField(default=1)
    # 0 to 1 of the points; null before the first one.
    share = models.FloatField(null=True)
    # Written before it is sent: a worker that is killed in between leaves a grade there that is ours.
    tried_share = models.FloatField(null=True)
    # What the platform was told as the time, and a digest of what it was told in words.
    tried_at = models.DateTimeField(null=True)
    comment_digest = models.CharField(max_length=64, blank=True)
    # How often in a row the platform failed on this one alone.
    failures = models.PositiveSmallIntegerField(default=0)
    reason = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["column", "person"], name="companion_lti_score_once"),
            models.CheckConstraint(
                condition=models.Q(state__in=["due", "sent", "kept", "stopped"]), name="companion_lti_score_state"
            ),
        ]
        indexes = [models.Index(fields=["column", "state", "id"], name="companion_lti_score_due")]

    def __str__(self) -> str:
        return f"{self.column_id}: {self.state}"
