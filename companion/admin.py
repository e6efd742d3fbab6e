"""The admin site of the core: organizations, spaces and their activities.

Threads, posts, read states and pseudonyms are left out on purpose: they are read and moderated inside the course,
through the gates, where an anonymous author stays anonymous.
"""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from companion.models import Activity, AuditEntry, Expert, Membership, Organization, Person, Space, Topic


class Discreet(admin.ModelAdmin[Any]):
    """Asks before deleting without listing what goes along: a person's list would tell of their anonymous posts."""

    def get_deleted_objects(
        self, objs: Any, request: HttpRequest
    ) -> tuple[list[str], dict[str, int], set[str], list[str]]:
        _listed, _counts, forbidden, protected = super().get_deleted_objects(objs, request)
        return [str(one) for one in objs], {}, forbidden, protected


@admin.register(Organization)
class OrganizationAdmin(Discreet):
    list_display = ("name", "slug", "created_at")
    search_fields = ("name",)
    prepopulated_fields = {"slug": ("name",)}


@admin.register(Person)
class PersonAdmin(Discreet):
    list_display = ("__str__", "organization", "issuer", "subject", "created_at")
    list_filter = ("organization",)
    search_fields = ("name", "email", "subject")
    readonly_fields = ("organization", "issuer", "subject", "created_at")


@admin.register(Space)
class SpaceAdmin(Discreet):
    list_display = ("__str__", "organization", "label", "created_at")
    list_filter = ("organization",)
    search_fields = ("title", "label")
    readonly_fields = ("organization", "issuer", "external_id", "created_at")


@admin.register(Membership)
class MembershipAdmin(admin.ModelAdmin[Membership]):
    list_display = ("person", "space", "role", "launched_at", "left_at")
    list_filter = ("role",)
    list_select_related = ("person", "space")
    readonly_fields = ("person", "space", "launched_at")


@admin.register(Activity)
class ActivityAdmin(Discreet):
    list_display = ("title", "kind", "space", "opens_at", "closes_at")
    list_filter = ("kind",)
    search_fields = ("title",)
    # As a choice, the author would be one of a list of everybody.
    readonly_fields = ("space", "kind", "settings", "author", "created_at")


@admin.register(Topic)
class TopicAdmin(admin.ModelAdmin[Topic]):
    list_display = ("name", "organization")
    list_filter = ("organization",)
    search_fields = ("name",)
    # Merged on its page, where its experts and followers come along.
    readonly_fields = ("organization", "name", "merged_into")

    def has_add_permission(self, request: HttpRequest) -> bool:
        # A topic comes with the first expert that somebody names for it.
        return False


@admin.register(Expert)
class ExpertAdmin(admin.ModelAdmin[Expert]):
    list_display = ("person", "topic", "granted_at", "expires_at")
    list_select_related = ("person", "topic")
    readonly_fields = ("topic", "person", "granted_by", "granted_at")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False


@admin.register(AuditEntry)
class AuditEntryAdmin(admin.ModelAdmin[AuditEntry]):
    """The record of the course staff: read, never changed."""

    list_display = ("at", "space", "actor_name", "act", "thread_id", "post_number", "person", "reason")
    list_filter = ("act",)
    list_select_related = ("space", "person")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: AuditEntry | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: AuditEntry | None = None) -> bool:
        # It goes with its space and in no other way.
        return "/auditentry/" not in request.path
