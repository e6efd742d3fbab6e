"""Cookies that work in a frame of another site."""

from datetime import timedelta
from http.cookies import Morsel
from typing import Final

from django.http import HttpRequest, HttpResponse

# Says nothing but that this browser keeps cookies of ours in frames of this site; scripts read it too.
EVIDENCE: Final = "companion_keeps"
EVIDENCE_LIFETIME: Final = timedelta(days=30)

# `Partitioned` (CHIPS) is what lets a cookie live in a cross-site frame with third-party cookies blocked. Python
# knows the attribute from 3.14 on, Django 5.2 has no argument for it; the field notes have this way tried.
Morsel._reserved.setdefault("partitioned", "Partitioned")  # type: ignore[attr-defined]
Morsel._flags.add("partitioned")  # type: ignore[attr-defined]


def set_frame_cookie(response: HttpResponse, name: str, value: str, *, path: str, max_age: int) -> None:
    """A cookie for this path only, so that a hundred launches do not fill the header of every request."""
    set_shared_cookie(response, name, value, path=path, max_age=max_age)
    response.cookies[name]["partitioned"] = True


def drop_frame_cookie(response: HttpResponse, name: str, *, path: str) -> None:
    set_frame_cookie(response, name, "", path=path, max_age=0)


def set_shared_cookie(response: HttpResponse, name: str, value: str, *, path: str, max_age: int) -> None:
    """A cookie that a window leaves for frames of ours in other sites, which bring it where third-party cookies are
    allowed; a partitioned one would stay with the window. Another window brings it everywhere.
    """
    response.set_cookie(name, value, max_age=max_age, path=path, secure=True, httponly=True, samesite="None")


def show_that_they_work(response: HttpResponse) -> None:
    """Leave a cookie whose coming back shows that cookies do."""
    seconds = int(EVIDENCE_LIFETIME.total_seconds())
    response.set_cookie(EVIDENCE, "1", max_age=seconds, path="/lti/", secure=True, samesite="None")
    response.cookies[EVIDENCE]["partitioned"] = True


def are_known_to_work(request: HttpRequest) -> bool:
    return EVIDENCE in request.COOKIES
