"""Orders with what their readers want to see beside them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from xianban_eldercare.repository import MACHINE, CareFiles, Organisations, Visits
from xianban_eldercare.repository.catalogue import Catalogue
from xianban_eldercare.repository.order_rows import ItemRow, OrderRow
from xianban_eldercare.repository.organisation_rows import VisitRow
from xianban_eldercare.repository.rows import CareFileRow

__all__ = ["SeenOrder", "seen"]


@dataclass(frozen=True, slots=True)
class SeenOrder:
    """An order, its line as it was then, whose it is; the file is for the organisation alone."""

    row: OrderRow
    item: ItemRow
    organisation: str
    file: CareFileRow | None
    visit: VisitRow | None = None


def seen(rows: Sequence[OrderRow], *, staff: bool, conn: Connection) -> list[SeenOrder]:
    """Of orders that the caller has found."""
    keys = {(row.organisation, row.item, row.item_version) for row in rows}
    items = Catalogue(conn, MACHINE).versions(keys)
    names = Organisations(conn, MACHINE).names({row.organisation for row in rows})
    people = {row.resident for row in rows} if staff else set[str]()
    files = CareFiles(conn, MACHINE).several(people)
    visits = Visits(conn, MACHINE).of_orders([row.id for row in rows])
    return [
        SeenOrder(
            row,
            items[(row.organisation, row.item, row.item_version)],
            names.get(row.organisation, ""),
            files.get(row.resident),
            visits.get(row.id),
        )
        for row in rows
    ]
