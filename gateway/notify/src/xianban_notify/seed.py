"""The demo district: everybody has their phone and a made-up member id; done once."""

from __future__ import annotations

from typing import Final

from xianban_sdk.app import Resources
from xianban_sdk.demo import PEOPLE, DemoPerson, person_id
from xianban_sdk.repository import MachineScope
from xianban_sdk.storage import UnitOfWork, open_unit_of_work

from xianban_notify.domain import Copies, Preferences
from xianban_notify.domain.address import PHONE, WECOM
from xianban_notify.repository.preferences import Address, Addresses, save_preferences

MACHINE: Final = MachineScope("notify")
# Of the demo's staff; residents are not members of 政务微信.
_STAFF: Final = ("carer", "dispatcher", "doctor", "operator", "relic-guardian", "teacher")


def seed(resources: Resources) -> None:
    """For `Service(seed=…)`."""
    opened = open_unit_of_work(resources.db, clock=resources.clock, ids=resources.ids)
    with opened as uow:
        for person in PEOPLE.values():
            _reachable(uow, person)


def _reachable(uow: UnitOfWork, person: DemoPerson) -> None:
    if _add(uow, person.id, PHONE, person.phone) and person.id == person_id("elder"):
        # The demo's elder wants her daughter to know what is urgent.
        wishes = Preferences(person=person.id, copies=Copies.URGENT)
        save_preferences(uow.conn, wishes)
    if person.alias in _STAFF:
        _add(uow, person.id, WECOM, person.alias)


def _add(uow: UnitOfWork, person: str, kind: str, value: str) -> bool:
    addresses, now = Addresses(uow.conn, MACHINE), uow.clock.now()
    made = Address(
        id=uow.ids.new(), person=person, kind=kind, value=value, created_at=now, verified_at=now
    )
    return addresses.add(made)
