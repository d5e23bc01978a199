"""Sensing's personal data: which devices speak for whom. What they tell is kept by the domains."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, Connection, func, select
from xianban_sdk.personal import Fate, Hold, Holding, PersonalData

from xianban_sensing.repository import device

__all__ = ["PERSONAL"]


def _speaks_for(person: str) -> ColumnElement[bool]:
    return device.c.subject == f"residents/{person}"


def _holds(conn: Connection, person: str, now: datetime) -> Iterator[Hold]:
    """A device that still measures somebody is given back first."""
    query = select(func.count()).select_from(device).where(_speaks_for(person))
    if count := conn.execute(query).scalar_one():
        yield Hold("DEVICE_BOUND", {"count": count})


PERSONAL: Final = PersonalData(
    holdings=(
        Holding(
            table=device,
            category="devices",
            through=_speaks_for,
            subjects=(),
            fate=Fate.PSEUDONYMISED,
            reason="equipment",
            blank={"subject": ""},
            secret=frozenset({"secret_hash", "sequence"}),
        ),
    ),
    unfindable={"command": "what a device shows next; it is named by the device alone and expires"},
    holds=_holds,
)
