"""The admin site of the core: organizations, spaces and their activities.

Threads, posts, read states and pseudonyms are left out on purpose: they are read and moderated inside the course,
through the gates, where an anonymous author stays anonymous.
"""

from django.contrib import admin

from companion.models import Activity, Membership, Organization, Person, Space


@admin.register(Organization)
class OrganizationAdmin(admin.ModelAdmin[Organization]):
    list_display = ("name", "slug", "created_at")
    search_fields = ("name",)
    prepopulated_fields = {"slug": ("name",)}


@admin.register(Person)
class PersonAdmin(admin.ModelAdmin[Person]):
    list_display = ("__str__", "organization", "issuer", "subject", "created_at")
    list_filter = ("organization",)
    search_fields = ("name", "email", "subject")
    readonly_fields = ("organization", "issuer", "subject", "created_at")


@admin.register(Space)
class SpaceAdmin(admin.ModelAdmin[Space]):
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
class ActivityAdmin(admin.ModelAdmin[Activity]):
    list_display = ("title", "kind", "space", "opens_at", "closes_at")
    list_filter = ("kind",)
    search_fields = ("title",)
    readonly_fields = ("space", "kind", "settings", "created_at")
