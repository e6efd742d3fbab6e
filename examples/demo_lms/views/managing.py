"""What the administrator of the site does: let tools in, and send them away."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from examples.demo_lms import access, registering
from examples.demo_lms.addresses import origin_of, with_query
from examples.demo_lms.config import CONFIG
from examples.demo_lms.course import Person
from examples.demo_lms.middleware import HEADER, policy
from examples.demo_lms.models import Link, Tool
from examples.demo_lms.people import person_required
from examples.demo_lms.scopes import IN_WORDS
from examples.demo_lms.tools import owned_by

DONE = {
    "active": "The tool is active: it can be placed and launched.",
    "waiting": "The tool is not active any more: nobody can launch it.",
    "removed": "The tool was removed, with its activities.",
}


@require_GET
@person_required
def tools(request: HttpRequest, person: Person) -> HttpResponse:
    access.check_admin(person)
    return _list_of_tools(request, {"done": DONE.get(request.GET.get("done", ""), "")})


@require_http_methods(["GET", "POST"])
@never_cache
@person_required
def add_tool(request: HttpRequest, person: Person) -> HttpResponse:
    """The tool's registration page in a frame, with a token that lets it register once.

    Only a form of ours makes a token: who follows a link to here starts at the list.
    """
    access.check_admin(person)
    if request.method == "GET":
        return redirect("tools")
    url = request.POST.get("url", "").strip()
    origin = origin_of(url)
    if not origin:
        problem = "Paste the whole address, from http:// or https:// on and without a #."
        return _list_of_tools(request, {"url": url, "problem": problem}, status=422)
    fields = {
        "openid_configuration": CONFIG.url + reverse("openid-configuration"),
        "registration_token": registering.make_offer(),
    }
    context = {"address": with_query(url, fields), "tool_origin": origin}
    response = render(request, "demo_lms/add_tool.html", context)
    response[HEADER] = policy(origin)
    return response


@require_POST
@person_required
def activate_tool(request: HttpRequest, person: Person, tool_id: int) -> HttpResponse:
    """Let a tool in, or (without `active`) shut it out."""
    tool = access.get_tool_to_manage(person, tool_id)
    tool.is_active = "active" in request.POST
    tool.save(update_fields=["is_active"])
    return redirect(f"{reverse('tools')}?done={'active' if tool.is_active else 'waiting'}")


@require_POST
@person_required
def remove_tool(request: HttpRequest, person: Person, tool_id: int) -> HttpResponse:
    """The tool that the environment names stays: the next start would bring it back."""
    tool = access.get_tool_to_manage(person, tool_id)
    if tool.is_built_in:
        problem = f"{tool.name} belongs to this LMS and cannot be removed. Deactivate it instead."
        return _list_of_tools(request, {"refusal": problem}, status=409)
    tool.delete()
    return redirect(f"{reverse('tools')}?done=removed")


def _list_of_tools(request: HttpRequest, more: dict[str, str], status: int = 200) -> HttpResponse:
    listed = [
        {
            "tool": tool,
            "abilities": [IN_WORDS[name] for name in (*tool.messages, *tool.scopes) if name in IN_WORDS],
            "placed": Link.objects.filter(owned_by(tool)).count(),
        }
        for tool in Tool.objects.all()
    ]
    return render(request, "demo_lms/tools.html", {"listed": listed, **more}, status=status)
