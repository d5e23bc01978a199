"""Rows as the handlers see them: one frozen dataclass per table, the columns' names as fields."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from xianban_sdk.repository import columns

__all__ = [
    "FeedErrorRow",
    "FeedRow",
    "GateEventRow",
    "HonestyRow",
    "LotRow",
    "ObservationRow",
    "OccupancyRow",
    "PaymentRow",
    "PermitRow",
    "ReceiptRow",
    "RefundRow",
    "ReservationRow",
    "SessionRow",
    "TakenRow",
    "TariffRow",
    "VehicleRow",
    "columns",
]


@dataclass(frozen=True, slots=True)
class LotRow:
    id: str
    names: dict[str, str]
    address: str
    latitude: float
    longitude: float
    polygon: list[list[float]]
    area: str
    operator: str
    capacity: int
    accessible_places: int
    ev_places: int
    park_and_ride: bool
    max_height_cm: int
    opening_hours: str
    reservable_places: int
    credit_exit: bool
    gate_counted: bool
    attribution: str
    feed: str
    search: str
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class OccupancyRow:
    lot: str
    feed: str
    free: int | None
    occupied: int | None
    capacity: int
    observed_at: datetime | None
    received_at: datetime | None
    cadence_seconds: int
    override_free: int | None
    override_at: datetime | None
    override_until: datetime | None
    override_reason: str
    published_free: int | None
    published_verdict: str


@dataclass(frozen=True, slots=True)
class ObservationRow:
    seq: int
    lot: str
    feed: str
    free: int | None
    occupied: int | None
    capacity: int
    observed_at: datetime
    received_at: datetime
    verdict: str


@dataclass(frozen=True, slots=True)
class FeedRow:
    id: str
    names: dict[str, str]
    plugin: str
    mode: str
    cadence_seconds: int
    last_success_at: datetime | None
    last_error_at: datetime | None
    last_error: str
    items: int
    errors: int


@dataclass(frozen=True, slots=True)
class FeedErrorRow:
    id: str
    feed: str
    item: str
    field: str
    reason: str
    occurred_at: datetime


@dataclass(frozen=True, slots=True)
class TariffRow:
    lot: str
    version: int
    effective_at: datetime
    rules: dict[str, Any]


@dataclass(frozen=True, slots=True)
class VehicleRow:
    id: str
    resident: str
    plate: str | None
    plate_hash: str
    kind: str
    created_at: datetime
    claimed_at: datetime | None
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class ReservationRow:
    id: str
    resident: str
    actor: str
    lot: str
    plate: str | None
    plate_hash: str
    vehicle_kind: str
    start_at: datetime
    end_at: datetime
    hold_until: datetime
    state: str
    accessible: bool
    ev_charging: bool
    gate_token: str | None
    version: int
    arrived_at: datetime | None
    left_at: datetime | None
    instead_of: str
    substitute: str
    quote: dict[str, Any]
    created_at: datetime


@dataclass(frozen=True, slots=True)
class TakenRow:
    """What counts of a reservation for who comes after: no plate is deciphered to count bays."""

    id: str
    lot: str
    start_at: datetime
    end_at: datetime
    state: str
    version: int
    arrived_at: datetime | None
    left_at: datetime | None
    accessible: bool
    ev_charging: bool


@dataclass(frozen=True, slots=True)
class GateEventRow:
    id: str
    source: str
    event_id: str
    lot: str
    gate: str
    direction: str
    plate: str | None
    plate_hash: str
    occurred_at: datetime
    received_at: datetime
    confidence: int
    reservation: str
    refused: bool


@dataclass(frozen=True, slots=True)
class SessionRow:
    id: str
    lot: str
    resident: str
    plate: str | None
    plate_hash: str
    vehicle_kind: str
    status: str
    entered_at: datetime | None
    left_at: datetime | None
    ended_by: datetime | None
    event_ids: list[str]
    review: list[str]
    void: bool
    reservation: str
    permit_kind: str
    concessions: list[dict[str, Any]]
    charged_fen: int | None
    quote: dict[str, Any] | None
    paid_fen: int
    due_fen: int
    paid_until: datetime | None
    dispute_reason: str | None
    disputed_at: datetime | None
    resolved_at: datetime | None
    outcome: str
    charged_at: datetime | None
    created_at: datetime

    @property
    def disputed(self) -> bool:
        return self.disputed_at is not None and self.resolved_at is None


@dataclass(frozen=True, slots=True)
class PaymentRow:
    id: str
    resident: str
    actor: str
    lot: str
    payable_kind: str
    payable: str
    amount_fen: int
    refunded_fen: int
    state: str
    provider: str
    provider_reference: str
    pay_url: str | None
    title: str
    created_at: datetime
    expire_at: datetime
    captured_at: datetime | None
    failure: str
    quote: dict[str, Any] | None
    receipt: str


@dataclass(frozen=True, slots=True)
class RefundRow:
    id: str
    payment: str
    amount_fen: int
    reason: str
    state: str
    requested_by: str
    attempts: int
    last_error: str
    not_before: datetime
    created_at: datetime
    done_at: datetime | None


@dataclass(frozen=True, slots=True)
class ReceiptRow:
    id: str
    number: str
    payment: str
    resident: str
    operator: str
    lot: str
    title: str
    plate: str | None
    quote: dict[str, Any]
    total_fen: int
    issued_at: datetime


@dataclass(frozen=True, slots=True)
class PermitRow:
    id: str
    resident: str
    actor: str
    kind: str
    lot: str
    plates: str | None
    start_at: datetime
    end_at: datetime
    months: int
    state: str
    quote: dict[str, Any]
    price_fen: int
    paid_fen: int
    refunded_fen: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class HonestyRow:
    lot: str
    computed_at: datetime
    score: float | None
    checks: int
