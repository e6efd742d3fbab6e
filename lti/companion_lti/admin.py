"""How an administrator connects platforms and looks after them. Posts and their authors are not in the admin site."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from companion_lti import health, invites, registry
from companion_lti.models import Deployment, Invite, Probe, Registration, Roster, Score, ToolKey
from companion_lti.setup import addresses


class DeploymentInline(admin.TabularInline[Deployment, Registration]):
    model = Deployment
    extra = 0
    fields = ("deployment_id", "is_approved", "created_at")
    readonly_fields = ("created_at",)


@admin.register(Registration)
class RegistrationAdmin(admin.ModelAdmin[Registration]):
    list_display = ("__str__", "organization", "issuer", "client_id", "is_active", "is_approved", "launched_at")
    list_filter = ("organization", "is_active", "is_approved")
    search_fields = ("name", "issuer", "client_id")
    inlines = (DeploymentInline,)
    readonly_fields = ("how_it_is_doing", "to_paste", "family", "launched_at", "platform_keys_at", "created_at")
    actions = ("approve",)

    def get_urls(self) -> list[URLPattern]:
        shown = self.admin_site.admin_view(self.health)
        return [path("<int:pk>/health/", shown, name="companion_lti_registration_health"), *super().get_urls()]

    def save_model(self, request: HttpRequest, obj: Registration, form: Any, change: bool) -> None:
        if "jwks_url" in form.changed_data:
            obj.platform_keys, obj.platform_keys_at = None, None
        super().save_model(request, obj, form, change)

    @admin.action(permissions=["change"], description=_("Approve the selected registrations"))
    def approve(self, request: HttpRequest, queryset: QuerySet[Registration]) -> None:
        queryset.update(is_approved=True)
        registry.forget()

    def health(self, request: HttpRequest, pk: int) -> HttpResponse:
        """How a platform is doing, with tests to run now."""
        registration = get_object_or_404(Registration, pk=pk)
        if not self.has_view_permission(request, registration):
            raise PermissionDenied
        if request.method == "POST" and self.has_change_permission(request, registration):
            try:
                health.ask(registration, request.POST.get("test", ""))
            except ValueError:
                return HttpResponse(status=400)
            return HttpResponseRedirect(request.path)
        found = health.health_of(registration)
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("How %(platform)s is doing") % {"platform": registration},
            "registration": registration,
            "opts": self.opts,
            "health": found,
            "tests": [(kind, label, found.probes[kind]) for kind, label in Probe.Kind.choices],
            "states": [(label, found.scores.get(state, 0)) for state, label in Score.State.choices],
            "can_test": self.has_change_permission(request, registration),
        }
        return TemplateResponse(request, "admin/companion_lti/registration/health.html", context)

    @admin.display(description=_("Health"))
    def how_it_is_doing(self, registration: Registration) -> SafeString | str:
        if not registration.pk:
            return "-"
        url = reverse("admin:companion_lti_registration_health", args=[registration.pk])
        return format_html('<a href="{}">{}</a>', url, gettext("Last launch, last errors, tests"))

    @admin.display(description=_("To paste into the platform"))
    def to_paste(self, _registration: Registration) -> SafeString:
        rows = format_html_join("", "<dt>{}</dt><dd><code>{}</code></dd>", addresses())
        return format_html("<dl>{}</dl>", rows)


@admin.register(Invite)
class InviteAdmin(admin.ModelAdmin[Invite]):
    """A link is shown once, when it is made: what is stored is a digest."""

    list_display = ("__str__", "organization", "state", "expires_at", "registration", "error")
    list_filter = ("organization", "state")
    list_select_related = ("organization", "registration")
    fields = ("organization", "name")

    def has_change_permission(self, request: HttpRequest, obj: Invite | None = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Invite, form: Any, change: bool) -> None:
        made, address = invites.make(organization_id=obj.organization_id, name=obj.name)
        obj.__dict__.update(made.__dict__)
        text = _(
            "Paste this address into the platform. It works once, within seven days, and is shown only now: %(address)s"
        )
        messages.warning(request, text % {"address": address})


@admin.register(Deployment)
class DeploymentAdmin(admin.ModelAdmin[Deployment]):
    list_display = ("deployment_id", "registration", "is_approved", "created_at")
    list_filter = ("is_approved", "registration")
    search_fields = ("deployment_id",)
    actions = ("approve",)

    @admin.action(permissions=["change"], description=_("Approve the selected deployments"))
    def approve(self, request: HttpRequest, queryset: QuerySet[Deployment]) -> None:
        queryset.update(is_approved=True)
        registry.forget()


class ReadOnlyAdmin(admin.ModelAdmin[Any]):
    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(ToolKey)
class ToolKeyAdmin(ReadOnlyAdmin):
    list_display = ("kid", "created_at", "signs_from", "retired_at")
    fields = ("kid", "created_at", "signs_from", "retired_at")


@admin.register(Roster)
class RosterAdmin(ReadOnlyAdmin):
    list_display = ("space", "requested_at", "synced_at", "member_count", "error")
    list_select_related = ("space",)
