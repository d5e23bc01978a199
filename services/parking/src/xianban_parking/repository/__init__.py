"""Storage of the parking service: tables, and repositories opened with the caller's scope."""

from __future__ import annotations

from xianban_parking.repository.cameras import KEPT, Cameras, Incidents, Sightings
from xianban_parking.repository.counts import Counts, Feeds
from xianban_parking.repository.lots import LotFilter, Lots
from xianban_parking.repository.money import Ledger, Payments, Receipts, Refunds
from xianban_parking.repository.narrowing import MACHINE, PUBLIC, Page, Scope
from xianban_parking.repository.permits import Permits
from xianban_parking.repository.reservations import Reservations
from xianban_parking.repository.stays import GateEvents, Sessions
from xianban_parking.repository.tables import metadata
from xianban_parking.repository.traffic import Traffic
from xianban_parking.repository.vehicles import Vehicles

__all__ = [
    "KEPT",
    "MACHINE",
    "PUBLIC",
    "Cameras",
    "Counts",
    "Feeds",
    "GateEvents",
    "Incidents",
    "Ledger",
    "LotFilter",
    "Lots",
    "Page",
    "Payments",
    "Permits",
    "Receipts",
    "Refunds",
    "Reservations",
    "Scope",
    "Sessions",
    "Sightings",
    "Traffic",
    "Vehicles",
    "metadata",
]
