"""Pages in words for what is not let in: what happened and what to do.

They hold nothing of a session, so whoever framed the address that is refused may show them.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import wraps
from typing import Any, Final

from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.http import HttpRequest, HttpResponse
from django.utils.formats import number_format
from django.utils.translation import gettext

from companion.threads.api import BODY_LIMIT
from companion.web.middleware import allow_framing
from companion.web.page import render, render_message
from companion_lti.errors import Refused

logger = logging.getLogger(__name__)

# What a form may weigh with its files. Django counts its texts alone (DATA_UPLOAD_MAX_MEMORY_SIZE), after it has
# begun to read; this is asked before, also of people without a session.
LARGEST_REQUEST: Final = 16 * 1024 * 1024

ADVICE: Final = {
    "again": lambda: gettext("Please go back to your course and open it again from there."),
    "late": lambda: gettext(
        "This took too long, or a clock is wrong. Please go back to your course and open it again from there."
    ),
    "malformed": lambda: gettext(
        "Your course sent something that we cannot read. Please open it again; if this stays, tell your administrator."
    ),
    "unknown": lambda: gettext(
        "This learning platform is not connected here. If you manage it, register the tool first."
    ),
    "nobody": lambda: gettext("Your course did not say who you are. Please sign in there and open it again."),
    "pending": lambda: gettext(
        "This installation of the tool waits for an administrator to approve it. Please come back later."
    ),
    "platform_down": lambda: gettext("Your learning platform does not answer just now. Please try again in a minute."),
    "no_links": lambda: gettext("This place in the course cannot take a discussion."),
    "cookies": lambda: gettext(
        "Your browser lets this frame remember nothing, so we cannot be sure that it is you. Please open it in a new"
        " window from your course, or allow cookies for this site."
    ),
    "not_staff": lambda: gettext("Only instructors can place discussions in a course."),
    "answered": lambda: gettext("This was handed to your course already. To place another one, start again there."),
}


def refuse(request: HttpRequest, error: Refused) -> HttpResponse:
    """A platform's message that is not let in. The log gets the detail, the person what to do."""
    logger.warning("LTI message refused: %s", error)
    title = gettext("This could not be opened")
    return open_to_all(render_message(request, title, ADVICE[error.advice](), status=error.status))


def session_over(request: HttpRequest, handle: str) -> HttpResponse:
    """The same answer for a session that is over, one that never was, and one of somebody else.

    What was written comes back to be copied, where the page that it was written in is gone.
    """
    context = {
        "title": gettext("Please open this again"),
        "text": ADVICE["again"](),
        "handle": handle,
        "kept": _written(request),
    }
    return open_to_all(render(request, "companion_lti/session_over.html", context, status=401))


def says_what_is_too_large(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """For views that read forms: where one is larger than we take, Django would answer with a bare 400."""

    @wraps(view)
    def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            length = request.META.get("CONTENT_LENGTH") or ""
            if length.isdecimal() and int(length) > LARGEST_REQUEST:
                raise RequestDataTooBig
            return view(request, *args, **kwargs)
        except RequestDataTooBig:
            limit = number_format(BODY_LIMIT, use_l10n=True, force_grouping=True)
            text = gettext("A post has at most %(limit)s characters. Go back; your text is still in the form.")
            return _too_large(gettext("This is too long"), text % {"limit": limit}, status=413)
        except (TooManyFieldsSent, TooManyFilesSent):
            text = gettext("The form has more parts than we take. Go back; your text is still in the form.")
            return _too_large(gettext("This could not be read"), text, status=400)

    return checked


def _too_large(title: str, text: str, *, status: int) -> HttpResponse:
    # Not the request that came: it may carry a mount by now, whose keys are not for a page that anybody may frame.
    return open_to_all(render_message(HttpRequest(), title, text, status=status))


def _written(request: HttpRequest) -> list[tuple[str, str]]:
    """What a form without scripts carried, as (label, text): its page is gone, and with it what was typed."""
    if request.method != "POST" or request.headers.get("HX-Request") == "true":
        return []
    # Another site's form could put its words on our page.
    if request.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin":
        return []
    title, body = (request.POST.get(name, "")[:BODY_LIMIT] for name in ("title", "body"))
    if not body:
        return []
    return [(gettext("Title"), title), (gettext("Text"), body)] if title else [(gettext("Text"), body)]


def open_to_all(response: HttpResponse) -> HttpResponse:
    """A page without a session and without a form: it may be framed by the platform that we do not know."""
    allow_framing(response, ["*"])
    response.headers["Cache-Control"] = "no-store"
    return response
