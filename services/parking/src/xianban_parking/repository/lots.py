"""Car parks, their tariffs, and the counts that feeds tell of them."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, or_, select, update
from xianban_sdk.errors import NotFound
from xianban_sdk.storage import insert_new, upsert

from xianban_parking.repository.narrowing import Page, Repository, page_of, within
from xianban_parking.repository.rows import (
    HonestyRow,
    LotRow,
    TariffRow,
)
from xianban_parking.repository.tables import honesty, lot, tariff

__all__ = ["LotFilter", "Lots", "folded"]

# The questions of every look at a lot, built once: building costs as much as asking SQLite.
_ONE = select(lot).where(lot.c.id == bindparam("lot"))
_LOCKED = _ONE.with_for_update()
_TARIFFS = (
    select(tariff)
    .where(tariff.c.lot.in_(bindparam("lots", expanding=True)))
    .order_by(tariff.c.version)
)
_HONESTY = select(honesty).where(honesty.c.lot.in_(bindparam("lots", expanding=True)))


@dataclass(frozen=True, slots=True)
class LotFilter:
    """What a list of car parks is narrowed by; empty members narrow nothing."""

    query: str = ""
    area: str = ""
    accessible: bool = False
    ev_charging: bool = False
    park_and_ride: bool = False
    vehicle_height_cm: int = 0
    opening_hours: tuple[str, ...] | None = None
    """Only lots with one of these expressions: those open now."""


class Lots(Repository):
    """Car parks are public; changing them is for staff of their area and for the service."""

    def listed(self, wanted: LotFilter, page: Page) -> tuple[list[LotRow], str]:
        query = select(lot).where(*_conditions(wanted)).order_by(lot.c.id)
        return page_of(self.conn, _after(query, page), page, LotRow, "id")

    def get(self, lot_id: str) -> LotRow:
        found = self.find(lot_id)
        if found is None:
            raise NotFound("LOT_NOT_FOUND", field="name", lot=lot_id)
        return found

    def find(self, lot_id: str) -> LotRow | None:
        row = self.conn.execute(_ONE, {"lot": lot_id}).mappings().first()
        return LotRow(**row) if row else None

    def managed(self, lot_id: str, *, locked: bool = False) -> LotRow:
        """The lot, if it lies in the caller's areas; absent otherwise."""
        query = select(lot).where(lot.c.id == lot_id, self.in_areas(lot.c.id))
        if locked:
            query = query.with_for_update()
        row = self.conn.execute(query).mappings().first()
        if row is None:
            raise NotFound("LOT_NOT_FOUND", field="lot", lot=lot_id)
        return LotRow(**row)

    def locked(self, lot_id: str) -> LotRow:
        """The lot, and nobody else decides on its places until this commits."""
        row = self.conn.execute(_LOCKED, {"lot": lot_id}).mappings().first()
        if row is None:
            raise NotFound("LOT_NOT_FOUND", field="lot", lot=lot_id)
        return LotRow(**row)

    def near(self, box: tuple[float, float, float, float], wanted: LotFilter) -> list[LotRow]:
        """Lots within south, west, north, east."""
        south, west, north, east = box
        inside = (lot.c.latitude.between(south, north), lot.c.longitude.between(west, east))
        query = select(lot).where(*inside, *_conditions(wanted)).order_by(lot.c.id).limit(500)
        return [LotRow(**row) for row in self.conn.execute(query).mappings()]

    def all(self) -> list[LotRow]:
        return [
            LotRow(**row) for row in self.conn.execute(select(lot).order_by(lot.c.id)).mappings()
        ]

    def ids(self) -> set[str]:
        return set(self.conn.scalars(select(lot.c.id)))

    def opening_hours(self) -> list[str]:
        """The distinct expressions: few, however many lots there are."""
        return list(self.conn.scalars(select(lot.c.opening_hours).distinct()))

    def put(self, row: Mapping[str, Any]) -> None:
        """Insert or replace; `search` is derived here so that nobody forgets it."""
        words = [*row["names"].values(), row["address"], row["id"]]
        upsert(self.conn, lot, {**row, "search": folded(" ".join(words))})

    def change(self, lot_id: str, **values: Any) -> None:
        self.conn.execute(update(lot).where(lot.c.id == lot_id).values(**values))

    # -- tariffs ------------------------------------------------------------------------------

    def tariffs(self, lot_id: str) -> list[TariffRow]:
        return self.tariffs_of([lot_id]).get(lot_id, [])

    def tariffs_of(self, lot_ids: Iterable[str]) -> dict[str, list[TariffRow]]:
        found: dict[str, list[TariffRow]] = {}
        for row in self.conn.execute(_TARIFFS, {"lots": list(lot_ids)}).mappings():
            found.setdefault(row["lot"], []).append(TariffRow(**row))
        return found

    def add_tariff(self, row: TariffRow) -> bool:
        values = {
            "lot": row.lot,
            "version": row.version,
            "effective_at": row.effective_at,
            "rules": row.rules,
        }
        return insert_new(self.conn, tariff, values)

    # -- what was computed of a lot -------------------------------------------------------------

    def honesty_of(self, lot_ids: Iterable[str]) -> dict[str, HonestyRow]:
        found = self.conn.execute(_HONESTY, {"lots": list(lot_ids)}).mappings()
        return {row["lot"]: HonestyRow(**row) for row in found}

    def put_honesty(self, lot_id: str, score: float | None, checks: int, now: datetime) -> None:
        row = {"lot": lot_id, "computed_at": now, "score": score, "checks": checks}
        upsert(self.conn, honesty, row)


def folded(text: str) -> str:
    """One spelling for look-ups: full-width and case do not matter."""
    return unicodedata.normalize("NFKC", text).casefold()


def _conditions(wanted: LotFilter) -> list[ColumnElement[bool]]:
    checks = (
        (wanted.query, lambda: _mentions(wanted.query)),
        (wanted.area, lambda: within((wanted.area,))),
        (wanted.accessible, lambda: lot.c.accessible_places > 0),
        (wanted.ev_charging, lambda: lot.c.ev_places > 0),
        (wanted.park_and_ride, lambda: lot.c.park_and_ride),
        (wanted.vehicle_height_cm, lambda: _fits(wanted.vehicle_height_cm)),
        (wanted.opening_hours is not None, lambda: _opens(wanted.opening_hours or ())),
    )
    return [condition() for asked, condition in checks if asked]


def _mentions(query: str) -> ColumnElement[bool]:
    words = folded(query).split()
    if not words:
        return lot.c.id == lot.c.id
    matched = lot.c.search.contains(words[0], autoescape=True)
    for word in words[1:]:
        matched &= lot.c.search.contains(word, autoescape=True)
    return matched


def _fits(height_cm: int) -> ColumnElement[bool]:
    return or_(lot.c.max_height_cm == 0, lot.c.max_height_cm >= height_cm)


def _opens(expressions: tuple[str, ...]) -> ColumnElement[bool]:
    return lot.c.opening_hours.in_(expressions)


def _after(query: Select[Any], page: Page) -> Select[Any]:
    return query if page.after is None else query.where(lot.c.id > page.after)
