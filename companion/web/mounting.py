"""Where a host hands a request over: the same URLs, views and answers under every mount."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import Resolver404, get_resolver, reverse
from django.utils.translation import gettext

from companion.errors import CompanionError, Conflict, InvalidInput, NotAllowed, NotFound, TooMany
from companion.keyset import InvalidCursor
from companion.questions import api as questions
from companion.viewer import Mount, Viewer
from companion.web.page import is_block, render_message

URLCONF = "companion.web.urls"


class CompanionRequest(HttpRequest):
    """A request whose host has said who is looking and where."""

    viewer: Viewer
    mount: Mount


def path_for(name: str, *args: object) -> str:
    """The path of a page below its mount, without a slash in front: `path_for("thread-detail", 7)`."""
    return reverse(name, urlconf=URLCONF, args=args).split("/", 1)[1]


def serve(request: HttpRequest, path: str, *, viewer: Viewer, mount: Mount) -> HttpResponse:
    """Answer one request for the UI. `path` is what comes after the mount, without a slash in front."""

    def resolved(request: CompanionRequest) -> HttpResponse:
        view, args, kwargs = get_resolver(URLCONF).resolve("/" + path)
        try:
            response: HttpResponse = view(request, *args, **kwargs)
        except NotFound:
            # An expert is called to questions of other courses, and to private ones: asked only where their own gate
            # refused, so that nobody else's page pays for it.
            lent = questions.lend(viewer=viewer, thread_id=kwargs["thread_id"]) if "thread_id" in kwargs else None
            if lent is None:
                raise
            request.viewer = lent
            response = view(request, *args, **kwargs)
        return response

    return answer(request, resolved, viewer=viewer, mount=mount)


def answer(
    request: HttpRequest, view: Callable[[CompanionRequest], HttpResponse], *, viewer: Viewer, mount: Mount
) -> HttpResponse:
    """What a view says to this viewer; refusals become pages in plain words."""
    request.viewer, request.mount = viewer, mount  # type: ignore[attr-defined]
    try:
        response = view(cast(CompanionRequest, request))
    except (Resolver404, Http404, NotFound):
        text = gettext("It may have been deleted or hidden, or it belongs to another course.")
        response = render_message(request, gettext("There is nothing here"), text, status=404)
    except NotAllowed as error:
        response = render_message(request, gettext("This is not possible here"), str(error), status=403)
    except TooMany as error:
        response = render_message(request, gettext("That was a lot at once"), str(error), status=429)
    except (InvalidCursor, InvalidInput):
        text = gettext("The link is not complete. Go back to the list and try again.")
        response = render_message(request, gettext("This link does not work"), text, status=400)
    except (Conflict, CompanionError) as error:
        response = render_message(request, gettext("This has changed meanwhile"), str(error), status=409)
    response.headers.setdefault("Cache-Control", "private, no-cache")
    if is_block(request):
        # A view inside the host's page is none of its history: htmx 2.0.10 takes hx-push-url="false" for "not said".
        response.headers["HX-Push-Url"] = "false"
    return response
