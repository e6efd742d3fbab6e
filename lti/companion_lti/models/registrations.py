"""What a platform and we know of each other: keys, registrations, deployments, and how they come about."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from companion import clock
from companion.spaces.keys import external_key
from companion_lti.models.addresses import origin_of, validate_web_address


class ToolKey(models.Model):
    """A key pair of ours (tool_keys.py). Published at /lti/jwks until `retired_at`; of those whose `signs_from` has
    come, the newest signs.
    """

    kid = models.CharField(max_length=64, unique=True)
    # Sealed (sealing.py); "" once nobody is shown the public half any more.
    private_pem = models.TextField(editable=False)
    public_jwk = models.JSONField(editable=False)
    created_at = models.DateTimeField(_("created"), default=clock.now, editable=False)
    signs_from = models.DateTimeField(_("signs from"), default=clock.now, editable=False)
    # When the schedule made the next one.
    rotated_at = models.DateTimeField(null=True, editable=False)
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
    family = models.CharField(
        _("platform family"),
        max_length=100,
        null=True,
        editable=False,
        help_text=_("What the platform calls itself at launches: by it we know the addresses of its pages."),
    )
    is_active = models.BooleanField(_("active"), default=True)
    is_approved = models.BooleanField(
        _("approved"),
        default=True,
        help_text=_("Launches of a platform that registered itself wait until an administrator approves it."),
    )
    # A platform that registered itself without naming a deployment: the first one that launches comes in.
    admits_first_deployment = models.BooleanField(default=False, editable=False)
    platform_keys = models.JSONField(null=True, editable=False)
    platform_keys_at = models.DateTimeField(_("keys fetched"), null=True, editable=False)
    created_at = models.DateTimeField(_("created"), default=clock.now, editable=False)
    # For the health page (health.py); written now and then, not at each launch.
    launched_at = models.DateTimeField(_("last launch"), null=True, editable=False)
    refused_at = models.DateTimeField(null=True, editable=False)
    refused_why = models.CharField(max_length=200, blank=True, editable=False)

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
    # Where we have asked to be told of copied courses, as launches named it.
    notices_url = models.CharField(max_length=2000, null=True, editable=False)

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


class Probe(models.Model):
    """A test of one thing that a platform must answer, asked for on its health page. The newest of each kind."""

    class Kind(models.TextChoices):
        KEYS = "keys", _("Public keys")
        TOKEN = "token", _("Access token")
        ROSTER = "roster", _("Roster")

    registration = models.ForeignKey(Registration, on_delete=models.CASCADE, related_name="probes")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    asked_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)
    worked = models.BooleanField(default=False)
    said = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["registration", "kind"], name="companion_lti_probe_once"),
            models.CheckConstraint(
                condition=models.Q(kind__in=["keys", "token", "roster"]), name="companion_lti_probe_kind"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.registration_id}: {self.kind}"


class Invite(models.Model):
    """A link by which one platform may register itself, once (registering.py). What is in the link is not stored."""

    class State(models.TextChoices):
        OPEN = "open", _("not used yet")
        ASKED = "asked", _("the platform is being asked")
        DONE = "done", _("used")

    organization = models.ForeignKey(
        "companion.Organization", verbose_name=_("organization"), on_delete=models.CASCADE, related_name="+"
    )
    name = models.CharField(_("name"), max_length=200, blank=True, help_text=_("What you call the platform."))
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.OPEN, editable=False)
    created_at = models.DateTimeField(_("created"), default=clock.now, editable=False)
    expires_at = models.DateTimeField(_("works until"), editable=False)
    asked_at = models.DateTimeField(null=True, editable=False)
    # Both sealed, for both may hold a secret of the platform's; gone once the link was used.
    configuration_url = models.TextField(blank=True, editable=False)
    registration_token = models.TextField(blank=True, editable=False)
    error = models.CharField(_("last error"), max_length=500, blank=True, editable=False)
    registration = models.ForeignKey(
        Registration, verbose_name=_("registration"), on_delete=models.SET_NULL, null=True, editable=False
    )

    class Meta:
        verbose_name = _("registration link")
        verbose_name_plural = _("registration links")

    def __str__(self) -> str:
        return self.name or str(self.organization)
