"""Who answers for an area, and what is worn."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, select
from xianban_sdk.readings.tables import device_watch
from xianban_sdk.staff import badge_name, has_role, responders
from xianban_sdk.storage import keyed_hash
from xianban_sdk.storage.instant import from_micros

__all__ = ["badge_name", "has_role", "responders", "silences", "speaking_for"]


def speaking_for(conn: Connection, subject: str) -> list[str]:
    """The devices bound to somebody, by id."""
    query = select(device_watch.c.device).where(device_watch.c.subject_key == keyed_hash(subject))
    return sorted(conn.scalars(query))


def silences(conn: Connection, subject: str) -> dict[str, datetime | None]:
    """The devices bound to somebody → since when something of it is silent; None: nothing is."""
    mine = device_watch.c.subject_key == keyed_hash(subject)
    rows = conn.execute(select(device_watch.c.device, device_watch.c.silent_since).where(mine))
    return {row.device: from_micros(row.silent_since) if row.silent_since else None for row in rows}
