"""Which tools there are, and what belongs to which."""

from __future__ import annotations

from django.db.models import Q

from examples.demo_lms.config import CONFIG
from examples.demo_lms.models import Tool
from examples.demo_lms.scopes import MESSAGES, PERSON_CLAIMS, SCOPES

BUILT_IN_CUSTOM = {
    "context_id_history": "$Context.id.history",
    "resource_link_id_history": "$ResourceLink.id.history",
    "resource_link_title": "$ResourceLink.title",
    "user_image": "$User.image",
    "context_memberships_url": "$ToolProxyBinding.memberships.url",
}
"""Custom parameters of the tool as a whole: every launch carries them, link or not."""


def ensure_built_in() -> Tool:
    """The tool that the environment names, with its addresses of today; what an administrator switched off stays so."""
    addresses = {
        "login_url": CONFIG.tool_login_url,
        "launch_url": CONFIG.tool_launch_url,
        "redirect_uris": [CONFIG.tool_launch_url],
        "jwks_url": CONFIG.tool_jwks_url,
        "deployment_id": CONFIG.deployment_id,
        "scopes": SCOPES,
        "claims": PERSON_CLAIMS,
        "custom": BUILT_IN_CUSTOM,
        "messages": dict.fromkeys(MESSAGES, ""),
    }
    tool, _created = Tool.objects.update_or_create(
        client_id=CONFIG.client_id,
        defaults=addresses,
        create_defaults=addresses | {"name": "Course Companion", "is_active": True},
    )
    return tool


def find_active(client_id: object) -> Tool | None:
    """The tool of that client id, if an administrator lets it in."""
    return Tool.objects.filter(client_id=client_id, is_active=True).first() if isinstance(client_id, str) else None


def owned_by(tool: Tool) -> Q:
    """A filter for what has a tool: rows without one are the built-in tool's."""
    return Q(tool=tool) | Q(tool=None) if tool.is_built_in else Q(tool=tool)
