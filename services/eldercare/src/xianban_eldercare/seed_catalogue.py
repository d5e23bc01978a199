"""The demo's catalogue, and what its elder ordered: lunch tomorrow, and on the day after."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import Any

from xianban_sdk.clock import SHANGHAI, local_day
from xianban_sdk.demo import person_id
from xianban_sdk.storage import UnitOfWork

from xianban_eldercare.domain.orders import LAPSES_AFTER, OrderState
from xianban_eldercare.domain.subsidies import Quote
from xianban_eldercare.handlers.orders import LAPSES, Asked, order_row
from xianban_eldercare.repository import MACHINE
from xianban_eldercare.repository.catalogue import Catalogue
from xianban_eldercare.repository.order_rows import ItemRow
from xianban_eldercare.repository.orders import Orders

__all__ = ["seed_catalogue"]


def seed_catalogue(uow: UnitOfWork, written: dict[str, list[dict[str, Any]]]) -> None:
    """Lines that are known stay as they are."""
    book = Catalogue(uow.conn, MACHINE)
    fresh = [
        entry
        for entry in written["service_item"]
        if book.find((entry["organisation"], entry["id"])) is None
    ]
    for entry in fresh:
        book.add(_row(entry, uow))
    for entry in written["order"] if fresh else []:
        _order(uow, entry)


def _order(uow: UnitOfWork, entry: dict[str, Any]) -> None:
    """Before identity has told of anybody's age: without subsidies, and nobody is told."""
    elder, key = person_id(entry["elder"]), (entry["organisation"], entry["item"])
    book = Catalogue(uow.conn, MACHINE)
    item, day = book.get(key), local_day(uow.clock.now()) + timedelta(days=entry["days"])
    start = datetime.combine(day, time.fromisoformat(entry["time"]), SHANGHAI)
    asked = Asked(elder, key, start, 1, entry["note"])
    row = replace(order_row(asked, item, Quote(item.price_fen), elder, uow), state=entry["state"])
    book.take(item, day, row.quantity)
    Orders(uow.conn, MACHINE).add(row)
    late = LAPSES_AFTER if row.state == OrderState.ACCEPTED else timedelta()
    uow.schedule(LAPSES, row.id, start + late)


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
