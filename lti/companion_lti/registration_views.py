"""Registering a platform: the pages behind an administrator's link, and the one with every address to copy."""

from __future__ import annotations

from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from companion.web.page import redirect, render, render_message
from companion_lti import invites, registering
from companion_lti.models import Invite, origin_of
from companion_lti.openid import is_safe
from companion_lti.refusals import open_to_all
from companion_lti.setup import addresses
from companion_lti.tool import address_of

# As long as a token of any platform may be; ours is kept sealed until the platform has been asked.
LONGEST_TOKEN = 8_000


# The secret is in the address: no other site can make a browser press this button.
@csrf_exempt
@require_http_methods(["GET", "POST"])
def register(request: HttpRequest, token: str) -> HttpResponse:
    """What a platform opens in a frame or a window: what will be asked for, then what came of it."""
    invite = invites.find(token)
    if invite is None:
        return _refuse(403, gettext("It was used, or it has expired. Ask whoever made it for a new one."))
    if request.method == "POST":
        return _ask(request, invite, token)
    url = request.GET.get("openid_configuration", "")
    if url and invite.state == Invite.State.DONE:
        return _refuse(403, gettext("It was used, or it has expired. Ask whoever made it for a new one."))
    if url and not is_safe(url):
        return _refuse(400, gettext("Your platform named an address that we do not go to: it must be https."))
    context = {
        "invite": invite,
        "state": invite.state,
        "link": address_of("register", token),
        "action": address_of("register", token),
        "state_url": address_of("register-state", token),
        "configuration_url": url,
        "platform": origin_of(url or _asked(invite)).partition("://")[2],
        "registration_token": request.GET.get("registration_token", "")[:LONGEST_TOKEN],
        "addresses": addresses(),
    }
    return _page(render(request, "companion_lti/register.html", context))


@require_safe
def register_state(request: HttpRequest, token: str) -> HttpResponse:
    """How far it is, for the page that waits: `open`, `asked` or `done`."""
    invite = invites.find(token)
    response = JsonResponse({"state": invite.state if invite else "open"}, status=200 if invite else 403)
    response.headers["Cache-Control"] = "no-store"
    return response


@require_safe
def setup(request: HttpRequest) -> HttpResponse:
    """Every address that a platform may ask for, to copy."""
    return _page(render(request, "companion_lti/setup.html", {"addresses": addresses()}))


def _ask(request: HttpRequest, invite: Invite, token: str) -> HttpResponse:
    url = request.POST.get("openid_configuration", "") or invites.configuration_of(invite)
    if not is_safe(url):
        return _refuse(400, gettext("Your platform named an address that we do not go to: it must be https."))
    with transaction.atomic():
        asked = invites.ask(
            invite,
            configuration_url=url,
            registration_token=request.POST.get("registration_token", "")[:LONGEST_TOKEN],
        )
        if asked:
            registering.register.enqueue(invite.pk)
    return redirect(address_of("register", token))


def _asked(invite: Invite) -> str:
    return invite.registration.issuer if invite.registration else invites.configuration_of(invite)


def _refuse(status: int, text: str) -> HttpResponse:
    title = gettext("This link does not work")
    return _page(render_message(HttpRequest(), title, text, status=status))


def _page(response: HttpResponse) -> HttpResponse:
    # Nothing of what it was opened with goes on to other sites.
    response.headers["Referrer-Policy"] = "no-referrer"
    # Django would write the address, with its secret, into the log of what was refused.
    response._has_been_logged = True  # type: ignore[attr-defined]
    return open_to_all(response)
