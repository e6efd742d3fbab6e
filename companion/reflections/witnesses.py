"""A manager or a mentor hears of a plan: because its author says so, of this plan alone, and of nothing else.

To an address of the organization's own, as far as that can be told: of a domain that somebody there has. Else the form
would be a way to write to anybody in somebody's name.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage
from django.core.validators import validate_email
from django.db import transaction
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext

from companion import limits
from companion.errors import InvalidInput, NotFound
from companion.languages import language_of
from companion.reflections.answering import get_delivery
from companion.reflections.blocked import sentence_of
from companion.reflections.delivering import is_refused_for_good
from companion.reflections.models import Commitment, Witness
from companion.spaces import api as spaces
from companion.tasks import RetryLater, task
from companion.text import clean_line
from companion.viewer import Viewer

MOST_A_DAY: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class WitnessView:
    address: str
    at: datetime
    state: str
    reason: str


def get_plan(*, viewer: Viewer, delivery_id: int) -> Commitment:
    """One's own plan at a prompt. Raises NotFound."""
    delivery = get_delivery(viewer=viewer, delivery_id=delivery_id)
    plan = Commitment.objects.filter(entry__delivery=delivery).select_related("entry").first()
    if plan is None:
        raise NotFound(gettext("There is no plan here yet."))
    return plan


def list_witnesses(*, viewer: Viewer, delivery_id: int) -> Sequence[WitnessView]:
    """Whom one has told of a plan, the first first. Raises NotFound."""
    plan = get_plan(viewer=viewer, delivery_id=delivery_id)
    return [
        WitnessView(address=row.address, at=row.consent_at, state=row.get_state_display(), reason=row.reason)
        for row in plan.witnesses.order_by("pk")
    ]


@transaction.atomic
def tell_plan(*, viewer: Viewer, delivery_id: int, address: str, consents: bool) -> None:
    """Have a letter with the plan sent to somebody. Twice to one address is once.

    Raises NotFound, InvalidInput (a sentence by field), TooMany.
    """
    plan = get_plan(viewer=viewer, delivery_id=delivery_id)
    address = clean_line(address)
    _check(viewer, address)
    if not consents:
        raise InvalidInput({"consents": gettext("Without your word, nobody is told.")})
    if plan.witnesses.filter(address__iexact=address).exists():
        return
    limits.take(person_id=viewer.person_id, what="witnesses", most=MOST_A_DAY, window=timedelta(days=1))
    witness = Witness.objects.create(commitment=plan, address=address)
    tell_witness.enqueue(witness.pk)


def _check(viewer: Viewer, address: str) -> None:
    """Raises InvalidInput for what is no address, or none of the organization."""
    try:
        validate_email(address)
    except ValidationError as error:
        raise InvalidInput({"address": gettext("This is no e-mail address.")}) from error
    if not spaces.knows_domain(organization_id=viewer.organization_id, domain=address.rpartition("@")[2]):
        raise InvalidInput({"address": gettext("Only to an address of your own organization.")})


@task()
def tell_witness(witness_id: int) -> str:
    """Send the letter, never twice: that it may be out is written down before the mail server has it, as of reminders.
    A refusal is kept with its reason.
    """
    rows = Witness.objects.filter(pk=witness_id)
    witness = rows.select_related("commitment__entry__person", "commitment__entry__space").first()
    if witness is None or not rows.filter(state=Witness.State.DUE).update(state=Witness.State.IN_DOUBT):
        return "gone, or told already"
    try:
        _letter(witness).send()
    except OSError as error:
        if is_refused_for_good(error):
            rows.update(state=Witness.State.FAILED, reason="The address takes no mail.")
            return "refused"
        rows.update(state=Witness.State.DUE)
        # Its words may hold a password: they are not kept.
        raise RetryLater(f"The mail server did not take it ({type(error).__name__}).") from error
    rows.update(state=Witness.State.SENT)
    return "sent"


def _letter(witness: Witness) -> EmailMessage:
    entry = witness.commitment.entry
    with translation.override(language_of(entry.person.locale) or translation.get_language()):
        name = entry.person.name or gettext("Somebody in your organization")
        context = {
            "name": name,
            "course": str(entry.space),
            "plan": sentence_of(witness.commitment),
        }
        return EmailMessage(
            subject=clean_line(gettext("%(name)s tells you of a plan") % {"name": name})[:200],
            body=render_to_string("companion/mail/plan.txt", context),
            to=[witness.address],
            headers={"Auto-Submitted": "auto-generated"},
        )
