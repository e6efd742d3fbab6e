"""How somebody is reached, over all courses: whether by e-mail, at which address, in which time zone."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext

from companion import clock
from companion.errors import InvalidInput
from companion.reflections.models import Contact
from companion.reflections.tracking import refresh_person
from companion.spaces import api as spaces
from companion.spaces.hours import is_zone
from companion.viewer import Viewer


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactView:
    """How somebody is reached: whether they want e-mails, whether there is an address, and their zone ("" unknown)."""

    wants_mail: bool
    has_address: bool
    has_bounced: bool
    time_zone: str


def get_contact(*, viewer: Viewer) -> ContactView:
    contact = Contact.objects.filter(pk=viewer.person_id).first() or Contact(person_id=viewer.person_id)
    address = spaces.address_of(person_id=viewer.person_id)
    return ContactView(
        wants_mail=contact.stopped_at is None,
        has_address=bool(address),
        has_bounced=bool(address) and contact.bounced_address == address,
        time_zone=contact.time_zone,
    )


@transaction.atomic
def stop_reminders(*, person_id: int, stopped: bool) -> None:
    """No e-mail to somebody any more, from no course; prompts stay in the courses. Twice is once.

    Whoever wants them again gets another try at an address that took none.
    """
    facts = {"stopped_at": clock.now()} if stopped else {"stopped_at": None, "bounced_address": ""}
    Contact.objects.update_or_create(person_id=person_id, defaults=facts)


@transaction.atomic
def set_time_zone(*, viewer: Viewer, name: str) -> None:
    """In which zone somebody is asked; "" is that of each course. Raises InvalidInput."""
    if name and not is_zone(name):
        raise InvalidInput({"time_zone": gettext("There is no time zone of this name. Write it like Europe/Berlin.")})
    _keep_zone(viewer.person_id, name)


@transaction.atomic
def learn_time_zone(*, person_id: int, name: str) -> None:
    """What a platform says of somebody's time zone: it holds until they say something themselves. Unknown names, and
    variables that a platform did not fill in, are none.
    """
    if not is_zone(name):
        return
    if not Contact.objects.filter(pk=person_id).exclude(time_zone="").exists():
        _keep_zone(person_id, name)


def _keep_zone(person_id: int, name: str) -> None:
    """Their dates follow."""
    contact, _is_new = Contact.objects.get_or_create(person_id=person_id)
    if Contact.objects.filter(pk=contact.pk).exclude(time_zone=name).update(time_zone=name):
        refresh_person(person_id)


def note_bounce(*, organization_id: int, address: str) -> int:
    """An address took no mail, as a mail service tells: nothing more is sent there. Gives how many people have it."""
    people = spaces.people_with_address(organization_id=organization_id, address=address)
    for person_id in people:
        Contact.objects.update_or_create(person_id=person_id, defaults={"bounced_address": address})
    return len(people)
