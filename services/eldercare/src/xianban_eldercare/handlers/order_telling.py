"""Who hears what became of an order."""

from __future__ import annotations

from typing import Final

from xianban.common.v1.messages_pb2 import MessageRequested
from xianban_sdk.storage import UnitOfWork

from xianban_eldercare.alarms import family_of
from xianban_eldercare.domain.orders import OrderState
from xianban_eldercare.events import order_changed, order_message
from xianban_eldercare.repository import MACHINE
from xianban_eldercare.repository.catalogue import Catalogue
from xianban_eldercare.repository.order_rows import OrderRow
from xianban_eldercare.repository.organisations import Organisations
from xianban_eldercare.repository.responders import responders

__all__ = ["told"]

_MANAGER: Final = "station-manager"
# Of a check-in everybody is there to see it.
_QUIET: Final = frozenset({OrderState.CHECKED_IN.value})


def told(before: OrderRow | None, row: OrderRow, *, uow: UnitOfWork) -> OrderRow:
    """The elder's side hears it, but for whoever did it; of a new one its organisation does."""
    uow.emit(order_changed(before, row), aggregate=row.name)
    if row.state not in _QUIET:
        for person in _elders_side(row, uow):
            uow.emit(_message(row, row.state, person, uow), aggregate=row.name)
    if before is None:
        for person in _managers(row, uow):
            uow.emit(_message(row, "new", person, uow), aggregate=row.name)
    return row


def _elders_side(row: OrderRow, uow: UnitOfWork) -> list[str]:
    people = dict.fromkeys([row.resident, row.placed_by, *family_of(row.resident, uow)])
    return [one for one in people if one != uow.call.actor]


def _managers(row: OrderRow, uow: UnitOfWork) -> list[str]:
    found = Organisations(uow.conn, MACHINE).find(row.organisation)
    return responders(uow.conn, {_MANAGER}, found.area) if found else []


def _message(row: OrderRow, occasion: str, person: str, uow: UnitOfWork) -> MessageRequested:
    key = (row.organisation, row.item, row.item_version)
    item = Catalogue(uow.conn, MACHINE).versions([key])[key]
    return order_message(row, item, occasion, person)
