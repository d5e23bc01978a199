"""How readings, events and alerts name an elder."""

from __future__ import annotations

from typing import Final

__all__ = ["resident_of", "subject_of"]

_RESIDENTS: Final = "residents/"


def subject_of(resident: str) -> str:
    """The name of somebody with this id."""
    return _RESIDENTS + resident


def resident_of(subject: str) -> str:
    """The id of whom a device speaks of."""
    return subject.removeprefix(_RESIDENTS)
