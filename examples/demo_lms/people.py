"""Who is signed in. There are no passwords: one click makes you somebody else."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from examples.demo_lms import clock
from examples.demo_lms.course import PEOPLE, Person, find_person

SESSION_KEY = "person"

View = Callable[..., HttpResponse]


def current_person(request: HttpRequest) -> Person | None:
    return find_person(request.session.get(SESSION_KEY, ""))


def sign_in(request: HttpRequest, person: Person) -> None:
    request.session.flush()
    request.session[SESSION_KEY] = person.key


def person_required(view: Callable[..., HttpResponse]) -> View:
    """Pass the signed-in person as the second argument, or ask for one first."""

    @wraps(view)
    def wrapper(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        person = current_person(request)
        if person is None:
            query = urlencode({"next": request.get_full_path()})
            return HttpResponseRedirect(f"{reverse('sign-in')}?{query}")
        return view(request, person, *args, **kwargs)

    return wrapper


def demo_bar(request: HttpRequest) -> dict[str, Any]:
    """Template context: who you are, whom you may become, and when you are."""
    return {
        "person": current_person(request),
        "people": PEOPLE,
        "demo_time": clock.now(),
        "is_ahead": bool(clock.ahead()),
        "time_steps": list(clock.STEPS),
    }
