"""How an administrator connects platforms and looks after them. Posts and their authors are not in the admin site."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from companion_lti import registry
from companion_lti.models import Deployment, Registration, Roster, ToolKey
from companion_lti.tool import address_of

ADDRESSES = (
    (_("Login (initiate login) URL"), "login"),
    (_("Launch, redirect and deep linking URL"), "launch"),
    (_("Public keyset (JWKS) URL"), "jwks"),
    (_("Configuration (JSON) URL"), "config"),
)


class DeploymentInline(admin.TabularInline[Deployment, Registration]):
    model = Deployment
    extra = 0
    fields = ("deployment_id", "is_approved", "created_at")
    readonly_fields = ("created_at",)


@admin.register(Registration)
class RegistrationAdmin(admin.ModelAdmin[Registration]):
    list_display = ("__str__", "organization", "issuer", "client_id", "is_active", "platform_keys_at")
    list_filter = ("organization", "is_active")
    search_fields = ("name", "issuer", "client_id")
    inlines = (DeploymentInline,)
    readonly_fields = ("to_paste", "platform_keys_at", "created_at")

    def save_model(self, request: HttpRequest, obj: Registration, form: Any, change: bool) -> None:
        if "jwks_url" in form.changed_data:
            obj.platform_keys, obj.platform_keys_at = None, None
        super().save_model(request, obj, form, change)

    @admin.display(description=_("To paste into the platform"))
    def to_paste(self, _registration: Registration) -> SafeString:
        rows = [(name, address_of(route)) for name, route in ADDRESSES]
        return format_html("<dl>{}</dl>", format_html_join("", "<dt>{}</dt><dd><code>{}</code></dd>", rows))


@admin.register(Deployment)
class DeploymentAdmin(admin.ModelAdmin[Deployment]):
    list_display = ("deployment_id", "registration", "is_approved", "created_at")
    list_filter = ("is_approved", "registration")
    search_fields = ("deployment_id",)
    actions = ("approve",)

    @admin.action(description=_("Approve the selected deployments"))
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
    list_display = ("kid", "created_at", "retired_at")
    fields = ("kid", "created_at", "retired_at")


@admin.register(Roster)
class RosterAdmin(ReadOnlyAdmin):
    list_display = ("space", "requested_at", "synced_at", "member_count", "error")
    list_select_related = ("space",)
