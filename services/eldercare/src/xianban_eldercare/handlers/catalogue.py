"""An organisation's catalogue: lines, and new versions of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy import Connection
from xianban_sdk.errors import Aborted, InvalidArgument
from xianban_sdk.repository import covers
from xianban_sdk.storage import UnitOfWork

from xianban_eldercare.repository import MACHINE, Organisations, Scope
from xianban_eldercare.repository.catalogue import Catalogue
from xianban_eldercare.repository.order_rows import ItemRow

__all__ = ["Offer", "offers", "write_item"]


@dataclass(frozen=True, slots=True)
class Offer:
    """A line, whose it is and how many units of it are left on a day."""

    row: ItemRow
    organisation: str
    left: int


def write_item(wanted: ItemRow, seen: int, *, scope: Scope, uow: UnitOfWork) -> ItemRow:
    """A new line or version; orders that were made keep theirs."""
    there = Organisations(uow.conn, scope).own_one(wanted.organisation, field="service_item.name")
    if not covers((there.area.split("/")[0],), wanted.area):
        raise InvalidArgument("AREA_NOT_YOURS", field="service_item.area", area=wanted.area)
    book = Catalogue(uow.conn, scope)
    before = book.find((wanted.organisation, wanted.id))
    version = before.version if before else 0
    row = replace(wanted, version=version + 1, created_at=uow.clock.now())
    if (before and seen not in (0, version)) or not book.add(row):
        raise Aborted("SERVICE_ITEM_CHANGED", field="service_item.version")
    return row


def offers(rows: Sequence[ItemRow], day: date, *, conn: Connection) -> list[Offer]:
    """Lines with their organisations' names and what is left."""
    taken = Catalogue(conn, MACHINE).taken([(row.organisation, row.id) for row in rows], day)
    names = Organisations(conn, MACHINE).names({row.organisation for row in rows})
    return [
        Offer(
            row,
            names.get(row.organisation, ""),
            max(0, row.daily_capacity - taken.get((row.organisation, row.id), 0)),
        )
        for row in rows
    ]
