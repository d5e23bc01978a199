"""Rows of catalogues, orders, subsidies and the ledger: the columns' names as fields."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

__all__ = ["EntryRow", "ItemRow", "LotRow", "OrderRow", "PostingRow"]


@dataclass(frozen=True, slots=True)
class ItemRow:
    organisation: str
    id: str
    version: int
    current: bool
    kind: str
    display_name: str
    display_name_en: str
    unit: str
    price_fen: int
    daily_capacity: int
    area: str
    at_home: bool
    active: bool
    created_at: datetime


@dataclass(frozen=True, slots=True)
class OrderRow:
    id: str
    resident: str
    organisation: str
    item: str
    item_version: int
    kind: str
    start_at: datetime
    day: date
    quantity: int
    price_fen: int
    subsidy_fen: int
    own_fen: int
    rules: str
    state: str
    note: str
    reason: str
    placed_by: str
    placed_at: datetime
    checked_in_at: datetime | None
    checked_in_by: str
    checked_in_by_display: str
    checked_in_place: str
    distance_metres: int | None
    fulfilled_at: datetime | None
    receipt: str
    paid_at: datetime | None
    stars: int
    comment: str
    version: int

    @property
    def name(self) -> str:
        return f"residents/{self.resident}/orders/{self.id}"


@dataclass(frozen=True, slots=True)
class LotRow:
    id: str
    resident: str
    key: str
    rules: str
    first_on: date
    last_on: date


@dataclass(frozen=True, slots=True)
class EntryRow:
    id: str
    kind: str
    booked_at: datetime
    resident: str | None
    organisation: str | None
    order_id: str | None
    reverses: str | None
    reference: str = ""


@dataclass(frozen=True, slots=True)
class PostingRow:
    entry: str
    line: int
    account: str
    resident: str | None
    organisation: str | None
    lot: str | None
    amount_fen: int
