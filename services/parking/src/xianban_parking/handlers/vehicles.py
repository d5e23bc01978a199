"""Residents' vehicles. A plate belongs to one resident at a time.

Whoever registers a plate first holds it. Another resident may claim it (a car is sold, or somebody
typed a wrong plate): the claim is refused while a stay or a reservation of the holder stands and
for some days after the last claim; the former holder is told. Stays keep the resident they had.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from xianban_sdk.errors import AlreadyExists, FailedPrecondition
from xianban_sdk.storage import UnitOfWork

from xianban_parking.events import message
from xianban_parking.handlers.plates import ReadPlate, read_plate
from xianban_parking.repository import MACHINE, Reservations, Scope, Sessions, Vehicles
from xianban_parking.repository.rows import VehicleRow, columns
from xianban_parking.settings import rules

__all__ = ["NewVehicle", "add_vehicle", "remove_vehicle"]

MOST_VEHICLES = 20


@dataclass(frozen=True, slots=True)
class NewVehicle:
    """What a resident types."""

    resident: str
    plate: str
    kind: str
    claim: bool


def add_vehicle(wanted: NewVehicle, *, scope: Scope, uow: UnitOfWork) -> VehicleRow:
    """Registers a plate; the same plate of the same resident again is the same vehicle."""
    plate = read_plate(wanted.plate)
    vehicles = Vehicles(uow.conn, scope)
    holder = vehicles.holder(plate.hash)
    if holder is not None and holder.resident == wanted.resident:
        return holder
    if holder is not None:
        _take_over(holder, wanted, uow)
    made = _row(wanted, plate, uow, claimed=holder is not None)
    if not vehicles.add(columns(made)):
        raise AlreadyExists("PLATE_TAKEN", field="plate")
    return made


def remove_vehicle(vehicle_id: str, *, scope: Scope, uow: UnitOfWork) -> None:
    """The plate is free again; past stays keep their resident."""
    vehicles = Vehicles(uow.conn, scope)
    vehicles.end(vehicles.get(vehicle_id).id, uow.clock.now())


def _take_over(holder: VehicleRow, wanted: NewVehicle, uow: UnitOfWork) -> None:
    if not wanted.claim:
        raise AlreadyExists("PLATE_TAKEN", field="plate")
    now = uow.clock.now()
    last = holder.claimed_at
    if last is not None and now - last < timedelta(days=rules().claim_days):
        raise FailedPrecondition("PLATE_CLAIMED_RECENTLY", field="claim", days=rules().claim_days)
    inside = Sessions(uow.conn, MACHINE).is_inside(holder.plate_hash)
    if inside or Reservations(uow.conn, MACHINE).standing(holder.plate_hash):
        raise FailedPrecondition("PLATE_IN_USE", field="claim")
    Vehicles(uow.conn, MACHINE).end(holder.id, now)
    plate = holder.plate or ""
    message(uow, holder.resident, "plate-claimed", "/parking/vehicles", holder.id, plate=plate)


def _row(wanted: NewVehicle, plate: ReadPlate, uow: UnitOfWork, *, claimed: bool) -> VehicleRow:
    now = uow.clock.now()
    return VehicleRow(
        id=uow.ids.new(),
        resident=wanted.resident,
        plate=plate.text,
        plate_hash=plate.hash,
        kind=wanted.kind or plate.vehicle_kind,
        created_at=now,
        claimed_at=now if claimed else None,
        ended_at=None,
    )
