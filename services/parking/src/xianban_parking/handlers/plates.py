"""Plates between what people type and what is stored."""

from __future__ import annotations

from dataclasses import dataclass

from xianban_sdk.storage import keyed_hash

from xianban_parking.domain.plates import Plate, parse_plate
from xianban_parking.domain.privacy import lookup_hash
from xianban_parking.domain.stays import VehicleKind
from xianban_parking.errors import refusals

__all__ = ["ReadPlate", "aged_hash", "masked", "read_plate"]

AGED = "aged:"


@dataclass(frozen=True, slots=True)
class ReadPlate:
    """One spelling, and the hash it is found by."""

    text: str
    hash: str
    vehicle_kind: str


def read_plate(raw: str, field: str = "plate") -> ReadPlate:
    """The plate a text means, or the refusal that names the sign at fault."""
    with refusals(field):
        plate = parse_plate(raw)
    return ReadPlate(plate.text, keyed_hash(f"plate:{plate.text}"), _kind(plate))


def aged_hash(lot: str, plate_hash: str) -> str:
    """After the retention time: found by plate and place, not joined across places."""
    return AGED + lookup_hash(lot, plate_hash, _hash)


def _hash(text: str) -> str:
    return keyed_hash(text)


def masked(plate: str | None) -> str:
    """For screens of people who are not the vehicle's."""
    return parse_plate(plate).masked() if plate else ""


def _kind(plate: Plate) -> str:
    return str(VehicleKind.NEW_ENERGY if plate.is_new_energy else VehicleKind.CAR)
