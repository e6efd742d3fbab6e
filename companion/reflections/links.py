"""Links in e-mails: signed, for one thing only, once, and for a while. They need no login and open nothing else."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from django.core import signing
from django.core.exceptions import ImproperlyConfigured
from django.urls import NoReverseMatch, reverse

from companion import clock, conf
from companion.errors import NotFound
from companion.reflections.models import Delivery
from companion.spaces.api import Activity

# An answer by e-mail is taken for so long; in the course there is no end to it.
ANSWER_DAYS: Final = 30
_ANSWER: Final = "companion.reflections.answer"
_STOP: Final = "companion.reflections.stop"

_addresses: list[Callable[[Activity], str]] = []


@dataclass(frozen=True, slots=True, kw_only=True)
class StopTarget:
    person_id: int
    series_id: int


def tell_address(function: Callable[[Activity], str]) -> None:
    """Have a host say under which address an activity of its is reached from outside; "" for one that is not its."""
    if function not in _addresses:
        _addresses.append(function)


def address_of(activity: Activity) -> str:
    """Where the activity is in its course, "" where no host knows."""
    return next((found for function in _addresses if (found := function(activity))), "")


def answer_link(delivery: Delivery) -> str:
    ends = int((clock.now() + timedelta(days=ANSWER_DAYS)).timestamp())
    token = signing.Signer(salt=_ANSWER).sign_object([delivery.pk, delivery.person_id, ends], compress=False)
    return _url("answer", token)


def stop_link(*, person_id: int, series_id: int) -> str:
    return _url("stop", signing.Signer(salt=_STOP).sign_object([person_id, series_id]))


def read_answer_token(token: str) -> Delivery:
    """The delivery that a link may answer.

    Raises NotFound for one that is forged, has expired, or whose person or prompt is gone; whether it was used already
    is `delivery.answered_at`.
    """
    pk, person_id, ends = _read(token, _ANSWER, 3)
    if ends < clock.now().timestamp():
        raise NotFound
    rows = Delivery.objects.filter(pk=pk, person_id=person_id, prompt__removed_at=None)
    delivery = rows.select_related("prompt", "series__activity", "series__space", "enrolment").first()
    if delivery is None:
        raise NotFound
    return delivery


def read_stop_token(token: str) -> StopTarget:
    """Whom a link of an e-mail takes out of which series. Raises NotFound."""
    person_id, series_id = _read(token, _STOP, 2)
    return StopTarget(person_id=person_id, series_id=series_id)


def _read(token: str, salt: str, count: int) -> list[int]:
    try:
        found = signing.Signer(salt=salt).unsign_object(token)
    except (signing.BadSignature, ValueError) as error:
        raise NotFound from error
    if not isinstance(found, list) or len(found) != count or not all(type(part) is int for part in found):
        raise NotFound
    return found


def _url(name: str, token: str) -> str:
    """Under the standalone service the pages stand by themselves, in an LMS below the plugin's."""
    for namespace in ("companion_mail", "companion_openedx:companion_mail"):
        with suppress(NoReverseMatch):
            return str(conf.get("COMPANION_URL")).rstrip("/") + reverse(f"{namespace}:{name}", args=[token])
    raise ImproperlyConfigured("The pages of companion.web.mail_urls are in no URLconf.")
