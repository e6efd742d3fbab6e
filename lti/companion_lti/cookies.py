"""Cookies that work in a frame of another site."""

from http.cookies import Morsel

from django.http import HttpResponse

# `Partitioned` (CHIPS) is what lets a cookie live in a cross-site frame with third-party cookies blocked. Python
# knows the attribute from 3.14 on, Django 5.2 has no argument for it; the field notes have this way tried.
Morsel._reserved.setdefault("partitioned", "Partitioned")  # type: ignore[attr-defined]
Morsel._flags.add("partitioned")  # type: ignore[attr-defined]


def set_frame_cookie(response: HttpResponse, name: str, value: str, *, path: str, max_age: int) -> None:
    """A cookie for this path only, so that a hundred launches do not fill the header of every request."""
    response.set_cookie(name, value, max_age=max_age, path=path, secure=True, httponly=True, samesite="None")
    response.cookies[name]["partitioned"] = True


def drop_frame_cookie(response: HttpResponse, name: str, *, path: str) -> None:
    set_frame_cookie(response, name, "", path=path, max_age=0)
