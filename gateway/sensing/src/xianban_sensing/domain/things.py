"""Registered devices as the Smart Data Model Device says them. Pure.

Only devices that speak for a thing: a car park, a site, a relic. What speaks for a person or a
home, or for nothing yet, is nobody else's business and stays out, as do the names that people gave.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from xianban_sensing.domain.devices import Device
from xianban_sensing.domain.entities import Attributes, iso

__all__ = ["THINGS", "TYPE", "facts_of", "id_of", "is_thing"]

_DEVICE: Final = "https://smartdatamodels.org/dataModel.Device/"
_SHARED: Final = "https://smartdatamodels.org/"
TYPE: Final = f"{_DEVICE}Device"
# What devices speak for that is no person and nobody's home. Everything else stays out.
THINGS: Final = frozenset({"lots", "sites", "relics"})


def is_thing(device: Device) -> bool:
    """Whether everybody may know of the device."""
    return device.subject.partition("/")[0] in THINGS


def id_of(device: str) -> str:
    """The entity's id of a device's."""
    return f"urn:ngsi-ld:Device:{device}"


def facts_of(device: Device, kinds: Iterable[str]) -> Attributes:
    """Attributes in full; `kinds` are the readings that its model promises."""
    told: dict[str, Any] = {
        f"{_DEVICE}category": ["sensor"],
        f"{_DEVICE}controlledProperty": sorted(kinds) or ["other"],
        f"{_DEVICE}controlledAsset": [device.subject],
        f"{_DEVICE}deviceState": device.state.value,
        f"{_SHARED}owner": device.organisation and [device.organisation],
        f"{_DEVICE}dateInstalled": device.bound_at and iso(device.bound_at),
    }
    return {n: ({"type": "Property", "value": value},) for n, value in told.items() if value}
