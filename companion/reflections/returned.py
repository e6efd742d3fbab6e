"""Letters that come back: a delivery status notification (RFC 3464) says that an address takes no mail.

Anybody can send such a message. It is believed where it returns the headers of our letter: their signed link says whose
it was, and the address must be the one that this person has.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Final

from companion.errors import NotFound
from companion.reflections.links import read_stop_token
from companion.reflections.models import Contact
from companion.spaces import api as spaces

_TOKEN: Final = re.compile(r"/stop/([^/>\s]+)")


def note_returned(message: bytes) -> str:
    """Write no more to an address that a returned letter says takes no mail; gives in a line what was done."""
    parts = list(message_from_bytes(message, policy=policy.default).walk())
    failed = {address.casefold() for part in parts for address in _failed(part)}
    if not failed:
        return "no address failed for good"
    person_id = next((found for part in parts if (found := _person_of(part)) is not None), None)
    if person_id is None:
        return "not a letter of ours"
    address = spaces.address_of(person_id=person_id)
    if address.casefold() not in failed:
        return "not the address of whom it was sent to"
    Contact.objects.update_or_create(person_id=person_id, defaults={"bounced_address": address})
    return "noted"


def _failed(part: EmailMessage) -> Iterator[str]:
    """The addresses of a status part (message/delivery-status: a list of blocks of headers) that failed for good."""
    if part.get_content_type() != "message/delivery-status":
        return
    for block in part.get_payload():
        if not isinstance(block, EmailMessage):
            continue
        is_failed = str(block.get("Action", "")).strip().casefold() == "failed"
        kind, _mark, address = str(block.get("Final-Recipient", "")).partition(";")
        if is_failed and str(block.get("Status", "")).strip().startswith("5.") and kind.strip().casefold() == "rfc822":
            yield address.strip().strip("<>")


def _person_of(part: EmailMessage) -> int | None:
    """Whom the letter went to, whose headers this part has: returned whole, or as text/rfc822-headers."""
    if part.get_content_type() == "text/rfc822-headers":
        text = str(part.get_content())
    else:
        text = str(part.get("List-Unsubscribe", ""))
    # A long header is folded: its lines begin with a space.
    found = _TOKEN.search(re.sub(r"\s+", "", text))
    if found is None:
        return None
    try:
        return read_stop_token(found[1]).person_id
    except NotFound:
        return None
