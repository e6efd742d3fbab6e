"""Who has come in: logins that were used, and the sessions of launches."""

from __future__ import annotations

from datetime import datetime

from django.db import models

from companion import clock
from companion.viewer import Role
from companion_lti.models.registrations import Deployment


class UsedLogin(models.Model):
    """A login that has led to a launch: the same state or token does not lead to another one."""

    login_id = models.CharField(max_length=64, primary_key=True)
    used_at = models.DateTimeField(default=clock.now, db_index=True)

    def __str__(self) -> str:
        return self.login_id


class LtiSession(models.Model):
    """One launch of one person: what a page needs to know, read by one query.

    The handle is in the URL and is no secret; cookie and page token are made from `salt` by sessions.py and are not
    stored, so that nobody gets in with a copy of this table.
    """

    handle = models.CharField(max_length=32, unique=True)
    salt = models.CharField(max_length=32)
    deployment = models.ForeignKey(Deployment, on_delete=models.CASCADE, related_name="+")
    organization = models.ForeignKey("companion.Organization", on_delete=models.CASCADE, related_name="+")
    space = models.ForeignKey("companion.Space", on_delete=models.CASCADE, related_name="+")
    person = models.ForeignKey("companion.Person", on_delete=models.CASCADE, related_name="+")
    role = models.CharField(max_length=20, default=Role.LEARNER.value)
    name = models.CharField(max_length=255, blank=True)
    locale = models.CharField(max_length=35, blank=True)
    group_ids = models.JSONField(default=list)
    # Who may frame the pages of this launch (origins).
    origins = models.JSONField(default=list)
    # Whether the platform takes grades for what was launched.
    carries_grades = models.BooleanField(default=False)
    # What a deep-linking launch must be answered with; null for any other launch.
    deep_link = models.JSONField(null=True)
    answered_at = models.DateTimeField(null=True)
    opened_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        indexes = [models.Index(fields=["space", "person"], name="companion_lti_session_who")]

    def __str__(self) -> str:
        return self.handle

    def is_over(self, moment: datetime) -> bool:
        return self.expires_at <= moment
