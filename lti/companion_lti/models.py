"""Platforms and what we keep of them: registrations, deployments, keys, links, sessions."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote, urlsplit

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from companion import clock
from companion.spaces.keys import external_key
from companion.viewer import Role

# Origins go into a header: nothing but what a host name or address is made of.
_HOST: Final = re.compile(r"[a-z0-9._:-]+")


def validate_web_address(value: str) -> None:
    """An address of a platform, intranet names included, which Django's own URL field refuses."""
    if not origin_of(value):
        raise ValidationError(_("This must be a web address."))


class ToolKey(models.Model):
    """A key pair of ours. The newest one signs; all that are not retired are published at /lti/jwks."""

    kid = models.CharField(max_length=64, unique=True)
    private_pem = models.TextField(editable=False)
    public_jwk = models.JSONField(editable=False)
    created_at = models.DateTimeField(_("created"), default=clock.now, editable=False)
    retired_at = models.DateTimeField(_("retired"), null=True, blank=True)

    class Meta:
        verbose_name = _("tool key")
        verbose_name_plural = _("tool keys")
        ordering = ["-created_at", "-id"]

    def __str__(self) -> str:
        return self.kid


class Registration(models.Model):
    """What a platform and we know of each other. An issuer alone names nobody: all Canvas customers share one."""

    organization = models.ForeignKey(
        "companion.Organization", verbose_name=_("organization"), on_delete=models.CASCADE, related_name="+"
    )
    name = models.CharField(_("name"), max_length=200, blank=True)
    issuer = models.CharField(_("issuer"), max_length=500, help_text=_("The platform's `iss`, exactly as it sends it."))
    client_id = models.CharField(_("client id"), max_length=255)
    key = models.CharField(max_length=64, unique=True, editable=False)
    auth_login_url = models.CharField(
        _("authentication request URL"), max_length=1000, validators=[validate_web_address]
    )
    auth_token_url = models.CharField(_("access token URL"), max_length=1000, validators=[validate_web_address])
    auth_audience = models.CharField(
        _("token audience"),
        max_length=1000,
        blank=True,
        help_text=_("Where it differs from the token URL (Brightspace)."),
    )
    jwks_url = models.CharField(_("public keyset URL"), max_length=1000, validators=[validate_web_address])
    frame_origins = models.CharField(
        _("frame origins"),
        max_length=1000,
        blank=True,
        help_text=_("Further origins that show the tool in a frame, separated by spaces."),
    )
    is_active = models.BooleanField(_("active"), default=True)
    platform_keys = models.JSONField(null=True, editable=False)
    platform_keys_at = models.DateTimeField(_("keys fetched"), null=True, editable=False)
    created_at = models.DateTimeField(_("created"), default=clock.now, editable=False)

    class Meta:
        verbose_name = _("registration")
        verbose_name_plural = _("registrations")

    def __str__(self) -> str:
        return self.name or f"{self.issuer} ({self.client_id})"

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.key = external_key(self.issuer, self.client_id)
        super().save(*args, **kwargs)

    def clean(self) -> None:
        twin = Registration.objects.filter(key=external_key(self.issuer, self.client_id))
        if twin.exclude(pk=self.pk).exists():
            raise ValidationError(_("This issuer and client id are registered already."))

    def origins(self, *urls: str) -> list[str]:
        """The origins that may frame us: the platform's own, those named here, and those of the given URLs."""
        known = [self.issuer, self.auth_login_url, *self.frame_origins.split(), *urls]
        return sorted({origin for origin in map(origin_of, known) if origin})


def origin_of(url: str) -> str:
    """`https://host:port` of a web address, "" for anything else."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return ""
    if parts.scheme not in ("http", "https") or not host or not _HOST.fullmatch(host):
        return ""
    host = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{host}:{port}" if port else f"{parts.scheme}://{host}"


class Deployment(models.Model):
    """One installation of the tool in a platform. Ids of people and courses mean something only within it."""

    registration = models.ForeignKey(Registration, on_delete=models.CASCADE, related_name="deployments")
    deployment_id = models.CharField(_("deployment id"), max_length=255)
    key = models.CharField(max_length=64, editable=False)
    is_approved = models.BooleanField(
        _("approved"),
        default=False,
        help_text=_("Launches of a deployment wait until an administrator approves it."),
    )
    created_at = models.DateTimeField(_("first seen"), default=clock.now, editable=False)

    class Meta:
        verbose_name = _("deployment")
        verbose_name_plural = _("deployments")
        constraints = [models.UniqueConstraint(fields=["registration", "key"], name="companion_lti_deployment_once")]

    def __str__(self) -> str:
        return self.deployment_id

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.key = external_key(self.deployment_id)
        super().save(*args, **kwargs)

    @property
    def identity(self) -> str:
        """The issuer of people and courses: two deployments with the same `sub` or context id never meet."""
        parts = (self.registration.issuer, self.registration.client_id, self.deployment_id)
        return " ".join(quote(part, safe=":/") for part in parts)


class ResourceLink(models.Model):
    """A link that somebody placed in a platform, and the activity it opens."""

    deployment = models.ForeignKey(Deployment, on_delete=models.CASCADE, related_name="links")
    space = models.ForeignKey("companion.Space", on_delete=models.CASCADE, related_name="+")
    link_id = models.CharField(max_length=255)
    key = models.CharField(max_length=64, editable=False)
    activity = models.ForeignKey("companion.Activity", on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints = [
            # Open edX uses one link id in every run of a course, so the space is part of what names a link.
            models.UniqueConstraint(fields=["deployment", "space", "key"], name="companion_lti_link_once")
        ]

    def __str__(self) -> str:
        return self.link_id


class Roster(models.Model):
    """Where a space's members are listed, when we last asked, and what came of it."""

    space = models.OneToOneField("companion.Space", on_delete=models.CASCADE, related_name="+")
    deployment = models.ForeignKey(Deployment, on_delete=models.CASCADE, related_name="+")
    url = models.CharField(max_length=2000)
    requested_at = models.DateTimeField(null=True)
    synced_at = models.DateTimeField(null=True)
    member_count = models.PositiveIntegerField(null=True)
    error = models.CharField(max_length=500, blank=True)

    def __str__(self) -> str:
        return f"{self.space_id}"


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
