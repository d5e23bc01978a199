"""Storage of sensing: tables, and repositories opened with the caller's scope."""

from __future__ import annotations

from xianban_sensing.repository import devices, history
from xianban_sensing.repository.devices import MACHINE, CommandRow, Commands, Devices, Page, Scope
from xianban_sensing.repository.tables import device, metadata

__all__ = [
    "KEPT",
    "MACHINE",
    "CommandRow",
    "Commands",
    "Devices",
    "Page",
    "Scope",
    "device",
    "metadata",
]

# Rows that have done their work go by themselves.
KEPT = (*devices.KEPT, *history.KEPT)
