"""The peer's ORM classes over the same tables, so that it reads a copy of the same rows."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import registry
from xianban_parking.repository import tables as parking
from xianban_sdk.storage import tables as sdk

mapped = registry()


class Row:
    def __init__(self, **values: Any) -> None:
        for name, value in values.items():
            setattr(self, name, value)


class Lot(Row):
    id: str
    names: dict[str, str]
    opening_hours: str
    reservable_places: int
    capacity: int


class Occupancy(Row):
    lot: str


class Honesty(Row):
    lot: str
    score: float | None


class Tariff(Row):
    lot: str
    version: int


class Reservation(Row):
    id: str


class GateKey(Row):
    private: str


class Outbox(Row):
    id: str


class Audit(Row):
    id: str


class Idempotency(Row):
    request_id: str
    body_hash: bytes
    response: bytes | None


class Timer(Row):
    key: str


_TABLES = {
    Lot: parking.lot,
    Occupancy: parking.occupancy,
    Honesty: parking.honesty,
    Tariff: parking.tariff,
    Reservation: parking.reservation,
    GateKey: parking.gate_key,
    Outbox: sdk.outbox,
    Audit: sdk.audit,
    Idempotency: sdk.idempotency,
    Timer: sdk.timer,
}
for kind, table in _TABLES.items():
    mapped.map_imperatively(kind, table)
