"""The session of a launch. A cookie reads, a page token writes.

- The handle is in every URL; it names the session and opens nothing.
- The cookie lives under the session's own path, so that frames that open at once, or a teacher and a learner in one
  browser, do not disturb each other. It is enough to read.
- The page token is in the page (a hidden field, an htmx header). It is enough for everything: it proves that the
  request comes from a page of this session, so it is the CSRF guard where there is a cookie and the whole key where
  there is none.
- The code in the address after a launch opens the session once, so that a browser without cookies gets its token.
"""

from __future__ import annotations

import re
import secrets
from datetime import timedelta

from django.db.models.signals import post_save
from django.http import HttpRequest
from django.urls import reverse
from django.utils.crypto import constant_time_compare, salted_hmac

from companion import clock, conf
from companion_lti.models import Deployment, LtiSession, Registration

TOKEN_HEADER = "X-Companion-Token"  # noqa: S105
TOKEN_FIELD = "companion_token"  # noqa: S105
_PICTURE = re.compile(r"pictures/[0-9a-f]{32}/")


def new_names() -> dict[str, str]:
    """A fresh handle and salt."""
    return {"handle": secrets.token_hex(12), "salt": secrets.token_hex(16)}


def expiry() -> timedelta:
    return timedelta(hours=conf.get("COMPANION_SESSION_HOURS"))


def find(handle: str) -> LtiSession | None:
    """The session of this handle, unless it is over. One query, and nothing is joined."""
    session = LtiSession.objects.filter(handle=handle).first()
    return None if session is None or session.is_over(clock.now()) else session


def path_of(session: LtiSession) -> str:
    return reverse("companion_lti:session-home", args=[session.handle])


def cookie_name(session: LtiSession) -> str:
    return f"companion_{session.handle[:12]}"


def cookie_value(session: LtiSession) -> str:
    return _derive("cookie", session)


def page_token(session: LtiSession) -> str:
    return _derive("page", session)


def opening_code(session: LtiSession) -> str:
    return _derive("code", session)


def has_cookie(request: HttpRequest, session: LtiSession) -> bool:
    return _same(request.COOKIES.get(cookie_name(session), ""), cookie_value(session))


def has_page_token(request: HttpRequest, session: LtiSession) -> bool:
    given = request.headers.get(TOKEN_HEADER, "")
    if not given and request.method == "POST":
        given = request.POST.get(TOKEN_FIELD, "")
    return _same(given, page_token(session))


def is_allowed(request: HttpRequest, session: LtiSession) -> bool:
    """Whether a request may act in this session: by page token, or by cookie where it only reads."""
    if has_page_token(request, session):
        return True
    return request.method in ("GET", "HEAD") and has_cookie(request, session)


def acting(request: HttpRequest, handle: str) -> LtiSession | None:
    """The session, where this request may act in it: by cookie, page token, or once by the code of its launch."""
    session = find(handle)
    if session is None:
        return None
    code = request.GET.get("code", "")
    opened = bool(code) and request.method == "GET" and open_once(code, session)
    return session if opened or is_allowed(request, session) else None


def is_picture(request: HttpRequest, path: str) -> bool:
    """Whether a request is for a picture in a post, which the handle alone lets through.

    An `<img>` sends no header, and without cookies it would be refused. This is safe because the handle only names a
    session, whose rights the gate of pictures then asks for, and because a picture's name is 128 random bits that
    nothing but a page of somebody who may see it shows: who knows both has been shown the picture.
    """
    return request.method in ("GET", "HEAD") and _PICTURE.fullmatch(path) is not None


def open_once(code: str, session: LtiSession) -> bool:
    """Whether this code opens the session now. It does so once, for a minute after the launch."""
    if not _same(code, opening_code(session)):
        return False
    fresh = session.expires_at > clock.now() + expiry() - timedelta(minutes=1)
    taken = LtiSession.objects.filter(pk=session.pk, opened_at=None).update(opened_at=clock.now()) if fresh else 0
    return bool(taken)


def end_sessions_of_departed(space_id: int, still_here: set[int]) -> None:
    """Close the sessions of whoever has left a space."""
    of_space = LtiSession.objects.filter(space_id=space_id)
    # Not `exclude(person_id__in=still_here)`: a roster can be longer than a statement's parameters.
    departed = set(of_space.values_list("person_id", flat=True)) - still_here
    for person_id in departed:
        of_space.filter(person_id=person_id).delete()


def end_sessions_of_closed(instance: Deployment | Registration, **_signal: object) -> None:
    """Close the sessions of a platform or a deployment that is shut out."""
    if isinstance(instance, Registration):
        if not (instance.is_active and instance.is_approved):
            LtiSession.objects.filter(deployment__registration=instance).delete()
    elif not instance.is_approved:
        LtiSession.objects.filter(deployment=instance).delete()


for _model in (Registration, Deployment):
    post_save.connect(end_sessions_of_closed, sender=_model)


def prune() -> None:
    LtiSession.objects.filter(expires_at__lt=clock.now()).delete()


def _derive(purpose: str, session: LtiSession) -> str:
    return salted_hmac(f"companion_lti.{purpose}", session.handle + session.salt, algorithm="sha256").hexdigest()


def _same(given: str, wanted: str) -> bool:
    return bool(given) and constant_time_compare(given, wanted)
