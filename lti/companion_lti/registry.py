"""Registrations and approved deployments, kept in the process for a few seconds.

Every launch needs both rows and they change once in months: reading them costs more than checking the signature. A
change in this process counts at once, one in another process after SECONDS.
"""

from __future__ import annotations

from time import monotonic
from typing import Any, Final

from django.db.models.signals import post_delete, post_save

from companion.spaces.keys import external_key
from companion_lti.models import Deployment, Registration

SECONDS: Final = 10.0
MOST: Final = 10_000

_registrations: dict[int, tuple[float, Registration]] = {}
_deployments: dict[tuple[int, str], tuple[float, Deployment]] = {}


def registration(pk: int) -> Registration | None:
    """The active registration with this id."""
    known = _registrations.get(pk)
    if known is not None and known[0] > monotonic():
        return known[1]
    row = Registration.objects.filter(pk=pk, is_active=True).first()
    if row is not None:
        _keep(_registrations, pk, row)
    return row


def deployment(row: Registration, deployment_id: str) -> Deployment | None:
    """The deployment of a registration, approved or not. One that waits is looked up each time."""
    name = (row.pk, external_key(deployment_id))
    known = _deployments.get(name)
    if known is not None and known[0] > monotonic():
        return known[1]
    found = Deployment.objects.filter(registration=row, key=name[1]).first()
    if found is not None:
        found.registration = row
        if found.is_approved:
            _keep(_deployments, name, found)
    return found


def forget(**_signal: Any) -> None:
    """Read everything again: after a change of rows that no signal tells of."""
    _registrations.clear()
    _deployments.clear()


def _keep(store: dict[Any, Any], name: Any, row: object) -> None:
    if len(store) >= MOST:
        store.clear()
    store[name] = (monotonic() + SECONDS, row)


for _model in (Registration, Deployment):
    post_save.connect(forget, sender=_model)
    post_delete.connect(forget, sender=_model)
