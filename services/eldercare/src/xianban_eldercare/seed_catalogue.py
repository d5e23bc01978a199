"""The demo's catalogue: what can be ordered where the demo's elders live."""

from __future__ import annotations

from typing import Any

from xianban_sdk.storage import UnitOfWork

from xianban_eldercare.repository import MACHINE
from xianban_eldercare.repository.catalogue import Catalogue
from xianban_eldercare.repository.order_rows import ItemRow

__all__ = ["seed_catalogue"]


def seed_catalogue(uow: UnitOfWork, written: dict[str, list[dict[str, Any]]]) -> None:
    """Lines that are known stay as they are."""
    for entry in written["service_item"]:
        book = Catalogue(uow.conn, MACHINE)
        if book.find((entry["organisation"], entry["id"])) is None:
            book.add(_row(entry, uow))


def _row(entry: dict[str, Any], uow: UnitOfWork) -> ItemRow:
    return ItemRow(
        organisation=entry["organisation"],
        id=entry["id"],
        version=1,
        current=True,
        kind=entry["kind"],
        display_name=entry["name"],
        display_name_en=entry["name_en"],
        unit=entry["unit"],
        price_fen=entry["price_fen"],
        daily_capacity=entry["daily_capacity"],
        area=entry["area"],
        at_home=entry["at_home"],
        active=True,
        created_at=uow.clock.now(),
    )
