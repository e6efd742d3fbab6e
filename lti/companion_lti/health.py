"""How a platform is doing: when it last launched, what went wrong last, and tests that an administrator asks for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from time import monotonic
from typing import Final

from django.db import transaction
from django.db.models import Count, Max
from django.utils.translation import gettext, gettext_lazy, ngettext

from companion import clock
from companion.tasks import task
from companion_lti import platform_keys
from companion_lti.claims import AGS_SCOPE
from companion_lti.connector import Connector
from companion_lti.errors import Refused
from companion_lti.models import GradeColumn, Probe, Registration, Roster, Score
from companion_lti.outgoing import CallFailed
from companion_lti.roster import ACCEPT
from companion_lti.roster import SCOPE as ROSTER_SCOPE

# So often at most, each process notes that a platform launched, or what it was refused for: a flood writes little.
EVERY: Final = 30.0
_noted: dict[tuple[int, str], float] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """What the health page shows of a registration. Errors are for people, in English where a task wrote them."""

    launched_at: datetime | None
    refused_at: datetime | None
    refused_why: str
    keys_at: datetime | None
    roster_at: datetime | None
    roster_error: str
    grade_at: datetime | None
    grade_error: str
    scores: dict[str, int]
    reasons: list[tuple[str, int]]
    probes: dict[str, Probe | None]

    @property
    def is_testing(self) -> bool:
        return any(probe is not None and probe.done_at is None for probe in self.probes.values())


def note_launch(registration_id: int) -> None:
    if _is_time(registration_id, "launch"):
        Registration.objects.filter(pk=registration_id).update(launched_at=clock.now())


def note_refusal(registration_id: int, error: Refused) -> None:
    """The detail names a claim or a check, never a value that the platform sent (errors.py)."""
    if _is_time(registration_id, "refusal"):
        Registration.objects.filter(pk=registration_id).update(refused_at=clock.now(), refused_why=str(error)[:200])


def health_of(registration: Registration) -> Health:
    """Seven queries, whatever there is."""
    rosters = Roster.objects.filter(deployment__registration=registration)
    columns = GradeColumn.objects.filter(link__deployment__registration=registration)
    scores = Score.objects.filter(column__link__deployment__registration=registration)
    failed = rosters.exclude(error="").order_by("-requested_at").first()
    wrong = columns.exclude(error="", results_error="").order_by("-pk").first()
    known = {probe.kind: probe for probe in registration.probes.all()}
    stopped = scores.exclude(reason="").values_list("reason").annotate(count=Count("pk")).order_by("-count", "reason")
    return Health(
        launched_at=registration.launched_at,
        refused_at=registration.refused_at,
        refused_why=_in_words(registration.refused_why),
        keys_at=registration.platform_keys_at,
        roster_at=rosters.aggregate(last=Max("synced_at"))["last"],
        roster_error=failed.error if failed else "",
        grade_at=columns.aggregate(last=Max("sent_at"))["last"],
        grade_error=(wrong.error or wrong.results_error) if wrong else "",
        scores=dict(scores.values_list("state").annotate(count=Count("pk")).order_by()),
        reasons=list(stopped[:10]),
        probes={kind: known.get(kind) for kind in Probe.Kind.values},
    )


def _in_words(why: str) -> str:
    """A refusal for an administrator: what it means, and the check that said so."""
    if not why:
        return ""
    meaning = next((text for start, text in _MEANINGS.items() if why.startswith(start)), None)
    unknown = gettext("The message was not what LTI 1.3 says.")
    return f"{meaning or unknown} ({why})"


_MEANINGS: Final = {
    "signature": gettext_lazy("The message was not signed with a key of this platform."),
    "platform key": gettext_lazy("The platform's key cannot be used: it must be RS256 with 2,048 bits or more."),
    "no platform key": gettext_lazy("The message was signed with a key that the platform does not publish."),
    "token out of time": gettext_lazy("The times in the message are wrong: compare the clocks."),
    "keys of registration": gettext_lazy("The platform's keys could not be read."),
    "deployment waits": gettext_lazy("A deployment waits for you to approve it."),
    "too many deployments": gettext_lazy("Fifty deployments wait for you to approve them."),
    "registration waits": gettext_lazy("This registration waits for you to approve it."),
    "login used before": gettext_lazy("Somebody sent a launch twice, or reloaded it."),
    "nonce": gettext_lazy("A message did not belong to the login that it came with."),
    "target_link_uri": gettext_lazy("The address of the tool in the platform is not the launch address."),
    "token: InvalidAudience": gettext_lazy("The message was for another client id."),
    "token: InvalidIssuer": gettext_lazy("The message was from another issuer."),
    "azp": gettext_lazy("The message was for another client id."),
    "sub": gettext_lazy("The platform did not say who the person is."),
}


@transaction.atomic
def ask(registration: Registration, kind: str) -> None:
    """Have a test run. ValueError for a kind that there is not."""
    if kind not in Probe.Kind.values:
        raise ValueError(kind)
    facts = {"asked_at": clock.now(), "done_at": None, "worked": False, "said": ""}
    probe, _new = Probe.objects.update_or_create(registration=registration, kind=kind, defaults=facts)
    run_probe.enqueue(probe.pk)


@task()
def run_probe(probe_id: int) -> str:
    probe = Probe.objects.select_related("registration").filter(pk=probe_id).first()
    if probe is None:
        return "gone"
    try:
        probe.said, probe.worked = _TESTS[probe.kind](probe.registration), True
    except CallFailed as error:
        probe.said, probe.worked = gettext("Problem with the platform: %(what)s") % {"what": error}, False
    probe.said, probe.done_at = probe.said[:500], clock.now()
    probe.save(update_fields=["said", "worked", "done_at"])
    return probe.said


def _test_keys(registration: Registration) -> str:
    error = platform_keys.refresh(registration, at_once=True)
    if error is not None:
        raise error
    count = len((registration.platform_keys or {}).get("keys", ()))
    if not count:
        raise CallFailed("has no key that we can use: RS256, 2,048 bits or more")
    return ngettext("It has %(count)d key.", "It has %(count)d keys.", count) % {"count": count}


def _test_token(registration: Registration) -> str:
    Connector(registration).try_token([ROSTER_SCOPE])
    scopes = [AGS_SCOPE + "score"]
    try:
        Connector(registration).try_token(scopes)
    except CallFailed:
        return gettext("It gives us tokens for rosters, but none for grades.")
    return gettext("It gives us tokens for rosters and for grades.")


def _test_roster(registration: Registration) -> str:
    rosters = Roster.objects.filter(deployment__registration=registration).select_related("deployment__registration")
    roster = rosters.order_by("-requested_at").first()
    if roster is None:
        raise CallFailed("has not told us of any roster: open an activity in a course first")
    body = Connector.for_deployment(roster.deployment).send("GET", [ROSTER_SCOPE], roster.url, accept=ACCEPT)["body"]
    members = body.get("members") if isinstance(body, dict) else None
    if not isinstance(members, list):
        raise CallFailed("did not answer with members")
    count = len(members)
    text = ngettext("Its first page names %(count)d member.", "Its first page names %(count)d members.", count)
    return text % {"count": count}


_TESTS: Final[dict[str, Callable[[Registration], str]]] = {
    Probe.Kind.KEYS: _test_keys,
    Probe.Kind.TOKEN: _test_token,
    Probe.Kind.ROSTER: _test_roster,
}


def _is_time(registration_id: int, what: str) -> bool:
    now = monotonic()
    if _noted.get((registration_id, what), 0) > now:
        return False
    if len(_noted) > 10_000:
        _noted.clear()
    _noted[registration_id, what] = now + EVERY
    return True
